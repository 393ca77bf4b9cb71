//! Other processes that work on a store, and what they report.

use std::io::{BufRead, BufReader, Write as _, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What a report starts with, to tell it from the lines of the test runner.
const MARK: &str = "report ";
/// Between two looks at what has been reported.
const GLANCE: Duration = Duration::from_micros(200);
/// A process that reports nothing for so long is stuck.
const PATIENCE: Duration = Duration::from_mins(2);

/// Sends a line to the process that has started this one. The line is whole or not there when this process dies.
pub fn report(line: &str) {
    // A line of its own: the test runner may have left one unfinished. And one call, so that threads do not mix.
    let text = format!("\n{MARK}{line}\n");
    let mut output = stdout().lock();
    output.write_all(text.as_bytes()).unwrap();
    output.flush().unwrap();
}

/// Runs the threads of a process. A thread that panics ends the process at once, so that it is noticed.
pub fn run_threads<F: FnOnce() + Send>(threads: impl IntoIterator<Item = F>) {
    thread::scope(|scope| {
        for run in threads {
            scope.spawn(|| {
                if catch_unwind(AssertUnwindSafe(run)).is_err() {
                    std::process::exit(101);
                }
            });
        }
    });
}

/// A running process, killed when it is dropped.
pub struct Worker {
    child: Child,
    reports: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Worker {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let reports = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&reports);
        let reader = thread::spawn(move || {
            let mut line = String::new();
            while output.read_line(&mut line).unwrap() > 0 {
                // What the kill has cut short has no end.
                if let Some(text) = line.strip_prefix(MARK).and_then(|rest| rest.strip_suffix('\n')) {
                    sink.lock().unwrap().push(text.to_owned());
                }
                line.clear();
            }
        });
        Self { child, reports, reader: Some(reader) }
    }

    /// How many reports wait to be taken.
    pub fn waiting(&self) -> usize {
        self.reports.lock().unwrap().len()
    }

    /// The reports that have come since the last time.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.reports.lock().unwrap())
    }

    /// Waits until there are so many reports, or the process has ended.
    pub fn await_reports(&mut self, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.waiting() < count && self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the process is stuck");
            thread::sleep(GLANCE);
        }
    }

    /// Kills the process, which must not have failed by itself, and returns the rest of its reports.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        // On Windows, a process that was killed has a code like any other.
        let killed = status.code().is_none() || cfg!(windows);
        assert!(status.success() || killed, "the process has failed: {status}");
        self.rest()
    }

    /// Waits until the process has ended well, and returns the rest of its reports.
    pub fn finish(mut self) -> Vec<String> {
        let status = self.child.wait().unwrap();
        assert!(status.success(), "the process has failed: {status}");
        self.rest()
    }

    fn rest(&mut self) -> Vec<String> {
        self.reader.take().unwrap().join().unwrap();
        self.take()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
