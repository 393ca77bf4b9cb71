//! When a long step is told to come to its end.

use std::sync::{Arc, Mutex};

use orchestrator_scheduler::executor::{Executor, Job, Priority, Step, StepContext};

use crate::support::{Door, Ended, executor, probe, wait_until};

/// What `should_yield` says in the only step of a call, while the calls `waiting` wait behind it.
fn advice(own: Priority, waiting: &'static [Priority]) -> bool {
    let executor = executor(1);
    let submitter = executor.clone();
    let advice = Arc::new(Mutex::new(None));
    let job = probe({
        let advice = Arc::clone(&advice);
        move |context| {
            assert!(!context.should_yield(), "nothing waits yet");
            for priority in waiting {
                submitter.submit(*priority, probe(|_| Step::Done)).unwrap();
            }
            *advice.lock().unwrap() = Some(context.should_yield());
            Step::Done
        }
    });
    executor.run(own, job).unwrap();
    advice.lock().unwrap().take().unwrap()
}

#[test]
fn a_step_yields_to_interactive_calls_that_wait_and_to_no_others() {
    use Priority::{Background, Interactive};
    for own in [Interactive, Background] {
        assert!(!advice(own, &[]));
        assert!(!advice(own, &[Background, Background]));
        assert!(advice(own, &[Interactive]));
        assert!(advice(own, &[Background, Interactive]));
    }
}

#[test]
fn a_step_does_not_yield_to_tickets_of_its_own_call() {
    struct Wide {
        submitter: Executor,
        advice: Mutex<Vec<bool>>,
        done: Arc<Door>,
    }
    impl Job for Wide {
        fn step(&self, context: &StepContext<'_>) -> Step {
            let mut advice = self.advice.lock().unwrap();
            if advice.is_empty() {
                // The other worker is busy, so the second ticket waits.
                context.widen(2);
                advice.push(context.should_yield());
                self.submitter.submit(Priority::Interactive, probe(|_| Step::Done)).unwrap();
                advice.push(context.should_yield());
                self.done.open();
            }
            Step::Done
        }
        fn finish(&self, _: Ended) {}
    }
    let executor = executor(2);
    let done = Door::closed();
    let busy = probe({
        let done = Arc::clone(&done);
        move |_| {
            done.pass();
            Step::Done
        }
    });
    executor.submit(Priority::Interactive, busy.clone()).unwrap();
    wait_until("one worker is busy", || busy.steps() == 1);
    let wide = Arc::new(Wide { submitter: executor.clone(), advice: Mutex::default(), done });
    executor.run(Priority::Interactive, wide.clone()).unwrap();
    assert_eq!(*wide.advice.lock().unwrap(), [false, true]);
}
