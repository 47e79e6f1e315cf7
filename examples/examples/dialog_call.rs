//! A user agent on `rvoip-dialog-core` alone: calls a SIP URI with a fixed session description, waits for the answer,
//! holds the call for a moment and hangs up.
//!
//! ```text
//! cargo run --release --example dialog_call -- sip:bob@127.0.0.1:5060 --bind udp:127.0.0.1:0 --hold 2.5
//! ```
//!
//! Without a URI it calls an answering party of its own over loopback, and checks what both sides were told.
//! Ends by itself with exit code 0 when everything it shows is right.

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::Parser;
use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};
use rvoip_dialog_core::sip_core::{HostPort, StatusCode, Uri};
use rvoip_dialog_core::sip_transport::driver::{self, Shard, Sockets};
use rvoip_dialog_core::sip_transport::{TransportConfig, TransportKind};
use rvoip_dialog_core::transaction_core::TransactionConfig;
use rvoip_dialog_core::{
    Body, DialogManager, DialogManagerConfig, EndCause, HybridConfig, OutgoingCall,
    SessionCoordinationEvent as Event, TerminateCause,
};
use tokio::sync::mpsc;

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Parser)]
struct Arguments {
    /// Whom to call; without it a party of this program is called.
    uri: Option<Uri>,
    /// Where to call from.
    #[arg(long, value_parser = bind, default_value = "udp:127.0.0.1:0")]
    bind: (TransportKind, SocketAddr),
    /// Seconds between the answer and our BYE.
    #[arg(long, default_value_t = 0.2)]
    hold: f64,
}

fn bind(text: &str) -> Result<(TransportKind, SocketAddr), Failure> {
    let (kind, addr) = text
        .split_once(':')
        .ok_or("expected udp:ADDRESS:PORT or tcp:ADDRESS:PORT")?;
    Ok((kind.parse()?, addr.parse()?))
}

/// A dialog manager on sockets of its own, and what it tells.
struct UserAgent {
    shard: Shard<DialogManager>,
    events: mpsc::Receiver<Event>,
    contact: HostPort,
}

impl UserAgent {
    fn start(at: (TransportKind, SocketAddr)) -> Result<UserAgent, Failure> {
        let sockets = Sockets::bind(&[at])?;
        let listeners = sockets.listeners();
        let contact = listeners[0].advertised().clone();
        let manager = DialogManager::new(
            DialogManagerConfig::Hybrid(HybridConfig::default()),
            TransactionConfig::default(),
            TransportConfig::new(listeners),
            StdRng::try_from_rng(&mut SysRng)?,
        );
        // One call makes a handful of events.
        let (sender, events) = mpsc::channel(64);
        let shard = driver::spawn(sockets, manager, move |event| _ = sender.try_send(event))?;
        Ok(UserAgent {
            shard,
            events,
            contact,
        })
    }

    /// A session without media: a description that any party can answer, as nothing is to flow.
    fn description(&self) -> Body {
        let host = &self.contact.host;
        let family = if host.to_ip().is_some_and(|ip| ip.is_ipv6()) {
            6
        } else {
            4
        };
        let ip = host.to_string();
        let ip = ip.trim_matches(['[', ']']);
        Body::sdp(format!(
            "v=0\r\no=- 1 1 IN IP{family} {ip}\r\ns=-\r\nc=IN IP{family} {ip}\r\nt=0 0\r\n\
             m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=inactive\r\n"
        ))
    }

    async fn next(&mut self) -> Result<Event, Failure> {
        Ok(self.events.recv().await.ok_or("the shard has stopped")?)
    }
}

/// Calls, holds, hangs up; how the call ended.
async fn call(ua: &mut UserAgent, remote: Uri, hold: Duration) -> Result<EndCause, Failure> {
    let started = Instant::now();
    let mut outgoing = OutgoingCall::new("<sip:caller@localhost>".parse()?, remote);
    outgoing.body = Some(ua.description());
    let key = ua
        .shard
        .call(move |manager, now| manager.invite(now, outgoing))
        .await??;
    loop {
        let event = ua.next().await?;
        let at = started.elapsed();
        match event {
            Event::Progress { status, .. } => println!("{at:>10.1?}  {status} {}", status.reason()),
            Event::Answered { body, .. } => {
                let octets = body.map_or(0, |body| body.content.len());
                println!("{at:>10.1?}  answered with {octets} octets of session description");
                tokio::time::sleep(hold).await;
                ua.shard
                    .call(move |manager, now| manager.terminate(now, key, TerminateCause::Normal))
                    .await??;
            }
            // This session never changes.
            Event::Offer { .. } => {
                ua.shard
                    .call(move |manager, now| {
                        manager.refuse_offer(now, key, StatusCode::NOT_ACCEPTABLE_HERE, &[])
                    })
                    .await??;
            }
            Event::Ended { cause, .. } => {
                println!("{at:>10.1?}  ended: {cause:?}");
                return Ok(cause);
            }
            other => println!("{at:>10.1?}  {other:?}"),
        }
    }
}

/// Rings and answers one call; how it ended.
async fn answer(mut ua: UserAgent) -> Result<EndCause, Failure> {
    loop {
        match ua.next().await? {
            Event::IncomingCall { key, .. } => {
                let answer = ua.description();
                ua.shard
                    .call(move |manager, now| {
                        manager.provisional(now, key, StatusCode::RINGING, None, false)?;
                        manager.accept(now, key, Some(answer))
                    })
                    .await??;
            }
            Event::Ended { cause, .. } => {
                ua.shard.stop().await;
                return Ok(cause);
            }
            _ => {}
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let mut caller = UserAgent::start(arguments.bind)?;
    let hold = Duration::try_from_secs_f64(arguments.hold)?;
    let (remote, party) = match arguments.uri {
        Some(uri) => (uri, None),
        None => {
            let (kind, addr) = arguments.bind;
            let party = UserAgent::start((kind, SocketAddr::new(addr.ip(), 0)))?;
            let remote = format!("sip:party@{};transport={kind}", party.contact).parse()?;
            (remote, Some(tokio::spawn(answer(party))))
        }
    };
    println!("calling {remote}");
    let cause = call(&mut caller, remote, hold).await?;
    caller.shard.stop().await;
    if cause != EndCause::LocalBye && cause != EndCause::RemoteBye {
        return Err("the call was not answered".into());
    }
    if let Some(party) = party {
        let told = party.await??;
        println!("the other side: {told:?}");
        if (cause, told) != (EndCause::LocalBye, EndCause::RemoteBye) {
            return Err("the two sides disagree".into());
        }
    }
    Ok(())
}
