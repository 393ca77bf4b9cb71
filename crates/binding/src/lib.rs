//! The N-API face of the core crates. Only types named `Binding*` cross the boundary; the TypeScript side turns
//! them into the public API. Nothing here decides anything.

// JavaScript's strings and objects arrive as owned values.
#![allow(clippy::needless_pass_by_value)]

mod call;
mod failure;
mod lanes;
mod offload;
mod search;
mod searcher;
mod store;
mod store_records;
mod syntax;
