//! The words of SIP: messages, headers, URIs.
