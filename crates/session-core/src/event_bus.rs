//! Session events for any number of subscribers; a slow one is told what it missed and stalls nobody.

use tokio::sync::broadcast::{
    self,
    error::{RecvError, TryRecvError},
};

use crate::BasicSessionEvent;

mod filter;

pub use filter::{EventFilter, EventPriority};

/// Hands every event to every subscriber. Holds a bounded number of events: a subscriber that falls behind by more
/// than that loses the oldest ones and learns how many.
#[derive(Debug, Clone)]
pub struct BasicEventBus {
    sender: broadcast::Sender<BasicSessionEvent>,
}

/// What a subscriber receives.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// The next event.
    Event(BasicSessionEvent),
    /// So many events were lost because the subscriber was slow.
    Missed(u64),
}

/// One subscriber of a [`BasicEventBus`].
#[derive(Debug)]
pub struct EventSubscriber {
    receiver: broadcast::Receiver<BasicSessionEvent>,
    filter: EventFilter,
}

impl BasicEventBus {
    /// A bus that holds up to `capacity` events (at least one) for its slowest subscriber.
    pub fn new(capacity: usize) -> Self {
        BasicEventBus {
            sender: broadcast::Sender::new(capacity.max(1)),
        }
    }

    /// A subscriber of everything that happens from now on.
    pub fn subscribe(&self) -> EventSubscriber {
        self.subscribe_filtered(EventFilter::default())
    }

    /// A subscriber of what passes the filter from now on. What does not pass still counts against the capacity.
    pub fn subscribe_filtered(&self, filter: EventFilter) -> EventSubscriber {
        EventSubscriber {
            receiver: self.sender.subscribe(),
            filter,
        }
    }

    /// Hands `event` to all subscribers; returns how many there are.
    pub fn publish(&self, event: &BasicSessionEvent) -> usize {
        if self.sender.receiver_count() == 0 {
            return 0;
        }
        self.sender.send(event.clone()).unwrap_or(0)
    }
}

impl EventSubscriber {
    /// The next event, or how many were missed; `None` when the bus is gone.
    pub async fn recv(&mut self) -> Option<Delivery> {
        loop {
            match self.receiver.recv().await {
                Ok(event) if self.filter.passes(&event) => return Some(Delivery::Event(event)),
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => return Some(Delivery::Missed(missed)),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// The next events at once: waits for the first and takes what else is there, up to `most`. `None` when the bus is gone.
    pub async fn recv_batch(&mut self, most: usize) -> Option<Vec<Delivery>> {
        let mut batch = vec![self.recv().await?];
        while batch.len() < most {
            match self.receiver.try_recv() {
                Ok(event) if self.filter.passes(&event) => batch.push(Delivery::Event(event)),
                Ok(_) => {}
                Err(TryRecvError::Lagged(missed)) => batch.push(Delivery::Missed(missed)),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        Some(batch)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use super::*;
    use crate::record::CallDirection;
    use crate::{CallRecord, SessionId};

    fn placed(slot: u32) -> BasicSessionEvent {
        let (from, to) = ("sip:a@example.com", "sip:b@example.com");
        let record = CallRecord::new(
            SessionId::new(1, slot),
            CallDirection::Outgoing,
            from,
            to,
            Instant::now(),
        );
        BasicSessionEvent::CallPlaced {
            call: Arc::new(record),
        }
    }

    #[tokio::test]
    async fn every_subscriber_receives_every_event_in_order() {
        let bus = BasicEventBus::new(8);
        assert_eq!(bus.publish(&placed(0)), 0);
        let mut subscribers = [bus.subscribe(), bus.subscribe()];
        for slot in 1..4 {
            assert_eq!(bus.publish(&placed(slot)), 2);
        }
        drop(bus);
        for subscriber in &mut subscribers {
            for slot in 1..4 {
                let Some(Delivery::Event(event)) = subscriber.recv().await else {
                    panic!("an event")
                };
                assert_eq!(event.session_id(), Some(SessionId::new(1, slot)));
            }
            assert!(subscriber.recv().await.is_none());
        }
    }

    #[tokio::test]
    async fn a_slow_subscriber_is_told_what_it_missed_and_stalls_nobody() {
        let bus = BasicEventBus::new(4);
        let mut slow = bus.subscribe();
        for slot in 0..10 {
            bus.publish(&placed(slot));
        }
        assert!(matches!(slow.recv().await, Some(Delivery::Missed(6))));
        let Some(Delivery::Event(event)) = slow.recv().await else {
            panic!("an event")
        };
        assert_eq!(event.session_id(), Some(SessionId::new(1, 6)));
    }

    #[tokio::test]
    async fn a_batch_holds_what_is_there_and_no_more_than_is_wanted() {
        let bus = BasicEventBus::new(16);
        let mut subscriber = bus.subscribe();
        for slot in 0..10 {
            bus.publish(&placed(slot));
        }
        assert_eq!(
            subscriber.recv_batch(4).await.map(|batch| batch.len()),
            Some(4)
        );
        assert_eq!(
            subscriber.recv_batch(99).await.map(|batch| batch.len()),
            Some(6)
        );
        drop(bus);
        assert!(subscriber.recv_batch(1).await.is_none());
    }

    #[tokio::test]
    async fn a_filter_lets_through_what_it_is_for() {
        let bus = BasicEventBus::new(16);
        let wanted = SessionId::new(1, 3);
        let mut one = bus.subscribe_filtered(EventFilter::default().of_session(wanted));
        let urgent = EventFilter::default().at_least(EventPriority::Urgent);
        let mut urgent = bus.subscribe_filtered(urgent);
        let mut none = bus.subscribe_filtered(EventFilter::default().matching(|_| false));
        for slot in 0..5 {
            bus.publish(&placed(slot));
        }
        drop(bus);
        let found = one.recv_batch(9).await.unwrap();
        let [Delivery::Event(event)] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(event.session_id(), Some(wanted));
        assert!(one.recv().await.is_none());
        assert!(urgent.recv().await.is_none());
        assert!(none.recv().await.is_none());
    }
}
