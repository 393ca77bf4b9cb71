//! The decision: which job a slot gets, and how jobs age. The rules are set out in the documentation of `lanes`.

use super::{Lane, Level};
use crate::lanes::job::{Placement, Priority};
use crate::lanes::queue::Ticket;

/// Which end of which deque the next job comes from.
pub(super) enum End {
    OwnNewest,
    Oldest(Placement),
}

pub(super) struct Choice {
    pub priority: Priority,
    pub end: End,
    pub aged: bool,
}

impl<J> Lane<J> {
    pub(super) fn choose(&self, slot: usize) -> Option<Choice> {
        // `max_by_key` keeps the last of equals, so the reversed order prefers the higher priority.
        let overdue = Priority::ALL
            .into_iter()
            .rev()
            .filter(|priority| self.level(*priority).passed_over >= self.pass_limit)
            .max_by_key(|priority| self.level(*priority).passed_over);
        if let Some(priority) = overdue {
            let (_, oldest) = self.level(priority).waiting.first_key_value()?;
            return Some(Choice { priority, end: End::Oldest(oldest.place), aged: true });
        }
        let priority =
            Priority::ALL.into_iter().find(|priority| !self.level(*priority).waiting.is_empty())?;
        let end = if self.slots[slot].deques[priority.index()].len() > 0 {
            End::OwnNewest
        } else if self.level(priority).injector.len() > 0 {
            End::Oldest(Placement::Injector)
        } else {
            End::Oldest(Placement::Slot(self.longest_victim(slot, priority)?))
        };
        Some(Choice { priority, end, aged: false })
    }

    /// The other slot with most jobs of this priority; among equals the next one after the thief, in a circle,
    /// so that thieves do not all gather at slot 0.
    fn longest_victim(&self, thief: usize, priority: Priority) -> Option<usize> {
        (1..self.capacity)
            .rev()
            .map(|distance| (thief + distance) % self.capacity)
            .filter(|&index| self.slots[index].deques[priority.index()].len() > 0)
            .max_by_key(|&index| self.slots[index].deques[priority.index()].len())
    }

    /// Counts, at every level, whether this take served the oldest job or passed it over.
    pub(super) fn age(&mut self, served: Ticket) {
        for level in &mut self.levels {
            match level.waiting.first_key_value() {
                Some((oldest, _)) if *oldest != served => level.passed_over += 1,
                _ => level.passed_over = 0,
            }
        }
    }

    fn level(&self, priority: Priority) -> &Level<J> {
        &self.levels[priority.index()]
    }
}
