//! SIP dialogs: calls, route sets, sequence numbers and the crossings between them.
