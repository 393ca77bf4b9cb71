//! Errors, identity of jobs, metrics, replay.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use orchestrator_scheduler::lanes::{LaneError, LaneMetrics, Lanes, MAX_CAPACITY, Priority};

use crate::random::Random;

const LANE: &str = "worker";

fn code<T>(result: Result<T, LaneError>) -> &'static str {
    result.err().map_or("", |error| error.code())
}

#[test]
fn every_refusal_has_its_code_and_changes_nothing() {
    let lanes = Lanes::new([(LANE, 2), ("reviewer", 1)]).unwrap();
    lanes.push(LANE, "running", Priority::High, None, 0).unwrap();
    lanes.take(LANE, 0, 0).unwrap();
    lanes.push("reviewer", "queued", Priority::Low, None, 0).unwrap();
    let before = (lanes.metrics(LANE, 0), lanes.metrics("reviewer", 0));

    assert_eq!(code(lanes.push("nobody", "new", Priority::Low, None, 0)), "ERR_UNKNOWN_LANE");
    assert_eq!(code(lanes.take("nobody", 0, 0)), "ERR_UNKNOWN_LANE");
    assert_eq!(code(lanes.push("reviewer", "running", Priority::Low, None, 0)), "ERR_DUPLICATE_JOB");
    assert_eq!(
        lanes.push(LANE, "queued", Priority::Low, None, 0),
        Err(LaneError::DuplicateJob { lane: "reviewer".into() })
    );
    assert_eq!(code(lanes.take(LANE, 0, 0)), "ERR_SLOT_BUSY");
    assert_eq!(code(lanes.release(LANE, 1, 0)), "ERR_SLOT_IDLE");
    assert_eq!(code(lanes.take(LANE, 2, 0)), "ERR_UNKNOWN_SLOT");
    assert_eq!(code(lanes.release(LANE, 2, 0)), "ERR_UNKNOWN_SLOT");
    for capacity in [0, MAX_CAPACITY + 1, usize::MAX] {
        assert_eq!(code(lanes.resize(LANE, capacity, 0)), "ERR_CAPACITY");
        assert_eq!(code(Lanes::<u64>::new([(LANE, capacity)])), "ERR_CAPACITY");
    }
    assert_eq!(code(Lanes::<u64>::new([(LANE, 1), (LANE, 1)])), "ERR_DUPLICATE_LANE");

    assert_eq!((lanes.metrics(LANE, 0), lanes.metrics("reviewer", 0)), before);
}

#[test]
fn an_id_is_free_again_after_release_and_after_cancel() {
    let lanes = Lanes::new([(LANE, 1)]).unwrap();
    lanes.push(LANE, 7, Priority::Normal, None, 0).unwrap();
    lanes.take(LANE, 0, 0).unwrap();
    assert_eq!(lanes.cancel(&7), Ok(false), "it was handed out already");
    lanes.release(LANE, 0, 0).unwrap();
    lanes.push(LANE, 7, Priority::Normal, None, 0).unwrap();
    assert_eq!(lanes.cancel(&7), Ok(true));
    assert_eq!(lanes.cancel(&7), Ok(false));
    lanes.push(LANE, 7, Priority::Low, Some(0), 0).unwrap();
    let again = lanes.take(LANE, 0, 0).unwrap().unwrap();
    assert_eq!((again.job, again.priority), (7, Priority::Low), "the second push, not the cancelled one");
    lanes.release(LANE, 0, 0).unwrap();
    assert_eq!(lanes.take(LANE, 0, 0), Ok(None));
}

#[test]
fn a_cancelled_job_can_be_named_by_a_borrowed_id() {
    let lanes = Lanes::<String>::new([(LANE, 1)]).unwrap();
    lanes.push(LANE, "job".into(), Priority::Normal, None, 0).unwrap();
    assert_eq!(lanes.cancel("job"), Ok(true));
}

#[test]
fn metrics_tell_what_happened() {
    let lanes = Lanes::new([(LANE, 2)]).unwrap();
    for (job, home) in [(1, Some(0)), (2, Some(0)), (3, None), (4, Some(1)), (5, None)] {
        lanes.push(LANE, job, Priority::Normal, home, 100).unwrap();
    }
    lanes.cancel(&5).unwrap();
    assert_eq!(lanes.take(LANE, 0, 100).unwrap().unwrap().job, 2);
    lanes.release(LANE, 0, 200).unwrap();
    assert_eq!(lanes.take(LANE, 0, 300).unwrap().unwrap().job, 1);
    lanes.release(LANE, 0, 400).unwrap();
    assert_eq!(lanes.take(LANE, 0, 400).unwrap().unwrap().job, 3);
    lanes.release(LANE, 0, 500).unwrap();
    let stolen = lanes.take(LANE, 0, 500).unwrap().unwrap();
    assert_eq!((stolen.job, stolen.waited_takes, stolen.waited_ms), (4, 3, 400));

    let metrics = lanes.metrics(LANE, 600).unwrap();
    let expected = LaneMetrics {
        pushed: 5,
        cancelled: 1,
        local_pops: 2,
        injector_pops: 1,
        steals: 1,
        aged: 0,
        queued: 0,
        busy_slots: 1,
        capacity: 2,
        busy_slot_ms: 400,
        slot_ms: 1_000,
        wait_takes: metrics.wait_takes,
        wait_ms: metrics.wait_ms,
    };
    assert_eq!(metrics, expected);
    assert!((metrics.utilisation() - 0.4).abs() < 1e-12);
    // Waits of 0, 200, 300 and 400 ms: buckets 0, 128..256 and 256..512.
    assert_eq!((metrics.wait_ms.count, metrics.wait_ms.sum, metrics.wait_ms.max), (4, 900, 400));
    assert_eq!([0, 8, 9].map(|bucket| metrics.wait_ms.buckets[bucket]), [1, 1, 2]);
    assert!((metrics.wait_ms.mean() - 225.0).abs() < 1e-12);
    assert_eq!((metrics.wait_takes.sum, metrics.wait_takes.max), (6, 3));
}

#[test]
fn utilisation_counts_a_removed_slot_until_its_release() {
    let lanes = Lanes::new([(LANE, 2)]).unwrap();
    lanes.push(LANE, 1, Priority::Normal, Some(1), 0).unwrap();
    lanes.take(LANE, 1, 0).unwrap();
    lanes.resize(LANE, 1, 100).unwrap();
    lanes.release(LANE, 1, 150).unwrap();
    let metrics = lanes.metrics(LANE, 200).unwrap();
    // Two slots up to 150 ms, one after.
    assert_eq!((metrics.busy_slot_ms, metrics.slot_ms), (150, 350));
}

#[test]
fn time_that_runs_backwards_counts_as_standing_still() {
    let lanes = Lanes::new([(LANE, 1)]).unwrap();
    lanes.push(LANE, 1, Priority::Normal, None, 1_000).unwrap();
    assert_eq!(lanes.take(LANE, 0, 10).unwrap().unwrap().waited_ms, 0);
    lanes.release(LANE, 0, u64::MAX).unwrap();
    let metrics = lanes.metrics(LANE, 0).unwrap();
    assert_eq!(metrics.busy_slot_ms, u64::MAX - 1_000);
    assert_eq!(metrics.wait_ms.buckets[0], 1);
}

/// Every answer to a random history; the timestamps come from another seed.
fn history(seed: u64, clock_seed: u64) -> Vec<String> {
    let lanes = Lanes::new([("planner", 2), (LANE, 8), ("reviewer", 4)]).unwrap();
    let (mut random, mut clock) = (Random::seeded(seed), Random::seeded(clock_seed));
    (0..3_000)
        .map(|job: u64| {
            let now = clock.next() % 100_000;
            let name = ["planner", LANE, "reviewer"][random.below(3)];
            let slot = random.below(9);
            match random.below(8) {
                0..4 => {
                    let priority = Priority::ALL[random.below(4)];
                    format!("{:?}", lanes.push(name, job, priority, Some(slot), now))
                }
                4 if random.one_in(10) => format!("{:?}", lanes.resize(name, 1 + slot, now)),
                5 if random.one_in(4) => format!("{:?}", lanes.cancel(&(random.next() % 3_000))),
                _ => {
                    let taken = lanes.take(name, slot, now).map(|taken| {
                        taken.map(|taken| (taken.job, taken.source, taken.aged, taken.waited_takes))
                    });
                    format!("{taken:?} {:?}", lanes.release(name, slot, now))
                }
            }
        })
        .collect()
}

#[test]
fn the_same_calls_get_the_same_answers_whatever_the_clock_says() {
    for seed in 0..20 {
        assert_eq!(history(seed, 1), history(seed, 2), "seed {seed}");
    }
}

static CLONE_FAILS: AtomicBool = AtomicBool::new(false);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Fragile;

impl Clone for Fragile {
    fn clone(&self) -> Self {
        assert!(!CLONE_FAILS.load(Ordering::Relaxed), "as the test wants it");
        Self
    }
}

#[test]
fn after_a_panic_inside_a_call_the_lanes_refuse_to_guess() {
    let lanes = Lanes::new([(LANE, 1)]).unwrap();
    lanes.push(LANE, Fragile, Priority::Normal, None, 0).unwrap();
    CLONE_FAILS.store(true, Ordering::Relaxed);
    let panicked = catch_unwind(AssertUnwindSafe(|| lanes.take(LANE, 0, 0)));
    assert!(panicked.is_err());
    assert_eq!(code(lanes.take(LANE, 0, 0)), "ERR_POISONED");
}
