//! Errors as values: what crosses is either the result or a [`BindingFailure`], and one TypeScript function
//! turns the latter into an `Error` with a code and fields.

use napi::Either;
use napi_derive::napi;
use orchestrator_scheduler::lanes::LaneError;
use orchestrator_search::{PatternKind, SearchError};
use orchestrator_store::StoreError;
use serde_json::{Value, json};

/// A failed call.
#[napi(object)]
pub struct BindingFailure {
    /// The stable code, such as `ERR_CONFLICT`. The name of the field tells a failure from a result.
    pub failure_code: String,
    /// What happened, for people.
    pub message: String,
    /// The error's structured fields.
    pub details: Value,
}

/// A result as it crosses the boundary.
pub type Crossing<T> = Either<T, BindingFailure>;

pub fn crossing<T, E: Into<BindingFailure>>(result: Result<T, E>) -> Crossing<T> {
    match result {
        Ok(value) => Either::A(value),
        Err(error) => Either::B(error.into()),
    }
}

impl BindingFailure {
    pub fn new(code: &str, message: impl Into<String>, details: Value) -> Self {
        Self { failure_code: code.to_owned(), message: message.into(), details }
    }

    /// An argument that JavaScript should not have passed.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::new("ERR_ARGUMENT", message, json!({}))
    }

    /// A panic of the core, which must end as an error of this one call.
    pub fn panic(payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Self::new("ERR_PANIC", format!("the native core panicked: {text}"), json!({}))
    }
}

impl From<StoreError> for BindingFailure {
    fn from(error: StoreError) -> Self {
        let details = match &error {
            StoreError::Conflict { keys } => json!({ "keys": keys }),
            StoreError::Fenced { lease, token, current } => {
                json!({ "lease": lease, "token": token, "current": current })
            }
            StoreError::LeaseHeld { lease, holder, token, expires_ms } => {
                json!({ "lease": lease, "holder": holder, "token": token, "expiresMs": expires_ms })
            }
            StoreError::Corrupt { detail } => json!({ "detail": detail }),
            StoreError::Schema { application_id, version, supported } => {
                json!({ "applicationId": application_id, "version": version, "supported": supported })
            }
            StoreError::TooLarge { what, size, limit } => {
                json!({ "what": what, "size": size, "limit": limit })
            }
            StoreError::InvalidKey { key, reason } => json!({ "key": key, "reason": reason }),
            StoreError::InvalidValue { key, reason } => json!({ "key": key, "reason": reason }),
            StoreError::DuplicateWrite { key } => json!({ "key": key }),
            StoreError::FutureRevision { requested, head } => json!({ "requested": requested, "head": head }),
            StoreError::Compacted { requested, floor } => json!({ "requested": requested, "floor": floor }),
            StoreError::Exists { path } => json!({ "path": path }),
            StoreError::Io { sqlite_code, .. } => json!({ "sqliteCode": sqlite_code }),
            _ => json!({}),
        };
        Self::new(error.code(), error.to_string(), details)
    }
}

impl From<LaneError> for BindingFailure {
    fn from(error: LaneError) -> Self {
        let details = match &error {
            LaneError::UnknownLane { lane }
            | LaneError::DuplicateJob { lane }
            | LaneError::DuplicateLane { lane } => {
                json!({ "lane": lane })
            }
            LaneError::UnknownSlot { lane, slot, capacity } => {
                json!({ "lane": lane, "slot": slot, "capacity": capacity })
            }
            LaneError::SlotBusy { lane, slot } | LaneError::SlotIdle { lane, slot } => {
                json!({ "lane": lane, "slot": slot })
            }
            LaneError::Capacity { lane, requested, maximum } => {
                json!({ "lane": lane, "requested": requested, "maximum": maximum })
            }
            _ => json!({}),
        };
        Self::new(error.code(), error.to_string(), details)
    }
}

impl From<SearchError> for BindingFailure {
    fn from(error: SearchError) -> Self {
        let details = match &error {
            SearchError::Pattern { kind, pattern, position, reason } => {
                let kind = if *kind == PatternKind::Glob { "glob" } else { "regex" };
                json!({ "kind": kind, "pattern": pattern, "position": position, "reason": reason })
            }
            SearchError::Cursor { cursor } => json!({ "cursor": cursor }),
            SearchError::NotFound { path } | SearchError::Io { path, .. } => {
                json!({ "path": path.to_string_lossy() })
            }
            _ => json!({}),
        };
        Self::new(error.code(), error.to_string(), details)
    }
}
