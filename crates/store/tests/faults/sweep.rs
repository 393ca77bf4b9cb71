//! One run for every call at which a fault can strike.

use orchestrator_store::Durability;

use crate::check::{Broken, Promise, check};
use crate::long_run::summarize;
use crate::machine::Machine;
use crate::plan::Fault;
use crate::survival::Survivors;
use crate::workload::{self, Client};

/// What is run, how it fails, and what is left afterwards.
struct Sweep {
    name: &'static str,
    workload: fn(&mut Client),
    durability: Durability,
    fault: Fault,
    /// What survives the crash, which every run ends with.
    survivors: fn(u64) -> Survivors,
    /// Whether the power fails once more while the store is opened again.
    again: bool,
    /// Of how many calls one is taken by default.
    sample: usize,
    /// And in a full run.
    full_sample: usize,
    /// How often a full run crashes at one call if chance decides what survives.
    chances: u64,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            name: "everything",
            workload: workload::everything,
            durability: Durability::Full,
            fault: Fault::PowerCut,
            survivors: nothing,
            again: false,
            sample: 3,
            full_sample: 1,
            chances: 5,
        }
    }
}

fn nothing(_: u64) -> Survivors {
    Survivors::Nothing
}

fn some(seed: u64) -> Survivors {
    Survivors::Some { seed }
}

fn everything(_: u64) -> Survivors {
    Survivors::Everything
}

impl Sweep {
    /// Runs once for each call, until the workload ends before the fault has struck.
    fn run(&self) {
        let full = std::env::var("STORE_FAULTS").is_ok_and(|value| value == "full");
        let (step, rounds) = if full { (self.full_sample, self.rounds()) } else { (self.sample, 1) };
        let (mut runs, mut commits) = (0, 0);
        for round in 0..rounds {
            for at in (1..).step_by(step) {
                let (struck, found) = self.run_once(at, round).unwrap_or_else(|broken| {
                    panic!("{} ({:?} at call {at}, round {round}): {broken:?}", self.name, self.fault);
                });
                if !struck {
                    break;
                }
                runs += 1;
                commits += found;
            }
        }
        assert!(runs >= 3, "{}: only {runs} runs", self.name);
        let Self { name, fault, durability, .. } = self;
        summarize(&format!("{name}: {runs} faults ({fault:?}, {durability:?}), {commits} commits checked"));
    }

    fn rounds(&self) -> u64 {
        if let Survivors::Some { .. } = (self.survivors)(0) { self.chances } else { 1 }
    }

    /// Whether the fault has struck, and how many commits were found.
    fn run_once(&self, at: u64, round: u64) -> Result<(bool, u64), Broken> {
        let machine = Machine::new();
        let mut client = Client::new(machine.store(), self.durability);
        machine.inject(self.fault, at);
        (self.workload)(&mut client);
        let struck = machine.struck();
        if self.fault != Fault::PowerCut {
            machine.repair();
            goes_on(&mut client)?;
        }
        client.close();
        let seed = round * 100_000 + at * 2;
        let survivors = (self.survivors)(seed);
        machine.crash(survivors);
        if self.again {
            machine.inject(Fault::PowerCut, (at + round) % 37 + 1);
            client.open();
            client.put(&["a"], 30);
            client.close();
            machine.crash((self.survivors)(seed + 1));
        }
        let only_process = survivors == Survivors::Everything;
        let all = self.durability == Durability::Full || only_process;
        let promise = if all { Promise::All } else { Promise::Prefix };
        Ok((struck, check(&machine.store(), &client.record, promise)?))
    }
}

/// When the fault is over, the open store works again; one that could not be opened twice is broken.
fn goes_on(client: &mut Client) -> Result<(), Broken> {
    client.open();
    client.put(&["after"], 10);
    match client.record.attempts.last().map(|attempt| attempt.answer) {
        Some(Ok(_)) => Ok(()),
        Some(Err(code)) => Err(Broken::Code(code)),
        None => Err(Broken::Code("never opened")),
    }
}

#[test]
fn power_cut_that_loses_all_that_was_not_synced() {
    Sweep { name: "power cut", ..Sweep::default() }.run();
}

#[test]
fn power_cut_that_keeps_any_sectors_of_what_was_not_synced() {
    Sweep { name: "power cut, torn", survivors: some, ..Sweep::default() }.run();
}

#[test]
fn power_cut_and_another_one_while_the_store_is_opened_again() {
    Sweep { name: "two power cuts", survivors: some, again: true, ..Sweep::default() }.run();
}

#[test]
fn power_cut_when_commits_are_not_synced_takes_the_newest_at_most() {
    let weak = || Sweep { durability: Durability::Process, sample: 6, ..Sweep::default() };
    Sweep { name: "power cut, unsynced commits", ..weak() }.run();
    Sweep { name: "power cut, torn, unsynced commits", survivors: some, ..weak() }.run();
}

#[test]
fn death_of_the_process_between_any_two_calls() {
    let sweep = || Sweep { survivors: everything, sample: 6, ..Sweep::default() };
    Sweep { name: "kill", ..sweep() }.run();
    Sweep { name: "kill, unsynced commits", durability: Durability::Process, ..sweep() }.run();
}

#[test]
fn io_error_of_one_call() {
    let sweep = || Sweep { fault: Fault::IoError, sample: 6, ..Sweep::default() };
    Sweep { name: "error", survivors: everything, ..sweep() }.run();
    Sweep { name: "error, then power cut", ..sweep() }.run();
}

#[test]
fn write_that_stops_half_way() {
    let sweep = || Sweep { fault: Fault::ShortWrite, sample: 4, ..Sweep::default() };
    Sweep { name: "short write", survivors: everything, ..sweep() }.run();
    Sweep { name: "short write, then power cut", survivors: some, ..sweep() }.run();
}

#[test]
fn disk_that_is_full_until_space_is_made() {
    let sweep = || Sweep { fault: Fault::DiskFull, sample: 4, ..Sweep::default() };
    Sweep { name: "full disk", survivors: everything, ..sweep() }.run();
    Sweep { name: "full disk, then power cut", ..sweep() }.run();
}

#[test]
fn faults_while_several_threads_commit() {
    let sweep = || Sweep { workload: workload::several_at_once, sample: 12, ..Sweep::default() };
    Sweep { name: "threads, power cut", ..sweep() }.run();
    Sweep { name: "threads, power cut, torn", survivors: some, ..sweep() }.run();
    Sweep { name: "threads, kill", survivors: everything, ..sweep() }.run();
    Sweep { name: "threads, error", fault: Fault::IoError, ..sweep() }.run();
    Sweep { name: "threads, full disk", fault: Fault::DiskFull, ..sweep() }.run();
}

#[test]
fn faults_while_old_values_are_dropped() {
    let sweep = || Sweep { workload: workload::compaction, sample: 29, ..Sweep::default() };
    Sweep { name: "compaction, power cut", ..sweep() }.run();
    Sweep { name: "compaction, power cut, torn", survivors: some, ..sweep() }.run();
    Sweep { name: "compaction, kill", survivors: everything, ..sweep() }.run();
    Sweep { name: "compaction, error", fault: Fault::IoError, ..sweep() }.run();
    Sweep { name: "compaction, full disk", fault: Fault::DiskFull, ..sweep() }.run();
}

#[test]
fn so_many_commits_are_moved_into_the_main_file() {
    let machine = Machine::new();
    let mut client = Client::new(machine.store(), Durability::Full);
    workload::fill_log(&mut client);
    let size = std::fs::metadata(machine.store()).unwrap().len();
    assert!(size > 100_000, "the workload does not make the store empty its log: {size} bytes");
}

/// The store empties its log by itself.
fn checkpoint() -> Sweep {
    Sweep { workload: workload::many, sample: 3_701, full_sample: 37, chances: 1, ..Sweep::default() }
}

#[test]
fn power_cut_while_the_log_is_moved_into_the_main_file() {
    Sweep { name: "checkpoint, power cut", ..checkpoint() }.run();
    Sweep { name: "checkpoint, power cut, torn", survivors: some, ..checkpoint() }.run();
    let weak = Sweep { durability: Durability::Process, ..checkpoint() };
    Sweep { name: "checkpoint, power cut, torn, unsynced commits", survivors: some, ..weak }.run();
}

#[test]
fn faults_while_the_log_is_moved_into_the_main_file() {
    Sweep { name: "checkpoint, error", fault: Fault::IoError, ..checkpoint() }.run();
    Sweep { name: "checkpoint, full disk", fault: Fault::DiskFull, ..checkpoint() }.run();
}
