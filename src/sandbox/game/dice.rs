//! The two sources of novelty in a game: seeded chance and fresh ids.

use jiff::Timestamp;

/// Chance and ids of one game; the same seed and the same calls give the same game.
#[derive(Debug)]
pub(super) struct Dice {
    state: u64,
    serial: u64,
}

/// Hundreds of nanoseconds between the calendar reform of 1582, where UUID time starts, and 1970.
const UUID_EPOCH: i128 = 0x01b2_1dd2_1381_4000;

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice { state: seed, serial: 0 }
    }

    /// SplitMix64: enough for rewards with a probability.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        if probability >= 1.0 {
            return true;
        }
        let roll = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        roll < probability
    }

    /// An event id in the shape of a UUID of version 1: the time, then a serial number.
    pub(super) fn event_id(&mut self, at: Timestamp) -> String {
        self.serial += 1;
        let ticks = (at.as_nanosecond() / 100 + UUID_EPOCH) as u64;
        let (low, middle, high) =
            (ticks & 0xffff_ffff, (ticks >> 32) & 0xffff, ticks >> 48 & 0xfff);
        let node = self.serial & 0xffff_ffff_ffff;
        format!("{low:08x}-{middle:04x}-1{high:03x}-9af5-{node:012x}")
    }

    /// The generated part of a process id: 24 hexadecimal digits.
    pub(super) fn process_id(&mut self, at: Timestamp) -> String {
        self.serial += 1;
        let seconds = at.as_second() as u32;
        let (chance, serial) = (self.next() & 0xff_ffff_ffff, self.serial & 0xff_ffff);
        format!("{seconds:08x}{chance:010x}{serial:06x}")
    }

    pub(super) fn team_id(&mut self, at: Timestamp) -> String {
        format!("team_{}", self.process_id(at))
    }

    /// An opaque text, another one every time; it guards nothing.
    pub(super) fn token(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::Dice;

    #[test]
    fn the_same_seed_rolls_the_same_chances() {
        let rolls = |seed| {
            let mut dice = Dice::new(seed);
            (0..64).map(|_| dice.chance(0.5)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(7), rolls(7));
        assert_ne!(rolls(7), rolls(8));
    }

    #[test]
    fn a_probability_of_one_always_pays_and_of_zero_never() {
        let mut dice = Dice::new(1);
        assert!((0..100).all(|_| dice.chance(1.0)));
        assert!(!(0..100).any(|_| dice.chance(0.0)));
        let hits = (0..1000).filter(|_| dice.chance(0.25)).count();
        assert!((180..320).contains(&hits), "{hits}");
    }

    #[test]
    fn event_ids_of_one_moment_differ_and_look_like_uuids() {
        let mut dice = Dice::new(1);
        let (first, second) =
            (dice.event_id(Timestamp::UNIX_EPOCH), dice.event_id(Timestamp::UNIX_EPOCH));
        assert_ne!(first, second);
        let lengths: Vec<usize> = first.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&first[14..15], "1");
    }

    #[test]
    fn process_ids_are_24_hexadecimal_digits() {
        let id = Dice::new(1).process_id(Timestamp::UNIX_EPOCH);
        assert_eq!(id.len(), 24);
        assert!(id.bytes().all(|digit| digit.is_ascii_hexdigit()));
    }

    #[test]
    fn tokens_differ_and_are_opaque() {
        let mut dice = Dice::new(1);
        let (first, second) = (dice.token(), dice.token());
        assert_ne!(first, second);
        assert_eq!(first.len(), 32);
    }
}
