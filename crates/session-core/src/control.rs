//! Call control: placing, taking, ending and looking at calls.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::{
    CallDecision, CallHandler, CallSession, IncomingCall, MediaInfo, Result, SessionCoordinator,
    SessionError, SessionId, SessionStats,
};

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
    /// [`SessionError::Stopped`] after [`stop`](Self::stop).
    fn start(&self) -> impl Future<Output = Result<()>> + Send;

    /// Ends all calls and closes all sockets. Returns when the addresses can be bound again.
    ///
    /// # Errors
    /// None today; the result leaves room for them.
    fn stop(&self) -> impl Future<Output = Result<()>> + Send;

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
    /// [`SessionError::Timeout`] when it still rings, [`SessionError::CallEnded`] when it has ended.
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

    /// Refuses an incoming call; see [`CallDecision::Reject`] for the meaning of the reason.
    ///
    /// # Errors
    /// When the call no longer waits.
    fn reject_incoming_call(
        &self,
        call: &IncomingCall,
        reason: &str,
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
    /// [`SessionError::Stopped`] after [`stop`](Self::stop).
    fn get_stats(&self) -> impl Future<Output = Result<SessionStats>> + Send;

    /// What was agreed on about the media of a session; `None` when the application handles it, or the session has ended.
    ///
    /// # Errors
    /// [`SessionError::Stopped`] after [`stop`](Self::stop).
    fn get_media_info(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<Option<MediaInfo>>> + Send;

    /// The handler, if there is one.
    fn get_handler(&self) -> Option<Arc<dyn CallHandler>>;

    /// The first bound address, with its real port.
    fn get_bound_address(&self) -> SocketAddr;
}

impl SessionControl for Arc<SessionCoordinator> {
    async fn start(&self) -> Result<()> {
        self.switchboard.call(|core, _| core.start()).await
    }

    async fn stop(&self) -> Result<()> {
        self.switchboard.stop().await;
        Ok(())
    }

    async fn prepare_outgoing_call(&self, from: &str, to: &str) -> Result<PreparedCall> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.switchboard
            .call(move |core, now| {
                let call = core.prepare(now, &from, &to, None)?;
                let info = core.media_info(call.id());
                let local_rtp_port = info.as_ref().map_or(0, |info| info.local_rtp_port);
                let sdp_offer = info.and_then(|info| info.local_sdp).unwrap_or_default();
                Ok(PreparedCall {
                    session_id: call.id(),
                    from,
                    to,
                    sdp_offer,
                    local_rtp_port,
                })
            })
            .await?
    }

    async fn initiate_prepared_call(&self, call: &PreparedCall) -> Result<CallSession> {
        let id = call.session_id;
        let record = self
            .switchboard
            .registry
            .get(id)
            .ok_or(SessionError::SessionNotFound(id))?;
        self.switchboard
            .call(move |core, now| core.initiate(now, id))
            .await??;
        Ok(CallSession::new(&self.switchboard, &record))
    }

    async fn create_outgoing_call(
        &self,
        from: &str,
        to: &str,
        sdp: Option<String>,
    ) -> Result<CallSession> {
        let (from, to) = (from.to_owned(), to.to_owned());
        let placed = self.switchboard.call(move |core, now| {
            let call = core.prepare(now, &from, &to, sdp)?;
            core.initiate(now, call.id()).map(|()| call)
        });
        Ok(CallSession::new(&self.switchboard, &placed.await??))
    }

    async fn wait_for_answer(&self, session_id: &SessionId, timeout: Duration) -> Result<()> {
        match self.get_session(session_id).await? {
            Some(session) => session.wait_for_answer(timeout).await,
            None => Err(SessionError::SessionNotFound(*session_id)),
        }
    }

    async fn accept_incoming_call(
        &self,
        call: &IncomingCall,
        sdp: Option<String>,
    ) -> Result<CallSession> {
        call.decide(CallDecision::Accept(sdp)).await?;
        Ok(call.session())
    }

    async fn reject_incoming_call(&self, call: &IncomingCall, reason: &str) -> Result<()> {
        call.reject(reason).await
    }

    async fn terminate_session(&self, session_id: &SessionId) -> Result<()> {
        let id = *session_id;
        self.switchboard
            .call(move |core, now| core.terminate(now, id))
            .await?
    }

    async fn get_session(&self, session_id: &SessionId) -> Result<Option<CallSession>> {
        let call = self.switchboard.registry.get(*session_id);
        Ok(call.map(|call| CallSession::new(&self.switchboard, &call)))
    }

    async fn list_active_sessions(&self) -> Result<Vec<SessionId>> {
        Ok(self
            .switchboard
            .registry
            .calls()
            .iter()
            .map(|call| call.id())
            .collect())
    }

    async fn get_stats(&self) -> Result<SessionStats> {
        self.switchboard.call(|core, _| core.stats()).await
    }

    async fn get_media_info(&self, session_id: &SessionId) -> Result<Option<MediaInfo>> {
        let id = *session_id;
        self.switchboard
            .call(move |core, _| core.media_info(id))
            .await
    }

    fn get_handler(&self) -> Option<Arc<dyn CallHandler>> {
        self.switchboard.handler()
    }

    fn get_bound_address(&self) -> SocketAddr {
        self.switchboard
            .bound_address()
            .unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)))
    }
}
