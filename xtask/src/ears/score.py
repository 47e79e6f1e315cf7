"""Scores what was heard against what was said: PESQ (ITU-T P.862, P.862.2) and STOI.

Reads lines of `MODE RATE SAID HEARD CLEAN LOST` from standard input, MODE being nb or wb and LOST a file of times in ms at which
packets of 20 ms were lost. Writes `PESQ STOI PESQ-WITH-ZEROS` for each line, the last for CLEAN with those packets as silence.
"""

import sys

import numpy
import soundfile
from pesq import pesq
from pystoi import stoi


def read(path, rate):
    samples, found = soundfile.read(path, dtype="float32")
    if found != rate:
        raise SystemExit(f"{path}: {found} Hz, not {rate}")
    return samples


def aligned(said, heard, rate):
    """Cuts off the delay of what was heard, at most a second, found where both correlate best."""
    longest = rate
    part = said[: 8 * rate]
    size = 1 << (len(part) + longest).bit_length()
    spectrum = numpy.fft.rfft(heard[: len(part) + longest], size) * numpy.conj(numpy.fft.rfft(part, size))
    delay = int(numpy.argmax(numpy.fft.irfft(spectrum)[:longest]))
    heard = heard[delay:]
    length = min(len(said), len(heard))
    return said[:length], heard[:length], delay


def with_zeros(samples, lost, delay, rate):
    holes = numpy.array(samples)
    for line in open(lost):
        begin = delay + int(line) * rate // 1000
        holes[begin : begin + rate // 50] = 0
    return holes


for line in sys.stdin:
    mode, rate, said, heard, clean, lost = line.split()
    rate = int(rate)
    said, heard, clean = read(said, rate), read(heard, rate), read(clean, rate)
    one, other, delay = aligned(said, heard, rate)
    score = pesq(rate, one, other, mode)
    # The file begins a frame or two after the first packet; the clean recording tells by how much.
    _, _, delay = aligned(said, clean, rate)
    zeros = with_zeros(clean, lost, delay, rate)
    one_zeros, other_zeros, _ = aligned(said, zeros, rate)
    print(f"{score:.3f} {stoi(one, other, rate):.3f} {pesq(rate, one_zeros, other_zeros, mode):.3f}", flush=True)
