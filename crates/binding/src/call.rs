//! Calls that run on the executor and settle a promise.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, JsDeferred};
use napi_derive::napi;
use orchestrator_scheduler::executor::{Executor, ExecutorOptions, Priority};
use orchestrator_search::{Cancel, Work, submit};

use crate::failure::{BindingFailure, Crossing, crossing};

/// The threads that all calls of this process share, as they share its cores; begun by the first searcher.
pub fn executor() -> Result<Executor, BindingFailure> {
    static EXECUTOR: Mutex<Option<Executor>> = Mutex::new(None);
    let mut executor = EXECUTOR.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(executor) = &*executor {
        return Ok(executor.clone());
    }
    let started = Executor::new(ExecutorOptions::default()).map_err(|error| {
        let message = format!("the threads for searches could not be started: {error}");
        BindingFailure::new("ERR_IO", message, serde_json::json!({}))
    })?;
    *executor = Some(started.clone());
    Ok(started)
}

type Settle<T> = Box<dyn FnOnce(Env) -> napi::Result<Crossing<T>>>;

/// A promise, and how to settle it from any thread. It never rejects: a failure is a value.
pub struct Deferred<T: ToNapiValue + 'static>(JsDeferred<Crossing<T>, Settle<T>>);

impl<T: ToNapiValue + 'static> Deferred<T> {
    pub fn new(env: &Env) -> napi::Result<(Self, Object<'_>)> {
        let (deferred, promise) = env.create_deferred()?;
        Ok((Self(deferred), promise))
    }

    pub fn settle<V: Send + 'static>(self, result: Result<V, BindingFailure>, convert: fn(V) -> T) {
        self.0.resolve(Box::new(move |_| Ok(crossing(result.map(convert)))));
    }
}

/// Queues a call. `pack` runs on a worker, `convert` on JavaScript's thread, and so must do little.
pub fn call<'env, W, V, T>(
    env: &'env Env,
    executor: &Executor,
    work: Result<W, BindingFailure>,
    pack: impl FnOnce(W::Output) -> V + Send + 'static,
    convert: fn(V) -> T,
) -> napi::Result<Object<'env>>
where
    W: Work,
    BindingFailure: From<W::Error>,
    V: Send + 'static,
    T: ToNapiValue + 'static,
{
    let (deferred, promise) = Deferred::new(env)?;
    match work {
        Err(failure) => deferred.settle(Err(failure), convert),
        Ok(work) => submit(executor, Priority::Interactive, work, move |result| {
            // A promise that nobody settles would be waited for without end.
            let packed = result.map_err(BindingFailure::from).and_then(|output| {
                catch_unwind(AssertUnwindSafe(|| pack(output)))
                    .map_err(|panic| BindingFailure::panic(&*panic))
            });
            deferred.settle(packed, convert);
        }),
    }
    Ok(promise)
}

/// Cancels the call that it was passed to.
#[napi]
#[derive(Default)]
pub struct BindingCancel {
    cancel: Cancel,
}

#[napi]
impl BindingCancel {
    /// A switch that is off.
    #[napi(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Turns it on, for good.
    #[napi]
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    pub(crate) fn signal(&self) -> Cancel {
        self.cancel.clone()
    }
}
