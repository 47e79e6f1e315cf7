//! Offers in the shapes that products send, and what becomes of each section. The shapes are written after what these
//! products are known to send; names, addresses and keys are made up.

#![cfg(test)]

use std::net::SocketAddr;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::negotiate::{Negotiated, negotiate, reoffer};
use rvoip_media_core::rtp_core::srtp::{SrtpKey, SrtpSuite};
use rvoip_media_core::sdp::Origin;
use rvoip_media_core::{
    Capabilities, Codec, Direction, LocalMedia, MediaParameters, SessionDescription, SrtpPolicy,
};

/// An offer, and what is expected of the answer with SRTP offered: the port of each section (`N` for ours), the codec, and
/// whether the stream is secured.
struct Case {
    name: &'static str,
    offer: &'static str,
    ports: &'static str,
    codec: Codec,
    secured: bool,
}

const CASES: [Case; 14] = [
    Case {
        name: "Asterisk, chan_pjsip",
        offer: "v=0\no=- 1842743210 1842743210 IN IP4 192.0.2.10\ns=Asterisk\nc=IN IP4 192.0.2.10\nt=0 0\n\
                m=audio 14638 RTP/AVP 0 8 101\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\n\
                a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\na=ptime:20\na=maxptime:150\na=sendrecv\n\
                a=rtcp-mux\n",
        ports: "N",
        codec: Codec::Pcmu,
        secured: false,
    },
    Case {
        name: "Asterisk, encrypted, two streams",
        offer: "v=0\no=- 77 3 IN IP4 192.0.2.10\ns=Asterisk\nc=IN IP4 192.0.2.10\nt=0 0\n\
                m=audio 17000 RTP/SAVP 8 101\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\n\
                a=rtpmap:8 PCMA/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\na=ptime:20\na=sendrecv\n\
                m=video 17002 RTP/SAVP 99\na=rtpmap:99 H264/90000\na=sendrecv\n",
        ports: "N 0",
        codec: Codec::Pcma,
        secured: true,
    },
    Case {
        name: "FreeSWITCH, with bandwidth and silence suppression off",
        offer: "v=0\no=FreeSWITCH 1700000001 1700000002 IN IP4 203.0.113.4\ns=FreeSWITCH\nc=IN IP4 203.0.113.4\nt=0 0\n\
                b=AS:84\nm=audio 27384 RTP/AVP 102 9 0 8 103 101 13\na=rtpmap:102 opus/48000/2\n\
                a=fmtp:102 useinbandfec=1; maxaveragebitrate=30000; maxplaybackrate=48000; ptime=20; minptime=10\n\
                a=rtpmap:9 G722/8000\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\na=rtpmap:103 telephone-event/48000\n\
                a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\na=rtpmap:13 CN/8000\na=ptime:20\n\
                a=silenceSupp:off - - - -\na=rtcp:27385 IN IP4 203.0.113.4\n",
        ports: "N",
        codec: Codec::Pcmu,
        secured: false,
    },
    Case {
        name: "FreeSWITCH, many suites",
        offer: "v=0\no=FreeSWITCH 17 18 IN IP4 203.0.113.4\ns=FreeSWITCH\nc=IN IP4 203.0.113.4\nt=0 0\n\
                m=audio 16386 RTP/SAVP 0 101\na=rtpmap:0 PCMU/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\n\
                a=crypto:1 AEAD_AES_256_GCM_8 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis=\n\
                a=crypto:2 AEAD_AES_128_GCM_8 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==\n\
                a=crypto:3 AES_CM_256_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ==\n\
                a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\n\
                a=crypto:5 AES_CM_NULL_AUTH inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\na=ptime:20\n",
        ports: "N",
        codec: Codec::Pcmu,
        secured: true,
    },
    Case {
        name: "Linphone, with keys beside plain RTP, XR and video",
        offer: "v=0\no=alice 3747 1531 IN IP4 198.51.100.20\ns=Talk\nc=IN IP4 198.51.100.20\nb=AS:380\nt=0 0\n\
                a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics\na=record:off\n\
                m=audio 7078 RTP/AVP 96 97 98 0 8 101 99 100\na=rtpmap:96 opus/48000/2\na=fmtp:96 useinbandfec=1\n\
                a=rtpmap:97 speex/16000\na=fmtp:97 vbr=on\na=rtpmap:98 speex/8000\na=fmtp:98 vbr=on\n\
                a=rtpmap:101 telephone-event/48000\na=rtpmap:99 telephone-event/16000\na=rtpmap:100 telephone-event/8000\n\
                a=rtcp-fb:* trr-int 1000\na=rtcp-fb:* ccm tmmbr\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^31\n\
                m=video 9078 RTP/AVP 96 97\na=rtpmap:96 VP8/90000\na=rtpmap:97 H264/90000\na=fmtp:97 profile-level-id=42801F\n\
                a=rtcp-fb:* trr-int 1000\n",
        ports: "N 0",
        codec: Codec::Pcmu,
        secured: true,
    },
    Case {
        name: "Zoiper",
        offer: "v=0\no=Z 1700000000000 1 IN IP4 198.51.100.30\ns=Z\nc=IN IP4 198.51.100.30\nt=0 0\n\
                m=audio 57842 RTP/AVP 106 9 98 101 0 8 3\na=rtpmap:106 opus/48000/2\na=fmtp:106 sprop-maxcapturerate=16000; minptime=20; useinbandfec=1\n\
                a=rtpmap:98 telephone-event/48000\na=fmtp:98 0-16\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\na=sendrecv\na=rtcp-mux\n",
        ports: "N",
        codec: Codec::Pcmu,
        secured: false,
    },
    Case {
        name: "Cisco phone, no s= to speak of, session bandwidth, b= per stream",
        offer: "v=0\no=Cisco-SIPUA 22437 0 IN IP4 10.1.2.3\ns=SIP Call\nb=AS:4064\nt=0 0\n\
                m=audio 20872 RTP/AVP 114 9 124 0 8 116 18 101\nc=IN IP4 10.1.2.3\nb=TIAS:64000\na=rtpmap:114 opus/48000/2\n\
                a=fmtp:114 maxplaybackrate=16000;sprop-maxcapturerate=16000;maxaveragebitrate=64000;stereo=0;sprop-stereo=0;usedtx=0\n\
                a=rtpmap:9 G722/8000\na=rtpmap:124 ISAC/16000\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\na=rtpmap:116 iLBC/8000\n\
                a=fmtp:116 mode=20\na=rtpmap:18 G729/8000\na=fmtp:18 annexb=yes\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n\
                a=sendrecv\nm=video 30678 RTP/AVP 97\nc=IN IP4 10.1.2.3\nb=TIAS:4000000\na=rtpmap:97 H264/90000\na=content:main\na=recvonly\n\
                m=application 21216 RTP/AVP 107\nc=IN IP4 10.1.2.3\na=rtpmap:107 H224/4800\na=sendrecv\n",
        ports: "N 0 0",
        codec: Codec::Pcmu,
        secured: false,
    },
    Case {
        name: "Grandstream, SRTP and plain beside each other",
        offer: "v=0\no=1001 8000 8000 IN IP4 192.168.1.50\ns=SIP Call\nc=IN IP4 192.168.1.50\nt=0 0\n\
                m=audio 5004 RTP/AVP 0 8 101\na=sendrecv\na=rtpmap:0 PCMU/8000\na=ptime:20\na=rtpmap:8 PCMA/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n\
                m=audio 5004 RTP/SAVP 0 8 101\na=crypto:1 AES_CM_256_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ==|2^32\n\
                a=sendrecv\na=rtpmap:0 PCMU/8000\na=ptime:20\na=rtpmap:8 PCMA/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n",
        ports: "0 N",
        codec: Codec::Pcmu,
        secured: true,
    },
    Case {
        name: "a fax that also talks",
        offer: "v=0\no=- 5 6 IN IP4 192.0.2.77\ns=-\nc=IN IP4 192.0.2.77\nt=0 0\n\
                m=image 6000 udptl t38\na=T38FaxVersion:0\na=T38MaxBitRate:14400\na=T38FaxRateManagement:transferredTCF\n\
                m=audio 6002 RTP/AVP 8\na=rtpmap:8 PCMA/8000\n",
        ports: "0 N",
        codec: Codec::Pcma,
        secured: false,
    },
    Case {
        name: "ICE candidates on plain RTP, grouped streams",
        offer: "v=0\no=- 3 3 IN IP4 203.0.113.9\ns=-\nt=0 0\na=group:BUNDLE audio\na=ice-ufrag:abcd\na=ice-pwd:abcdefghijklmnopqrstuv\n\
                a=ice-options:trickle\na=msid-semantic: WMS *\nm=audio 40010 RTP/AVPF 8 0\nc=IN IP4 203.0.113.9\na=mid:audio\n\
                a=candidate:1 1 UDP 2130706431 10.0.0.5 40010 typ host\na=candidate:2 1 UDP 1694498815 203.0.113.9 40010 typ srflx raddr 10.0.0.5 rport 40010\n\
                a=end-of-candidates\na=rtcp-mux\na=rtcp-rsize\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\n\
                a=ssrc:314159 cname:abc\na=rtcp-fb:* nack\n",
        ports: "N",
        codec: Codec::Pcma,
        secured: false,
    },
    Case {
        name: "everything at session level, IPv6, two-port stream, odd order of lines",
        offer: "v=0\no=jdoe 3724394400 3724394405 IN IP6 2001:db8::9\ns= \ni=A call\nu=http://example.com/\ne=j@example.com\np=+1 617 555-6011\n\
                c=IN IP6 2001:db8::9\nb=CT:128\nt=0 0\nr=7d 1h 0 25h\nz=0 0\nk=prompt\na=recvonly\na=tool:x\n\
                m=audio 49170/2 RTP/AVP 0\ni=media title\nk=prompt\na=X-unknown:value with spaces\n",
        ports: "N",
        codec: Codec::Pcmu,
        secured: false,
    },
    Case {
        name: "SIPp's own",
        offer: "v=0\no=user1 53655765 2353687637 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 6000 RTP/AVP 0\na=rtpmap:0 PCMU/8000\n",
        ports: "N",
        codec: Codec::Pcmu,
        secured: false,
    },
    Case {
        name: "a trunk that sends 30 ms and lists what nobody has",
        offer: "v=0\no=- 0 0 IN IP4 198.51.100.200\ns=-\nc=IN IP4 198.51.100.200\nt=0 0\na=sqn: 0\na=cdsc: 1 image udptl t38\na=cpar: a=T38FaxVersion:0\n\
                m=audio 12000 RTP/AVP 18 4 2 15 8 100\na=rtpmap:18 G729/8000\na=fmtp:18 annexb=no\na=rtpmap:4 G723/8000\na=fmtp:4 bitrate=5.3;annexa=no\n\
                a=rtpmap:2 G726-32/8000\na=rtpmap:15 G728/8000\na=rtpmap:100 X-NSE/8000\na=fmtp:100 192-194\na=ptime:30\na=X-pc-secs-suites-rtcp:64/51 62/51\n",
        ports: "N",
        codec: Codec::Pcma,
        secured: false,
    },
    Case {
        name: "a stream switched off before the one in use",
        offer: "v=0\no=- 1 9 IN IP4 192.0.2.3\ns=-\nc=IN IP4 192.0.2.3\nt=0 0\nm=audio 0 RTP/AVP 8\nm=audio 7000 RTP/AVP 18 0\na=inactive\n",
        ports: "0 N",
        codec: Codec::Pcmu,
        secured: false,
    },
];

fn local(address: SocketAddr) -> LocalMedia {
    let mut rng = StdRng::from_seed([1; 32]);
    LocalMedia {
        address,
        direction: Direction::SendRecv,
        keys: SrtpSuite::ALL
            .map(|suite| SrtpKey::generate(suite, &mut rng))
            .into(),
    }
}

fn capabilities() -> Capabilities {
    Capabilities {
        codecs: vec![Codec::Pcmu, Codec::Pcma],
        srtp: SrtpPolicy::Offer,
        ..Capabilities::default()
    }
}

fn ports(description: &SessionDescription<'_>) -> Vec<u16> {
    let sections = description.media.iter();
    sections.map(|section| section.port).collect()
}

#[test]
fn each_is_answered_as_it_should_be() {
    for case in CASES {
        let offer = SessionDescription::parse(case.offer).unwrap();
        let ours: SocketAddr = match case.offer.contains("IN IP6") {
            true => "[2001:db8::1]:10000".parse().unwrap(),
            false => "198.51.100.1:10000".parse().unwrap(),
        };
        let origin = Origin::new(5, ours.ip());
        let negotiated = negotiate(&offer, &capabilities(), local(ours), origin);
        let Negotiated { answer, media } = negotiated.unwrap();
        let name = case.name;
        let media: MediaParameters = media.unwrap();
        assert_eq!(media.codec, case.codec, "{name}");
        assert_eq!(media.security.is_some(), case.secured, "{name}");
        let expected: Vec<u16> = case
            .ports
            .split(' ')
            .map(|port| if port == "N" { 10_000 } else { 0 })
            .collect();
        assert_eq!(ports(&answer), expected, "{name}");
        let text = answer.to_text();
        for foreign in ["group:", "candidate", "fingerprint", "b=", "mid:"] {
            assert!(!text.contains(foreign), "{name}: {text}");
        }
        for (ours, theirs) in answer.media.iter().zip(&offer.media) {
            assert_eq!(
                (&ours.kind, &ours.protocol),
                (&theirs.kind, &theirs.protocol)
            );
            assert!(
                ours.formats
                    .iter()
                    .all(|format| theirs.formats.contains(format))
            );
        }
        // What comes next from us keeps the place of each stream.
        let again = reoffer(&answer, &capabilities(), local(ours));
        assert_eq!(ports(&again), expected, "{name}");
    }
}

#[test]
fn what_cannot_be_carried_is_refused_with_the_reason() {
    let head = "v=0\no=- 1 1 IN IP4 192.0.2.3\ns=-\nc=IN IP4 192.0.2.3\nt=0 0\n";
    for (sections, reason) in [
        (
            "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\na=fingerprint:sha-256 AA:BB\na=setup:actpass\na=rtcp-mux\n",
            "no audio over RTP/AVP or RTP/SAVP among the 1 media sections",
        ),
        (
            "m=video 5000 RTP/AVP 96\nm=application 9 DTLS/SCTP 5000\n",
            "no audio over RTP/AVP or RTP/SAVP among the 2 media sections",
        ),
        (
            "m=audio 5000 RTP/AVP 18 97\na=rtpmap:97 iLBC/8000\n",
            "no common codec; the peer knows 18, iLBC",
        ),
        (
            "m=audio 5000 RTP/SAVP 0\na=crypto:1 F8_128_HMAC_SHA1_80 inline:AAAA\n",
            "media section 1, audio over RTP/SAVP: no common crypto suite; the peer has F8_128_HMAC_SHA1_80",
        ),
    ] {
        let text = format!("{head}{sections}");
        let offer = SessionDescription::parse(&text).unwrap();
        let ours: SocketAddr = "198.51.100.1:10000".parse().unwrap();
        let origin = Origin::new(5, ours.ip());
        let refused = negotiate(&offer, &capabilities(), local(ours), origin);
        assert_eq!(refused.unwrap_err().to_string(), reason);
    }
}
