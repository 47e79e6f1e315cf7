//! OpenSSL's own client against our listener; nothing is checked where `openssl` is not installed.
//!
//! Alone in its process: between fork and exec a child holds the sockets of other tests, which then find their
//! ports taken.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, clippy::panic, dead_code)]

#[path = "driver/certificates.rs"]
mod certificates;
#[path = "driver/endpoint.rs"]
mod endpoint;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rvoip_sip_transport::TransportKind;
use rvoip_sip_transport::driver::{ClientCertificates, Sockets};

use certificates::Authority;
use endpoint::{Endpoint, request, response};

/// Files of a test, gone with it.
struct Files(PathBuf);

impl Files {
    fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("rvoip-openssl-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What `openssl s_client` with these words reads to a request; empty when it does not come so far.
fn ask(addr: SocketAddr, words: &[&str]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-connect"])
        .arg(addr.to_string())
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may have ended already.
    let _ = stdin.write_all(request("TLS client.invalid", 1).as_bytes());
    let mut answer = Vec::new();
    let mut stdout = child.stdout.take().unwrap();
    let mut octet = [0];
    while !answer.ends_with(b"\r\n\r\n") && stdout.read(&mut octet).unwrap() == 1 {
        answer.push(octet[0]);
    }
    drop(stdin);
    let _ = child.kill();
    child.wait().unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openssl_is_answered_and_its_certificate_asked_for() {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("nothing checked: openssl is not installed");
        return;
    }
    let (authority, files) = (Authority::new("authority"), Files::new());
    let tls = authority
        .tls(&["URI:sip:example.test", "DNS:example.test"])
        .with_client_certificates(ClientCertificates::Require);
    let address = (TransportKind::Tls, "127.0.0.1:0".parse().unwrap());
    let sockets = Sockets::bind(&[address]).unwrap();
    let server = Endpoint::drive(sockets.with_tls(tls.load().unwrap()));
    let addr = server.addr();
    let roots = files.write("roots.pem", &authority.pem());
    let (certificate, key) = authority.issue(&["DNS:client.test"]);
    let certificate = files.write("certificate.pem", &certificate);
    let key = files.write("key.pem", &key);

    let named = [
        "-CAfile",
        &roots,
        "-servername",
        "example.test",
        "-verify_hostname",
        "example.test",
    ];
    for version in ["-tls1_2", "-tls1_3"] {
        let words = [&named[..], &[version, "-cert", &certificate, "-key", &key]].concat();
        let answer = response(&ask(addr, &words));
        assert_eq!(answer.status().code(), 200, "{version}");
        assert_eq!(answer.top_via().unwrap().transport.as_str(), "TLS");
        let words = [&named[..], &[version]].concat();
        assert!(
            ask(addr, &words).is_empty(),
            "{version} without a certificate"
        );
    }
    for outdated in ["-tls1", "-tls1_1"] {
        let words = [&named[..], &[outdated, "-cert", &certificate, "-key", &key]].concat();
        assert!(ask(addr, &words).is_empty(), "{outdated}");
    }
}
