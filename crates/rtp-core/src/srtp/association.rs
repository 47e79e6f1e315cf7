//! The SRTP of one session: a sender and a receiver, and how they go from one pair of keys to the next.

use super::{SrtpError, SrtpKeys, SrtpReceiver, SrtpSender};
use crate::Ssrc;

/// Both directions of a session.
#[derive(Debug)]
pub(crate) struct Association {
    keys: SrtpKeys,
    sender: SrtpSender,
    receiver: SrtpReceiver,
    /// The receiver of the key before, for what is on its way when keys change; until something comes under the new one.
    retiring: Option<SrtpReceiver>,
}

impl Association {
    pub(crate) fn new(keys: SrtpKeys) -> Self {
        Self {
            sender: SrtpSender::new(&keys.send),
            receiver: SrtpReceiver::new(&keys.receive),
            retiring: None,
            keys,
        }
    }

    /// Goes over to `keys`; a direction whose key is the same goes on as it is. Returns whether `ssrc` has to be given up:
    /// the peer may be another one, which cannot know how often our sequence number has wrapped.
    pub(crate) fn rekey(&mut self, keys: SrtpKeys, ssrc: Ssrc) -> bool {
        if self.keys == keys {
            return false;
        }
        if self.keys.send != keys.send {
            self.sender = self.sender.rekeyed(&keys.send);
        }
        if self.keys.receive != keys.receive {
            let next = self.receiver.rekeyed(&keys.receive);
            self.retiring = Some(std::mem::replace(&mut self.receiver, next));
        }
        self.keys = keys;
        self.sender.has_wrapped(ssrc)
    }

    pub(crate) fn sender(&mut self) -> &mut SrtpSender {
        &mut self.sender
    }

    pub(crate) fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        self.unprotect(packet, SrtpReceiver::unprotect_rtp)
    }

    pub(crate) fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        self.unprotect(packet, SrtpReceiver::unprotect_rtcp)
    }

    fn unprotect(
        &mut self,
        packet: &mut [u8],
        open: fn(&mut SrtpReceiver, &mut [u8]) -> Result<usize, SrtpError>,
    ) -> Result<usize, SrtpError> {
        let opened = open(&mut self.receiver, packet);
        match (&opened, &mut self.retiring) {
            (Ok(_), retiring) => *retiring = None,
            (Err(SrtpError::Unauthenticated | SrtpError::TooShort), Some(retiring)) => {
                return open(retiring, packet);
            }
            (Err(_), _) => {}
        }
        opened
    }
}
