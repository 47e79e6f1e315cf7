//! Calls in virtual time over the simulated network, speaking wire octets: a manager against a raw peer whose every
//! line the test writes, and two managers against each other.

#![allow(clippy::unwrap_used, clippy::panic)]

mod authentication;
mod called;
mod caller;
mod crossings;
mod forks;
mod hostile;
mod in_dialog;
mod kit;
mod location;
mod notifier;
mod offers;
mod pair;
mod prack;
mod publication;
mod realm;
mod rebinding;
mod refer;
mod refusals;
mod registrar;
mod registration;
mod renewals;
mod replaces;
mod requests;
mod scene;
mod secrets;
mod seeds;
mod session_timer;
mod subscriptions;
mod update;
mod usages;
