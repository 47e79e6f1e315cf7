//! Call control: placing, taking, ending and looking at calls.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::{
    CallHandler, CallSession, IncomingCall, MediaInfo, Result, SessionId, SessionStats, Transfer,
};

mod commands;

/// A call that is ready to be placed: its media port is open and its offer written.
#[derive(Debug, Clone)]
pub struct PreparedCall {
    /// The identity of the session.
    pub session_id: SessionId,
    /// The URI of the caller.
    pub from: String,
    /// The URI of the called party.
    pub to: String,
    /// The offer that will be sent.
    pub sdp_offer: String,
    /// The port on which RTP will be received; 0 when media is off.
    pub local_rtp_port: u16,
}

/// Call control on an `Arc<SessionCoordinator>`.
pub trait SessionControl {
    /// Takes incoming calls from now on; before, they are answered 503.
    ///
    /// # Errors
    /// [`SessionError::Stopped`](crate::SessionError::Stopped) after [`stop`](Self::stop).
    fn start(&self) -> impl Future<Output = Result<()>> + Send;

    /// Ends all calls and closes all sockets. Returns when the addresses can be bound again.
    ///
    /// # Errors
    /// None today; the result leaves room for them.
    fn stop(&self) -> impl Future<Output = Result<()>> + Send;

    /// Takes and places no new call from now on; incoming ones are answered 503, and those in progress go on. Returns when
    /// the last has ended, or after `patience`, with the number of those that are left. [`stop`](Self::stop) comes next.
    ///
    /// # Errors
    /// [`SessionError::Stopped`](crate::SessionError::Stopped) after [`stop`](Self::stop).
    fn drain(&self, patience: Duration) -> impl Future<Output = Result<usize>> + Send;

    /// Prepares a call without sending anything. A prepared call that is never initiated waits until it is terminated.
    ///
    /// # Errors
    /// A URI that cannot be called, too many sessions, no media port.
    fn prepare_outgoing_call(
        &self,
        from: &str,
        to: &str,
    ) -> impl Future<Output = Result<PreparedCall>> + Send;

    /// Places a prepared call.
    ///
    /// # Errors
    /// No such session, or a target that cannot be reached.
    fn initiate_prepared_call(
        &self,
        call: &PreparedCall,
    ) -> impl Future<Output = Result<CallSession>> + Send;

    /// Places a call. `sdp` is the application's own offer when it handles media itself; `None` generates one.
    ///
    /// # Errors
    /// A URI that cannot be called, too many sessions, no media port.
    fn create_outgoing_call(
        &self,
        from: &str,
        to: &str,
        sdp: Option<String>,
    ) -> impl Future<Output = Result<CallSession>> + Send;

    /// Waits until a call is answered.
    ///
    /// # Errors
    /// [`SessionError::Timeout`](crate::SessionError::Timeout) when it still rings, [`SessionError::CallEnded`](crate::SessionError::CallEnded) when it has ended.
    fn wait_for_answer(
        &self,
        session_id: &SessionId,
        timeout: Duration,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Answers an incoming call; `None` generates the answer to its offer.
    ///
    /// # Errors
    /// When the call no longer waits, or no media can be agreed on: it is refused then.
    fn accept_incoming_call(
        &self,
        call: &IncomingCall,
        sdp: Option<String>,
    ) -> impl Future<Output = Result<CallSession>> + Send;

    /// Refuses an incoming call; see [`CallDecision::Reject`](crate::CallDecision::Reject) for the meaning of the reason.
    ///
    /// # Errors
    /// When the call no longer waits.
    fn reject_incoming_call(
        &self,
        call: &IncomingCall,
        reason: &str,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Holds a call; see [`CallSession::hold`].
    ///
    /// # Errors
    /// As there.
    fn hold_session(&self, session_id: &SessionId) -> impl Future<Output = Result<()>> + Send;

    /// Takes a call back from our hold; see [`CallSession::resume`].
    ///
    /// # Errors
    /// As there.
    fn resume_session(&self, session_id: &SessionId) -> impl Future<Output = Result<()>> + Send;

    /// Sends the peer of a call to another URI; see [`CallSession::transfer`].
    ///
    /// # Errors
    /// As there.
    fn transfer_session(
        &self,
        session_id: &SessionId,
        target: &str,
    ) -> impl Future<Output = Result<Arc<Transfer>>> + Send;

    /// Connects the peers of two calls; see [`CallSession::transfer_attended`].
    ///
    /// # Errors
    /// As there.
    fn transfer_attended(
        &self,
        session_id: &SessionId,
        consultation_id: &SessionId,
    ) -> impl Future<Output = Result<Arc<Transfer>>> + Send;

    /// Holds a call and places another; see [`CallSession::consult`].
    ///
    /// # Errors
    /// As there.
    fn create_consultation_call(
        &self,
        session_id: &SessionId,
        target: &str,
    ) -> impl Future<Output = Result<CallSession>> + Send;

    /// Takes a transfer back; see [`CallSession::cancel_transfer`].
    ///
    /// # Errors
    /// As there.
    fn cancel_transfer(&self, session_id: &SessionId) -> impl Future<Output = Result<()>> + Send;

    /// Offers the application's own description inside a call; see [`CallSession::update_media`].
    ///
    /// # Errors
    /// As there.
    fn update_media(
        &self,
        session_id: &SessionId,
        sdp: &str,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Sends DTMF digits; see [`CallSession::send_dtmf`].
    ///
    /// # Errors
    /// As there.
    fn send_dtmf(
        &self,
        session_id: &SessionId,
        digits: &str,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Ends a call, whatever its state: CANCEL, BYE or a refusal.
    ///
    /// # Errors
    /// When the call is over.
    fn terminate_session(&self, session_id: &SessionId) -> impl Future<Output = Result<()>> + Send;

    /// A handle on a session that has not ended.
    ///
    /// # Errors
    /// None today; the result leaves room for them.
    fn get_session(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<Option<CallSession>>> + Send;

    /// The sessions that have not ended.
    ///
    /// # Errors
    /// None today; the result leaves room for them.
    fn list_active_sessions(&self) -> impl Future<Output = Result<Vec<SessionId>>> + Send;

    /// What exists now and what happened so far.
    ///
    /// # Errors
    /// [`SessionError::Stopped`](crate::SessionError::Stopped) after [`stop`](Self::stop).
    fn get_stats(&self) -> impl Future<Output = Result<SessionStats>> + Send;

    /// What was agreed on about the media of a session; `None` when the application handles it, or the session has ended.
    ///
    /// # Errors
    /// [`SessionError::Stopped`](crate::SessionError::Stopped) after [`stop`](Self::stop).
    fn get_media_info(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<Option<MediaInfo>>> + Send;

    /// The handler, if there is one.
    fn get_handler(&self) -> Option<Arc<dyn CallHandler>>;

    /// The first bound address, with its real port.
    fn get_bound_address(&self) -> SocketAddr;
}
