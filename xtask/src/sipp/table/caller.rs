//! The runs in which SIPp calls our server.

use super::{Also, CALLER, Run, Scenario, Transport};

/// SIPp calls.
pub const RUNS: &[Run] = &[
    Run {
        name: "basic_call",
        scenario: Scenario::File("uac_basic_call"),
        sipp: &["-d", "500"],
        calls: 5,
        ..CALLER
    },
    Run {
        name: "basic_call_tcp",
        scenario: Scenario::File("uac_basic_call"),
        transport: Transport::Tcp,
        sipp: &["-d", "500"],
        calls: 5,
        ..CALLER
    },
    Run {
        name: "late_offer",
        scenario: Scenario::File("uac_late_offer"),
        sipp: &["-d", "500"],
        ..CALLER
    },
    Run {
        name: "call_rejection",
        scenario: Scenario::File("uac_call_rejection"),
        ours: &["--reject", "486"],
        ..CALLER
    },
    Run {
        name: "call_cancel",
        scenario: Scenario::File("uac_call_cancel"),
        ours: &["--answer-after", "30s"],
        ..CALLER
    },
    Run {
        name: "options_ping",
        scenario: Scenario::File("uac_options_ping"),
        ..CALLER
    },
    Run {
        name: "options_ping_tcp",
        scenario: Scenario::File("uac_options_ping"),
        transport: Transport::Tcp,
        ..CALLER
    },
    Run {
        name: "retransmission",
        scenario: Scenario::File("uac_retransmission"),
        ours: &["--answer-after", "1s"],
        sipp: &["-nr"],
        ..CALLER
    },
    Run {
        name: "lost_ack",
        scenario: Scenario::File("uac_lost_ack"),
        ours: &["--reject", "486"],
        sipp: &["-nr"],
        ..CALLER
    },
    Run {
        name: "calls_at_once",
        scenario: Scenario::File("uac_basic_call"),
        sipp: &["-l", "100", "-r", "200", "-d", "4000"],
        calls: 100,
        also: Also::AllAtOnce,
        ..CALLER
    },
    Run {
        name: "noise",
        scenario: Scenario::File("uac_basic_call"),
        ours: &["--rtp-ports", "30000-30062"],
        sipp: &["-d", "4000"],
        also: Also::Noise,
        ..CALLER
    },
    Run {
        name: "multiple_codecs",
        scenario: Scenario::File("uac_multiple_codecs"),
        sipp: &["-d", "500"],
        ..CALLER
    },
    Run {
        name: "forking_test",
        scenario: Scenario::File("uac_forking_test"),
        ours: &["--answer-after", "1s"],
        sipp: &["-d", "500"],
        ..CALLER
    },
    Run {
        name: "stress_test",
        scenario: Scenario::File("uac_basic_call"),
        ours: &["--media", "silence"],
        sipp: &["-r", "50", "-l", "500", "-d", "0"],
        calls: 500,
        ..CALLER
    },
    Run {
        name: "stress_test_tcp",
        scenario: Scenario::File("uac_basic_call"),
        transport: Transport::Tcp,
        ours: &["--media", "silence"],
        sipp: &["-r", "50", "-l", "500", "-d", "0"],
        calls: 500,
        ..CALLER
    },
    Run {
        name: "timeout_test",
        scenario: Scenario::File("uac_timeout_test"),
        ours: &["--answer-after", "100ms"],
        sipp: &["-nr"],
        says: &["answer not acknowledged"],
        ..CALLER
    },
    Run {
        name: "unknown_method",
        scenario: Scenario::File("uac_unknown_method"),
        sipp: &["-d", "200"],
        ..CALLER
    },
    Run {
        name: "bad_requests",
        scenario: Scenario::File("uac_bad_requests"),
        sipp: &["-d", "200"],
        ..CALLER
    },
    Run {
        name: "hold_resume",
        scenario: Scenario::File("uac_hold_resume"),
        sipp: &["-d", "200"],
        ..CALLER
    },
    Run {
        name: "redirect",
        scenario: Scenario::File("uac_redirect"),
        ours: &["--forward", "sip:carol@192.0.2.7"],
        says: &["302"],
        ..CALLER
    },
    Run {
        name: "early_media",
        scenario: Scenario::File("uac_early_media"),
        ours: &["--early", "plain", "--answer-after", "500ms"],
        sipp: &["-d", "200"],
        ..CALLER
    },
    Run {
        name: "prack",
        scenario: Scenario::File("uac_prack"),
        ours: &["--early", "reliable", "--answer-after", "2s"],
        sipp: &["-nr", "-d", "200"],
        ..CALLER
    },
    Run {
        name: "update",
        scenario: Scenario::File("uac_update"),
        ours: &["--early", "reliable", "--answer-after", "2s"],
        sipp: &["-d", "200"],
        ..CALLER
    },
    Run {
        name: "session_timer_422",
        scenario: Scenario::File("uac_session_timer_422"),
        sipp: &["-d", "200"],
        ..CALLER
    },
    Run {
        name: "session_timer_refresher",
        scenario: Scenario::File("uac_session_timer_refresher"),
        sipp: &["-d", "200"],
        ..CALLER
    },
    Run {
        name: "session_timer_expiry",
        scenario: Scenario::File("uac_session_timer_expiry"),
        ..CALLER
    },
    Run {
        name: "auth_md5",
        scenario: Scenario::File("uac_auth_md5"),
        sipp: &["-auth_uri", "service@{peer}", "-d", "200"],
        ours: &[
            "--require-auth",
            "alice:secret@example.test",
            "--auth-algorithms",
            "MD5",
        ],
        ..CALLER
    },
    Run {
        name: "register",
        scenario: Scenario::File("uac_register"),
        ours: &["--registrar", "2s"],
        ..CALLER
    },
    Run {
        name: "info_dtmf",
        scenario: Scenario::File("uac_info_dtmf"),
        sipp: &["-d", "200"],
        says: &["pressed 7 for"],
        ..CALLER
    },
    Run {
        name: "message",
        scenario: Scenario::File("uac_message"),
        says: &["request MESSAGE", "Watson, come here."],
        ..CALLER
    },
    Run {
        name: "subscribe_notify",
        scenario: Scenario::File("uac_subscribe_notify"),
        ours: &["--mailbox", "2"],
        says: &["subscription from sip:sipp@"],
        ..CALLER
    },
    Run {
        name: "replaces",
        scenario: Scenario::File("uac_replaces"),
        sipp: &["-d", "200"],
        ..CALLER
    },
    Run {
        name: "refer_blind",
        scenario: Scenario::File("uac_refer_blind"),
        ours: &["--hangup-after", "3s"],
        third: Some("uas_basic_call"),
        ..CALLER
    },
    Run {
        name: "refer_attended",
        scenario: Scenario::File("uac_refer_attended"),
        ours: &["--hangup-after", "3s"],
        third: Some("uas_transfer_target"),
        ..CALLER
    },
    Run {
        name: "refer_refused",
        scenario: Scenario::File("uac_refer_refused"),
        third: Some("uas_call_rejection"),
        ..CALLER
    },
    Run {
        name: "far_update",
        scenario: Scenario::File("uac_far_update"),
        ours: &["--update-after", "500ms"],
        sipp: &["-d", "200"],
        ..CALLER
    },
    Run {
        name: "far_reinvite",
        scenario: Scenario::File("uac_far_reinvite"),
        ours: &["--reinvite-after", "500ms"],
        sipp: &["-d", "200"],
        ..CALLER
    },
    Run {
        name: "far_hold",
        scenario: Scenario::File("uac_far_hold"),
        ours: &["--hold-at", "300ms", "--resume-at", "800ms"],
        sipp: &["-d", "200"],
        ..CALLER
    },
    Run {
        name: "far_dtmf",
        scenario: Scenario::File("uac_far_dtmf"),
        ours: &["--dtmf", "4#"],
        sipp: &["-d", "500"],
        ..CALLER
    },
    Run {
        name: "far_refer",
        scenario: Scenario::File("uac_far_refer"),
        ours: &[
            "--transfer-to",
            "sip:carol@192.0.2.9",
            "--transfer-at",
            "300ms",
        ],
        ..CALLER
    },
];
