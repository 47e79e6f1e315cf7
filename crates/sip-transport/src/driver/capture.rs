//! A capture of every message as a pcapng file, written by a thread of its own.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::tap::Pcapng;
use crate::{Direction, TransportKind, WireRecord, WireTap};

/// Messages that wait for the thread; one more is not captured.
const QUEUE_MESSAGES: usize = 8192;

/// One message on its way to the thread.
struct Captured {
    time: Instant,
    direction: Direction,
    kind: TransportKind,
    ends: [std::net::SocketAddr; 2],
    octets: Bytes,
}

/// Writes every message to a pcapng file, as Wireshark and tshark read it.
///
/// Each message stands there as one UDP or TCP packet with made-up headers: the addresses, ports and
/// times are real. Messages over TLS and WebSocket are written decrypted, as plain TCP on the same
/// ports, with a comment; where a port means another protocol to the reader, tell it otherwise, such
/// as with `tshark -d tcp.port==443,sip`. Keep-alives and octets that frame no message are not
/// messages and not captured.
///
/// A shard never waits for the file: what does not fit into the queue is counted by
/// [`dropped`](Self::dropped).
///
/// ```no_run
/// # use std::sync::Arc;
/// # use rvoip_sip_transport::{TransportConfig, driver::Capture};
/// # fn capture(mut config: TransportConfig) -> std::io::Result<()> {
/// let capture = Arc::new(Capture::start(std::fs::File::create("sip.pcapng")?)?);
/// config.tap = Some(capture.clone());
/// # capture.finish()
/// # }
/// ```
pub struct Capture {
    queue: Mutex<Option<mpsc::SyncSender<Captured>>>,
    thread: Mutex<Option<JoinHandle<io::Result<()>>>>,
    dropped: Arc<AtomicU64>,
}

impl Capture {
    /// Writes the head of the file and starts the thread that writes the rest.
    ///
    /// # Errors
    /// When the head cannot be written or no thread can be started.
    pub fn start(writer: impl Write + Send + 'static) -> io::Result<Self> {
        let mut writer = BufWriter::new(writer);
        writer.write_all(&Pcapng::head())?;
        writer.flush()?;
        let (queue, captured) = mpsc::sync_channel(QUEUE_MESSAGES);
        let epoch = (Instant::now(), SystemTime::now());
        let thread = thread::Builder::new()
            .name("sip-capture".into())
            .spawn(move || write(&captured, writer, epoch))?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            thread: Mutex::new(Some(thread)),
            dropped: Arc::default(),
        })
    }

    /// How many messages found the queue full or the file failed, and are not in it.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Ends the capture: waits until everything is in the file. Later messages are counted as
    /// dropped.
    ///
    /// # Errors
    /// When writing failed, now or before.
    pub fn finish(&self) -> io::Result<()> {
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match thread.map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(io::Error::other("the capture's thread has panicked")),
            None => Ok(()),
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // Nobody is left who could be told.
        let _ = self.finish();
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("dropped", &self.dropped())
            .finish()
    }
}

impl WireTap for Capture {
    fn message(&self, record: &WireRecord<'_>) {
        let captured = Captured {
            time: record.time,
            direction: record.direction,
            kind: record.kind,
            ends: [record.local, record.remote],
            octets: record.octets.clone(),
        };
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let is_taken = queue
            .as_ref()
            .is_some_and(|queue| queue.try_send(captured).is_ok());
        if !is_taken {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes what comes until nothing can come any more.
fn write(
    captured: &mpsc::Receiver<Captured>,
    mut writer: BufWriter<impl Write>,
    (start, wall): (Instant, SystemTime),
) -> io::Result<()> {
    let mut pcapng = Pcapng::default();
    let mut block = Vec::new();
    let start_ns = wall
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos() as u64;
    loop {
        let next = match captured.try_recv() {
            Ok(next) => next,
            // Whoever looks at the file of a running program sees all that is there.
            Err(_) => {
                writer.flush()?;
                match captured.recv() {
                    Ok(next) => next,
                    Err(_) => return Ok(()),
                }
            }
        };
        let Captured {
            time,
            direction,
            kind,
            ends: [local, remote],
            ref octets,
        } = next;
        let record = WireRecord {
            time,
            direction,
            kind,
            local,
            remote,
            octets,
        };
        // Messages that were seen before the capture began have their times too.
        let since = time.saturating_duration_since(start).as_nanos() as u64;
        let before = start.saturating_duration_since(time).as_nanos() as u64;
        let time_ns = (start_ns + since).saturating_sub(before);
        block.clear();
        pcapng.message(&mut block, time_ns, &record);
        writer.write_all(&block)?;
    }
}
