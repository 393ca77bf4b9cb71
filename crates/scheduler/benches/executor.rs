//! What the executor costs, beside a pool made of `Mutex<VecDeque>` and `Condvar` in the same run.
//!
//! The pool does less: no priorities, no rotation of calls, no limit, no metrics, no capture of panics.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use orchestrator_scheduler::executor::{
    Executor, ExecutorOptions, Job, JobError, Priority, Step, StepContext,
};

const THREADS: usize = 2;
const STEPS: usize = 10_000;

/// About as long as a worker takes to fall asleep after its last step, many times over.
const REST: Duration = Duration::from_micros(500);

type Task = Box<dyn FnOnce() + Send>;

/// The baseline.
struct Pool {
    shared: Arc<(Mutex<Option<VecDeque<Task>>>, Condvar)>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    fn new() -> Self {
        let shared = Arc::new((Mutex::new(Some(VecDeque::new())), Condvar::new()));
        let worker = |shared: Arc<(Mutex<Option<VecDeque<Task>>>, Condvar)>| {
            move || {
                let (tasks, changed) = &*shared;
                let mut guard = tasks.lock().expect("not poisoned");
                while let Some(queue) = guard.as_mut() {
                    if let Some(task) = queue.pop_front() {
                        drop(guard);
                        task();
                        guard = tasks.lock().expect("not poisoned");
                    } else {
                        guard = changed.wait(guard).expect("not poisoned");
                    }
                }
            }
        };
        let threads = (0..THREADS).map(|_| thread::spawn(worker(Arc::clone(&shared)))).collect();
        Self { shared, threads }
    }

    fn submit(&self, task: Task) {
        let (tasks, changed) = &*self.shared;
        tasks.lock().expect("not poisoned").as_mut().expect("not closed").push_back(task);
        changed.notify_one();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        *self.shared.0.lock().expect("not poisoned") = None;
        self.shared.1.notify_all();
        for thread in self.threads.drain(..) {
            thread.join().expect("no panic");
        }
    }
}

/// Tells when its first step begins.
struct Arrival(mpsc::SyncSender<Instant>);

impl Job for Arrival {
    fn step(&self, _: &StepContext<'_>) -> Step {
        self.0.send(Instant::now()).expect("somebody listens");
        Step::Done
    }
    fn finish(&self, _: Result<(), JobError>) {}
}

/// Does `left` tiny steps on `width` workers.
struct Countdown {
    left: AtomicUsize,
    width: usize,
}

impl Countdown {
    fn new(steps: usize, width: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(steps - 1), width })
    }
}

impl Job for Countdown {
    fn step(&self, context: &StepContext<'_>) -> Step {
        context.widen(self.width);
        let left = self.left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if black_box(left).is_ok() { Step::Again } else { Step::Done }
    }
    fn finish(&self, _: Result<(), JobError>) {}
}

/// One step; the last of all tells the waiting thread.
struct OneOfMany {
    left: Arc<AtomicUsize>,
    waiting: thread::Thread,
}

impl OneOfMany {
    fn run(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.waiting.unpark();
        }
    }
}

impl Job for OneOfMany {
    fn step(&self, _: &StepContext<'_>) -> Step {
        self.run();
        Step::Done
    }
    fn finish(&self, _: Result<(), JobError>) {}
}

fn executor() -> Executor {
    Executor::new(ExecutorOptions { threads: THREADS, max_calls: STEPS }).expect("threads")
}

/// Mean time from `submit` to what it has run, when all workers sleep.
fn measure_latency(rounds: u64, mut submit: impl FnMut(mpsc::SyncSender<Instant>)) -> Duration {
    let mut sum = Duration::ZERO;
    for _ in 0..rounds {
        thread::sleep(REST);
        let (sender, receiver) = mpsc::sync_channel(1);
        let start = Instant::now();
        submit(sender);
        sum += receiver.recv().expect("it runs") - start;
    }
    sum
}

fn latency(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("from submit to the first step, idle");
    let executor = executor();
    group.bench_function("executor", |bencher| {
        bencher.iter_custom(|rounds| {
            measure_latency(rounds, |sender| {
                executor.submit(Priority::Interactive, Arc::new(Arrival(sender))).expect("not busy");
            })
        });
    });
    let pool = Pool::new();
    group.bench_function("Mutex<VecDeque> pool", |bencher| {
        bencher.iter_custom(|rounds| {
            measure_latency(rounds, |sender| {
                pool.submit(Box::new(move || sender.send(Instant::now()).expect("somebody listens")));
            })
        });
    });
    group.finish();
}

fn throughput(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("{STEPS} tiny steps"));
    let executor = executor();
    for width in [1, THREADS] {
        group.bench_function(format!("executor, one call on {width}"), |bencher| {
            bencher.iter(|| {
                executor.run(Priority::Interactive, Countdown::new(STEPS, width)).expect("not busy");
            });
        });
    }
    group.bench_function("executor, as many calls", |bencher| {
        bencher.iter(|| {
            submit_all(|job| executor.submit(Priority::Interactive, Arc::new(job)).expect("not busy"));
            // The last step has run; its call, and so its place, may be there a moment longer.
            while executor.metrics().finished < executor.metrics().submitted {
                thread::yield_now();
            }
        });
    });
    let pool = Arc::new(Pool::new());
    for width in [1, THREADS] {
        group.bench_function(format!("Mutex<VecDeque> pool, one call on {width}"), |bencher| {
            bencher.iter(|| {
                let (left, waiting) = (Arc::new(AtomicUsize::new(STEPS)), thread::current());
                for _ in 0..width {
                    pool_step(&pool, Arc::clone(&left), waiting.clone());
                }
                while left.load(Ordering::Acquire) > 0 {
                    thread::park();
                }
            });
        });
    }
    group.bench_function("Mutex<VecDeque> pool, as many tasks", |bencher| {
        bencher.iter(|| submit_all(|job| pool.submit(Box::new(move || job.run()))));
    });
    group.finish();
}

/// A step that queues the next one behind the others.
fn pool_step(pool: &Arc<Pool>, left: Arc<AtomicUsize>, waiting: thread::Thread) {
    let next = Arc::downgrade(pool);
    pool.submit(Box::new(move || {
        let taken = left.try_update(Ordering::AcqRel, Ordering::Relaxed, |left| left.checked_sub(1));
        match (taken, next.upgrade()) {
            (Ok(2..), Some(pool)) => pool_step(&pool, left, waiting),
            _ => waiting.unpark(),
        }
    }));
}

/// Submits one job for each step, and waits until all have run.
fn submit_all(submit: impl Fn(OneOfMany)) {
    let left = Arc::new(AtomicUsize::new(STEPS));
    for _ in 0..STEPS {
        submit(OneOfMany { left: Arc::clone(&left), waiting: thread::current() });
    }
    while left.load(Ordering::Acquire) > 0 {
        thread::park();
    }
}

criterion_group!(benches, latency, throughput);
criterion_main!(benches);
