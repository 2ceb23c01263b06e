//! Values that keep their number.

use std::collections::BTreeSet;

/// Values in numbered slots; the lowest one that is free is the next to be
/// taken, and there are none behind the last that is taken.
#[derive(Debug)]
pub(super) struct Slots<T> {
    slots: Vec<Option<T>>,
    free: BTreeSet<u32>,
}

impl<T> Slots<T> {
    pub(super) fn insert(&mut self, value: T) -> u32 {
        if let Some(slot) = self.free.pop_first() {
            self.slots[slot as usize] = Some(value);
            return slot;
        }
        let slot = self.end();
        self.slots.push(Some(value));
        slot
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.slots.get_mut(slot as usize)?.take()?;
        self.free.insert(slot);
        // What a crowd took is given back, and not walked through any more.
        while self.slots.pop_if(|last| last.is_none()).is_some() {
            self.free.remove(&self.end());
        }
        if self.slots.len() < self.slots.capacity() / 4 {
            self.slots.shrink_to(2 * self.slots.len());
        }
        Some(value)
    }

    pub(super) fn get(&self, slot: u32) -> Option<&T> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// The slot behind the last one.
    pub(super) fn end(&self) -> u32 {
        u32::try_from(self.slots.len()).expect("fewer than 2^32 values fit in memory")
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_that_has_gone_leaves_no_slots_behind() {
        let mut slots = Slots::default();
        for n in 0..1000 {
            assert_eq!(slots.insert(n), n);
        }
        for n in 10..1000 {
            assert_eq!(slots.remove(n), Some(n));
            assert_eq!(slots.remove(n), None);
        }
        assert_eq!((slots.end(), slots.free.len()), (10, 0));
        assert!(slots.slots.capacity() <= 40);
        slots.remove(3);
        slots.remove(1);
        assert_eq!((slots.end(), slots.free.len()), (10, 2));
        assert_eq!(
            (slots.insert(0), slots.insert(0), slots.insert(0)),
            (1, 3, 10)
        );
        for n in 0..=10 {
            slots.remove(n);
        }
        assert_eq!((slots.slots.capacity(), slots.free.len()), (0, 0));
    }
}
