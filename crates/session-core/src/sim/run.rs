//! The clock of a simulation: what is due next, on the network, in the media and in the script.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Answering, CallSimulation, HostId};
use crate::{BasicSessionEvent, SessionId, TransferDecision, TransferId, TransferProgress};

/// Something the script does at a time.
pub(super) type Act = Box<dyn FnOnce(&mut CallSimulation)>;

impl CallSimulation {
    /// Lets the script do something this long from now.
    pub fn after(&mut self, delay: Duration, act: impl FnOnce(&mut CallSimulation) + 'static) {
        self.acts += 1;
        let key = (self.now() + delay, self.acts);
        self.script.insert(key, Box::new(act));
    }

    /// The events of a host since the last call, with their times.
    pub fn events(&mut self, host: HostId) -> Vec<(Instant, BasicSessionEvent)> {
        self.collect();
        std::mem::take(&mut self.hosts[host.0].events)
    }

    /// Runs for a time.
    pub fn run_for(&mut self, time: Duration) {
        let deadline = self.now() + time;
        self.run_until(deadline);
    }

    /// Runs until `condition` holds, at most for `limit`; returns whether it does.
    pub fn run_until_true(
        &mut self,
        limit: Duration,
        condition: impl Fn(&mut CallSimulation) -> bool,
    ) -> bool {
        let deadline = self.now() + limit;
        loop {
            if condition(self) {
                return true;
            }
            match self.next_at().filter(|next| *next <= deadline) {
                Some(next) => self.run_until(next),
                None => {
                    self.run_until(deadline);
                    return condition(self);
                }
            }
        }
    }

    /// Runs until `deadline`.
    pub fn run_until(&mut self, deadline: Instant) {
        while let Some(next) = self.next_at().filter(|next| *next <= deadline) {
            self.signalling.run_until(next);
            while let Some(datagram) = self.rtp.poll(next) {
                for host in &self.hosts {
                    if host.media.handle_datagram(
                        next,
                        datagram.source,
                        datagram.destination,
                        &datagram.payload,
                    ) {
                        break;
                    }
                }
            }
            for host in &self.hosts {
                if host.media.poll_timeout().is_some_and(|at| at <= next) {
                    host.media.handle_timeout(next);
                }
            }
            self.carry();
            self.collect();
            while let Some(act) = self.due_act(next) {
                act(self);
            }
        }
        self.signalling.run_until(deadline);
    }

    fn due_act(&mut self, now: Instant) -> Option<Act> {
        let first = self.script.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    fn next_at(&self) -> Option<Instant> {
        let media = self
            .hosts
            .iter()
            .filter_map(|host| host.media.poll_timeout());
        let script = self.script.first_key_value().map(|((at, _), _)| *at);
        self.signalling
            .next_at()
            .into_iter()
            .chain(self.rtp.next_at())
            .chain(script)
            .chain(media)
            .min()
    }

    /// Takes what the hosts report, and lets them decide by themselves.
    fn collect(&mut self) {
        for index in 0..self.hosts.len() {
            let events = self.signalling.events(self.hosts[index].node);
            for (_, event) in &events {
                match event {
                    BasicSessionEvent::CallReceived { call, .. }
                    | BasicSessionEvent::ReplacementReceived { call, .. } => {
                        self.decide_by_itself(HostId(index), call.id());
                    }
                    BasicSessionEvent::Transfer {
                        transfer,
                        progress: TransferProgress::Requested,
                        ..
                    } => self.go_by_itself(HostId(index), transfer.id()),
                    _ => {}
                }
            }
            self.hosts[index].events.extend(events);
        }
    }

    fn decide_by_itself(&mut self, host: HostId, id: SessionId) {
        if let Answering::After(delay, decision) = self.hosts[host.0].answering.clone() {
            self.after(delay, move |simulation| {
                // The caller may have given up in the meantime.
                let _ = simulation.with(host, |core, now| core.decide(now, id, decision));
            });
        }
    }

    /// A host that answers calls by itself also goes where its peers send it.
    fn go_by_itself(&mut self, host: HostId, id: TransferId) {
        if let Answering::After(delay, _) = self.hosts[host.0].answering.clone() {
            self.after(delay, move |simulation| {
                // The peer may have taken it back in the meantime.
                let _ = simulation.with(host, |core, now| {
                    core.decide_transfer(now, id, TransferDecision::Accept)
                });
            });
        }
    }

    /// Carries what the media of all hosts has to send and to tell.
    pub(super) fn carry(&mut self) {
        let now = self.signalling.now();
        for host in &self.hosts {
            let rtp = &mut self.rtp;
            host.media.poll_transmits(|source, destination, payload| {
                rtp.send(now, source, destination, Bytes::copy_from_slice(payload));
            });
            while let Some(event) = host.media.poll_event() {
                self.signalling
                    .with(host.node, |core, now| core.handle_media(now, event));
            }
        }
    }
}
