//! The README's network configurations. Compiled; what can be bound anywhere is bound.
#![allow(clippy::unwrap_used)]
#![allow(unused_variables)]

use rvoip_session_core::api::*;

#[allow(dead_code)]
async fn a_specific_address() -> Result<()> {
    // Configure specific IP addresses for production deployment
    let coordinator = SessionManagerBuilder::new()
        .with_sip_port(5060)
        .with_local_bind_addr("173.225.104.102:5060".parse()?) // Your server's IP
        .with_media_ports(10000, 20000)
        .build()
        .await?;
    Ok(())
}

#[allow(dead_code)]
async fn three_examples() -> Result<()> {
    // Example 1: Production server with specific IP
    let coordinator = SessionManagerBuilder::new()
        .with_sip_port(5060)
        .with_local_bind_addr("203.0.113.10:5060".parse()?)
        .with_media_ports(30000, 40000) // Custom RTP range
        .build()
        .await?;

    // Example 3: Docker/container with all interfaces
    let coordinator = SessionManagerBuilder::new()
        .with_sip_port(5060)
        .with_local_bind_addr("0.0.0.0:5060".parse()?) // Bind all interfaces
        .with_media_ports(10000, 20000)
        .build()
        .await?;
    Ok(())
}

#[test]
fn port_0_is_a_setting() -> Result<()> {
    // Port 0 signals automatic allocation from the configured range
    let config = SessionManagerConfig {
        local_bind_addr: "192.168.1.100:0".parse()?, // Port 0 = auto
        media_port_start: 10000,
        media_port_end: 20000,
        ..Default::default()
    };
    assert_eq!(config.local_bind_addr.port(), 0);
    Ok(())
}

#[tokio::test]
async fn development_with_automatic_ports() -> Result<()> {
    // Example 2: Development with automatic ports
    let coordinator = SessionManagerBuilder::new()
        .with_sip_port(0) // Let OS assign SIP port
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .with_media_ports(10000, 11000)
        .build()
        .await?;
    let address = coordinator.get_bound_address();
    assert_ne!(address.port(), 0);
    coordinator.stop().await?;

    let again = SessionManagerBuilder::new()
        .with_local_bind_addr(address)
        .build()
        .await?;
    assert_eq!(
        again.get_bound_address(),
        address,
        "the address is free as soon as stop returns"
    );
    again.stop().await
}

#[tokio::test]
async fn all_interfaces_are_never_told_to_a_peer() -> Result<()> {
    let seen = Arc::new(Seen::default());
    let client = SessionManagerBuilder::new()
        .with_local_bind_addr("0.0.0.0:0".parse()?)
        .with_wire_tap(seen.clone())
        .build()
        .await?;
    let call = client
        .create_outgoing_call("sip:alice@localhost", "sip:bob@127.0.0.1:9", None)
        .await?;
    call.terminate().await?;
    client.stop().await?;
    let messages = seen.0.lock().unwrap().clone();
    assert!(messages[0].starts_with("INVITE "), "{messages:?}");
    assert!(
        messages.iter().all(|message| !message.contains("0.0.0.0")),
        "{messages:?}"
    );
    assert!(messages[0].contains(&format!(":{}", client.get_bound_address().port())));
    Ok(())
}

#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl WireTap for Seen {
    fn message(&self, record: &WireRecord<'_>) {
        self.0
            .lock()
            .unwrap()
            .push(String::from_utf8_lossy(record.octets).into_owned());
    }
}
