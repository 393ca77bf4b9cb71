//! Work off the JavaScript thread that mostly waits for the disk: a closure on the runtime's thread pool.

use std::panic::{AssertUnwindSafe, catch_unwind};

use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Task};

use crate::failure::{BindingFailure, Crossing, crossing};

type Work<T> = Box<dyn FnOnce() -> Result<T, BindingFailure> + Send>;

/// One closure, to be run once.
pub struct Offload<T> {
    work: Option<Work<T>>,
}

/// Runs `work` on the thread pool. The promise never rejects: a failure is a value, a panic a failure.
pub fn offload<T>(work: impl FnOnce() -> Result<T, BindingFailure> + Send + 'static) -> AsyncTask<Offload<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    AsyncTask::new(Offload { work: Some(Box::new(work)) })
}

impl<T> Task for Offload<T>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    type Output = Result<T, BindingFailure>;
    type JsValue = Crossing<T>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let Some(work) = self.work.take() else {
            return Ok(Err(BindingFailure::argument("the work has been done already")));
        };
        // The closure owns what it touches; the core's locks report poisoning by themselves.
        Ok(catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(BindingFailure::panic(&*panic))))
    }

    fn resolve(&mut self, _: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(crossing(output))
    }
}
