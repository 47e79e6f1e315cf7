//! The runs of the suite, one row each.

mod bridged;
mod called;
mod caller;

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

/// One run: a scenario, and how the programs are started for it.
pub struct Run {
    /// The name on the command line and of its log directory.
    pub name: &'static str,
    /// A file of `sipp_scenarios/`, or a scenario built into SIPp.
    pub scenario: Scenario,
    pub role: Role,
    pub transport: Transport,
    /// Arguments of `sipp_server`, or of `sipp_client call`; `{peer}` is the address of a SIPp that is called, `{third}`
    /// that of the third party.
    pub ours: &'static [&'static str],
    /// Arguments of SIPp beyond address, transport and number of calls; `{peer}` is the address that it calls.
    pub sipp: &'static [&'static str],
    /// A second SIPp, called by ours in the course of the run; its scenario. The first knows its address as `[third]`.
    pub third: Option<&'static str>,
    /// Number of calls.
    pub calls: u32,
    /// What our program prints.
    pub says: &'static [&'static str],
    /// How our client exits.
    pub exit: i32,
    /// What else must be so.
    pub also: Also,
}

/// Where the scenario of a run comes from.
#[derive(Clone, Copy)]
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
    /// Our client sends a text in place of calling.
    Text,
    /// Our client registers and takes that back; it calls nobody.
    RegistersOnly,
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
    third: None,
    calls: 1,
    says: &[],
    exit: 0,
    also: Also::Nothing,
};

const CALLED: Run = Run {
    scenario: Scenario::BuiltIn("uas"),
    role: Role::Called,
    ours: &["--duration", "1s"],
    ..CALLER
};

/// All runs of the suite.
pub fn runs() -> impl Iterator<Item = &'static Run> {
    caller::RUNS.iter().chain(called::RUNS).chain(bridged::RUNS)
}

#[cfg(test)]
mod tests {
    use super::{Role, Scenario, runs};

    #[test]
    fn every_scenario_file_is_run_and_every_run_has_its_file() {
        let directory = crate::workspace::root().join("sipp_scenarios");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| Some(name.strip_suffix(".xml")?.to_owned()))
            .collect();
        let first = runs().filter_map(|run| match run.scenario {
            Scenario::File(name) => Some(name),
            Scenario::BuiltIn(_) => None,
        });
        let third = runs().filter_map(|run| run.third);
        let member = [crate::sipp::bridge::SCENARIO];
        let all = first.chain(third).chain(member);
        let mut run: Vec<String> = all.map(str::to_owned).collect();
        files.sort();
        run.sort();
        run.dedup();
        assert_eq!(files, run);
    }

    #[test]
    fn a_scenario_is_run_in_the_role_of_its_name() {
        for run in runs() {
            let (Scenario::File(name) | Scenario::BuiltIn(name)) = run.scenario;
            let role = if name.starts_with("uac") {
                Role::Caller
            } else {
                Role::Called
            };
            assert!(run.role == role, "{}", run.name);
            assert!(run.third.is_none_or(|name| name.starts_with("uas")));
        }
    }

    #[test]
    fn the_page_beside_the_scenarios_names_every_run() {
        let page = include_str!("../../../sipp_scenarios/README.md");
        for run in runs() {
            assert!(page.contains(&format!("| {} |", run.name)), "{}", run.name);
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = runs().map(|run| run.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
