//! The controller over ports that only take notes: descriptions, agreements, and engines that are busy or gone.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::*;
use crate::engine::MediaCommand;
use crate::error::MediaError;
use crate::event::{MediaEvent, MediaStatistics};
use crate::negotiate::NegotiationError;
use crate::rtp_core::{PortKey, RtpError};
use crate::sdp::{Direction, SdpError, SessionDescription};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// Ports that note what they are asked, and fail when told to.
#[derive(Clone, Default)]
struct NotedPorts {
    shared: Arc<Mutex<Noted>>,
}

#[derive(Default)]
struct Noted {
    open: Vec<PortKey>,
    opened: u64,
    commands: Vec<MediaCommand>,
    /// What the next commands fail with.
    failures: VecDeque<RtpError>,
    address: Option<IpAddr>,
}

impl MediaPorts for NotedPorts {
    fn open(&mut self, _now: Instant) -> Result<OpenPort, RtpError> {
        let mut noted = self.shared.lock().unwrap();
        noted.opened += 1;
        let key = PortKey(noted.opened);
        noted.open.push(key);
        let ip = noted.address.unwrap_or(IpAddr::from([192, 0, 2, 7]));
        let port = 10_000 + 2 * noted.opened as u16;
        Ok(OpenPort {
            key,
            rtp: SocketAddr::new(ip, port),
            rtcp: SocketAddr::new(ip, port + 1),
        })
    }

    fn release(&mut self, _now: Instant, port: PortKey) {
        self.shared
            .lock()
            .unwrap()
            .open
            .retain(|open| *open != port);
    }

    fn command(
        &mut self,
        _now: Instant,
        _port: PortKey,
        command: MediaCommand,
    ) -> Result<(), RtpError> {
        let mut noted = self.shared.lock().unwrap();
        if let Some(failure) = noted.failures.pop_front() {
            return Err(failure);
        }
        noted.commands.push(command);
        Ok(())
    }

    fn open_ports(&self) -> usize {
        self.shared.lock().unwrap().open.len()
    }
}

impl NotedPorts {
    fn fail(&self, failure: RtpError) {
        self.shared.lock().unwrap().failures.push_back(failure);
    }

    /// The kinds of the commands given since the last call.
    fn commands(&self) -> Vec<&'static str> {
        let commands = std::mem::take(&mut self.shared.lock().unwrap().commands);
        let kind = |command: &MediaCommand| match command {
            MediaCommand::Open { .. } => "open",
            MediaCommand::Configure { .. } => "configure",
            MediaCommand::Start { .. } => "start",
            MediaCommand::Close { .. } => "close",
            _ => "other",
        };
        commands.iter().map(kind).collect()
    }
}

fn controller(config: MediaConfig) -> (MediaSessionController, NotedPorts) {
    let ports = NotedPorts::default();
    let controller =
        MediaSessionController::new(config, Box::new(ports.clone()), StdRng::seed_from_u64(3));
    (controller, ports)
}

fn peer_offer(version: u32, direction: Direction) -> String {
    format!(
        "v=0\r\no=- 1 {version} IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 8 0\r\na={direction}\r\n"
    )
}

#[test]
fn a_called_session_from_offer_to_end() {
    let now = Instant::now();
    let (mut controller, ports) = controller(MediaConfig::default());
    let key = controller.create_session(now).unwrap();
    let offer = peer_offer(1, Direction::SendRecv);
    let answer = controller.generate_answer(now, key, &offer).unwrap();
    assert!(answer.contains("m=audio 10002 RTP/AVP 8\r\n"), "{answer}");
    assert!(answer.contains("c=IN IP4 192.0.2.7\r\n"), "{answer}");
    let media = controller.parameters(key).unwrap();
    assert_eq!(
        media.remote_rtp,
        SocketAddr::from(([198, 51, 100, 1], 4_000))
    );
    controller.start(now, key).unwrap();
    assert_eq!(ports.commands(), ["open", "configure", "start"]);

    let held = controller
        .generate_answer(now, key, &peer_offer(2, Direction::SendOnly))
        .unwrap();
    assert!(held.contains("a=recvonly\r\n"), "{held}");
    let version = |text| SessionDescription::parse(text).unwrap().origin.version;
    assert_eq!((&*version(&answer), &*version(&held)), ("0", "1"));
    let repeated = controller
        .generate_answer(now, key, &peer_offer(2, Direction::SendOnly))
        .unwrap();
    assert_eq!(repeated, held, "nothing has changed");

    assert_eq!(controller.stop(now, key), Ok(Stopped::EventFollows));
    assert_eq!((controller.len(), controller.open_ports()), (0, 1));
    let statistics = MediaStatistics::default();
    controller.handle_event(now, &MediaEvent::Ended { key, statistics });
    assert_eq!(controller.open_ports(), 0);
}

#[test]
fn a_refused_offer_leaves_the_session_as_it_was() {
    let now = Instant::now();
    let (mut controller, ports) = controller(MediaConfig::default());
    let key = controller.create_session(now).unwrap();
    let offer = peer_offer(1, Direction::SendRecv);
    controller.generate_answer(now, key, &offer).unwrap();
    let before = controller.parameters(key).cloned();
    ports.commands();
    let useless = offer.replace("RTP/AVP 8 0", "RTP/AVP 3");
    let error = controller.generate_answer(now, key, &useless).unwrap_err();
    assert_eq!(error.sip_status(), 488);
    let error = controller
        .generate_answer(now, key, "nonsense")
        .unwrap_err();
    assert_eq!(error, MediaError::Sdp(SdpError::Version));
    assert_eq!(error.sip_status(), 400);
    ports.fail(RtpError::WorkerBusy);
    let hold = peer_offer(2, Direction::SendOnly);
    let error = controller.generate_answer(now, key, &hold).unwrap_err();
    assert_eq!(error.sip_status(), 503);
    assert_eq!(controller.parameters(key).cloned(), before);
    assert!(ports.commands().is_empty());
}

#[test]
fn a_calling_session_takes_answers_while_its_offer_counts() {
    let now = Instant::now();
    let (mut controller, _) = controller(MediaConfig::default());
    let key = controller.create_session(now).unwrap();
    let answer = peer_offer(1, Direction::SendRecv);
    let early = controller.apply_answer(now, key, &answer);
    assert_eq!(early, Err(MediaError::NoOffer(key)));
    let offer = controller.generate_offer(now, key).unwrap();
    assert!(offer.contains("m=audio 10002 RTP/AVP 0 8 9 "), "{offer}");
    assert_eq!(
        controller.generate_offer(now, key).unwrap(),
        offer,
        "the same again"
    );
    let refusal = answer.replace("audio 4000", "audio 0");
    let refused = controller.apply_answer(now, key, &refusal);
    assert_eq!(refused, Err(NegotiationError::Refused.into()));
    // In a provisional response, in the final one, from another fork.
    for port in ["4000", "4000", "4002"] {
        let answer = answer.replace("4000", port);
        controller.apply_answer(now, key, &answer).unwrap();
    }
    assert_eq!(controller.parameters(key).unwrap().remote_rtp.port(), 4_002);
    assert_eq!(controller.local_description(key), Some(&offer));

    // The peer's own offer ends ours; an offer it refuses changes nothing.
    let offer = peer_offer(2, Direction::SendRecv);
    controller.generate_answer(now, key, &offer).unwrap();
    let agreed = controller.local_description(key).cloned();
    let late = controller.apply_answer(now, key, &answer);
    assert_eq!(late, Err(MediaError::NoOffer(key)));
    controller.set_direction(key, Direction::SendOnly).unwrap();
    let hold = controller.generate_offer(now, key).unwrap();
    assert!(hold.contains("a=sendonly\r\n"), "{hold}");
    controller.withdraw_offer(now, key).unwrap();
    assert_eq!(controller.local_description(key).cloned(), agreed);
}

#[test]
fn inactive_media_opens_nothing() {
    let now = Instant::now();
    let advertised = IpAddr::from([203, 0, 113, 5]);
    let (mut controller, ports) = controller(MediaConfig {
        mode: MediaMode::Inactive,
        advertised: Some(advertised),
        ..MediaConfig::default()
    });
    let key = controller.create_session(now).unwrap();
    let offer = peer_offer(1, Direction::SendRecv);
    let answer = controller.generate_answer(now, key, &offer).unwrap();
    assert!(answer.contains("c=IN IP4 203.0.113.5\r\n"), "{answer}");
    assert!(answer.contains("m=audio 9 RTP/AVP 8\r\n"), "{answer}");
    assert!(answer.contains("a=inactive\r\n"), "{answer}");
    controller.start(now, key).unwrap();
    assert_eq!(controller.stop(now, key), Ok(Stopped::Done));
    assert!(ports.commands().is_empty());
    assert_eq!(ports.shared.lock().unwrap().opened, 0);
}

#[test]
fn no_description_says_all_zeros() {
    let now = Instant::now();
    let (mut controller, ports) = controller(MediaConfig::default());
    ports.shared.lock().unwrap().address = Some(IpAddr::from([0, 0, 0, 0]));
    let key = controller.create_session(now).unwrap();
    assert_eq!(
        controller.generate_offer(now, key),
        Err(MediaError::NoAddress(key))
    );
    controller
        .set_advertised(key, IpAddr::from([192, 0, 2, 8]))
        .unwrap();
    let offer = controller.generate_offer(now, key).unwrap();
    assert!(offer.contains("c=IN IP4 192.0.2.8\r\n"), "{offer}");
    assert!(!offer.contains("0.0.0.0"), "{offer}");
}

#[test]
fn an_engine_that_is_busy_or_gone_leaves_no_port_behind() {
    let now = Instant::now();
    let (mut controller, ports) = controller(MediaConfig::default());
    ports.fail(RtpError::WorkerBusy);
    let busy = controller.create_session(now).unwrap_err();
    assert_eq!(busy.sip_status(), 503);
    assert_eq!((controller.len(), controller.open_ports()), (0, 0));

    let [first, second] = [(); 2].map(|()| controller.create_session(now).unwrap());
    ports.commands();
    ports.fail(RtpError::WorkerBusy);
    assert_eq!(controller.stop(now, first), Ok(Stopped::EventFollows));
    assert!(ports.commands().is_empty());
    let statistics = MediaStatistics::default();
    let other = MediaEvent::Statistics {
        key: second,
        statistics: statistics.clone(),
    };
    controller.handle_event(now, &other);
    assert_eq!(ports.commands(), ["close"], "told at the next occasion");
    controller.handle_event(
        now,
        &MediaEvent::Ended {
            key: first,
            statistics,
        },
    );
    ports.fail(RtpError::WorkerStopped);
    assert_eq!(controller.stop(now, second), Ok(Stopped::Done));
    assert_eq!(controller.open_ports(), 0);
}

#[test]
fn keys_are_never_used_twice() {
    let now = Instant::now();
    let (mut controller, _) = controller(MediaConfig::default());
    let first = controller.create_session(now).unwrap();
    assert_eq!(controller.stop(now, first), Ok(Stopped::EventFollows));
    let second = controller.create_session(now).unwrap();
    assert_ne!(first, second);
    assert_eq!(
        controller.start(now, first),
        Err(MediaError::UnknownSession(first))
    );
    assert_eq!(controller.local_rtp(first), None);
    assert!(controller.local_rtp(second).is_some());
}
