//! RTP and RTCP: packets, sessions, statistics, ports and the media driver.
