//! The sandbox's own time.

use jiff::{SignedDuration, Timestamp};

/// Runs with this machine's clock, ahead of it or behind it; or stands still.
#[derive(Debug, Clone, Copy)]
pub(super) enum Clock {
    Running { ahead: SignedDuration },
    Frozen { at: Timestamp },
}

impl Default for Clock {
    fn default() -> Self {
        Clock::Running { ahead: SignedDuration::ZERO }
    }
}

impl Clock {
    pub(super) fn now(&self) -> Timestamp {
        match *self {
            Clock::Running { ahead } => moved(Timestamp::now(), ahead),
            Clock::Frozen { at } => at,
        }
    }

    pub(super) fn advance(&mut self, by: SignedDuration) {
        match self {
            Clock::Running { ahead } => *ahead = ahead.saturating_add(by),
            Clock::Frozen { at } => *at = moved(*at, by),
        }
    }

    pub(super) fn set(&mut self, to: Timestamp) {
        match self {
            Clock::Running { ahead } => *ahead = to.duration_since(Timestamp::now()),
            Clock::Frozen { at } => *at = to,
        }
    }

    pub(super) fn freeze(&mut self) {
        *self = Clock::Frozen { at: self.now() };
    }

    pub(super) fn run(&mut self) {
        let ahead = self.now().duration_since(Timestamp::now());
        *self = Clock::Running { ahead };
    }
}

/// Time ends where jiff's does, in the year 9999.
fn moved(from: Timestamp, by: SignedDuration) -> Timestamp {
    let end = if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    from.checked_add(by).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_it_is_moved() {
        let mut clock = Clock::default();
        let then: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        clock.set(then);
        clock.freeze();
        let frozen = clock.now();
        assert!(frozen >= then && clock.now() == frozen);
        clock.set(then);
        clock.advance(SignedDuration::from_hours(24));
        assert_eq!(clock.now().to_string(), "2026-03-02T00:00:00Z");
        clock.run();
        assert!(clock.now() >= then);
    }

    #[test]
    fn time_ends_at_its_ends() {
        let mut clock = Clock::Frozen { at: Timestamp::MAX };
        clock.advance(SignedDuration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
        clock.advance(SignedDuration::MIN);
        assert_eq!(clock.now(), Timestamp::MIN);
        let mut clock = Clock::default();
        clock.advance(SignedDuration::MAX);
        clock.advance(SignedDuration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
