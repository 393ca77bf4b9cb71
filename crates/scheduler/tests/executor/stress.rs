//! Thousands of calls of random shapes, from several threads. The seed of a failing round is in its message.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use orchestrator_scheduler::executor::{
    Executor, ExecutorOptions, JobError, Priority, Step, StepContext, SubmitError,
};

use crate::support::{Probe, Random, probe};

const THREADS: usize = 4;
const SUBMITTERS: u64 = 3;
const CALLS: u64 = 700;

/// A call: `items` of work, of which each may produce `children` more; at most `width` workers; perhaps a panic.
struct Shape {
    items: usize,
    children: usize,
    width: usize,
    panics_at: Option<usize>,
}

impl Shape {
    fn random(random: &mut Random) -> Self {
        let mut below = |limit| usize::try_from(random.below(limit)).unwrap();
        let (items, children, width) = (1 + below(20), below(3), below(THREADS as u64 + 2));
        let panics_at = (below(10) == 0).then(|| below(items as u64));
        Self { items, children, width, panics_at }
    }
}

/// Does the work of a shape; `done` counts the items.
fn job(
    shape: &Shape,
    done: &Arc<AtomicUsize>,
) -> Arc<Probe<impl Fn(&StepContext<'_>) -> Step + Send + Sync + use<>>> {
    let Shape { items, children, width, panics_at } = *shape;
    let (waiting, parents, done) = (AtomicUsize::new(items), AtomicUsize::new(items), Arc::clone(done));
    probe(move |context| {
        context.widen(width);
        let take = |counter: &AtomicUsize| {
            counter.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).ok()
        };
        if take(&waiting).is_none() {
            return Step::Done;
        }
        if let Some(left) = take(&parents) {
            if panics_at == Some(left - 1) {
                resume_unwind(Box::new("planned"));
            }
            waiting.fetch_add(children, Ordering::SeqCst);
            context.widen(width);
        }
        done.fetch_add(1, Ordering::SeqCst);
        Step::Again
    })
}

fn submit_many(executor: &Executor, seed: u64) -> (u64, u64) {
    let mut random = Random(seed);
    let mut pending = Vec::new();
    let (mut panicked, mut refused) = (0, 0);
    for _ in 0..CALLS {
        let shape = Shape::random(&mut random);
        let done = Arc::new(AtomicUsize::new(0));
        let job = job(&shape, &done);
        let priority = [Priority::Interactive, Priority::Background][usize::from(random.below(4) == 0)];
        while let Err(error) = executor.submit(priority, job.clone()) {
            assert!(matches!(error, SubmitError::Busy { .. }), "seed {seed}: {error}");
            refused += 1;
            thread::yield_now();
        }
        pending.push((shape, done, job));
    }
    for (shape, done, job) in &pending {
        let expected = if shape.panics_at.is_some() {
            panicked += 1;
            Err(JobError::Panicked { message: "planned".into() })
        } else {
            Ok(())
        };
        assert_eq!(job.ended(), expected, "seed {seed}");
        if expected.is_ok() {
            assert_eq!(done.load(Ordering::SeqCst), shape.items * (1 + shape.children), "seed {seed}");
        }
    }
    // Nothing was left over to run or to tell after the ends.
    assert!(pending.iter().all(|(_, _, job)| job.finishes() == 1), "seed {seed}");
    (panicked, refused)
}

#[test]
fn every_call_of_a_random_load_does_all_its_work_and_ends_once() {
    for round in 0..5 {
        let executor = Executor::new(ExecutorOptions { threads: THREADS, max_calls: 50 }).unwrap();
        let counts: Vec<_> = thread::scope(|scope| {
            let executor = &executor;
            let submitters: Vec<_> = (0..SUBMITTERS)
                .map(|index| scope.spawn(move || submit_many(executor, round * SUBMITTERS + index)))
                .collect();
            submitters.into_iter().map(|counts| counts.join().unwrap()).collect()
        });
        let metrics = executor.metrics();
        let calls = SUBMITTERS * CALLS;
        assert_eq!((metrics.submitted, metrics.finished), (calls, calls), "round {round}");
        assert_eq!(metrics.panicked, counts.iter().map(|(panicked, _)| panicked).sum::<u64>());
        assert_eq!(metrics.refused, counts.iter().map(|(_, refused)| refused).sum::<u64>());
        assert_eq!((metrics.finish_panics, metrics.injector_pops), (0, calls));
        assert_eq!(metrics.steps, metrics.local_pops + metrics.injector_pops + metrics.steals);
    }
}
