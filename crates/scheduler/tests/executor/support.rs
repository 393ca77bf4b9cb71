//! A job made of a closure, which checks what must hold for every job.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use orchestrator_scheduler::executor::{Executor, ExecutorOptions, Job, JobError, Step, StepContext};

/// Long enough for any machine: only a hang takes this long.
const HANG: Duration = Duration::from_mins(1);

pub type Ended = Result<(), JobError>;

/// Steps by a closure; counts, and checks that `finish` comes once and after the last step.
pub struct Probe<S> {
    step: S,
    pub begun: AtomicUsize,
    pub running: AtomicUsize,
    ended: Mutex<Vec<Ended>>,
    finished: Condvar,
}

pub fn probe<S>(step: S) -> Arc<Probe<S>>
where
    S: Fn(&StepContext<'_>) -> Step + Send + Sync + 'static,
{
    Arc::new(Probe {
        step,
        begun: AtomicUsize::new(0),
        running: AtomicUsize::new(0),
        ended: Mutex::default(),
        finished: Condvar::new(),
    })
}

impl<S> Probe<S> {
    pub fn steps(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    /// How the call ended; waits for that.
    pub fn ended(&self) -> Ended {
        let ended = self.ended.lock().unwrap();
        let (ended, timeout) =
            self.finished.wait_timeout_while(ended, HANG, |ended| ended.is_empty()).unwrap();
        assert!(!timeout.timed_out(), "the call never finished");
        ended[0].clone()
    }

    /// How often `finish` was called.
    pub fn finishes(&self) -> usize {
        self.ended.lock().unwrap().len()
    }
}

impl<S> Job for Probe<S>
where
    S: Fn(&StepContext<'_>) -> Step + Send + Sync + 'static,
{
    fn step(&self, context: &StepContext<'_>) -> Step {
        struct Running<'a>(&'a AtomicUsize);
        impl Drop for Running<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.running.fetch_add(1, Ordering::SeqCst);
        let _running = Running(&self.running);
        assert_eq!(self.finishes(), 0, "a step after the end");
        (self.step)(context)
    }

    fn finish(&self, ended: Ended) {
        assert_eq!(self.running.load(Ordering::SeqCst), 0, "finished while a step is running");
        self.ended.lock().unwrap().push(ended);
        self.finished.notify_all();
    }
}

pub fn executor(threads: usize) -> Executor {
    Executor::new(ExecutorOptions { threads, ..ExecutorOptions::default() }).unwrap()
}

/// Waits for something that another thread does.
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < HANG, "waited in vain until {what}");
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// A door that is closed until somebody opens it.
#[derive(Default)]
pub struct Door(Mutex<bool>, Condvar);

impl Door {
    pub fn closed() -> Arc<Self> {
        Arc::default()
    }

    pub fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    /// Waits until the door is open.
    pub fn pass(&self) {
        let open = self.0.lock().unwrap();
        let (_open, timeout) = self.1.wait_timeout_while(open, HANG, |open| !*open).unwrap();
        assert!(!timeout.timed_out(), "nobody opened the door");
    }
}

/// Steele, Lea, Flood: `SplitMix64` (OOPSLA 2014); a seed replays a test.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}
