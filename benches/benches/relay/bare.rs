//! The floor: a thread that reads datagrams from connected sockets and sends them on through others, and does nothing else.

use std::net::{SocketAddr, UdpSocket};
use std::thread;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

use super::{LOCALHOST, Measured, Outcome, thread_time};

/// Events of one wait, as the media worker takes them.
const EVENTS: usize = 1024;

/// The thread, which ends with the program.
pub fn bare(parties: &[SocketAddr]) -> Outcome<Measured> {
    let mut sockets = Vec::new();
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    for (number, party) in parties.iter().enumerate() {
        let socket = UdpSocket::bind((LOCALHOST, 0))?;
        socket.connect(party)?;
        socket.set_nonblocking(true)?;
        let number = EventData::new_u64(number as u64);
        epoll::add(&epoll, &socket, number, EventFlags::IN)?;
        sockets.push(socket);
    }
    let ports = sockets.iter().map(UdpSocket::local_addr);
    let ports = ports.collect::<Result<_, _>>()?;
    let relay = move || {
        let none = Event {
            flags: EventFlags::empty(),
            data: EventData::new_u64(0),
        };
        let mut events = vec![none; EVENTS];
        let mut datagram = [0; 2048];
        while let Ok(found) = epoll::wait(&epoll, &mut events[..], None) {
            for event in &events[..found] {
                let number = event.data.u64() as usize;
                if let Ok(octets) = sockets[number].recv(&mut datagram) {
                    // What the kernel does not take is lost.
                    sockets[number ^ 1].send(&datagram[..octets]).ok();
                }
            }
        }
    };
    thread::Builder::new()
        .name("bare".to_owned())
        .spawn(relay)?;
    Ok(Measured {
        time: Box::new(|| thread_time("bare")),
        ports,
        introduce: Box::new(|_, _| Ok(())),
        missed: Box::new(|| 0),
    })
}
