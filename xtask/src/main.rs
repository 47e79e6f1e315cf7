//! Tasks of the workspace, run as `cargo xtask TASK`.

mod bench;
mod capture;
mod ci;
mod demo;
mod ears;
mod fuzz;
mod interop;
mod layer_examples;
mod layers;
mod load;
mod process;
mod server;
mod sipp;
mod states;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a task reports when it fails: a sentence for the person at the screen.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks of the workspace")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Plays a whole call on loopback and shows it
    Demo(demo::Arguments),
    /// Runs the SIPp suite in both directions against fresh processes
    Sipp(sipp::Arguments),
    /// Other people's programs against ours: baresip, kamailio, openssl, JsSIP, name servers, and tshark on the timers
    Interop(interop::Arguments),
    /// Measures: `micro` runs the criterion benches, `calls` and `memory` the load runs
    Bench(bench::Arguments),
    /// Listens to speech through calls in virtual time: PESQ and STOI per codec and network
    Ears(ears::Arguments),
    /// Replays or grows the fuzz corpus
    Fuzz(fuzz::Arguments),
    /// Offers calls to a server, as the load runs of `bench` do
    #[command(hide = true)]
    Load(load::Arguments),
    /// Takes one step of `interop`, within its network namespace
    #[command(hide = true)]
    InteropStep(interop::namespace::Arguments),
    /// Draws docs/STATES.md from the code
    States(states::Arguments),
    /// Checks that the crates depend on each other only as drawn
    Layers,
    /// Checks the house style of sources and documents
    Tidy,
    /// Everything that has to hold, in order of cost
    Ci(ci::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Ears(arguments) => ears::run(&arguments),
        Task::Sipp(arguments) => sipp::run(&arguments),
        Task::Interop(arguments) => interop::run(&arguments),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Load(arguments) => load::run(&arguments),
        Task::InteropStep(arguments) => interop::namespace::run_inside(arguments),
        Task::States(arguments) => states::run(&arguments),
        Task::Layers => layers::run(),
        Task::Tidy => tidy::run(),
        Task::Ci(arguments) => ci::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
