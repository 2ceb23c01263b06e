//! Whether what comes from one sender is all there, once, and in order.

/// The numbers that have come from one sender, who counts from zero.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    next: u32,
    /// Those below `next` that have not come.
    missing: Vec<u32>,
    /// How many came behind a later one.
    late: u64,
}

impl Sequence {
    /// Takes the next number that has come. Fails if it has come before, and if
    /// it is not in order although that is promised.
    pub(super) fn take(&mut self, number: u32, in_order: bool) -> Result<(), String> {
        if number >= self.next {
            self.missing.extend(self.next..number);
            self.next = number + 1;
        } else {
            let at = self.missing.iter().position(|missing| *missing == number);
            let at = at.ok_or_else(|| format!("message {number} came twice"))?;
            self.missing.swap_remove(at);
            self.late += 1;
        }
        match self.missing.first() {
            Some(missing) if in_order => Err(format!(
                "message {number} came, and {missing} had not come before it"
            )),
            _ => Ok(()),
        }
    }

    /// How many have come late.
    pub(super) fn late(&self) -> u64 {
        self.late
    }

    /// Fails if one of the first `sent` has not come.
    pub(super) fn end(&self, sent: u32) -> Result<(), String> {
        match self.missing.first() {
            Some(missing) => Err(format!("message {missing} was lost")),
            None if self.next != sent => {
                Err(format!("{sent} messages were sent, {} came", self.next))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(numbers: &[u32], in_order: bool) -> Result<Sequence, String> {
        let mut sequence = Sequence::default();
        for number in numbers {
            sequence.take(*number, in_order)?;
        }
        Ok(sequence)
    }

    #[test]
    fn what_is_lost_is_noticed() {
        assert!(take(&[0, 1, 3], true).is_err());
        assert!(take(&[0, 1], true).unwrap().end(3).is_err());
        assert!(take(&[0, 1, 3], false).unwrap().end(4).is_err());
        assert_eq!(take(&[0, 1, 2], true).unwrap().end(3), Ok(()));
    }

    #[test]
    fn what_is_doubled_is_noticed() {
        assert!(take(&[0, 1, 1], true).is_err());
        assert!(take(&[0, 1, 1], false).is_err());
        assert!(take(&[0, 2, 1, 1], false).is_err());
    }

    #[test]
    fn what_is_late_is_counted_or_refused() {
        assert!(take(&[1, 0], true).is_err());
        let sequence = take(&[0, 3, 1, 2], false).unwrap();
        assert_eq!((sequence.late(), sequence.end(4)), (2, Ok(())));
    }
}
