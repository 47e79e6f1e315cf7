//! Media of a call: SDP, offer and answer, codecs, jitter buffer, streams and quality.
