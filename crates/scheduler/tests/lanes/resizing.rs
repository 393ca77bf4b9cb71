//! Capacity changes while jobs wait and run.

use orchestrator_scheduler::lanes::{Lanes, Priority, Source};

const LANE: &str = "worker";

fn take(lanes: &Lanes<u64>, slot: usize) -> Option<(u64, Source)> {
    lanes.take(LANE, slot, 0).unwrap().map(|taken| (taken.job, taken.source))
}

#[test]
fn jobs_of_removed_slots_join_the_injector_by_age_and_keep_their_priority() {
    let lanes = Lanes::new([(LANE, 4)]).unwrap();
    let homes = [Some(3), None, Some(2), Some(3), None, Some(2)];
    for (job, home) in (0..).zip(homes) {
        lanes.push(LANE, job, Priority::Normal, home, 0).unwrap();
    }
    lanes.push(LANE, 10, Priority::High, Some(3), 0).unwrap();
    lanes.push(LANE, 11, Priority::Low, Some(3), 0).unwrap();
    assert_eq!(lanes.cancel(&3), Ok(true));
    assert_eq!(lanes.resize(LANE, 1, 0), Ok(4));
    assert_eq!(lanes.len(LANE), Ok(7));
    for job in [10, 0, 1, 2, 4, 5, 11] {
        assert_eq!(take(&lanes, 0), Some((job, Source::Injector)));
        lanes.release(LANE, 0, 0).unwrap();
    }
    assert_eq!(take(&lanes, 0), None);
}

#[test]
fn jobs_of_the_slots_that_stay_keep_their_place() {
    let lanes = Lanes::new([(LANE, 4)]).unwrap();
    lanes.push(LANE, 1, Priority::Normal, Some(0), 0).unwrap();
    lanes.resize(LANE, 1, 0).unwrap();
    assert_eq!(take(&lanes, 0), Some((1, Source::Local)));
}

#[test]
fn a_job_can_still_be_cancelled_after_its_slot_went() {
    let lanes = Lanes::new([(LANE, 2)]).unwrap();
    lanes.push(LANE, 1, Priority::Normal, Some(1), 0).unwrap();
    lanes.resize(LANE, 1, 0).unwrap();
    assert_eq!(lanes.cancel(&1), Ok(true));
    assert_eq!(take(&lanes, 0), None);
}

#[test]
fn a_busy_slot_that_was_removed_takes_no_more_but_can_be_released() {
    let lanes = Lanes::new([(LANE, 4)]).unwrap();
    lanes.push(LANE, 1, Priority::Normal, Some(3), 0).unwrap();
    take(&lanes, 3).unwrap();
    lanes.resize(LANE, 2, 0).unwrap();
    assert_eq!(lanes.take(LANE, 3, 0).unwrap_err().code(), "ERR_UNKNOWN_SLOT");
    assert_eq!(lanes.metrics(LANE, 0).unwrap().busy_slots, 1);
    assert_eq!(lanes.release(LANE, 3, 0), Ok(1));
    assert_eq!(lanes.release(LANE, 3, 0).unwrap_err().code(), "ERR_UNKNOWN_SLOT");
    assert_eq!(lanes.metrics(LANE, 0).unwrap().busy_slots, 0);
}

#[test]
fn a_busy_slot_that_comes_back_is_still_busy() {
    let lanes = Lanes::new([(LANE, 2)]).unwrap();
    lanes.push(LANE, 1, Priority::Normal, Some(1), 0).unwrap();
    take(&lanes, 1).unwrap();
    lanes.resize(LANE, 1, 0).unwrap();
    lanes.resize(LANE, 3, 0).unwrap();
    assert_eq!(lanes.idle_slots(LANE), Ok(vec![0, 2]));
    assert_eq!(lanes.take(LANE, 1, 0).unwrap_err().code(), "ERR_SLOT_BUSY");
    assert_eq!(lanes.release(LANE, 1, 0), Ok(1));
    lanes.push(LANE, 2, Priority::Normal, Some(1), 0).unwrap();
    assert_eq!(take(&lanes, 1), Some((2, Source::Local)));
}

#[test]
fn added_slots_steal_at_once() {
    let lanes = Lanes::new([(LANE, 1)]).unwrap();
    for job in 0..3 {
        lanes.push(LANE, job, Priority::Normal, Some(0), 0).unwrap();
    }
    lanes.resize(LANE, 3, 0).unwrap();
    assert_eq!(take(&lanes, 2), Some((0, Source::Stolen { from: 0 })));
    assert_eq!(take(&lanes, 1), Some((1, Source::Stolen { from: 0 })));
}
