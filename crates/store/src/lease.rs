//! Leases with fencing tokens (M. Kleppmann, "How to do distributed locking", 2016).
//!
//! A lease says who may act, until it expires; its *token* makes that safe. Clocks jump and processes sleep,
//! so a holder can believe in a lease that somebody else has taken: but tokens only grow, and a commit that
//! is fenced with an old one is refused. A lease that has expired and that nobody has taken still has its
//! holder's token as the current one.
//!
//! Leases are not part of the audit chain: heartbeats must not make the log grow.

use rusqlite::{Connection, OptionalExtension, params};

use crate::options::MAX_TIME_MS;
use crate::{Store, StoreError, key};

/// The longest text that a holder may say of itself, in bytes.
pub const MAX_HOLDER_BYTES: usize = 4096;

/// What a successful acquisition gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseGrant {
    /// Greater than every token that was given out before, for this lease or another.
    pub token: u64,
    /// When the lease expires unless it is renewed, in milliseconds since the Unix epoch.
    pub expires_ms: u64,
}

/// A lease as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The newest token that was given out.
    pub token: u64,
    /// Who holds it with that token; `None` after a release. A hold may have expired without anybody taking
    /// the lease.
    pub hold: Option<Hold>,
}

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// What the holder said of itself.
    pub holder: String,
    /// When it expires, in milliseconds since the Unix epoch.
    pub expires_ms: u64,
}

impl Store {
    /// Takes the lease `name` for `ttl_ms` milliseconds if nobody holds it or the hold has expired. `holder`
    /// is what others see of the taker (an id or JSON, at most [`MAX_HOLDER_BYTES`]).
    ///
    /// `steal` is for a caller who has proved that the present holder is dead: the token of that dead hold.
    /// It names the one hold that may be broken, so that of two who see the same corpse only one succeeds.
    ///
    /// Fails with `ERR_LEASE_HELD`, also for the holder itself.
    pub fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        ttl_ms: u64,
        steal: Option<u64>,
    ) -> Result<LeaseGrant, StoreError> {
        key::check_key(name)?;
        if holder.len() > MAX_HOLDER_BYTES {
            let (size, limit) = (holder.len(), MAX_HOLDER_BYTES);
            return Err(StoreError::TooLarge { what: "the holder", size, limit });
        }
        let (name, holder) = (name.to_owned(), holder.to_owned());
        self.write(move |writing| {
            let (connection, now_ms) = (writing.connection, writing.now_ms);
            let current = find(connection, &name)?;
            if let Some(Lease { token, hold: Some(hold) }) = &current
                && hold.expires_ms > now_ms
                && steal != Some(*token)
            {
                return Err(StoreError::LeaseHeld {
                    lease: name,
                    holder: hold.holder.clone(),
                    token: *token,
                    expires_ms: hold.expires_ms,
                });
            }
            let token = next_token(connection)?;
            let expires_ms = expiry(now_ms, ttl_ms);
            connection
                .prepare_cached(
                    "INSERT INTO leases(name, token, holder, expires_ms) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT(name) DO UPDATE
                     SET token = excluded.token, holder = excluded.holder, expires_ms = excluded.expires_ms",
                )?
                .execute(params![name, token, holder, expires_ms])?;
            Ok(LeaseGrant { token, expires_ms })
        })
    }

    /// Makes the hold with `token` last for `ttl_ms` milliseconds from now; also one that has expired, if
    /// nobody has taken the lease. Returns the new expiry. Fails with `ERR_FENCED` if the token is no longer
    /// current.
    pub fn renew_lease(&self, name: &str, token: u64, ttl_ms: u64) -> Result<u64, StoreError> {
        key::check_key(name)?;
        let name = name.to_owned();
        self.write(move |writing| {
            let (connection, now_ms) = (writing.connection, writing.now_ms);
            check_fence(connection, &name, token)?;
            let expires_ms = expiry(now_ms, ttl_ms);
            connection
                .prepare_cached("UPDATE leases SET expires_ms = ?2 WHERE name = ?1")?
                .execute(params![name, expires_ms])?;
            Ok(expires_ms)
        })
    }

    /// Gives the lease back. Its token is no longer current from then on, and the next one is greater. Fails
    /// with `ERR_FENCED` if the token was not current.
    pub fn release_lease(&self, name: &str, token: u64) -> Result<(), StoreError> {
        key::check_key(name)?;
        let name = name.to_owned();
        self.write(move |writing| {
            let connection = writing.connection;
            check_fence(connection, &name, token)?;
            connection
                .prepare_cached("UPDATE leases SET holder = NULL, expires_ms = NULL WHERE name = ?1")?
                .execute([name])?;
            Ok(())
        })
    }

    /// The lease as it stands; `None` if it was never acquired.
    pub fn lease(&self, name: &str) -> Result<Option<Lease>, StoreError> {
        key::check_key(name)?;
        self.read(|connection| find(connection, name))
    }
}

/// One counter for all leases: after a recovery, it is enough that this one was moved ahead.
fn next_token(connection: &Connection) -> Result<u64, StoreError> {
    let token = connection
        .prepare_cached("UPDATE head SET token = token + 1 RETURNING token")?
        .query_row([], |row| row.get(0))?;
    Ok(token)
}

/// Fails with `ERR_FENCED` unless `token` belongs to the present hold of the lease.
pub(crate) fn check_fence(connection: &Connection, name: &str, token: u64) -> Result<(), StoreError> {
    let current = find(connection, name)?.and_then(|lease| lease.hold.map(|_| lease.token));
    if current == Some(token) {
        return Ok(());
    }
    Err(StoreError::Fenced { lease: name.into(), token, current })
}

fn find(connection: &Connection, name: &str) -> Result<Option<Lease>, StoreError> {
    let lease = connection
        .prepare_cached("SELECT token, holder, expires_ms FROM leases WHERE name = ?1")?
        .query_row([name], |row| {
            let (holder, expires_ms): (Option<String>, Option<u64>) = (row.get(1)?, row.get(2)?);
            let hold = holder.zip(expires_ms).map(|(holder, expires_ms)| Hold { holder, expires_ms });
            Ok(Lease { token: row.get(0)?, hold })
        })
        .optional()?;
    Ok(lease)
}

fn expiry(now_ms: u64, ttl_ms: u64) -> u64 {
    now_ms.saturating_add(ttl_ms).min(MAX_TIME_MS)
}
