//! From a name to its code in one comparison, by a table that is made while compiling.

use super::KNOWN;

/// No name has this code.
const NONE: u8 = u8::MAX;
const SLOTS: usize = 512;

/// The place of a long name in the table: a hash of its length and three of its letters, without regard to case.
const fn slot(name: &[u8], factors: (usize, usize)) -> usize {
    let (first, last) = (name[0] | 0x20, name[name.len() - 1] | 0x20);
    let middle = name[name.len() / 2] | 0x20;
    (name.len() + first as usize * factors.0 + last as usize * factors.1 + middle as usize * 7)
        % SLOTS
}

const fn fill(factors: (usize, usize)) -> Option<[u8; SLOTS]> {
    let mut slots = [NONE; SLOTS];
    let mut code = 0;
    while code < KNOWN.len() {
        let slot = slot(KNOWN[code].0.as_bytes(), factors);
        if slots[slot] != NONE {
            return None;
        }
        slots[slot] = code as u8;
        code += 1;
    }
    Some(slots)
}

/// Factors under which no two names share a slot, found while compiling, and the slots.
const TABLE: ((usize, usize), [u8; SLOTS]) = {
    let mut seed = 1;
    loop {
        let factors = (seed % 64, seed / 64);
        if let Some(slots) = fill(factors) {
            break (factors, slots);
        }
        seed += 1;
    }
};

/// The codes of the compact forms, by letter.
const COMPACT: [u8; 26] = {
    let mut letters = [NONE; 26];
    let mut code = 0;
    while code < KNOWN.len() {
        if KNOWN[code].1 != 0 {
            letters[(KNOWN[code].1 - b'a') as usize] = code as u8;
        }
        code += 1;
    }
    letters
};

/// The code of a known name, long or compact.
#[inline]
pub(crate) fn lookup(name: &[u8]) -> Option<u8> {
    static SLOTS_OF: [u8; SLOTS] = TABLE.1;
    match name {
        [] => None,
        [letter] => {
            let place = letter.to_ascii_lowercase().wrapping_sub(b'a');
            COMPACT
                .get(usize::from(place))
                .copied()
                .filter(|code| *code != NONE)
        }
        name => {
            let code = SLOTS_OF[slot(name, TABLE.0)];
            let known = KNOWN.get(usize::from(code))?.0.as_bytes();
            // The usual spelling is much the quicker to compare.
            (known == name || known.eq_ignore_ascii_case(name)).then_some(code)
        }
    }
}
