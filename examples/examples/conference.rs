//! A conference on the facade: everybody who calls hears all others, from 127.0.0.1:5060 on.
//!
//! `cargo run --example conference`, then call `sip:room@127.0.0.1` from several telephones.

use std::error::Error;

use rvoip_session_core::api::*;

/// Takes every call into the one room.
#[derive(Debug, Default)]
struct Room {
    bridge: tokio::sync::Mutex<Option<BridgeId>>,
}

impl Room {
    async fn enter(&self, call: &CallSession) -> Result<()> {
        let coordinator = call.coordinator();
        let mut room = self.bridge.lock().await;
        let open = match *room {
            Some(bridge) => coordinator.get_bridge_info(&bridge).await?,
            None => None,
        };
        let bridge = match open {
            Some(info) => info.id,
            // Nobody is there: the last bridge went with its last caller.
            None => coordinator.create_bridge().await?,
        };
        *room = Some(bridge);
        coordinator.add_session_to_bridge(&bridge, &call.id).await
    }
}

#[async_trait]
impl CallHandler for Room {
    async fn on_incoming_call(&self, _call: IncomingCall) -> CallDecision {
        CallDecision::Accept(None)
    }

    async fn on_call_established(&self, call: CallSession, _: Option<String>, _: Option<String>) {
        match self.enter(&call).await {
            Ok(()) => println!("{} has joined", call.from),
            Err(error) => println!("{} cannot join: {error}", call.from),
        }
    }

    async fn on_call_ended(&self, call: CallSession, reason: &str) {
        println!("{} has left: {reason}", call.from);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let coordinator = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:5060".parse()?)
        .with_handler(Arc::new(Room::default()))
        .build()
        .await?;
    coordinator.start().await?;
    println!("call sip:room@127.0.0.1:5060; end with Ctrl-C");
    tokio::signal::ctrl_c().await?;
    coordinator.stop().await?;
    Ok(())
}
