"""Scores what was heard against what was said: PESQ (ITU-T P.862, P.862.2) and STOI.

Reads lines of `MODE RATE SAID HEARD ZERO-FILLED PACKETS` from standard input, MODE being nb or wb. What is said is said twice, and the
second time counts. PACKETS is `-` or a file of Opus packets that came, a place in ticks of 48 kHz and hexadecimal digits in each line.
Writes the PESQ and the STOI of HEARD, the PESQ of ZERO-FILLED, and that of what libopus makes of the packets, for each line; `nan` is
what there is not.
"""

import ctypes
import ctypes.util
import math
import sys

import numpy
import soundfile
from pesq import pesq
from pystoi import stoi

TICKS_PER_SECOND = 48_000


def read(path, rate):
    samples, found = soundfile.read(path, dtype="float32")
    if found != rate:
        raise SystemExit(f"{path}: {found} Hz, not {rate}")
    return samples


def by_libopus(path, rate):
    """What libopus hears: the next packet repeats a lost one (in-band FEC), and further ones are made up."""
    name = ctypes.util.find_library("opus")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    library.opus_decoder_create.restype = ctypes.c_void_p
    error = ctypes.c_int()
    decoder = ctypes.c_void_p(library.opus_decoder_create(rate, 1, ctypes.byref(error)))
    frame, end, heard = rate // 50, 0, []

    def decode(packet, repeated):
        samples = (ctypes.c_int16 * frame)()
        count = library.opus_decode(decoder, packet, len(packet or b""), samples, frame, int(repeated))
        if count != frame:
            raise SystemExit(f"libopus: {count}")
        heard.append(numpy.array(samples, dtype="float32") / 32768)

    for line in open(path):
        place, packet = line.split()
        place, packet = int(place) * rate // TICKS_PER_SECOND, bytes.fromhex(packet)
        while end < place:
            end += frame
            last = end >= place
            decode(packet if last else None, last)
        decode(packet, False)
        end += frame
    library.opus_decoder_destroy(decoder)
    return numpy.concatenate(heard)


def second_time(said, other, rate):
    """The second half of what was said, and of another without its delay, at most a second, found where both correlate best."""
    half = len(said) // 2
    said, other, longest = said[half:], other[half:], rate
    part = said[: 8 * rate]
    size = 1 << (len(part) + longest).bit_length()
    spectrum = numpy.fft.rfft(other[: len(part) + longest], size) * numpy.conj(numpy.fft.rfft(part, size))
    delay = int(numpy.argmax(numpy.fft.irfft(spectrum)[:longest]))
    other = other[delay:]
    length = min(len(said), len(other))
    return said[:length], other[:length]


for line in sys.stdin:
    mode, rate, said, heard, zero_filled, packets = line.split()
    rate = int(rate)
    said = read(said, rate)
    pair = second_time(said, read(heard, rate), rate)
    scores = [pesq(rate, *pair, mode), stoi(*pair, rate)]
    libopus = None if packets == "-" else by_libopus(packets, rate)
    for other in [read(zero_filled, rate), libopus]:
        scores.append(math.nan if other is None else pesq(rate, *second_time(said, other, rate), mode))
    print(*(f"{score:.3f}" for score in scores), flush=True)
