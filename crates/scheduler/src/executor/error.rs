//! What can go wrong with a call.

/// A call that was not accepted; nothing has been queued and [`Job::finish`](super::Job::finish) is not called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// Back-pressure: as many calls as the executor accepts are waiting or running. Try again when one has
    /// finished.
    #[error("the executor is busy with {max_calls} calls; try again later")]
    Busy {
        /// The most calls that may wait or run at a time.
        max_calls: usize,
    },
    /// The executor has been shut down.
    #[error("the executor has been shut down")]
    ShutDown,
}

/// Why an accepted call ended before its job was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// A step of the job panicked.
    #[error("a step panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The executor was shut down while the job had work left.
    #[error("the executor was shut down before the job was done")]
    ShutDown,
}

/// Why [`Executor::run`](super::Executor::run) did not run a job to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// See [`SubmitError::Busy`].
    #[error("the executor is busy with {max_calls} calls; try again later")]
    Busy {
        /// The most calls that may wait or run at a time.
        max_calls: usize,
    },
    /// See [`JobError::Panicked`].
    #[error("a step panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The executor was shut down before the job was accepted, or before it was done.
    #[error("the executor was shut down before the job was done")]
    ShutDown,
}

impl From<SubmitError> for RunError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Busy { max_calls } => Self::Busy { max_calls },
            SubmitError::ShutDown => Self::ShutDown,
        }
    }
}

impl From<JobError> for RunError {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Panicked { message } => Self::Panicked { message },
            JobError::ShutDown => Self::ShutDown,
        }
    }
}
