//! SRTP against another implementation: `srtp/libsrtp.txt` was written by libsrtp, see `srtp/libsrtp.py`.

#![cfg(test)]

use rvoip_rtp_core::srtp::{SrtpKey, SrtpReceiver, SrtpSender, SrtpSuite};

const VECTORS: &str = include_str!("srtp/libsrtp.txt");

fn hex(text: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(octet).collect()
}

/// What one sender of libsrtp sent.
struct Run<'a> {
    key: SrtpKey,
    /// `rtp` or `rtcp`, the plain packet, the protected one.
    packets: Vec<(&'a str, Vec<u8>, Vec<u8>)>,
}

fn runs() -> Vec<Run<'static>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for line in VECTORS.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["suite", name, key] => {
                let suite = SrtpSuite::from_name(name).unwrap();
                let key = SrtpKey::new(suite, &hex(key)).unwrap();
                let packets = Vec::new();
                runs.push(Run { key, packets });
            }
            [kind, plain, protected] => {
                let run = runs.last_mut().unwrap();
                run.packets.push((kind, hex(plain), hex(protected)));
            }
            _ => panic!("{line}"),
        }
    }
    assert_eq!(runs.len(), 4);
    runs
}

#[test]
fn we_protect_as_libsrtp_does() {
    for run in runs() {
        let mut sender = SrtpSender::new(&run.key);
        // Our first RTCP packet has index 0 (RFC 3711 section 3.4), libsrtp's has 1.
        let (_, report, _) = run
            .packets
            .iter()
            .find(|(kind, ..)| *kind == "rtcp")
            .unwrap();
        sender.protect_rtcp(&mut report.clone(), 0).unwrap();
        for (kind, plain, protected) in &run.packets {
            let mut out = b"in front".to_vec();
            out.extend_from_slice(plain);
            match *kind {
                "rtp" => sender.protect_rtp(&mut out, 8).unwrap(),
                _ => sender.protect_rtcp(&mut out, 8).unwrap(),
            }
            assert_eq!(out[8..], protected[..], "{:?} {kind}", run.key);
        }
    }
}

#[test]
fn we_read_what_libsrtp_sends() {
    for run in runs() {
        let mut receiver = SrtpReceiver::new(&run.key);
        for (kind, plain, protected) in &run.packets {
            let mut packet = protected.clone();
            let octets = match *kind {
                "rtp" => receiver.unprotect_rtp(&mut packet).unwrap(),
                _ => receiver.unprotect_rtcp(&mut packet).unwrap(),
            };
            assert_eq!(packet[..octets], plain[..], "{:?} {kind}", run.key);
        }
    }
}
