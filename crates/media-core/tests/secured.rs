//! Secured calls between two controllers in virtual time: keys agreed on, changed, and given up.

#![cfg(test)]

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::rtp_core::WallClock;
use rvoip_media_core::rtp_core::srtp::SrtpKeys;
use rvoip_media_core::{
    AudioSource, Capabilities, Direction, EngineConfig, MediaConfig, MediaEngine, MediaError,
    MediaEvent, MediaSessionController, MediaSessionKey, MediaStatistics, NegotiationError,
    SimulatedMedia, SrtpPolicy,
};

const TONE: AudioSource = AudioSource::Tone {
    frequency_hz: 440.0,
    amplitude: 0.5,
};

struct Party {
    media: SimulatedMedia,
    controller: MediaSessionController,
    key: MediaSessionKey,
}

impl Party {
    fn new(now: Instant, host: u8, srtp: SrtpPolicy) -> Party {
        let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
        let engine = MediaEngine::new(EngineConfig::default(), clock);
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, host));
        let (media, ports) = SimulatedMedia::new(address, 10_000..=10_010, engine).unwrap();
        let config = MediaConfig {
            source: TONE,
            capabilities: Capabilities {
                srtp,
                ..Capabilities::default()
            },
            ..MediaConfig::default()
        };
        let rng = StdRng::from_seed([host; 32]);
        let mut controller = MediaSessionController::new(config, Box::new(ports), rng);
        let key = controller.create_session(now).unwrap();
        Party {
            media,
            controller,
            key,
        }
    }

    fn security(&self) -> Option<SrtpKeys> {
        let parameters = self.controller.parameters(self.key).unwrap();
        parameters.security.clone()
    }

    fn statistics(&mut self, now: Instant) -> MediaStatistics {
        let asked = self.controller.request_statistics(now, self.key);
        asked.unwrap();
        let mut latest = None;
        while let Some(event) = self.media.poll_event() {
            if let MediaEvent::Statistics { statistics, .. } = event {
                latest = Some(statistics);
            }
        }
        latest.unwrap()
    }
}

struct Call {
    now: Instant,
    parties: [Party; 2],
    /// The octets of each packet that was carried.
    lengths: Vec<usize>,
}

impl Call {
    fn new(policies: [SrtpPolicy; 2]) -> Call {
        let now = Instant::now();
        let [first, second] = policies;
        Call {
            now,
            parties: [Party::new(now, 1, first), Party::new(now, 2, second)],
            lengths: Vec::new(),
        }
    }

    /// An offer of party `from`, and the other one's answer.
    fn exchange(&mut self, from: usize) -> Result<(String, String), MediaError> {
        let now = self.now;
        let (offerer, answerer) = (from, 1 - from);
        let party = &mut self.parties[offerer];
        let offer = party.controller.generate_offer(now, party.key)?;
        let party = &mut self.parties[answerer];
        let answer = party.controller.generate_answer(now, party.key, &offer)?;
        let party = &mut self.parties[offerer];
        party.controller.apply_answer(now, party.key, &answer)?;
        for party in &mut self.parties {
            party.controller.start(now, party.key)?;
        }
        Ok((offer.to_string(), answer.to_string()))
    }

    /// Lets both talk for a second; what each has received and refused in it.
    fn talk(&mut self) -> [(u64, u64); 2] {
        let before = self.figures();
        let end = self.now + Duration::from_secs(1);
        self.lengths.clear();
        while self.now < end {
            let next = self
                .parties
                .iter()
                .filter_map(|party| party.media.poll_timeout());
            self.now = next.min().unwrap();
            let mut under_way = Vec::new();
            for party in &self.parties {
                party.media.handle_timeout(self.now);
                party.media.poll_transmits(|source, destination, payload| {
                    under_way.push((source, destination, payload.to_vec()));
                });
            }
            for (source, destination, payload) in under_way {
                self.lengths.push(payload.len());
                for party in &self.parties {
                    party
                        .media
                        .handle_datagram(self.now, source, destination, &payload);
                }
            }
        }
        let after = self.figures();
        [0, 1].map(|party| {
            let (heard, refused) = after[party];
            (heard - before[party].0, refused - before[party].1)
        })
    }

    fn figures(&mut self) -> [(u64, u64); 2] {
        let now = self.now;
        self.parties.each_mut().map(|party| {
            let figures = party.statistics(now);
            (figures.packets_received, figures.packets_refused)
        })
    }
}

const HEARD: [(u64, u64); 2] = [(50, 0), (50, 0)];

#[test]
fn policies_decide_together() {
    use SrtpPolicy::{Off, Offer, Require};
    for (policies, secured) in [
        ([Off, Off], Some(false)),
        ([Off, Offer], Some(false)),
        ([Offer, Off], Some(false)),
        ([Offer, Offer], Some(true)),
        ([Offer, Require], Some(true)),
        ([Require, Offer], Some(true)),
        ([Require, Require], Some(true)),
        ([Off, Require], None),
        ([Require, Off], None),
    ] {
        let mut call = Call::new(policies);
        let exchanged = call.exchange(0);
        let Some(secured) = secured else {
            let error = exchanged.unwrap_err();
            assert!(
                matches!(
                    error,
                    MediaError::Negotiation(NegotiationError::Security { section: 1, .. })
                ),
                "{policies:?}: {error}"
            );
            assert_eq!(error.sip_status(), 488);
            continue;
        };
        exchanged.unwrap();
        call.talk();
        assert_eq!(call.talk(), HEARD, "{policies:?}");
        let tagged = call.lengths.iter().filter(|octets| **octets == 182).count();
        assert_eq!(tagged == 100, secured, "{policies:?}");
        assert_eq!(call.parties[0].security().is_some(), secured);
    }
}

#[test]
fn keys_stay_through_holds_and_new_offers_of_either_side() {
    let mut call = Call::new([SrtpPolicy::Offer, SrtpPolicy::Offer]);
    call.exchange(0).unwrap();
    call.talk();
    let keys = call.parties[0].security();
    for from in [0, 1, 1, 0] {
        let party = &mut call.parties[from];
        let key = party.key;
        let set = party.controller.set_direction(key, Direction::SendOnly);
        set.unwrap();
        call.exchange(from).unwrap();
        call.talk();
        let party = &mut call.parties[from];
        let set = party.controller.set_direction(key, Direction::SendRecv);
        set.unwrap();
        call.exchange(from).unwrap();
        assert_eq!(call.parties[0].security(), keys);
        assert_eq!(call.talk(), HEARD, "after a hold by {from}");
    }
}

/// The peer offers other keys, as one does that has taken the place of another.
#[test]
fn a_peer_with_new_keys_gets_new_keys() {
    let mut call = Call::new([SrtpPolicy::Offer, SrtpPolicy::Require]);
    call.exchange(0).unwrap();
    call.talk();
    let before = call.parties[1].security().unwrap();
    call.parties[0] = Party::new(call.now, 3, SrtpPolicy::Offer);
    call.exchange(0).unwrap();
    let after = call.parties[1].security().unwrap();
    assert!(before.send != after.send && before.receive != after.receive);
    call.talk();
    assert_eq!(call.talk(), HEARD);
}

#[test]
fn what_is_plain_again_never_takes_the_old_keys_up() {
    let mut call = Call::new([SrtpPolicy::Offer, SrtpPolicy::Offer]);
    call.exchange(0).unwrap();
    call.talk();
    let secured = call.parties[1].security().unwrap();
    let plain = "v=0\r\no=- 9 9 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
                 m=audio 10000 RTP/AVP 0\r\n";
    let now = call.now;
    let party = &mut call.parties[1];
    let answer = party.controller.generate_answer(now, party.key, plain);
    assert!(!answer.unwrap().contains("crypto"));
    assert_eq!(party.security(), None);
    call.exchange(1).unwrap();
    let again = call.parties[1].security().unwrap();
    assert_ne!(secured.send, again.send);
    call.talk();
    assert_eq!(call.talk(), HEARD);
}

/// Two phones ring; one answers early, the other one takes the call.
#[test]
fn each_fork_has_its_own_key_and_the_last_answer_counts() {
    let now = Instant::now();
    let mut caller = Party::new(now, 1, SrtpPolicy::Require);
    let offer = caller.controller.generate_offer(now, caller.key).unwrap();
    let answers = [2, 3].map(|host| {
        let mut phone = Party::new(now, host, SrtpPolicy::Offer);
        let answer = phone.controller.generate_answer(now, phone.key, &offer);
        (answer.unwrap(), phone)
    });
    let mut receive = Vec::new();
    for (answer, phone) in &answers {
        let applied = caller.controller.apply_answer(now, caller.key, answer);
        applied.unwrap();
        let (ours, theirs) = (caller.security().unwrap(), phone.security().unwrap());
        assert_eq!((&ours.send, &ours.receive), (&theirs.receive, &theirs.send));
        receive.push(ours.receive);
    }
    assert_ne!(receive[0], receive[1]);
    let [_, (_, phone)] = answers;
    let mut call = Call {
        now,
        parties: [caller, phone],
        lengths: Vec::new(),
    };
    for party in &mut call.parties {
        party.controller.start(now, party.key).unwrap();
    }
    call.talk();
    assert_eq!(call.talk(), HEARD);
}
