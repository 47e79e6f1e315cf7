//! Who takes part, and what each is asked to do.

mod ezk;
mod first_rvoip;
mod ours;
mod rsip;
mod rsiprtp;
mod rsipstack;

/// What is measured, in the order of the table.
pub const WORKS: [(&str, &str); 7] = [
    ("invite", "index the INVITE of 1118 octets, headers untyped"),
    (
        "invite-typed",
        "the same, and Via, From, To, Call-ID, CSeq, Contact, Max-Forwards typed",
    ),
    (
        "invite-checked",
        "the same INVITE indexed, and all of its grammar checked",
    ),
    ("ok", "index the 200 of 347 octets, headers untyped"),
    (
        "ok-typed",
        "the same, and Via, From, To, Call-ID, CSeq, Contact typed",
    ),
    (
        "write",
        "write an INVITE with seven headers out of typed values, and an SDP body of 337 octets",
    ),
    ("octets", "the octets of the INVITE that was parsed"),
];

/// One stack.
pub struct Contender {
    pub name: &'static str,
    /// What it can do, by the names of [`WORKS`].
    pub works: Vec<(&'static str, Box<dyn Fn()>)>,
    /// Whether it can read a message: index it, and type those of the seven headers that are there.
    pub reads: fn(&[u8]) -> bool,
    /// Whether it takes a message where it is strictest.
    pub accepts: fn(&[u8]) -> bool,
}

impl Contender {
    pub fn work(&self, name: &str) -> Option<&dyn Fn()> {
        let (_, work) = self.works.iter().find(|(other, _)| *other == name)?;
        Some(work)
    }
}

/// All of them, ours first.
pub fn all() -> Vec<Contender> {
    vec![
        ours::contender(),
        rsipstack::contender(),
        rsip::contender(),
        rsiprtp::contender(),
        ezk::contender(),
        first_rvoip::contender(),
    ]
}
