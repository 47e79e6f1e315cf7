//! The four SIP transaction machines of RFC 3261 section 17 and the layer that runs them.
