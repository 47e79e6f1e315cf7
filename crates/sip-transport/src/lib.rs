//! Sockets, framing and flows for SIP, and a simulated network.
