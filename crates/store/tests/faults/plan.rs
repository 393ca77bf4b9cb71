//! Which call fails, and how.

use std::ffi::c_int;

use rusqlite::ffi;

/// A call that SQLite makes to the operating system and that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Open,
    Read,
    Write,
    Truncate,
    Sync,
    Delete,
    Access,
    FileSize,
    ShmMap,
}

impl Call {
    /// SQLite's code for the failure of this call.
    pub fn error(self) -> c_int {
        match self {
            Self::Open => ffi::SQLITE_CANTOPEN,
            Self::Read => ffi::SQLITE_IOERR_READ,
            Self::Write => ffi::SQLITE_IOERR_WRITE,
            Self::Truncate => ffi::SQLITE_IOERR_TRUNCATE,
            Self::Sync => ffi::SQLITE_IOERR_FSYNC,
            Self::Delete => ffi::SQLITE_IOERR_DELETE,
            Self::Access => ffi::SQLITE_IOERR_ACCESS,
            Self::FileSize => ffi::SQLITE_IOERR_FSTAT,
            Self::ShmMap => ffi::SQLITE_IOERR_SHMMAP,
        }
    }
}

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One call fails and does nothing.
    IoError,
    /// One write stops half way and fails.
    ShortWrite,
    /// From one write on, every write fails, until the disk is repaired.
    DiskFull,
    /// From one call on, every call fails.
    PowerCut,
}

impl Fault {
    /// Whether this fault can strike at such a call.
    fn strikes(self, call: Call) -> bool {
        match self {
            Self::IoError | Self::PowerCut => true,
            Self::ShortWrite | Self::DiskFull => call == Call::Write,
        }
    }
}

/// What is to be done with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Proceed,
    /// Write the first half, then fail.
    Halve,
    /// Do nothing and fail with this code.
    Fail(c_int),
}

/// Counts the calls that a fault can strike at, and says what happens to each.
#[derive(Debug, Default)]
pub struct Plan {
    /// The fault and the call, counted from 1, at which it strikes.
    fault: Option<(Fault, u64)>,
    seen: u64,
    struck: bool,
}

impl Plan {
    pub fn new(fault: Fault, at: u64) -> Self {
        Self { fault: Some((fault, at)), ..Self::default() }
    }

    pub fn struck(&self) -> bool {
        self.struck
    }

    pub fn judge(&mut self, call: Call) -> Verdict {
        let Some((fault, at)) = self.fault.filter(|(fault, _)| fault.strikes(call)) else {
            return Verdict::Proceed;
        };
        self.seen += 1;
        self.struck |= self.seen == at;
        match fault {
            Fault::IoError if self.seen == at => Verdict::Fail(call.error()),
            Fault::ShortWrite if self.seen == at => Verdict::Halve,
            Fault::DiskFull if self.struck => Verdict::Fail(ffi::SQLITE_FULL),
            Fault::PowerCut if self.struck => Verdict::Fail(call.error()),
            _ => Verdict::Proceed,
        }
    }
}
