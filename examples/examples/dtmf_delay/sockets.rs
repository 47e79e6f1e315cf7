//! Presses on sockets of 127.0.0.1, from the moment at which the first packet is handed to the kernel until the handler is called.

use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rvoip_session_core::api::*;

use super::peer::{EVENTS, KEYS, PACKET, PRESS_AND_END, Peer};
use super::{Delays, Failure, milliseconds};

/// Sound between presses, and how much later each press is than a whole number of frames.
const BETWEEN: usize = 5;
const OFF_GRID: Duration = Duration::from_micros(700);
const PATIENCE: Duration = Duration::from_secs(5);
/// Packets of sound before the first press.
const SETTLING: usize = 50;

/// Tells what it is told, and when.
#[derive(Debug)]
struct Listener {
    descriptions: mpsc::Sender<String>,
    presses: mpsc::Sender<(char, Instant)>,
}

#[async_trait]
impl CallHandler for Listener {
    async fn on_incoming_call(&self, _: IncomingCall) -> CallDecision {
        CallDecision::Accept(None)
    }

    async fn on_call_established(&self, _: CallSession, ours: Option<String>, _: Option<String>) {
        let _ = self.descriptions.send(ours.unwrap_or_default());
    }

    async fn on_dtmf(&self, _: &SessionId, digit: char, _: u32) {
        let _ = self.presses.send((digit, Instant::now()));
    }

    async fn on_call_ended(&self, _: CallSession, _: &str) {}
}

async fn party(handler: Option<Listener>) -> Result<Arc<SessionCoordinator>> {
    let builder = SessionManagerBuilder::new()
        .with_local_bind_addr(([127, 0, 0, 1], 0).into())
        .with_media_ports(34_000, 34_099)
        .with_media_source(AudioSource::Silence);
    let builder = match handler {
        Some(handler) => builder.with_handler(Arc::new(handler)),
        None => builder,
    };
    let party = builder.build().await?;
    party.start().await?;
    Ok(party)
}

/// Prints the delays of so many presses.
#[tokio::main]
pub async fn measure(presses: usize) -> std::result::Result<(), Failure> {
    let (descriptions, described) = mpsc::channel();
    let (pressed, told) = mpsc::channel();
    let listener = Listener {
        descriptions,
        presses: pressed,
    };
    let called = party(Some(listener)).await?;
    let caller = party(None).await?;
    let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    let offer = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {} RTP/AVP 0 {EVENTS}\r\na=rtpmap:{EVENTS} telephone-event/8000\r\n",
        socket.local_addr()?.port()
    );
    let target = format!("sip:listener@{}", called.get_bound_address());
    let call = caller
        .create_outgoing_call("sip:presser@127.0.0.1", &target, Some(offer))
        .await?;
    call.wait_for_answer(PATIENCE).await?;
    let presser = move || press(&socket, presses, &described, &told);
    let mut delays = tokio::task::spawn_blocking(presser).await??;
    let [half, most] = [0.5, 0.99].map(|share| milliseconds(delays.within(share)));
    println!(
        "\n{presses} presses on 127.0.0.1, first packet to handler: {half:.3} ms (p50), {most:.3} ms (p99), {:.3} ms at most",
        milliseconds(delays.within(1.0))
    );
    call.terminate().await?;
    caller.stop().await?;
    called.stop().await?;
    Ok(())
}

/// Sends sound and presses in real time.
fn press(
    socket: &UdpSocket,
    presses: usize,
    described: &mpsc::Receiver<String>,
    told: &mpsc::Receiver<(char, Instant)>,
) -> std::result::Result<Delays, Failure> {
    let description = described.recv_timeout(PATIENCE)?;
    let port = description
        .lines()
        .find_map(|line| line.strip_prefix("m=audio ")?.split(' ').next())
        .ok_or("no audio in the answer")?;
    let destination = SocketAddr::from(([127, 0, 0, 1], port.parse()?));
    let (mut peer, mut delays) = (Peer::new(), Delays::default());
    let mut due = Instant::now();
    let send = |packet: &[u8], due: &mut Instant| {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        *due += PACKET;
        let sent = Instant::now();
        socket.send_to(packet, destination).map(|_| sent)
    };
    for _ in 0..SETTLING {
        send(&peer.silence(), &mut due)?;
    }
    for key in KEYS.chars().cycle().take(presses) {
        due += OFF_GRID;
        let sent = send(&peer.press(key, 0), &mut due)?;
        for number in 1..PRESS_AND_END {
            send(&peer.press(key, number), &mut due)?;
        }
        for _ in 0..BETWEEN {
            send(&peer.silence(), &mut due)?;
        }
        let (digit, at) = told.recv_timeout(PATIENCE)?;
        if digit != key {
            return Err(format!("{key} was told as {digit}").into());
        }
        delays.note(at.saturating_duration_since(sent));
    }
    match told.try_recv() {
        Ok((digit, _)) => Err(format!("{digit} was told twice").into()),
        Err(_) => Ok(delays),
    }
}
