//! The commands of call control, on their way to the core.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{PreparedCall, SessionControl};
use crate::{
    CallDecision, CallHandler, CallSession, IncomingCall, MediaInfo, Result, SessionCoordinator,
    SessionError, SessionId, SessionStats, Transfer,
};

impl SessionCoordinator {
    /// A handle on a session that has not ended.
    fn handle(&self, session_id: &SessionId) -> Result<CallSession> {
        let call = self.switchboard.registry.get(*session_id);
        call.map(|call| CallSession::new(&self.switchboard, &call))
            .ok_or(SessionError::SessionNotFound(*session_id))
    }
}

impl SessionControl for Arc<SessionCoordinator> {
    async fn start(&self) -> Result<()> {
        self.switchboard.call(|core, _| core.start()).await
    }

    async fn stop(&self) -> Result<()> {
        self.switchboard.stop().await;
        Ok(())
    }

    async fn drain(&self, patience: Duration) -> Result<usize> {
        self.switchboard.call(|core, now| core.drain(now)).await?;
        self.switchboard.emptied_within(patience).await;
        Ok(self.switchboard.registry.len())
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
        self.handle(session_id)?.wait_for_answer(timeout).await
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

    async fn hold_session(&self, session_id: &SessionId) -> Result<()> {
        self.handle(session_id)?.hold().await
    }

    async fn resume_session(&self, session_id: &SessionId) -> Result<()> {
        self.handle(session_id)?.resume().await
    }

    async fn transfer_session(
        &self,
        session_id: &SessionId,
        target: &str,
    ) -> Result<Arc<Transfer>> {
        self.handle(session_id)?.transfer(target).await
    }

    async fn transfer_attended(
        &self,
        session_id: &SessionId,
        consultation_id: &SessionId,
    ) -> Result<Arc<Transfer>> {
        let call = self.handle(session_id)?;
        call.transfer_attended(consultation_id).await
    }

    async fn create_consultation_call(
        &self,
        session_id: &SessionId,
        target: &str,
    ) -> Result<CallSession> {
        self.handle(session_id)?.consult(target).await
    }

    async fn cancel_transfer(&self, session_id: &SessionId) -> Result<()> {
        self.handle(session_id)?.cancel_transfer().await
    }

    async fn update_media(&self, session_id: &SessionId, sdp: &str) -> Result<()> {
        self.handle(session_id)?.update_media(sdp).await
    }

    async fn send_dtmf(&self, session_id: &SessionId, digits: &str) -> Result<()> {
        self.handle(session_id)?.send_dtmf(digits).await
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
