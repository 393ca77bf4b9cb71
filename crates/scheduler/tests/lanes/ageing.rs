//! Nothing starves.

use std::num::NonZeroU32;

use orchestrator_scheduler::lanes::{DEFAULT_PASS_LIMIT, Lanes, Priority};

use crate::model;

const LANE: &str = "worker";
const LIMIT: u64 = DEFAULT_PASS_LIMIT.get() as u64;

/// Takes with slot 0 while a fresh job of each of `flood` is pushed before every take, until `job` comes.
/// Returns how many others came first.
fn takes_before(lanes: &Lanes<u64>, job: u64, flood: &[Priority]) -> u64 {
    let mut fresh = 1_000_000;
    for _ in 0..10_000 {
        for priority in flood {
            lanes.push(LANE, fresh, *priority, Some(0), 0).unwrap();
            fresh += 1;
        }
        let taken = lanes.take(LANE, 0, 0).unwrap().unwrap();
        lanes.release(LANE, 0, 0).unwrap();
        if taken.job == job {
            assert!(taken.aged);
            return taken.waited_takes;
        }
    }
    panic!("job {job} starves");
}

#[test]
fn a_low_job_is_passed_over_exactly_n_times_by_critical_ones() {
    let lanes = Lanes::new([(LANE, 2)]).unwrap();
    lanes.push(LANE, 1, Priority::Low, None, 0).unwrap();
    assert_eq!(takes_before(&lanes, 1, &[Priority::Critical]), LIMIT);
}

#[test]
fn the_oldest_job_is_not_starved_by_newer_ones_of_its_own_priority() {
    let lanes = Lanes::new([(LANE, 2)]).unwrap();
    lanes.push(LANE, 1, Priority::Normal, Some(0), 0).unwrap();
    assert_eq!(takes_before(&lanes, 1, &[Priority::Normal]), LIMIT);
}

#[test]
fn a_job_in_the_deque_of_a_slot_that_never_asks_is_not_starved() {
    let lanes = Lanes::new([(LANE, 2)]).unwrap();
    lanes.push(LANE, 1, Priority::High, Some(1), 0).unwrap();
    assert_eq!(takes_before(&lanes, 1, &[Priority::High]), LIMIT);
}

#[test]
fn the_bound_is_reached_and_kept_when_all_priorities_are_flooded() {
    for limit in [1, 2, 3, 8, 20] {
        let lanes = Lanes::with_pass_limit([(LANE, 1)], NonZeroU32::new(limit).unwrap()).unwrap();
        for (ahead, priority) in Priority::ALL.into_iter().enumerate() {
            lanes.push(LANE, ahead as u64, priority, None, 0).unwrap();
        }
        // Low is the last of four to become overdue together: N + 3 others go first.
        assert_eq!(takes_before(&lanes, 3, &Priority::ALL), u64::from(limit) + 3, "pass limit {limit}");
    }
}

#[test]
fn a_job_with_k_older_ones_waits_at_most_k_plus_one_rounds() {
    let lanes = Lanes::new([(LANE, 1)]).unwrap();
    for job in 0..10 {
        lanes.push(LANE, job, Priority::Low, None, 0).unwrap();
    }
    let waited = takes_before(&lanes, 9, &Priority::ALL);
    assert!(waited < 10 * (LIMIT + 4), "{waited} takes");
}

#[test]
fn a_successor_of_a_cancelled_job_inherits_its_age() {
    let lanes = Lanes::new([(LANE, 1)]).unwrap();
    lanes.push(LANE, 1, Priority::Low, None, 0).unwrap();
    lanes.push(LANE, 2, Priority::Low, None, 0).unwrap();
    for job in 10..10 + LIMIT {
        lanes.push(LANE, job, Priority::High, None, 0).unwrap();
        assert_eq!(lanes.take(LANE, 0, 0).unwrap().unwrap().job, job);
        lanes.release(LANE, 0, 0).unwrap();
    }
    assert_eq!(lanes.cancel(&1), Ok(true));
    lanes.push(LANE, 99, Priority::High, None, 0).unwrap();
    assert_eq!(lanes.take(LANE, 0, 0).unwrap().unwrap().job, 2);
}

#[test]
fn a_priority_that_ran_empty_starts_to_age_afresh() {
    let lanes = Lanes::new([(LANE, 1)]).unwrap();
    lanes.push(LANE, 1, Priority::Low, None, 0).unwrap();
    for job in 10..10 + LIMIT {
        lanes.push(LANE, job, Priority::High, None, 0).unwrap();
        lanes.take(LANE, 0, 0).unwrap();
        lanes.release(LANE, 0, 0).unwrap();
    }
    assert_eq!(lanes.cancel(&1), Ok(true));
    lanes.push(LANE, 2, Priority::Low, None, 0).unwrap();
    lanes.push(LANE, 99, Priority::High, None, 0).unwrap();
    assert_eq!(lanes.take(LANE, 0, 0).unwrap().unwrap().job, 99);
}

/// Each run checks every answer against the model, the bound for every job, and that none is lost or doubled or
/// handed out after it was cancelled.
#[test]
fn random_calls_agree_with_the_model_and_keep_the_bound() {
    let mut worst = 0.0_f64;
    let mut aged = 0;
    for seed in 0..400 {
        for limit in [1, 3, 8] {
            let tally = model::agree(seed, 600, limit);
            worst = worst.max(tally.worst_share);
            aged += tally.aged;
        }
    }
    // Otherwise the runs would say nothing about ageing.
    assert!(aged > 10_000, "{aged} aged takes");
    assert!((0.7..=1.0).contains(&worst), "the worst wait used up {worst:.3} of its bound");
}
