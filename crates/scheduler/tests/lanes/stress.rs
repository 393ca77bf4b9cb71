//! Many threads at once: every job is handed out exactly once, or was cancelled.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use orchestrator_scheduler::lanes::{LaneError, Lanes, Priority};

use crate::random::Random;

const LANE: &str = "worker";
const SLOTS: usize = 8;
const PUSHERS: u64 = 3;
const JOBS_EACH: u64 = 20_000;

fn push_jobs(lanes: &Lanes<u64>, pusher: u64) {
    let mut random = Random::seeded(pusher);
    for job in pusher * JOBS_EACH..(pusher + 1) * JOBS_EACH {
        let priority = Priority::ALL[random.below(4)];
        let affinity = (!random.one_in(4)).then(|| random.below(SLOTS));
        lanes.push(LANE, job, priority, affinity, job).unwrap();
    }
}

/// Takes with one slot until all jobs are pushed and none waits.
fn work(lanes: &Lanes<u64>, slot: usize, all_pushed: &AtomicBool) -> Vec<u64> {
    let mut mine = Vec::new();
    loop {
        // Read before the take: a lane that is empty after the last push stays empty.
        let last_round = all_pushed.load(Ordering::Acquire);
        match lanes.take(LANE, slot, 0) {
            Ok(Some(taken)) => {
                assert_eq!(lanes.release(LANE, slot, 0), Ok(taken.job));
                mine.push(taken.job);
            }
            Ok(None) if last_round => return mine,
            // The lane is shrunk just now, and this slot is not part of it.
            Err(LaneError::UnknownSlot { .. }) if last_round && lanes.len(LANE) == Ok(0) => return mine,
            Ok(None) | Err(LaneError::UnknownSlot { .. }) => thread::yield_now(),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn every_job_is_handed_out_exactly_once_under_contention() {
    let lanes = Lanes::new([(LANE, SLOTS)]).unwrap();
    let (all_pushed, finished) = (AtomicBool::new(false), AtomicBool::new(false));
    let resizes = AtomicU64::new(0);

    let (taken, cancelled) = thread::scope(|scope| {
        let workers: Vec<_> = (0..SLOTS)
            .map(|slot| {
                scope.spawn({
                    let (lanes, done) = (&lanes, &all_pushed);
                    move || work(lanes, slot, done)
                })
            })
            .collect();
        let pushers: Vec<_> = (0..PUSHERS)
            .map(|pusher| {
                scope.spawn({
                    let lanes = &lanes;
                    move || push_jobs(lanes, pusher)
                })
            })
            .collect();
        let canceller = scope.spawn(|| {
            let mut random = Random::seeded(99);
            (0..JOBS_EACH)
                .map(|_| random.next() % (PUSHERS * JOBS_EACH))
                .filter(|job| lanes.cancel(job) == Ok(true))
                .collect::<Vec<_>>()
        });
        scope.spawn(|| {
            let mut random = Random::seeded(7);
            while !finished.load(Ordering::Acquire) {
                lanes.resize(LANE, 1 + random.below(SLOTS), 0).unwrap();
                resizes.fetch_add(1, Ordering::Relaxed);
                thread::yield_now();
            }
        });
        for pusher in pushers {
            pusher.join().unwrap();
        }
        all_pushed.store(true, Ordering::Release);
        let taken: Vec<u64> = workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
        finished.store(true, Ordering::Release);
        (taken, canceller.join().unwrap())
    });

    let unique: HashSet<_> = taken.iter().chain(&cancelled).collect();
    assert_eq!(unique.len(), taken.len() + cancelled.len(), "a job came twice, or after it was cancelled");
    assert_eq!(unique.len() as u64, PUSHERS * JOBS_EACH, "a job was lost");
    let metrics = lanes.metrics(LANE, 0).unwrap();
    assert_eq!(metrics.local_pops + metrics.injector_pops + metrics.steals, taken.len() as u64);
    assert_eq!((metrics.cancelled, metrics.queued, metrics.busy_slots), (cancelled.len() as u64, 0, 0));
    assert!(resizes.load(Ordering::Relaxed) > 0 && metrics.steals > 0);
}
