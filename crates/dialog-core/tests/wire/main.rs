//! Calls in virtual time over the simulated network, speaking wire octets: a manager against a raw peer whose every
//! line the test writes, and two managers against each other.

#![allow(clippy::unwrap_used, clippy::panic)]

mod called;
mod caller;
mod crossings;
mod hostile;
mod in_dialog;
mod kit;
mod location;
mod offers;
mod pair;
mod refusals;
mod seeds;
