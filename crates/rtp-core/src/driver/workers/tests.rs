//! Ports that go from worker to worker: without threads in every order of steps, and with threads on real sockets.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::worker::Worker;
use super::*;
use crate::{Channel, Transmit};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// How long a test waits for what must come; only a test that fails takes that long.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
enum Command {
    Open(PortKey),
    Note(PortKey, u64),
    /// So many datagrams are due at once, and are sent one at a time.
    Due(PortKey, SocketAddr, u64),
    Close(PortKey),
    Panic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Noted {
        port: PortKey,
        number: u64,
        by: usize,
    },
    Ended(PortKey),
}

/// Answers every datagram of a port with how many there were before it, wherever the port was then.
struct Ledger {
    place: usize,
    answered: BTreeMap<PortKey, u64>,
    due: VecDeque<(Instant, PortKey, SocketAddr, u64)>,
    transmits: VecDeque<(PortKey, Channel, SocketAddr, [u8; 8])>,
    current: [u8; 8],
    closed: VecDeque<PortKey>,
    events: VecDeque<Event>,
}

impl Ledger {
    fn new(place: usize) -> Ledger {
        Ledger {
            place,
            answered: BTreeMap::new(),
            due: VecDeque::new(),
            transmits: VecDeque::new(),
            current: [0; 8],
            closed: VecDeque::new(),
            events: VecDeque::new(),
        }
    }
}

impl MediaCore for Ledger {
    type Command = Command;
    type Event = Event;
    type PortState = u64;

    fn handle_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Open(port) => drop(self.answered.insert(port, 0)),
            Command::Note(port, number) if self.answered.contains_key(&port) => {
                let by = self.place;
                self.events.push_back(Event::Noted { port, number, by });
            }
            Command::Note(..) => {}
            Command::Due(port, to, count) => {
                let due = (0..count).map(|number| (now, port, to, number));
                self.due.extend(due);
            }
            Command::Close(port) => self.end_port(now, port),
            Command::Panic => panic!("as it was told"),
        }
    }

    fn handle_packet(
        &mut self,
        _: Instant,
        port: PortKey,
        channel: Channel,
        source: SocketAddr,
        _: &mut [u8],
    ) {
        if let Some(answered) = self.answered.get_mut(&port) {
            let answer = answered.to_be_bytes();
            *answered += 1;
            self.transmits.push_back((port, channel, source, answer));
        }
    }

    fn handle_port_failed(&mut self, _: Instant, _: PortKey, _: io::ErrorKind) {}

    fn give_up_port(&mut self, _: Instant, port: PortKey) -> Option<u64> {
        self.answered.remove(&port)
    }

    fn take_over_port(&mut self, _: Instant, port: PortKey, answered: u64) {
        assert_eq!(self.answered.insert(port, answered), None);
    }

    fn end_port(&mut self, _: Instant, port: PortKey) {
        if self.answered.remove(&port).is_some() {
            self.closed.push_back(port);
            self.events.push_back(Event::Ended(port));
        }
    }

    fn handle_timeout(&mut self, _: Instant) {
        if let Some((_, port, to, number)) = self.due.pop_front() {
            let number = number.to_be_bytes();
            self.transmits.push_back((port, Channel::Rtp, to, number));
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.due.front().map(|(at, ..)| *at)
    }

    fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        let (port, channel, destination, payload) = self.transmits.pop_front()?;
        self.current = payload;
        Some(Transmit {
            port,
            channel,
            destination,
            payload: &self.current,
        })
    }

    fn poll_closed_port(&mut self) -> Option<PortKey> {
        self.closed.pop_front()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

/// Two sockets on any ports, and where the first of them is.
fn bind() -> (UdpSocket, UdpSocket, SocketAddr) {
    let [rtp, rtcp] = [(); 2].map(|()| UdpSocket::bind((LOCALHOST, 0)).unwrap());
    let address = rtp.local_addr().unwrap();
    (rtp, rtcp, address)
}

fn config(queue: usize) -> WorkerConfig {
    WorkerConfig {
        queue,
        ..WorkerConfig::default()
    }
}

type Sink = Box<dyn FnMut(Event)>;
/// Of each port the numbers, and by whom they are carried out.
type Notes = BTreeMap<PortKey, Vec<(u64, usize)>>;

/// Workers without threads, and what the owner of them knows.
struct Bench {
    all: MediaWorkers<Ledger>,
    threads: Vec<Option<Worker<Ledger, Sink>>>,
    events: Receiver<Event>,
    /// Where each port is served, as its owner has it.
    places: BTreeMap<PortKey, usize>,
    /// What was accepted for each port.
    issued: Notes,
    closed: Vec<PortKey>,
    number: u64,
}

impl Bench {
    fn new(workers: usize, ports: u64, queue: usize) -> Bench {
        let (sender, events) = channel();
        let prepare = |place| {
            let sender: Sender<Event> = sender.clone();
            let sink: Sink = Box::new(move |event| sender.send(event).unwrap());
            MediaWorker::prepare(Ledger::new(place), sink, config(queue)).unwrap()
        };
        let (handles, threads): (Vec<_>, Vec<_>) = (0..workers).map(prepare).unzip();
        let shared = Shared {
            workers: handles,
            order: Mutex::new(()),
        };
        let mut bench = Bench {
            all: MediaWorkers {
                shared: Arc::new(shared),
            },
            threads: threads.into_iter().map(Some).collect(),
            events,
            places: BTreeMap::new(),
            issued: BTreeMap::new(),
            closed: Vec::new(),
            number: 0,
        };
        for key in 0..ports {
            let (place, (rtp, rtcp, _)) = (key as usize % workers, bind());
            let worker = &bench.all.workers()[place];
            worker.add_port(PortKey(key), rtp, rtcp).unwrap();
            worker.command(Command::Open(PortKey(key))).unwrap();
            bench.places.insert(PortKey(key), place);
            bench.run();
        }
        bench
    }

    /// Lets all workers do what they have to, in turn, until there is nothing more to be done.
    fn run(&mut self) {
        while (0..self.threads.len()).any(|place| self.step(place)) {}
    }

    fn step(&mut self, place: usize) -> bool {
        let worker = self.threads[place].as_mut();
        worker.is_some_and(Worker::step)
    }

    fn note(&mut self, port: PortKey) {
        let place = self.places[&port];
        self.number += 1;
        let note = Command::Note(port, self.number);
        if self.all.workers()[place].command(note).is_ok() {
            self.noted(port, place);
        }
    }

    fn noted(&mut self, port: PortKey, place: usize) {
        if !self.closed.contains(&port) {
            let issued = self.issued.entry(port).or_default();
            issued.push((self.number, place));
        }
    }

    fn hand_over(&mut self, port: PortKey, to: usize) {
        let from = self.places[&port];
        self.number += 1;
        let then = Command::Note(port, self.number);
        if self.all.hand_over(port, from, to, then).is_ok() {
            self.places.insert(port, to);
            self.noted(port, to);
        }
    }

    fn close(&mut self, port: PortKey) {
        let place = self.places[&port];
        if self.all.workers()[place]
            .command(Command::Close(port))
            .is_ok()
        {
            self.closed.push(port);
        }
    }

    fn die(&mut self, place: usize) {
        if let Some(worker) = self.threads[place].take() {
            worker.die();
        }
    }

    /// Ends everything; what each port told, and which of them ended how often.
    fn end(mut self) -> (Notes, Vec<PortKey>) {
        self.run();
        let open = self.threads.iter().flatten().map(Worker::open_ports);
        let open: usize = open.sum();
        for place in 0..self.threads.len() {
            assert!(self.threads[place].as_ref().is_none_or(|it| !it.is_held()));
            self.die(place);
        }
        let (mut told, mut ended) = (Notes::new(), Vec::new());
        let mut before = 0;
        for event in self.events.try_iter() {
            match event {
                Event::Noted { port, number, by } => {
                    assert!(!ended.contains(&port), "{port:?} goes on after its end");
                    told.entry(port).or_default().push((number, by));
                }
                Event::Ended(port) => {
                    before += 1;
                    ended.push(port);
                }
            }
        }
        assert!(open <= before, "a port that is open has not ended");
        (told, ended)
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Work(usize),
    Note(u64),
    HandOver(u64, usize),
    Close(u64),
    Stop(usize),
    Die(usize),
}

const WORKERS: usize = 3;
const PORTS: u64 = 4;

fn step(stops: u32, deaths: u32) -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..WORKERS).prop_map(Step::Work),
        6 => (0..PORTS).prop_map(Step::Note),
        6 => ((0..PORTS), (0..WORKERS)).prop_map(|(port, to)| Step::HandOver(port, to)),
        1 => (0..PORTS).prop_map(Step::Close),
        stops => (0..WORKERS).prop_map(Step::Stop),
        deaths => (0..WORKERS).prop_map(Step::Die),
    ]
}

fn run(bench: &mut Bench, steps: &[Step]) {
    for step in steps {
        match *step {
            Step::Work(place) => drop(bench.step(place)),
            Step::Note(port) => bench.note(PortKey(port)),
            Step::HandOver(port, to) => bench.hand_over(PortKey(port), to),
            Step::Close(port) => bench.close(PortKey(port)),
            Step::Stop(place) => bench.all.workers()[place].shared.signal.stop(),
            Step::Die(place) => bench.die(place),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever comes when: every port hears all that was accepted for it, in this order, from the worker that it was sent to;
    /// nobody waits for ever, and every port ends once. The queues are small enough to be full now and then, and who is told
    /// to stop does what it has taken on.
    #[test]
    fn a_port_hears_everything_in_order_wherever_it_goes(
        steps in prop::collection::vec(step(1, 0), 0..120),
        queue in 2..40usize,
    ) {
        let mut bench = Bench::new(WORKERS, PORTS, queue);
        run(&mut bench, &steps);
        let issued = bench.issued.clone();
        let (told, mut ended) = bench.end();
        prop_assert_eq!(told, issued);
        ended.sort();
        prop_assert_eq!(ended, (0..PORTS).map(PortKey).collect::<Vec<_>>());
    }

    /// Workers that die take their ports with them, those that are under way to them too; the others go on, and nobody waits
    /// for the dead.
    #[test]
    fn the_dead_take_their_own_and_hold_up_nobody(
        steps in prop::collection::vec(step(1, 1), 0..120),
        queue in 2..40usize,
    ) {
        let mut bench = Bench::new(WORKERS, PORTS, queue);
        run(&mut bench, &steps);
        let dead: Vec<usize> = (0..WORKERS).filter(|place| bench.threads[*place].is_none()).collect();
        let issued = bench.issued.clone();
        let (told, mut ended) = bench.end();
        for (port, issued) in &issued {
            let told = told.get(port).map_or(&[][..], Vec::as_slice);
            prop_assert!(issued.starts_with(told), "{issued:?} {told:?}");
            let mut places = issued.iter().map(|(_, place)| place);
            let began = port.0 as usize % WORKERS;
            if !dead.contains(&began) && !places.any(|place| dead.contains(place)) {
                prop_assert_eq!(told, issued);
            }
        }
        ended.sort();
        prop_assert_eq!(ended, (0..PORTS).map(PortKey).collect::<Vec<_>>());
    }
}

#[test]
fn all_that_is_due_is_sent_before_a_port_goes() {
    let (mut bench, client) = (Bench::new(2, 1, 8), client());
    let (port, to) = (PortKey(0), client.local_addr().unwrap());
    let workers = bench.all.clone();
    workers.workers()[0]
        .command(Command::Due(port, to, 40))
        .unwrap();
    bench.hand_over(port, 1);
    bench.run();
    (0..40).for_each(|number| assert_eq!(answer(&client), number));
    assert_eq!(workers.statistics().send_failed, 0);
    bench.end();
}

fn spawn(workers: usize, events: impl Fn(Event) + Send + Sync + 'static) -> MediaWorkers<Ledger> {
    MediaWorkers::spawn((0..workers).map(Ledger::new), events, config(64)).unwrap()
}

/// Opens a port on a worker; the address of its RTP socket.
fn open(workers: &MediaWorkers<Ledger>, place: usize, port: PortKey) -> SocketAddr {
    let (rtp, rtcp, address) = bind();
    let worker = &workers.workers()[place];
    worker.add_port(port, rtp, rtcp).unwrap();
    worker.command(Command::Open(port)).unwrap();
    address
}

fn client() -> UdpSocket {
    let client = UdpSocket::bind((LOCALHOST, 0)).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

fn answer(client: &UdpSocket) -> u64 {
    let mut answer = [0; 8];
    assert_eq!(client.recv(&mut answer).unwrap(), 8);
    u64::from_be_bytes(answer)
}

#[test]
fn a_port_that_goes_to_and_fro_loses_no_datagram() {
    const ROUNDS: u64 = 50;
    let (sender, events) = channel();
    let workers = spawn(3, move |event| sender.send(event).unwrap());
    let port = PortKey(1);
    let (address, client) = (open(&workers, 0, port), client());
    let mut answered = 0;
    for round in 0..ROUNDS {
        // Some are read by the one worker, and some by the other.
        for _ in 0..8 {
            client.send_to(b"x", address).unwrap();
        }
        let [from, to] = [round, round + 1].map(|round| round as usize % 3);
        let then = Command::Note(port, round);
        workers.hand_over(port, from, to, then).unwrap();
        for _ in 0..8 {
            assert_eq!(answer(&client), answered);
            answered += 1;
        }
        let noted = Event::Noted {
            port,
            number: round,
            by: to,
        };
        assert_eq!(events.recv_timeout(PATIENCE), Ok(noted));
    }
    workers.stop();
    let statistics = workers.statistics();
    assert_eq!(statistics.received, ROUNDS * 8);
    assert_eq!((statistics.send_failed, statistics.open_ports), (0, 0));
    UdpSocket::bind(address).unwrap();
}

#[test]
fn a_worker_that_panics_ends_its_ports_and_no_others() {
    let (sender, events) = channel();
    let workers = spawn(2, move |event| sender.send(event).unwrap());
    let [lost, kept] = [PortKey(1), PortKey(2)];
    let (lost_at, kept_at, client) = (open(&workers, 0, lost), open(&workers, 1, kept), client());
    workers.workers()[0].command(Command::Panic).unwrap();
    assert_eq!(events.recv_timeout(PATIENCE), Ok(Event::Ended(lost)));
    UdpSocket::bind(lost_at).unwrap();
    assert!(workers.workers()[0].is_stopped());
    // Nobody can go there, and who wants to is left where it is.
    let then = || Command::Note(kept, 1);
    let refused = workers.hand_over(kept, 1, 0, then());
    assert_eq!(refused, Err(RtpError::WorkerStopped));
    let refused = workers.hand_over(kept, 0, 1, then());
    assert_eq!(refused, Err(RtpError::WorkerStopped));
    client.send_to(b"x", kept_at).unwrap();
    assert_eq!(answer(&client), 0);
    workers.stop();
    assert_eq!(events.try_recv().ok(), None);
}

#[test]
fn stopping_waits_for_ports_under_way_and_closes_them_too() {
    let ((gate, wait), (sender, events)) = (channel::<()>(), channel());
    let wait = Mutex::new(wait);
    let workers = spawn(2, move |event| {
        sender.send(event).unwrap();
        if matches!(event, Event::Noted { by: 0, .. }) {
            wait.lock().unwrap().recv().unwrap();
        }
    });
    let port = PortKey(1);
    let address = open(&workers, 0, port);
    // The first worker is busy while the port is to leave it, and all are to stop.
    let note = |number| Command::Note(port, number);
    workers.workers()[0].command(note(1)).unwrap();
    let noted = |number, by| Event::Noted { port, number, by };
    assert_eq!(events.recv_timeout(PATIENCE), Ok(noted(1, 0)));
    workers.hand_over(port, 0, 1, note(2)).unwrap();
    workers.workers()[1].command(Command::Close(port)).unwrap();
    let stopping = std::thread::spawn({
        let workers = workers.clone();
        move || workers.stop()
    });
    while !workers.workers().iter().all(MediaWorker::is_stopped) {
        std::thread::yield_now();
    }
    gate.send(()).unwrap();
    stopping.join().unwrap();
    let rest: Vec<Event> = events.try_iter().collect();
    assert_eq!(rest, [noted(2, 1), Event::Ended(port)]);
    assert_eq!(workers.statistics().open_ports, 0);
    UdpSocket::bind(address).unwrap();
}
