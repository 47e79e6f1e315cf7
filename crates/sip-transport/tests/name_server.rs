//! Real questions to a real name server on loopback, and what becomes of the answers.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_server::net::runtime::TokioRuntimeProvider;
use hickory_server::proto::rr::Name;
use hickory_server::proto::serialize::txt::Parser;
use hickory_server::server::Server;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use rvoip_sip_transport::driver::{self, DnsConfig, Shard, Sockets};
use rvoip_sip_transport::{
    Core, Input, Location, LookupError, LookupId, Naptr, Output, Question, RecordData, Records,
    Sought, Srv, Target, TransportConfig, TransportEvent, TransportKind, TransportLayer,
};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;

const ZONE: &str = r#"
@ 3600 IN SOA ns.example.test. root.example.test. 1 7200 600 3600000 25
@ 60 IN NS ns.example.test.
@ 50 IN NAPTR 20 10 "S" "SIP+D2U" "" _sip._udp.example.test.
@ 60 IN NAPTR 10 10 "s" "SIP+D2T" "" _sip._tcp.example.test.
_sip._tcp 40 IN SRV 20 0 5060 two.example.test.
_sip._tcp 40 IN SRV 10 0 5070 one.example.test.
_sip._udp 40 IN SRV 0 0 0 .
one 30 IN A 192.0.2.1
one 30 IN AAAA 2001:db8::1
two 30 IN CNAME three.example.test.
three 20 IN A 192.0.2.2
"#;

/// Asks one question at a time and tells the answer; or lets a transport layer ask.
struct Asker {
    layer: TransportLayer,
    outputs: VecDeque<Output<Told>>,
}

#[derive(Debug)]
enum Told {
    Answer(Result<Records, LookupError>),
    Located(Vec<Target>),
}

impl Core for Asker {
    type Event = Told;

    fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Answer {
                query: LookupId(0),
                answer,
            } => self.outputs.push_back(Output::Event(Told::Answer(answer))),
            input => self.layer.handle_input(now, input),
        }
        while let Some(event) = self.layer.poll_event() {
            if let TransportEvent::Located { targets, .. } = event {
                let told = Told::Located(targets.unwrap_or_default());
                self.outputs.push_back(Output::Event(told));
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.layer.handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.layer.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<Output<Told>> {
        self.layer.poll_wire().or_else(|| self.outputs.pop_front())
    }
}

struct Scene {
    shard: Shard<Asker>,
    told: mpsc::UnboundedReceiver<Told>,
}

impl Scene {
    fn asking(name_server: SocketAddr) -> Scene {
        let addr = "127.0.0.1:0".parse().unwrap();
        let mut config = DnsConfig::with_name_servers(vec![name_server]);
        config.timeout = Duration::from_millis(100);
        let sockets = Sockets::bind(&[(TransportKind::Udp, addr)])
            .unwrap()
            .with_dns(config);
        let core = Asker {
            layer: TransportLayer::new(TransportConfig::new(sockets.listeners())),
            outputs: VecDeque::new(),
        };
        let (sender, told) = mpsc::unbounded_channel();
        let sink = move |event| drop(sender.send(event));
        let shard = driver::spawn(sockets, core, sink).unwrap();
        Scene { shard, told }
    }

    async fn ask(&mut self, question: Question) -> Result<Records, LookupError> {
        let query = LookupId(0);
        let ask = move |core: &mut Asker, _| {
            core.outputs.push_back(Output::Lookup { query, question });
        };
        self.shard.call(ask).await.unwrap();
        match self.told.recv().await.unwrap() {
            Told::Answer(answer) => answer,
            other => panic!("{other:?}"),
        }
    }
}

/// A name server for this zone on a port of the system's choice, UDP and TCP.
async fn serve(zone: &str) -> (SocketAddr, Server<Catalog>) {
    let origin = Name::from_ascii("example.test.").unwrap();
    let parser = Parser::new(zone, None, Some(origin.clone()));
    let (_, records) = parser.parse().unwrap();
    let handler = InMemoryZoneHandler::<TokioRuntimeProvider>::new(
        origin.clone(),
        records,
        ZoneType::Primary,
        AxfrPolicy::Deny,
    );
    let mut catalog = Catalog::new();
    catalog.upsert(origin.into(), vec![Arc::new(handler.unwrap())]);
    let mut server = Server::new(catalog);
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            break (udp, tcp);
        }
    };
    let addr = udp.local_addr().unwrap();
    server.register_socket(udp);
    server.register_listener(tcp, Duration::from_secs(5), 4096);
    (addr, server)
}

fn records(seconds: u64, data: RecordData) -> Result<Records, LookupError> {
    let ttl = Duration::from_secs(seconds);
    Ok(Records { ttl, data })
}

fn sorted(mut answer: Result<Records, LookupError>) -> Result<Records, LookupError> {
    match &mut answer {
        Ok(Records {
            data: RecordData::Naptr(list),
            ..
        }) => list.sort_by_key(|naptr| naptr.order),
        Ok(Records {
            data: RecordData::Srv(list),
            ..
        }) => list.sort_by_key(|srv| (srv.priority, srv.port)),
        _ => {}
    }
    answer
}

#[tokio::test]
async fn every_type_of_record_is_read() {
    let (addr, _server) = serve(ZONE).await;
    let mut scene = Scene::asking(addr);
    let naptr = |order, flags: &str, service: &str, replacement: &str| Naptr {
        order,
        preference: 10,
        flags: flags.into(),
        service: service.into(),
        regexp: "".into(),
        replacement: replacement.into(),
    };
    let srv = |priority, port, target: &str| Srv {
        priority,
        weight: 0,
        port,
        target: target.into(),
    };
    let expected = [
        (
            Question::Naptr("example.test".into()),
            // The time of a set of records is that of its shortest.
            records(
                50,
                RecordData::Naptr(vec![
                    naptr(10, "s", "SIP+D2T", "_sip._tcp.example.test."),
                    naptr(20, "S", "SIP+D2U", "_sip._udp.example.test."),
                ]),
            ),
        ),
        (
            Question::Srv("_sip._tcp.example.test".into()),
            records(
                40,
                RecordData::Srv(vec![
                    srv(10, 5070, "one.example.test."),
                    srv(20, 5060, "two.example.test."),
                ]),
            ),
        ),
        (
            Question::Srv("_sip._udp.example.test".into()),
            records(40, RecordData::Srv(vec![srv(0, 0, ".")])),
        ),
        (
            Question::A("one.example.test".into()),
            records(30, RecordData::A(vec!["192.0.2.1".parse().unwrap()])),
        ),
        (
            Question::Aaaa("one.example.test".into()),
            records(30, RecordData::Aaaa(vec!["2001:db8::1".parse().unwrap()])),
        ),
        // An alias is followed, and its time counts.
        (
            Question::A("two.example.test".into()),
            records(20, RecordData::A(vec!["192.0.2.2".parse().unwrap()])),
        ),
    ];
    for (question, expected) in expected {
        let answer = sorted(scene.ask(question.clone()).await);
        assert_eq!(answer, expected, "{question:?}");
    }
}

#[tokio::test]
async fn why_there_is_no_answer_is_told_and_for_how_long() {
    let (addr, _server) = serve(ZONE).await;
    let mut scene = Scene::asking(addr);
    // The last field of the SOA (RFC 2308 section 5).
    let ttl = Some(Duration::from_secs(25));
    let answer = scene.ask(Question::A("nowhere.example.test".into())).await;
    assert_eq!(answer, Err(LookupError::NoSuchName { ttl }));
    let answer = scene.ask(Question::Srv("one.example.test".into())).await;
    assert_eq!(answer, Err(LookupError::NoRecords { ttl }));
    // A zone that this server does not know.
    let answer = scene.ask(Question::A("example.net".into())).await;
    assert_eq!(answer, Err(LookupError::ServerFailed));

    let deaf = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut scene = Scene::asking(deaf.local_addr().unwrap());
    let answer = scene.ask(Question::A("one.example.test".into())).await;
    assert_eq!(answer, Err(LookupError::Timeout));
}

#[tokio::test]
async fn an_answer_too_large_for_a_datagram_comes_over_tcp() {
    let mut zone = ZONE.to_owned();
    for host in 0..120 {
        zone += &format!("_sip._tcp.large 60 IN SRV 10 0 {host} host-{host}.example.test.\n");
    }
    let (addr, _server) = serve(&zone).await;
    let mut scene = Scene::asking(addr);
    let question = Question::Srv("_sip._tcp.large.example.test".into());
    match scene.ask(question).await {
        Ok(Records {
            data: RecordData::Srv(list),
            ..
        }) => assert_eq!(list.len(), 120),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_domain_is_located() {
    let (addr, _server) = serve(ZONE).await;
    let mut scene = Scene::asking(addr);
    let locate = |core: &mut Asker, now| {
        let sought = Sought::of_uri(&"sip:bob@Example.Test".parse().unwrap()).unwrap();
        let location = core.layer.locate(now, sought);
        assert!(matches!(location, Ok(Location::Pending(_))));
    };
    scene.shard.call(locate).await.unwrap();
    let Told::Located(targets) = scene.told.recv().await.unwrap() else {
        panic!("an answer to no question");
    };
    let tcp = |addr: &str| Target::address(TransportKind::Tcp, addr.parse().unwrap());
    assert_eq!(targets, [tcp("192.0.2.1:5070"), tcp("192.0.2.2:5060")]);
}
