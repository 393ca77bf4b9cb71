//! Cost of a hand-over through the lanes, beside a bare Chase-Lev deque and a `Mutex<VecDeque>` in the same run.
//!
//! The lanes do more than the baselines: identity, priorities, ageing, cancellation, metrics. The baselines show
//! what that costs; they are no alternative.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Mutex;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use crossbeam_deque::Worker;
use orchestrator_scheduler::lanes::{Lanes, Priority};

const LANE: &str = "worker";
const BACKLOGS: [u64; 3] = [0, 100, 10_000];

/// Eight slots; the backlog lies in slot 0.
fn lanes_with(backlog: u64) -> Lanes<u64> {
    let lanes = Lanes::new([(LANE, 8)]).expect("valid lanes");
    for job in 0..backlog {
        lanes.push(LANE, job, Priority::Normal, Some(0), 0).expect("a new job");
    }
    lanes
}

/// One push to slot 0, then take and release by `taker`; the backlog stays as long as it was.
fn hand_over(lanes: &Lanes<u64>, job: &mut u64, taker: usize) {
    *job += 1;
    lanes.push(LANE, *job, Priority::Normal, Some(0), *job).expect("a new job");
    black_box(lanes.take(LANE, taker, *job).expect("an idle slot"));
    black_box(lanes.release(LANE, taker, *job).expect("a busy slot"));
}

fn owner(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("push and take by the owner");
    for backlog in BACKLOGS {
        let lanes = lanes_with(backlog);
        let mut job = backlog;
        group.bench_function(BenchmarkId::new("lanes, with release", backlog), |bencher| {
            bencher.iter(|| hand_over(&lanes, &mut job, 0));
        });
        let list = Mutex::new((0..backlog).collect::<VecDeque<_>>());
        group.bench_function(BenchmarkId::new("Mutex<VecDeque>", backlog), |bencher| {
            bencher.iter(|| {
                list.lock().expect("not poisoned").push_back(black_box(1));
                black_box(list.lock().expect("not poisoned").pop_back())
            });
        });
        let deque = Worker::new_lifo();
        (0..backlog).for_each(|job| deque.push(job));
        group.bench_function(BenchmarkId::new("bare Chase-Lev deque", backlog), |bencher| {
            bencher.iter(|| {
                deque.push(black_box(1));
                black_box(deque.pop())
            });
        });
    }
    group.finish();
}

fn thief(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("push and steal");
    for backlog in BACKLOGS {
        let lanes = lanes_with(backlog);
        let mut job = backlog;
        group.bench_function(BenchmarkId::new("lanes, with release", backlog), |bencher| {
            bencher.iter(|| hand_over(&lanes, &mut job, 7));
        });
        let list = Mutex::new((0..backlog).collect::<VecDeque<_>>());
        group.bench_function(BenchmarkId::new("Mutex<VecDeque>", backlog), |bencher| {
            bencher.iter(|| {
                list.lock().expect("not poisoned").push_back(black_box(1));
                black_box(list.lock().expect("not poisoned").pop_front())
            });
        });
        let deque = Worker::new_lifo();
        let stealer = deque.stealer();
        (0..backlog).for_each(|job| deque.push(job));
        group.bench_function(BenchmarkId::new("bare Chase-Lev deque", backlog), |bencher| {
            bencher.iter(|| {
                deque.push(black_box(1));
                black_box(stealer.steal().success())
            });
        });
    }
    group.finish();
}

/// Out of the middle of the backlog, where a list has to be scanned and closed up.
fn cancel(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("push, and cancel the middle");
    for backlog in [100, 10_000] {
        let lanes = lanes_with(backlog);
        let mut job = backlog;
        let mut waiting: VecDeque<_> = (0..backlog).collect();
        group.bench_function(BenchmarkId::new("lanes", backlog), |bencher| {
            bencher.iter(|| {
                job += 1;
                lanes.push(LANE, job, Priority::Normal, Some(0), 0).expect("a new job");
                waiting.push_back(job);
                let middle = waiting.swap_remove_front(waiting.len() / 2).expect("a backlog");
                black_box(lanes.cancel(&middle).expect("not poisoned"))
            });
        });
        let list = Mutex::new((0..backlog).collect::<VecDeque<_>>());
        let mut job = backlog;
        group.bench_function(BenchmarkId::new("Mutex<VecDeque>", backlog), |bencher| {
            bencher.iter(|| {
                job += 1;
                let mut list = list.lock().expect("not poisoned");
                list.push_back(job);
                let middle = list[list.len() / 2];
                let found = list.iter().position(|waiting| *waiting == middle).expect("it is there");
                black_box(list.remove(found))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, owner, thief, cancel);
criterion_main!(benches);
