//! Skewed work in virtual time: the lanes against a static split and against greedy list scheduling.
//!
//! The work is made of modules, as a code base is, with ten jobs each; how long the jobs of a module take is
//! skewed in three shapes. It reaches the lanes in two ways:
//! * *settled*: all jobs are there at once, each with affinity to the home of its module (module i: slot i mod 8);
//! * *unfolding*: the first job of a module comes without affinity; when it ends, the others follow with affinity
//!   to the slot that ran it, as the mission engine does it.
//!
//! Near the end of the work every scheduler that does not know the lengths is left with whatever long job comes last,
//! so a single seed says as much about its last job as about the scheduler. Therefore "within 5% of greedy" is asked of
//! the mean over the seeds. Of each seed is asked 90% utilisation, or else that greedy does no better by 5%; and,
//! for settled work, Graham's guarantee (1966), which holds whenever no slot idles while a job waits.
//!
//! The figures: `cargo test -p orchestrator-scheduler --test lanes simulation -- --nocapture`.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use orchestrator_scheduler::lanes::{Lanes, Priority};

use crate::random::Random;

const LANE: &str = "worker";
const SLOTS: usize = 8;
const MODULES: usize = 80;
const JOBS_PER_MODULE: usize = 10;
const SEEDS: u64 = 50;

#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Module lengths by Pareto's law, index 1.1, at most 30 times the shortest.
    Pareto,
    /// One module in eight takes 15 times as long as the others.
    TwoKinds,
    /// Log-normal with sigma 1.2, at most 30 times the median.
    LogNormal,
}

#[derive(Debug, Clone, Copy)]
enum Arrival {
    Settled,
    Unfolding,
}

/// Length of each job in ms; module `i` has the jobs from `i * JOBS_PER_MODULE` on.
fn workload(shape: Shape, seed: u64) -> Vec<u64> {
    let mut random = Random::seeded(seed);
    let mut jobs = Vec::new();
    for _ in 0..MODULES {
        let scale = match shape {
            Shape::Pareto => random.unit().powf(-1.0 / 1.1).min(30.0),
            Shape::TwoKinds if random.one_in(8) => 15.0,
            Shape::TwoKinds => 1.0,
            Shape::LogNormal => (1.2 * standard_normal(&mut random)).exp().min(30.0),
        };
        jobs.extend((0..JOBS_PER_MODULE).map(|_| milliseconds(scale * (10.0 + 10.0 * random.unit()))));
    }
    jobs
}

/// Box and Muller's transformation.
fn standard_normal(random: &mut Random) -> f64 {
    (-2.0 * random.unit().ln()).sqrt() * (std::f64::consts::TAU * random.unit()).cos()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // At most 600 seconds, never negative.
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1_000.0) as u64
}

fn home(job: usize) -> usize {
    job / JOBS_PER_MODULE % SLOTS
}

fn arriving_at_once(arrival: Arrival) -> impl Iterator<Item = usize> {
    let first_only = matches!(arrival, Arrival::Unfolding);
    (0..MODULES * JOBS_PER_MODULE).filter(move |job| !first_only || job % JOBS_PER_MODULE == 0)
}

/// Jobs that arrive because `job` has ended.
fn arriving_after(job: usize, arrival: Arrival) -> std::ops::Range<usize> {
    match arrival {
        Arrival::Unfolding if job.is_multiple_of(JOBS_PER_MODULE) => job + 1..job + JOBS_PER_MODULE,
        _ => 0..0,
    }
}

/// Each slot runs the jobs of its own modules only; the time at which the last slot ends.
fn static_split(lengths: &[u64]) -> u64 {
    let mut load = [0; SLOTS];
    for (job, length) in lengths.iter().enumerate() {
        load[home(job)] += length;
    }
    load.into_iter().max().unwrap()
}

/// List scheduling: whichever slot is free takes the job that has been waiting longest.
fn greedy_list(lengths: &[u64], arrival: Arrival) -> u64 {
    let mut list: VecDeque<_> = arriving_at_once(arrival).collect();
    let mut running = BinaryHeap::new();
    let mut now = 0;
    loop {
        while running.len() < SLOTS && !list.is_empty() {
            running.extend(list.pop_front().map(|job| Reverse((now + lengths[job], job))));
        }
        let Some(Reverse((end, job))) = running.pop() else { return now };
        now = end;
        list.extend(arriving_after(job, arrival));
    }
}

/// Runs the jobs through the lanes; the makespan and the utilisation that the lanes report.
fn work_stealing(lengths: &[u64], arrival: Arrival) -> (u64, f64) {
    let lanes = Lanes::new([(LANE, SLOTS)]).unwrap();
    for job in arriving_at_once(arrival) {
        let affinity = matches!(arrival, Arrival::Settled).then(|| home(job));
        lanes.push(LANE, job, Priority::Normal, affinity, 0).unwrap();
    }
    let mut running = BinaryHeap::new();
    let mut now = 0;
    loop {
        for slot in lanes.idle_slots(LANE).unwrap() {
            let taken = lanes.take(LANE, slot, now).unwrap();
            running.extend(taken.map(|taken| Reverse((now + lengths[taken.job], slot))));
        }
        let Some(Reverse((end, slot))) = running.pop() else { break };
        now = end;
        let ended = lanes.release(LANE, slot, now).unwrap();
        for job in arriving_after(ended, arrival) {
            lanes.push(LANE, job, Priority::Normal, Some(slot), now).unwrap();
        }
    }
    (now, lanes.metrics(LANE, now).unwrap().utilisation())
}

fn ratio(part: u64, whole: u64) -> f64 {
    #[allow(clippy::cast_precision_loss)] // Both are below 2^53.
    let ratio = part as f64 / whole as f64;
    ratio
}

fn check(shape: Shape, arrival: Arrival) {
    let (mut split, mut used, mut against_greedy) = (vec![], vec![], vec![]);
    for seed in 0..SEEDS {
        let lengths = workload(shape, seed);
        let total: u64 = lengths.iter().sum();
        let longest = *lengths.iter().max().unwrap();
        let slots = SLOTS as u64;

        let (makespan, utilisation) = work_stealing(&lengths, arrival);
        assert!((utilisation - ratio(total, makespan * slots)).abs() < 1e-9, "the metric is wrong");
        if matches!(arrival, Arrival::Settled) {
            assert!(
                makespan * slots <= total + (slots - 1) * longest,
                "{shape:?}, seed {seed}: Graham's bound"
            );
        }
        split.push(ratio(total, static_split(&lengths) * slots));
        used.push(utilisation);
        let to_greedy = ratio(makespan, greedy_list(&lengths, arrival));
        assert!(
            utilisation >= 0.9 || to_greedy <= 1.05,
            "{shape:?}, {arrival:?}, seed {seed}: {utilisation:.3} used, makespan {to_greedy:.3} of greedy's"
        );
        against_greedy.push(to_greedy);
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap());
    let least_used = used.iter().copied().fold(1.0, f64::min);
    let figures = format!(
        "{shape:?}, {arrival:?}: static split {:.3}; lanes {:.3}, in the worst seed {least_used:.3}; \
         makespan {:.3} of greedy's, in the worst seed {:.3}",
        mean(&split),
        mean(&used),
        mean(&against_greedy),
        against_greedy.iter().copied().fold(0.0, f64::max),
    );
    #[allow(clippy::print_stdout)] // The figures are the result; the test runner hides them unless asked.
    {
        println!("{figures}");
    }
    assert!((0.5..=0.7).contains(&mean(&split)), "{figures}");
    assert!(mean(&used) >= 0.9, "{figures}");
    assert!(mean(&against_greedy) <= 1.05, "{figures}");
}

#[test]
fn settled_work_uses_90_percent_of_the_slots_and_ends_within_5_percent_of_greedy() {
    for shape in [Shape::Pareto, Shape::TwoKinds, Shape::LogNormal] {
        check(shape, Arrival::Settled);
    }
}

#[test]
fn unfolding_work_uses_90_percent_of_the_slots_and_ends_within_5_percent_of_greedy() {
    for shape in [Shape::Pareto, Shape::TwoKinds, Shape::LogNormal] {
        check(shape, Arrival::Unfolding);
    }
}
