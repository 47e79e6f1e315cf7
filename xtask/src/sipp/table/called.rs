//! The runs in which our client calls SIPp.

use super::{Also, CALLED, Run, Scenario, Transport};

/// SIPp is called.
pub const RUNS: &[Run] = &[
    Run {
        name: "called_built_in",
        ..CALLED
    },
    Run {
        name: "called_basic_call",
        scenario: Scenario::File("uas_basic_call"),
        ..CALLED
    },
    Run {
        name: "called_basic_call_tcp",
        scenario: Scenario::File("uas_basic_call"),
        transport: Transport::Tcp,
        ..CALLED
    },
    Run {
        name: "called_early_media",
        scenario: Scenario::File("uas_early_media"),
        ..CALLED
    },
    Run {
        name: "called_rejection",
        scenario: Scenario::File("uas_call_rejection"),
        says: &["rejected: 486"],
        exit: 1,
        ..CALLED
    },
    Run {
        name: "called_cancel",
        scenario: Scenario::File("uas_call_cancel"),
        ours: &["--answer-timeout", "1s"],
        says: &["cancelled"],
        exit: 1,
        ..CALLED
    },
    Run {
        name: "called_far_hangup",
        scenario: Scenario::File("uas_far_hangup"),
        ours: &["--duration", "20s"],
        sipp: &["-d", "1000"],
        ..CALLED
    },
    Run {
        name: "called_retransmission",
        scenario: Scenario::File("uas_retransmission"),
        sipp: &["-nr"],
        ..CALLED
    },
    Run {
        name: "called_at_once",
        scenario: Scenario::File("uas_basic_call"),
        ours: &["--duration", "3s", "--rate", "40"],
        calls: 100,
        ..CALLED
    },
    Run {
        name: "called_multiple_codecs",
        scenario: Scenario::File("uas_multiple_codecs"),
        ours: &["--duration", "1s", "--codecs", "PCMA,PCMU"],
        says: &["codec=PCMU"],
        ..CALLED
    },
    Run {
        name: "called_forking_test",
        scenario: Scenario::File("uas_forking_test"),
        ..CALLED
    },
    Run {
        name: "called_timeout_test",
        scenario: Scenario::File("uas_timeout_test"),
        sipp: &["-nr"],
        says: &["peer did not respond"],
        exit: 1,
        ..CALLED
    },
    Run {
        name: "called_prack",
        scenario: Scenario::File("uas_prack"),
        ..CALLED
    },
    Run {
        name: "called_session_timer",
        scenario: Scenario::File("uas_session_timer"),
        ours: &["--duration", "50s"],
        ..CALLED
    },
    Run {
        name: "called_hold_resume",
        scenario: Scenario::File("uas_hold_resume"),
        ours: &[
            "--duration",
            "3s",
            "--hold-at",
            "500ms",
            "--resume-at",
            "1s",
        ],
        ..CALLED
    },
    Run {
        name: "called_late_offer",
        scenario: Scenario::File("uas_late_offer"),
        ours: &["--duration", "2s"],
        ..CALLED
    },
    Run {
        name: "called_glare",
        scenario: Scenario::File("uas_glare"),
        ours: &["--duration", "10s", "--hold-at", "500ms"],
        ..CALLED
    },
    Run {
        name: "called_info_dtmf",
        scenario: Scenario::File("uas_info_dtmf"),
        ours: &["--duration", "2s", "--dtmf", "4#", "--dtmf-by", "info"],
        ..CALLED
    },
    Run {
        name: "called_message",
        scenario: Scenario::File("uas_message"),
        ours: &["Watson, come here."],
        also: Also::Text,
        ..CALLED
    },
    Run {
        name: "called_auth_md5",
        scenario: Scenario::File("uas_auth_md5"),
        ours: &[
            "--user",
            "alice",
            "--password",
            "secret",
            "--duration",
            "1s",
        ],
        ..CALLED
    },
    Run {
        name: "called_auth_sha256",
        scenario: Scenario::File("uas_auth_sha256"),
        ours: &[
            "--register",
            "sip:example.test",
            "--outbound",
            "sip:{peer}",
            "--user",
            "alice",
            "--password",
            "secret",
        ],
        also: Also::RegistersOnly,
        ..CALLED
    },
    Run {
        name: "called_register",
        scenario: Scenario::File("uas_register"),
        ours: &[
            "--register",
            "sip:example.test",
            "--outbound",
            "sip:{peer}",
            "--user",
            "alice",
            "--password",
            "secret",
        ],
        also: Also::RegistersOnly,
        ..CALLED
    },
    Run {
        name: "called_register_refused",
        scenario: Scenario::File("uas_register_refused"),
        ours: &[
            "--register",
            "sip:example.test",
            "--outbound",
            "sip:{peer}",
            "--user",
            "alice",
            "--password",
            "secret",
        ],
        says: &["not registered: "],
        exit: 1,
        also: Also::RegistersOnly,
        ..CALLED
    },
    Run {
        name: "called_redirect",
        scenario: Scenario::File("uas_redirect"),
        third: Some("uas_basic_call"),
        ..CALLED
    },
    Run {
        name: "called_session_timer_422",
        scenario: Scenario::File("uas_session_timer_422"),
        ours: &["--duration", "1s", "--session-expires", "600s"],
        ..CALLED
    },
    Run {
        name: "called_refer_blind",
        scenario: Scenario::File("uas_refer_blind"),
        ours: &["--duration", "20s", "--transfer-to", "sip:carol@192.0.2.9"],
        ..CALLED
    },
    Run {
        name: "called_refer_attended",
        scenario: Scenario::File("uas_refer_attended"),
        ours: &[
            "--duration",
            "20s",
            "--transfer-to",
            "sip:carol@{third}",
            "--consult",
        ],
        third: Some("uas_basic_call"),
        ..CALLED
    },
    Run {
        name: "called_update",
        scenario: Scenario::File("uas_update"),
        ours: &["--duration", "1s", "--update-after", "300ms"],
        ..CALLED
    },
    Run {
        name: "called_reinvite",
        scenario: Scenario::File("uas_reinvite"),
        ours: &["--duration", "1s", "--reinvite-after", "300ms"],
        ..CALLED
    },
    Run {
        name: "called_cancel_and_200",
        scenario: Scenario::File("uas_cancel_and_200"),
        ours: &["--answer-timeout", "1s"],
        says: &["cancelled"],
        exit: 1,
        ..CALLED
    },
    Run {
        name: "called_late_200_after_cancel",
        scenario: Scenario::File("uas_late_200_after_cancel"),
        ours: &["--answer-timeout", "1s"],
        says: &["cancelled"],
        exit: 1,
        ..CALLED
    },
    Run {
        name: "called_cancel_and_486",
        scenario: Scenario::File("uas_cancel_and_486"),
        ours: &["--answer-timeout", "1s"],
        exit: 1,
        ..CALLED
    },
    Run {
        name: "called_bye_and_bye",
        scenario: Scenario::File("uas_bye_and_bye"),
        ..CALLED
    },
    Run {
        name: "called_bye_and_reinvite",
        scenario: Scenario::File("uas_bye_and_reinvite"),
        ours: &["--duration", "20s", "--hold-at", "500ms"],
        says: &["Hold: failed"],
        exit: 1,
        ..CALLED
    },
    Run {
        name: "called_reinvite_and_bye",
        scenario: Scenario::File("uas_reinvite_and_bye"),
        ..CALLED
    },
    Run {
        name: "called_update_and_reinvite",
        scenario: Scenario::File("uas_update_and_reinvite"),
        ours: &["--duration", "2s", "--hold-at", "500ms"],
        ..CALLED
    },
    Run {
        name: "called_refer_and_bye",
        scenario: Scenario::File("uas_refer_and_bye"),
        ours: &["--duration", "20s", "--transfer-to", "sip:carol@192.0.2.9"],
        ..CALLED
    },
    Run {
        name: "called_notify_and_202",
        scenario: Scenario::File("uas_notify_and_202"),
        ours: &["--duration", "20s", "--transfer-to", "sip:carol@192.0.2.9"],
        ..CALLED
    },
    Run {
        name: "called_auth_loop",
        scenario: Scenario::File("uas_auth_loop"),
        ours: &["--user", "alice", "--password", "secret"],
        says: &["401"],
        exit: 1,
        ..CALLED
    },
    Run {
        name: "called_refresh_and_bye",
        scenario: Scenario::File("uas_refresh_and_bye"),
        ours: &["--duration", "60s"],
        ..CALLED
    },
];
