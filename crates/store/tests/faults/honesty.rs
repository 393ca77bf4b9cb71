//! The checks find what is wrong: a disk that lies, and records that do not fit the store.

use orchestrator_store::{Change, Content, Durability, StoreError};

use crate::check::{Broken, Promise, check};
use crate::machine::Machine;
use crate::survival::Survivors;
use crate::workload::{self, Client, Record};

/// A workload on a disk that does not fail, and its record. The store is closed.
fn sound_run(machine: &Machine, durability: Durability) -> Record {
    let mut client = Client::new(machine.store(), durability);
    workload::everything(&mut client);
    client.close();
    assert_eq!(client.record.errors, [""; 0]);
    client.record
}

#[test]
fn nothing_is_wrong_with_a_sound_disk_whatever_the_crash() {
    for survivors in [Survivors::Nothing, Survivors::Some { seed: 1 }, Survivors::Everything] {
        let machine = Machine::new();
        let record = sound_run(&machine, Durability::Full);
        machine.crash(survivors);
        let acknowledged = record.attempts.iter().filter(|attempt| attempt.answer.is_ok()).count();
        assert_eq!(check(&machine.store(), &record, Promise::All).unwrap(), acknowledged as u64);
    }
}

#[test]
fn a_disk_that_only_says_it_has_synced_loses_commits_and_that_is_noticed() {
    let found_after = |survivors| {
        let machine = Machine::new();
        machine.lie();
        let record = sound_run(&machine, Durability::Full);
        machine.crash(survivors);
        check(&machine.store(), &record, Promise::All)
    };
    let broken = found_after(Survivors::Nothing).unwrap_err();
    // The store has a note of its own, beside its file, of what must be in it.
    let by_the_store = matches!(&broken, Broken::Call("open", StoreError::Corrupt { .. }));
    assert!(by_the_store || matches!(broken, Broken::Lost(_)), "{broken:?}");
    // Where nearly everything survives, a store can be lucky.
    let noticed = (0..20).filter(|seed| found_after(Survivors::Some { seed: *seed }).is_err()).count();
    assert!(noticed >= 15, "{noticed} of 20");
}

#[test]
fn commits_that_are_not_synced_can_be_lost_and_that_is_noticed() {
    let machine = Machine::new();
    let mut client = Client::new(machine.store(), Durability::Process);
    workload::everything(&mut client);
    // The last ones have been synced by nothing: closing would.
    machine.inject(crate::plan::Fault::PowerCut, 1);
    client.close();
    machine.crash(Survivors::Nothing);
    let broken = check(&machine.store(), &client.record, Promise::All).unwrap_err();
    assert!(matches!(broken, Broken::Lost(_)), "{broken:?}");
    check(&machine.store(), &client.record, Promise::Prefix).unwrap();
}

/// Changes the record of a sound run and returns what is then found.
fn found_after(change: impl FnOnce(&mut Record)) -> Broken {
    let machine = Machine::new();
    let mut record = sound_run(&machine, Durability::Full);
    change(&mut record);
    check(&machine.store(), &record, Promise::All).unwrap_err()
}

#[test]
fn a_record_that_does_not_fit_is_noticed() {
    let last = |record: &mut Record| record.attempts.last().unwrap().clone();
    let altered = found_after(|record| {
        let extra = Change { key: "z".into(), content: Content::Deleted };
        record.attempts[1].changes.push(extra);
    });
    assert!(matches!(altered, Broken::Altered(_)), "{altered:?}");
    let unasked = found_after(|record| drop(record.attempts.pop()));
    assert!(matches!(unasked, Broken::Unasked(_)), "{unasked:?}");
    let refused = found_after(|record| record.attempts[1].answer = Err("ERR_CONFLICT"));
    assert!(matches!(refused, Broken::Unasked(_)), "{refused:?}");
    let missing = found_after(|record| {
        let mut attempt = last(record);
        attempt.name = "never committed".into();
        record.attempts.push(attempt);
    });
    assert!(matches!(missing, Broken::Lost(_)), "{missing:?}");
    let visible = found_after(|record| record.attempts[1].seen_after_error = true);
    assert!(matches!(visible, Broken::Visible(_)), "{visible:?}");
    let code = found_after(|record| record.errors.push("ERR_CORRUPT"));
    assert!(matches!(code, Broken::Code("ERR_CORRUPT")), "{code:?}");
    let lease = found_after(|record| record.lease.token += 1);
    assert!(matches!(lease, Broken::Lease(_)), "{lease:?}");
}
