//! A search that goes on only when it is told to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use orchestrator_index::resident::ResidentIndex;
use orchestrator_scheduler::executor::{Executor, ExecutorOptions, Priority, StepContext};
use orchestrator_search::{
    AfterWalk, Answer, Cancel, Candidates, Content, FileQuery, FileSource, Progress, SearchError, Walk,
    Walked, Work, submit,
};

/// What came of a question.
pub enum Begun {
    Files(Candidates),
    Walk(Held),
    Unknown,
}

/// A search whose walk is held.
pub struct Held {
    number: usize,
    start: Vec<String>,
    after: AfterWalk,
    news: mpsc::Receiver<News>,
    go: mpsc::Sender<()>,
    walked: Option<Walked>,
    /// Its one worker: another walk's may be waiting.
    _executor: Executor,
}

enum News {
    Held(String),
    Complete(Walked),
}

impl Held {
    pub fn begin(index: &ResidentIndex, query: &FileQuery, content: Content<'_>) -> Begun {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let (mut plan, after) = match index.select(query, content, false) {
            Answer::Files(files) => return Begun::Files(files),
            Answer::Unknown => return Begun::Unknown,
            Answer::Walk(plan, after) => (plan, after),
        };
        let ((news, heard), (go, gone_on)) = (mpsc::channel(), mpsc::channel());
        let (watch, from_walk) = (plan.before_read.take(), Mutex::new((news.clone(), gone_on)));
        let hold = move |place: String| {
            let held = from_walk.lock().unwrap();
            // Fails when the test is over.
            let _ = held.0.send(News::Held(place));
            let _ = held.1.recv();
        };
        plan.before_read = Some(Arc::new(move |path: &[u8]| {
            let name = String::from_utf8_lossy(path);
            hold(format!("watches {name:?}"));
            if let Some(watch) = &watch {
                watch(path);
            }
            hold(format!("reads {name:?}"));
        }));
        let start = plan.start.iter().map(|(path, _)| String::from_utf8_lossy(path).into_owned()).collect();
        let executor = Executor::new(ExecutorOptions { threads: 1, ..ExecutorOptions::default() }).unwrap();
        let work = Alone { walk: Walk::new(plan, Cancel::new()), walked: Mutex::default() };
        submit(&executor, Priority::Interactive, work, move |walked| {
            let _ = news.send(News::Complete(walked.unwrap()));
        });
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut search = Self { number, start, after, news: heard, go, walked: None, _executor: executor };
        search.hear();
        Begun::Walk(search)
    }

    pub fn number(&self) -> usize {
        self.number
    }

    /// The folders where its walk begins.
    pub fn start(&self) -> &[String] {
        &self.start
    }

    pub fn is_complete(&self) -> bool {
        self.walked.is_some()
    }

    /// Walks on to the next place where it is held, and says where that is.
    pub fn go_on(&mut self) -> String {
        self.go.send(()).unwrap();
        self.hear()
    }

    /// Walks to the end.
    pub fn complete(&mut self) {
        while !self.is_complete() {
            self.go_on();
        }
    }

    /// Ends the search, after its walk. `None`: it has to walk by itself.
    pub fn end(mut self) -> Option<Candidates> {
        self.complete();
        (self.after)(self.walked.take().unwrap())
    }

    fn hear(&mut self) -> String {
        match self.news.recv().unwrap() {
            News::Held(place) => place,
            News::Complete(walked) => {
                self.walked = Some(walked);
                "has walked".to_owned()
            }
        }
    }
}

/// The paths of files, in order.
pub fn names(files: &Candidates) -> Vec<String> {
    (0..files.len()).map(|at| String::from_utf8_lossy(files.path(at)).into_owned()).collect()
}

struct Alone {
    walk: Walk,
    walked: Mutex<Option<Walked>>,
}

impl Work for Alone {
    type Output = Walked;
    type Error = SearchError;

    fn step(&self, context: &StepContext<'_>) -> Result<Progress, SearchError> {
        let progress = self.walk.step(context);
        if progress == Progress::Complete {
            *self.walked.lock().unwrap() = Some(self.walk.take());
        }
        Ok(progress)
    }

    fn output(&self) -> Result<Walked, SearchError> {
        Ok(self.walked.lock().unwrap().take().unwrap())
    }
}
