//! The runs in which SIPp calls our server and is called by it: two legs of a back-to-back user agent.

use super::{CALLER, Run, Scenario};

/// SIPp is at both ends.
pub const RUNS: &[Run] = &[
    Run {
        name: "bridged_call",
        scenario: Scenario::File("uac_basic_call"),
        ours: &["--bridge", "sip:bob@{third}"],
        sipp: &["-d", "1000"],
        third: Some("uas_basic_call"),
        ..CALLER
    },
    Run {
        name: "bridged_far_hangup",
        scenario: Scenario::File("uac_far_hangup"),
        ours: &["--bridge", "sip:bob@{third}"],
        sipp: &["-d", "1000"],
        third: Some("uas_far_hangup"),
        ..CALLER
    },
    Run {
        name: "bridged_cancel",
        scenario: Scenario::File("uac_call_cancel"),
        ours: &["--bridge", "sip:bob@{third}"],
        third: Some("uas_call_cancel"),
        ..CALLER
    },
    Run {
        name: "bridged_busy",
        scenario: Scenario::File("uac_call_rejection"),
        ours: &["--bridge", "sip:bob@{third}"],
        third: Some("uas_call_rejection"),
        ..CALLER
    },
    Run {
        name: "bridged_no_answer",
        scenario: Scenario::File("uac_no_answer"),
        ours: &["--bridge", "sip:bob@{third}", "--ring-for", "1s"],
        third: Some("uas_call_cancel"),
        ..CALLER
    },
    Run {
        name: "bridged_hold",
        scenario: Scenario::File("uac_bridged_hold"),
        ours: &["--bridge", "sip:bob@{third}"],
        third: Some("uas_hold_resume"),
        ..CALLER
    },
    Run {
        name: "bridged_far_hold",
        scenario: Scenario::File("uac_far_hold"),
        ours: &["--bridge", "sip:bob@{third}"],
        sipp: &["-d", "500"],
        third: Some("uas_far_hold"),
        ..CALLER
    },
    Run {
        name: "bridged_info",
        scenario: Scenario::File("uac_bridged_info"),
        ours: &["--bridge", "sip:bob@{third}", "--dtmf-by", "info"],
        sipp: &["-d", "1000"],
        third: Some("uas_info_dtmf"),
        ..CALLER
    },
    Run {
        name: "bridged_events",
        scenario: Scenario::File("uac_bridged_events"),
        ours: &["--bridge", "sip:bob@{third}", "--dtmf-by", "info"],
        sipp: &["-d", "3000"],
        third: Some("uas_info_dtmf"),
        ..CALLER
    },
    Run {
        name: "bridged_hold_and_bye",
        scenario: Scenario::File("uac_hold_and_bye"),
        ours: &["--bridge", "sip:bob@{third}"],
        sipp: &["-d", "300"],
        third: Some("uas_hangup_in_reinvite"),
        ..CALLER
    },
    Run {
        name: "bridged_glare",
        scenario: Scenario::File("uac_hold_and_bye"),
        ours: &["--bridge", "sip:bob@{third}"],
        sipp: &["-d", "6000"],
        third: Some("uas_glare"),
        ..CALLER
    },
    Run {
        name: "bridged_far_bye_in_hold",
        scenario: Scenario::File("uac_hold_far_hangup"),
        ours: &["--bridge", "sip:bob@{third}"],
        third: Some("uas_bye_and_reinvite"),
        ..CALLER
    },
];
