//! One session of a core: what is known and outstanding of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_dialog_core::sip_core::{ByteString, HeaderName};
use rvoip_dialog_core::{CallKey, OfferMethod};
use rvoip_media_core::MediaSessionKey;
use rvoip_media_core::audio::AudioWriter;
use rvoip_media_core::quality::QualityAlarm;

use super::early::Early;
use super::target_set::TargetSet;
use crate::dtmf::{Press, Presses};
use crate::limits::Occupant;
use crate::record::{CallDirection, End};
use crate::redirect::Redirects;
use crate::{CallRecord, CallState, HoldState, SessionId, TerminalCause};

/// What is outstanding of the exchange of session descriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exchange {
    /// The peer has offered; we owe an answer.
    OfferReceived,
    /// The peer wants our offer.
    OfferWanted,
    /// We have offered; the peer owes an answer.
    OfferSent,
    /// Both descriptions are known.
    Settled,
}

/// What may become due for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The application has not decided yet: the caller shall hear it ringing.
    Alert,
    /// An offer that could not be sent is to be tried again.
    Offer,
    /// The media shall be measured.
    Report,
    /// The call has lasted as long as it may.
    TimeLimit,
    /// The peer has sent us elsewhere, we are there, and it has not hung up.
    Handover,
    /// The media has not reported its end.
    MediaEnd,
}

impl Due {
    pub(super) const ALL: [Due; 6] = [
        Due::Alert,
        Due::Offer,
        Due::Report,
        Due::TimeLimit,
        Due::Handover,
        Due::MediaEnd,
    ];
}

/// One call, seen from here.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) record: Arc<CallRecord>,
    /// The call of dialog-core, from the INVITE to its end.
    pub(super) call: Option<CallKey>,
    /// The media session of media-core; `None` when the application handles its own media.
    pub(super) media: Option<MediaSessionKey>,
    pub(super) local_sdp: Option<Arc<str>>,
    pub(super) remote_sdp: Option<Arc<str>>,
    pub(super) exchange: Exchange,
    pub(super) alerted: bool,
    /// The source of the media is not `None`.
    pub(super) sends_audio: bool,
    /// Why we end the call, where that says more than the way it ends.
    pub(super) ending: Option<Box<TerminalCause>>,
    /// The signalling is over; the media is being closed.
    pub(super) ended: Option<Box<End>>,
    pub(super) report_every: Option<Duration>,
    /// What few calls have.
    extras: Option<Box<Extras>>,
    /// What we want: to hold the call or not.
    pub(super) hold_wanted: bool,
    /// The last hold that was told.
    pub(super) told_hold: HoldState,
    /// The peer has wanted media at some time.
    pub(super) peer_received: bool,
    /// How often the peer's offers crossed the one that is wanted.
    pub(super) glares: u8,
    /// Our offer inside the call that waits for its answer.
    pub(super) offering: Option<Box<Offering>>,
    pub(super) deadlines: [Option<Instant>; 6],
}

/// What few calls have, kept apart so that the others are small.
#[derive(Debug, Default)]
pub(super) struct Extras {
    /// Whom the session counts for, when that is limited.
    pub(super) occupant: Option<Box<Occupant>>,
    /// Where our call has been sent, once it has been sent elsewhere.
    pub(super) redirects: Option<Redirects>,
    /// Who sent the call on before it came here, as its INVITE tells.
    pub(super) way: Option<Box<[(HeaderName, ByteString)]>>,
    /// What was agreed on before the call is answered.
    pub(super) early: Option<Early>,
    /// The other leg, when the call has been sent on from here.
    pub(super) leg: Option<Leg>,
    /// Those who may take a call that has been sent on from here, until one does.
    pub(super) targets: Option<Box<TargetSet>>,
    /// What our INVITE says of the transfer that it is placed for.
    pub(super) headers: Box<[(HeaderName, ByteString)]>,
    /// The digits that go out as INFO.
    pub(super) digits: VecDeque<Press>,
    /// What the peer has pressed of late.
    pub(super) presses: Presses,
    /// The application's description that is to be offered, and how.
    pub(super) update: Option<(Box<str>, OfferMethod)>,
    /// Watches how the call sounds.
    pub(super) alarm: Option<Box<QualityAlarm>>,
    /// Where the frames of the application go.
    pub(super) writer: Option<Box<AudioWriter>>,
}

/// The other leg of a call that has been sent on from here.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) other: SessionId,
    /// The offer that waits for an answer on this leg came from the other.
    pub(super) relays: bool,
}

/// An offer of ours inside a call.
#[derive(Debug)]
pub(super) struct Offering {
    pub(super) sdp: Arc<str>,
    /// It holds.
    pub(super) hold: bool,
    /// With its answer the application handles the media.
    pub(super) takes_over: bool,
}

impl Session {
    pub(super) fn new(record: Arc<CallRecord>, exchange: Exchange) -> Self {
        Session {
            record,
            call: None,
            media: None,
            local_sdp: None,
            remote_sdp: None,
            exchange,
            alerted: false,
            sends_audio: false,
            ending: None,
            ended: None,
            report_every: None,
            extras: None,
            hold_wanted: false,
            told_hold: HoldState::default(),
            peer_received: false,
            glares: 0,
            offering: None,
            deadlines: [None; 6],
        }
    }

    /// What few calls have; `None` when this one has nothing of it.
    pub(super) fn extras(&self) -> Option<&Extras> {
        self.extras.as_deref()
    }

    /// Room for what few calls have.
    pub(super) fn extras_mut(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }

    /// The call, and who watches how it sounds.
    pub(super) fn watched(&mut self) -> Option<(&Arc<CallRecord>, &mut QualityAlarm)> {
        let alarm = self.extras.as_deref_mut()?.alarm.as_deref_mut()?;
        Some((&self.record, alarm))
    }

    /// The other leg, when the call has been sent on from here.
    pub(super) fn leg(&self) -> Option<&Leg> {
        self.extras()?.leg.as_ref()
    }

    /// Those who might have taken the call.
    pub(super) fn take_targets(&mut self) -> Option<TargetSet> {
        self.extras.as_mut()?.targets.take().map(|targets| *targets)
    }

    /// The application's description that is to be offered.
    pub(super) fn update(&self) -> Option<&str> {
        self.extras()?.update.as_ref().map(|(sdp, _)| &**sdp)
    }

    /// The request that an offer of ours goes in.
    pub(super) fn offer_method(&self) -> OfferMethod {
        let update = self.extras().and_then(|extras| extras.update.as_ref());
        update.map_or(OfferMethod::Invite, |(_, method)| *method)
    }

    /// That description has been agreed on, or refused.
    pub(super) fn forget_update(&mut self) {
        if let Some(extras) = &mut self.extras {
            extras.update = None;
        }
    }

    /// Whether the call has come in and the application has not decided about it.
    pub(super) fn is_undecided(&self) -> bool {
        self.record.direction() == CallDirection::Incoming
            && self.record.state() == CallState::Ringing
            && self.exchange != Exchange::OfferSent
            && self.leg().is_none()
    }
}
