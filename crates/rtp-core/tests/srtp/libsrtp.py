"""Writes libsrtp.txt: packets protected by libsrtp 2 through pylibsrtp (PyPI).

    pip install pylibsrtp && python3 libsrtp.py > libsrtp.txt
"""

from pylibsrtp import Policy, Session

SUITES = {
    "AES_CM_128_HMAC_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
    "AES_CM_128_HMAC_SHA1_32": (Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 30),
    "AEAD_AES_128_GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
    "AEAD_AES_256_GCM": (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44),
}
SSRC = 0x12345678


def rtp(sequence, payload, first=0x80, extra=b""):
    head = bytes([first, 0x60]) + sequence.to_bytes(2, "big") + (0xCAFE0000 + sequence).to_bytes(4, "big")
    return head + SSRC.to_bytes(4, "big") + extra + payload


VOICE = bytes(n * 7 % 256 for n in range(160))
CSRCS = bytes.fromhex("0000000a0000000b")
EXTENSION = bytes.fromhex("bede000110aa0000")
RTP = [
    rtp(0x7FFE, VOICE),
    rtp(0x7FFF, b""),
    rtp(0x8000, b"\x01"),
    rtp(0xC000, VOICE, 0x92, CSRCS + EXTENSION),
    rtp(0xFFFF, VOICE[:33]),
    rtp(0x0001, VOICE),
    rtp(0x0000, VOICE[:16], 0xA0),
    rtp(0x7000, VOICE),
    rtp(0xF000, VOICE),
    rtp(0x2000, VOICE),
]
REPORT = bytes.fromhex("80c90001") + SSRC.to_bytes(4, "big")
SDES = bytes.fromhex("81ca0004") + SSRC.to_bytes(4, "big") + b"\x01\x07a@b.com\x00\x00\x00"
RTCP = [REPORT, REPORT + SDES, REPORT + SDES]

for name, (profile, octets) in SUITES.items():
    key = bytes(range(0x40, 0x40 + octets))
    session = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))
    print("suite", name, key.hex())
    for packet in RTP:
        print("rtp", packet.hex(), session.protect(packet).hex())
    for packet in RTCP:
        print("rtcp", packet.hex(), session.protect_rtcp(packet).hex())
