//! Which counts of a nonce have been seen (RFC 7616 section 3.4, `nc`).

use super::DigestError;

/// The last 64 counts of one nonce: each is taken once, also when requests overtake each other.
///
/// One window is kept for each nonce whose credentials were right, and dropped with the nonce's lifetime: the caller bounds
/// how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NonceWindow {
    /// The highest count taken; counts begin at 1.
    highest: u32,
    /// Bit `n` is count `highest - n`.
    seen: u64,
}

impl NonceWindow {
    /// Takes a count that has not been taken. Call it only for credentials that were right: else anybody could use up the
    /// counts of others.
    ///
    /// # Errors
    /// [`DigestError::Replay`] for a count that was taken, that is 64 or more behind, or that is 0; the window stays as it
    /// is.
    pub fn accept(&mut self, count: u32) -> Result<(), DigestError> {
        if count == 0 {
            return Err(DigestError::Replay);
        }
        if let Some(ahead) = count.checked_sub(self.highest).filter(|ahead| *ahead > 0) {
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = count;
            return Ok(());
        }
        let bit = 1_u64.checked_shl(self.highest - count).unwrap_or(0);
        if bit == 0 || self.seen & bit != 0 {
            return Err(DigestError::Replay);
        }
        self.seen |= bit;
        Ok(())
    }

    /// The highest count taken; 0 before the first.
    pub fn highest(&self) -> u32 {
        self.highest
    }
}
