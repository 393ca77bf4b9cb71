//! Which job comes next, while nothing has waited long enough for ageing to step in.

use orchestrator_scheduler::lanes::{Lanes, Placement, Priority, Source, Taken};

const LANE: &str = "worker";

fn lane(capacity: usize) -> Lanes<u64> {
    Lanes::new([(LANE, capacity)]).unwrap()
}

fn push(lanes: &Lanes<u64>, job: u64, priority: Priority, affinity: Option<usize>) {
    lanes.push(LANE, job, priority, affinity, 0).unwrap();
}

/// Takes and releases at once.
fn run(lanes: &Lanes<u64>, slot: usize) -> Option<Taken<u64>> {
    let taken = lanes.take(LANE, slot, 0).unwrap()?;
    assert_eq!(lanes.release(LANE, slot, 0), Ok(taken.job));
    Some(taken)
}

fn jobs(lanes: &Lanes<u64>, slot: usize) -> Vec<u64> {
    std::iter::from_fn(|| run(lanes, slot)).map(|taken| taken.job).collect()
}

#[test]
fn the_owner_takes_its_newest_job_first() {
    let lanes = lane(2);
    for job in 0..6 {
        push(&lanes, job, Priority::Normal, Some(1));
    }
    let first = run(&lanes, 1).unwrap();
    assert_eq!((first.job, first.source), (5, Source::Local));
    assert_eq!(jobs(&lanes, 1), [4, 3, 2, 1, 0]);
}

#[test]
fn a_thief_takes_the_oldest_job_first() {
    let lanes = lane(2);
    for job in 0..6 {
        push(&lanes, job, Priority::Normal, Some(1));
    }
    let first = run(&lanes, 0).unwrap();
    assert_eq!((first.job, first.source), (0, Source::Stolen { from: 1 }));
    assert_eq!(jobs(&lanes, 0), [1, 2, 3, 4, 5]);
}

#[test]
fn the_injector_is_first_in_first_out() {
    let lanes = lane(2);
    for job in 0..6 {
        push(&lanes, job, Priority::Normal, None);
    }
    assert_eq!(run(&lanes, 0).unwrap().source, Source::Injector);
    assert_eq!(jobs(&lanes, 1), [1, 2, 3, 4, 5]);
}

#[test]
fn own_deque_before_injector_before_theft() {
    let lanes = lane(2);
    push(&lanes, 1, Priority::Normal, Some(1));
    push(&lanes, 2, Priority::Normal, None);
    push(&lanes, 3, Priority::Normal, Some(0));
    assert_eq!(jobs(&lanes, 0), [3, 2, 1]);
}

#[test]
fn the_longest_deque_is_the_victim() {
    let lanes = lane(4);
    for (job, owner) in [(10, 1), (20, 2), (21, 2), (22, 2), (30, 3), (31, 3)] {
        push(&lanes, job, Priority::Normal, Some(owner));
    }
    let victims: Vec<_> = std::iter::from_fn(|| run(&lanes, 0)).map(|taken| taken.source).collect();
    // Lengths (1, 3, 2), (1, 2, 2), (1, 1, 2), then equals from the thief's neighbour on.
    assert_eq!(victims, [2, 2, 3, 1, 2, 3].map(|from| Source::Stolen { from }));
}

#[test]
fn cancelled_jobs_do_not_make_a_deque_long() {
    let lanes = lane(3);
    for job in 0..5 {
        push(&lanes, job, Priority::Normal, Some(1));
    }
    push(&lanes, 10, Priority::Normal, Some(2));
    push(&lanes, 11, Priority::Normal, Some(2));
    for job in [0, 2, 3, 4] {
        assert_eq!(lanes.cancel(&job), Ok(true));
    }
    assert_eq!(run(&lanes, 0).unwrap().source, Source::Stolen { from: 2 });
}

#[test]
fn equally_long_victims_are_robbed_in_a_circle_from_the_thief() {
    let lanes = lane(4);
    for owner in 0..4 {
        push(&lanes, owner as u64, Priority::Normal, Some(owner));
        push(&lanes, owner as u64 + 10, Priority::Normal, Some(owner));
    }
    push(&lanes, 20, Priority::High, None);
    assert_eq!(jobs(&lanes, 2)[..4], [20, 12, 2, 3]);
}

#[test]
fn a_higher_priority_goes_first_wherever_it_lies() {
    let lanes = lane(2);
    push(&lanes, 4, Priority::Low, Some(0));
    push(&lanes, 3, Priority::Normal, Some(0));
    push(&lanes, 2, Priority::High, None);
    push(&lanes, 1, Priority::Critical, Some(1));
    let all: Vec<_> = std::iter::from_fn(|| run(&lanes, 0)).collect();
    assert_eq!(all.iter().map(|taken| taken.job).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(all.iter().map(|taken| taken.priority).collect::<Vec<_>>(), Priority::ALL);
    assert_eq!(
        all.iter().map(|taken| taken.source).collect::<Vec<_>>(),
        [Source::Stolen { from: 1 }, Source::Injector, Source::Local, Source::Local]
    );
}

#[test]
fn slots_with_jobs_of_their_own_are_offered_first() {
    let lanes = lane(4);
    push(&lanes, 1, Priority::Normal, Some(2));
    push(&lanes, 2, Priority::Normal, Some(3));
    assert_eq!(lanes.idle_slots(LANE), Ok(vec![2, 3, 0, 1]));
    lanes.take(LANE, 2, 0).unwrap();
    assert_eq!(lanes.idle_slots(LANE), Ok(vec![3, 0, 1]));
}

#[test]
fn lanes_do_not_take_from_each_other() {
    let lanes = Lanes::new([("planner", 2), ("worker", 8)]).unwrap();
    lanes.push("planner", "plan", Priority::Critical, None, 0).unwrap();
    assert_eq!(lanes.take("worker", 0, 0), Ok(None));
    assert_eq!((lanes.len("planner"), lanes.len("worker")), (Ok(1), Ok(0)));
}

#[test]
fn affinity_to_a_slot_that_does_not_exist_is_no_error_but_is_reported() {
    let lanes = lane(2);
    assert_eq!(lanes.push(LANE, 1, Priority::Normal, Some(1), 0), Ok(Placement::Slot(1)));
    assert_eq!(lanes.push(LANE, 2, Priority::Normal, Some(2), 0), Ok(Placement::Injector));
    assert_eq!(lanes.push(LANE, 3, Priority::Normal, None, 0), Ok(Placement::Injector));
}
