//! The messages of RFC 4475, when they are at hand: who reads the 30 that can be read, and who refuses the 19 that break
//! the grammar (section 3.1.2).

use std::fs;
use std::path::Path;

use crate::contender::Contender;

pub struct Torture {
    readable: Vec<Vec<u8>>,
    broken: Vec<Vec<u8>>,
}

impl Torture {
    /// Reads a folder with a `manifest.tsv` that gives name and section; `None` when it is not there.
    pub fn read(folder: &Path) -> Option<Torture> {
        let manifest = fs::read_to_string(folder.join("manifest.tsv")).ok()?;
        let (mut readable, mut broken) = (Vec::new(), Vec::new());
        for line in manifest.lines().skip(1) {
            let mut columns = line.split('\t');
            let (name, section) = (columns.next()?, columns.next()?);
            let octets = fs::read(folder.join(name).with_extension("dat")).ok()?;
            match section.starts_with("3.1.2.") {
                true => broken.push(octets),
                false => readable.push(octets),
            }
        }
        Some(Torture { readable, broken })
    }

    /// How many of the readable ones are read, and how many of the broken ones are refused. A panic is neither.
    pub fn verdicts(&self, contender: &Contender) -> [String; 2] {
        let count = |messages: &[Vec<u8>], takes: fn(&[u8]) -> bool, wanted| {
            let verdict =
                |octets: &&Vec<u8>| std::panic::catch_unwind(|| takes(octets)).ok() == Some(wanted);
            format!(
                "{}/{}",
                messages.iter().filter(verdict).count(),
                messages.len()
            )
        };
        [
            count(&self.readable, contender.reads, true),
            count(&self.broken, contender.accepts, false),
        ]
    }
}
