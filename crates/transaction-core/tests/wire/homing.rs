//! Responses to callers that only a name leads to (RFC 3261 section 18.2.2, RFC 3263 section 5).

use std::time::Duration;

use rvoip_transaction_core::sip_core::Uri;

use crate::bed::incoming;
use crate::servers::{BACKUP, CALLER, Manner, PRIMARY, Scene};

/// A server at PRIMARY that rings and is busy after two seconds, and the caller's home at BACKUP.
fn furnish(scene: &mut Scene) {
    let kinds = ["udp", "tcp"];
    let manner = Manner::Ring(Duration::from_secs(2), 486);
    scene.server_over(PRIMARY, &kinds, manner);
    scene.server_over(BACKUP, &kinds, Manner::Silent);
    let zone = scene.net.zone();
    zone.address("home.example.com", BACKUP.ip());
}

fn call_with_via(scene: &mut Scene, via: &str) {
    let text = incoming("INVITE", "").replace("SIP/2.0/UDP 192.0.2.7:5060", via);
    scene.net.send_datagram(CALLER, PRIMARY, text.into());
    scene.run(1);
}

#[test]
fn a_response_goes_to_the_host_that_maddr_names() {
    let mut scene = Scene::new(1);
    furnish(&mut scene);
    let via = "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;maddr=home.example.com";
    call_with_via(&mut scene, via);
    assert_eq!(scene.responses(BACKUP), ["180"]);
    scene.run(2);
    assert_eq!(scene.responses(BACKUP)[1], "486");
    assert!(scene.responses(CALLER).is_empty());
}

#[test]
fn a_maddr_that_leads_nowhere_ends_the_transaction() {
    let mut scene = Scene::new(2);
    furnish(&mut scene);
    let via = "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;maddr=nowhere.example.com";
    call_with_via(&mut scene, via);
    assert!(scene.responses(CALLER).is_empty());
    scene.run(60);
    assert_eq!(scene.transactions(PRIMARY), 0);
}

/// Strangers write Vias: no more than a few of their names are looked up at a time.
#[test]
fn names_of_strangers_take_few_questions() {
    let mut scene = Scene::new(3);
    furnish(&mut scene);
    scene.net.zone().set_delay(Duration::from_secs(3));
    for number in 0..200 {
        let via =
            format!("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK{number};maddr=h{number}.example.com");
        let text = incoming("OPTIONS", "").replace("SIP/2.0/UDP 192.0.2.7:5060", &via);
        scene.net.send_datagram(CALLER, PRIMARY, text.into());
    }
    scene.run(3);
    let asked = scene.net.zone().take_asked().len();
    assert!((1..=32).contains(&asked), "{asked}");
    scene.run(60);
    assert_eq!(scene.transactions(PRIMARY), 0);
}

#[test]
fn a_response_without_a_connection_goes_to_the_host_of_sent_by() {
    let mut scene = Scene::without_caller(4);
    scene.caller_as("home.example.com:5060");
    furnish(&mut scene);
    let server: Uri = "sip:10.0.0.2;transport=tcp".parse().unwrap();
    scene.invite(server.into());
    scene.run(1);
    assert_eq!(scene.responses(CALLER), ["180"]);
    // The caller's connection breaks, and nobody listens where it came from.
    scene.reset_connections();
    scene.run(2);
    assert_eq!(scene.responses(BACKUP), ["486"]);
}
