//! Octets of an open connection, in and out.

use std::io;
use std::task::{Context, Poll};
use std::time::Instant;

use super::{Connection, Left, Stage};
use crate::Input;

/// Reads in one turn: others want their turn too.
pub(in crate::driver) const READS_PER_TURN: usize = 4;

impl Connection {
    pub(super) fn read(
        &mut self,
        now: Instant,
        scratch: &mut [u8],
        deliver: &mut impl FnMut(Input),
    ) -> io::Result<Left> {
        let Stage::Open(link) = &mut self.stage else {
            return Ok(Left::Idle);
        };
        let mut cx = Context::from_waker(&self.waker);
        for _ in 0..READS_PER_TURN {
            match link.poll_receive(&mut cx, scratch) {
                Poll::Pending => {
                    self.stall.note_reading(now, link.is_inside_message());
                    return Ok(Left::Idle);
                }
                Poll::Ready(Ok(Some(payload))) => {
                    self.stall.note_reading(now, false);
                    if !self.is_closing {
                        deliver(Input::Stream {
                            connection: self.id,
                            payload,
                        });
                    }
                }
                Poll::Ready(Ok(None)) => {
                    if !self.is_closing {
                        deliver(Input::Closed {
                            connection: self.id,
                            error: None,
                        });
                    }
                    return Ok(Left::Gone);
                }
                Poll::Ready(Err(error)) => return Err(error),
            }
        }
        Ok(Left::More)
    }

    pub(super) fn flush(&mut self, now: Instant) -> io::Result<()> {
        let Stage::Open(link) = &mut self.stage else {
            return Ok(());
        };
        let mut cx = Context::from_waker(&self.waker);
        while let Some(front) = self.queue.front_mut() {
            let before = front.len();
            match link.poll_send(&mut cx, front) {
                Poll::Ready(result) => result?,
                Poll::Pending => {
                    self.stall.note_writing(now, false);
                    return Ok(());
                }
            }
            self.queued_octets -= before - front.len();
            if front.is_empty() {
                self.queue.pop_front();
            }
            self.has_written = true;
            self.is_unflushed = true;
            self.stall.note_writing(now, true);
        }
        if self.is_unflushed {
            match link.poll_flush(&mut cx) {
                Poll::Ready(result) => result?,
                Poll::Pending => {
                    self.stall.note_writing(now, false);
                    return Ok(());
                }
            }
            self.is_unflushed = false;
            self.stall.note_writing(now, true);
        }
        if self.is_closing
            && !self.is_shut_down
            && let Poll::Ready(result) = link.poll_shutdown(&mut cx)
        {
            self.is_shut_down = true;
            return result;
        }
        Ok(())
    }
}
