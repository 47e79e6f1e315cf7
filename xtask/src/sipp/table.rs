//! The runs of the suite, one row each.

/// Who SIPp is in a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// SIPp calls our server.
    Caller,
    /// Our client calls SIPp.
    Called,
}

/// The transport of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Udp,
    Tcp,
}

/// One run: a scenario, and how both programs are started for it.
pub struct Run {
    /// The name on the command line and of its log directory.
    pub name: &'static str,
    /// A file of `sipp_scenarios/`, or a scenario built into SIPp.
    pub scenario: Scenario,
    pub role: Role,
    pub transport: Transport,
    /// Arguments of `sipp_server`, or of `sipp_client call`.
    pub ours: &'static [&'static str],
    /// Arguments of SIPp beyond address, transport and number of calls.
    pub sipp: &'static [&'static str],
    /// Number of calls.
    pub calls: u32,
    /// What else must be so.
    pub also: Also,
}

/// Where the scenario of a run comes from.
pub enum Scenario {
    File(&'static str),
    BuiltIn(&'static str),
}

/// What a run asks for beyond SIPp's own verdict and a clean end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Also {
    /// Nothing.
    Nothing,
    /// The server held all calls at the same time.
    AllAtOnce,
    /// Junk is thrown at the server's ports meanwhile.
    Noise,
    /// Our client exits with 1 and its output holds this word.
    ClientReports(&'static str),
}

impl Run {
    /// One phrase for the table.
    pub fn title(&self) -> String {
        let scenario = match self.scenario {
            Scenario::File(name) => name.to_owned(),
            Scenario::BuiltIn(name) => format!("-sn {name}"),
        };
        let transport = match self.transport {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
        };
        format!("{scenario} over {transport}")
    }
}

const CALLER: Run = Run {
    name: "",
    scenario: Scenario::BuiltIn("uac"),
    role: Role::Caller,
    transport: Transport::Udp,
    ours: &[],
    sipp: &[],
    calls: 1,
    also: Also::Nothing,
};

const CALLED: Run = Run {
    scenario: Scenario::BuiltIn("uas"),
    role: Role::Called,
    ours: &["--duration", "1s"],
    ..CALLER
};

/// All runs of the suite.
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
        ours: &["--ring", "30s"],
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
        ours: &["--ring", "1s"],
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
        also: Also::ClientReports("486"),
        ..CALLED
    },
    Run {
        name: "called_cancel",
        scenario: Scenario::File("uas_call_cancel"),
        ours: &["--answer-timeout", "1s"],
        also: Also::ClientReports("call"),
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
        ours: &["--duration", "2s", "--rate", "100"],
        calls: 100,
        ..CALLED
    },
];

#[cfg(test)]
mod tests {
    use super::{RUNS, Role, Scenario};

    #[test]
    fn every_scenario_file_is_run_and_every_run_has_its_file() {
        let directory = crate::workspace::root().join("sipp_scenarios");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| Some(name.strip_suffix(".xml")?.to_owned()))
            .collect();
        let mut run: Vec<String> = RUNS
            .iter()
            .filter_map(|run| match run.scenario {
                Scenario::File(name) => Some(name.to_owned()),
                Scenario::BuiltIn(_) => None,
            })
            .collect();
        files.sort();
        run.sort();
        run.dedup();
        assert_eq!(files, run);
    }

    #[test]
    fn a_scenario_is_run_in_the_role_of_its_name() {
        for run in RUNS {
            let (Scenario::File(name) | Scenario::BuiltIn(name)) = run.scenario;
            let role = if name.starts_with("uac") {
                Role::Caller
            } else {
                Role::Called
            };
            assert!(run.role == role, "{}", run.name);
        }
    }

    #[test]
    fn the_page_beside_the_scenarios_names_every_run() {
        let page = include_str!("../../../sipp_scenarios/README.md");
        for run in RUNS {
            assert!(page.contains(&format!("| {} |", run.name)), "{}", run.name);
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = RUNS.iter().map(|run| run.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RUNS.len());
    }
}
