//! A call in progress, with a tone each way, between two coordinators; and what must hold of it after an attack.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use rvoip_session_core::api::*;
use rvoip_session_core::media_core::Audio;
use tokio::time::timeout;

use super::tone::Heard;
use super::wire::Tap;

/// How long anything that must happen may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

const CALLER_HZ: f64 = 440.0;
const CALLED_HZ: f64 = 1000.0;

/// Frames that have to arrive for a stream to be alive.
const ALIVE: u64 = 10;

pub(super) fn loopbacks() -> [IpAddr; 2] {
    ["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()]
}

/// Takes calls to `resident`. Everybody else is turned away, after a look at the offer.
#[derive(Debug)]
pub(super) struct Doorman;

#[async_trait]
impl CallHandler for Doorman {
    async fn on_incoming_call(&self, call: IncomingCall) -> CallDecision {
        if call.to.starts_with("sip:resident@") {
            return CallDecision::Accept(None);
        }
        if let Some(offer) = &call.sdp {
            let coordinator = call.session().coordinator();
            // Whether it can be answered or not: the port that it opened is closed again.
            let _ = coordinator.generate_sdp_answer(&call.id, offer).await;
        }
        CallDecision::Reject("486 Busy Here".to_owned())
    }

    async fn on_call_ended(&self, _call: CallSession, _reason: &str) {}
}

/// A builder for a coordinator on any port of `ip`, which turns no call away because the machine is busy.
pub(super) fn builder(ip: IpAddr) -> SessionManagerBuilder {
    SessionManagerBuilder::new()
        .with_local_bind_addr((ip, 0).into())
        .with_transactions(TransactionConfig {
            shed_after: PATIENCE,
            ..TransactionConfig::default()
        })
}

/// Places a call to a user of `server`.
pub(super) async fn call(
    client: &Arc<SessionCoordinator>,
    server: &Arc<SessionCoordinator>,
    user: &str,
) -> CallSession {
    let target = format!("sip:{user}@{}", server.get_bound_address());
    let placed = client.create_outgoing_call("sip:alice@localhost", &target, None);
    placed.await.expect("a call")
}

/// Waits until nothing is left but lingering transactions.
pub(super) async fn until_empty(coordinator: &Arc<SessionCoordinator>) {
    let last = Mutex::new(None);
    let empty = async {
        loop {
            let stats = coordinator.get_stats().await.expect("figures");
            let left = [
                stats.active_sessions,
                stats.dialogs,
                stats.media_sessions,
                stats.media_ports,
            ];
            if left == [0; 4] {
                return;
            }
            *last.lock().unwrap() = Some(stats);
            tokio::task::yield_now().await;
        }
    };
    if timeout(PATIENCE, empty).await.is_err() {
        panic!("something is left: {:?}", last.lock().unwrap());
    }
}

/// Waits until all stream connections are closed.
pub(super) async fn until_unconnected(coordinator: &Arc<SessionCoordinator>) {
    let closed = async {
        while coordinator.get_stats().await.expect("figures").connections > 0 {
            tokio::task::yield_now().await;
        }
    };
    if timeout(PATIENCE, closed).await.is_err() {
        panic!("left: {:?}", coordinator.get_stats().await);
    }
}

/// One party of the call.
pub(super) struct Party {
    pub(super) coordinator: Arc<SessionCoordinator>,
    pub(super) session: CallSession,
    recording: PathBuf,
    hears_hz: f64,
}

impl Party {
    async fn new(
        coordinator: Arc<SessionCoordinator>,
        session: CallSession,
        hears_hz: f64,
    ) -> Party {
        static RECORDINGS: AtomicU32 = AtomicU32::new(0);
        let number = RECORDINGS.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let recording = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("hostile-{process}-{number}.wav"));
        let id = *session.id();
        let recorded = coordinator.start_recording(&id, recording.clone());
        recorded.await.expect("a recording");
        let monitored = coordinator.start_statistics_monitoring(&id, Duration::from_millis(100));
        monitored.await.expect("reports");
        Party {
            coordinator,
            session,
            recording,
            hears_hz,
        }
    }

    /// The RTP port; RTCP is on the next one.
    pub(super) async fn rtp_port(&self) -> u16 {
        let info = MediaControl::get_media_info(&self.coordinator, self.session.id()).await;
        info.expect("running").expect("media").local_rtp_port
    }

    /// Waits until more packets have been sent and received; returns how many were refused so far.
    pub(super) async fn alive(&self) -> u64 {
        assert_eq!(self.session.state(), CallState::Active);
        let mut events = self.coordinator.subscribe();
        let mut first = None;
        let advanced = async {
            while let Some(delivery) = events.recv().await {
                let Delivery::Event(BasicSessionEvent::MediaReported { call, statistics }) =
                    delivery
                else {
                    continue;
                };
                if call.id() != *self.session.id() {
                    continue;
                }
                let (sent, received) = (statistics.packets_sent, statistics.packets_received);
                let (sent_first, received_first) = *first.get_or_insert((sent, received));
                if sent >= sent_first + ALIVE && received >= received_first + ALIVE {
                    return statistics.packets_refused;
                }
            }
            panic!("the coordinator is gone");
        };
        let refused = timeout(PATIENCE, advanced)
            .await
            .expect("audio both ways goes on");
        assert_eq!(self.session.state(), CallState::Active);
        refused
    }

    fn assert_heard(&self) {
        let audio = Audio::open(&self.recording).expect("a recording");
        let heard = Heard::of(audio.samples(), self.hears_hz);
        assert!(heard.is_tone(2 * ALIVE as usize), "{heard:?}");
        std::fs::remove_file(&self.recording).expect("the recording");
    }
}

/// The call.
pub(super) struct Scene {
    pub(super) caller: Party,
    pub(super) called: Party,
    pub(super) tap: Arc<Tap>,
}

impl Scene {
    pub(super) async fn new(ip: IpAddr) -> Scene {
        Scene::with_strictness(ip, Strictness::default()).await
    }

    pub(super) async fn with_strictness(ip: IpAddr, strictness: Strictness) -> Scene {
        let tap = Arc::new(Tap::default());
        let tone = |frequency_hz| AudioSource::Tone {
            frequency_hz,
            amplitude: 0.5,
        };
        let server = builder(ip)
            .with_handler(Arc::new(Doorman))
            .with_strictness(strictness)
            .with_media_source(tone(CALLED_HZ))
            .with_wire_tap(tap.clone());
        let server = server.build().await.expect("a server");
        let client = builder(ip)
            .with_handler(Arc::new(Doorman))
            .with_media_source(tone(CALLER_HZ));
        let client = client.build().await.expect("a client");
        server.start().await.expect("running");
        client.start().await.expect("running");
        let placed = call(&client, &server, "resident").await;
        placed.wait_for_answer(PATIENCE).await.expect("an answer");
        let taken = server.sessions().pop().expect("the other end");
        let scene = Scene {
            caller: Party::new(client, placed, CALLED_HZ).await,
            called: Party::new(server, taken, CALLER_HZ).await,
            tap,
        };
        scene.alive().await;
        scene
    }

    pub(super) fn parties(&self) -> [&Party; 2] {
        [&self.caller, &self.called]
    }

    /// Both streams flow; returns how many packets each party has refused so far.
    pub(super) async fn alive(&self) -> [u64; 2] {
        [self.caller.alive().await, self.called.alive().await]
    }

    /// The call has not noticed anything, another one succeeds, the end is in order and leaves nothing; the recordings
    /// hold the tones and nothing else.
    pub(super) async fn survives(self) {
        self.alive().await;
        let (client, server) = (&self.caller.coordinator, &self.called.coordinator);
        for (from, to) in [(client, server), (server, client)] {
            let another = call(from, to, "resident").await;
            another.wait_for_answer(PATIENCE).await.expect("an answer");
            another.terminate().await.expect("a hang-up");
            assert_eq!(another.wait_for_end().await, TerminalCause::LocalHangup);
        }
        self.caller.session.terminate().await.expect("a hang-up");
        assert_eq!(
            self.caller.session.wait_for_end().await,
            TerminalCause::LocalHangup
        );
        assert_eq!(
            self.called.session.wait_for_end().await,
            TerminalCause::RemoteHangup
        );
        for party in self.parties() {
            party.assert_heard();
            until_empty(&party.coordinator).await;
            party.coordinator.stop().await.expect("a stop");
        }
    }
}
