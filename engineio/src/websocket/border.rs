//! Where messages end in the bytes of a websocket.

/// Where a frame ends, and a message (RFC 6455, section 5.2): of frames only the heads
/// are looked at.
#[derive(Debug, Default)]
pub(super) struct Border {
    head: [u8; 14],
    /// Bytes of the head that are there.
    length: u8,
    /// Of a message only a part is there.
    is_fragmented: bool,
    /// Bytes of the payload that are not there yet.
    missing: u64,
}

impl Border {
    pub(super) fn pass(&mut self, mut input: &[u8]) {
        while let [first, rest @ ..] = input {
            if self.missing > 0 {
                let length = input
                    .len()
                    .min(usize::try_from(self.missing).unwrap_or(usize::MAX));
                self.missing -= length as u64;
                input = &input[length..];
                continue;
            }
            self.head[usize::from(self.length)] = *first;
            self.length += 1;
            input = rest;
            if let Some(payload) = self.payload() {
                let is_control = self.head[0] & 0x08 != 0;
                if !is_control {
                    self.is_fragmented = self.head[0] & 0x80 == 0;
                }
                self.missing = payload;
                self.length = 0;
            }
        }
    }

    /// The length of the payload, once the whole head is there.
    fn payload(&self) -> Option<u64> {
        let head = &self.head[..usize::from(self.length)];
        let (&second, rest) = head.get(1).zip(head.get(2..))?;
        let extended = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        if rest.len() < extended + mask {
            return None;
        }
        Some(match extended {
            0 => u64::from(second & 0x7f),
            _ => rest[..extended]
                .iter()
                .fold(0, |length, byte| length << 8 | u64::from(*byte)),
        })
    }

    pub(super) fn is_between_messages(&self) -> bool {
        self.length == 0 && self.missing == 0 && !self.is_fragmented
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_message_is_seen_wherever_the_bytes_are_cut() {
        let mut long = vec![0x81, 0xfe, 0x01, 0, 0, 0, 0, 0];
        long.resize(long.len() + 0x100, b'4');
        let mut longer = vec![0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        longer.resize(longer.len() + 0x1_0000, 1);
        let parts = [frame(0x01, b"4a"), frame(0x89, b"x"), frame(0x80, b"b")].concat();
        for message in [frame(0x81, b""), frame(0x81, b"4"), long, longer, parts] {
            for step in [1, 2, 3, 7, 1000, message.len()] {
                let mut border = Border::default();
                let mut passed = 0;
                for piece in message.chunks(step) {
                    assert_eq!(border.is_between_messages(), passed == 0);
                    border.pass(piece);
                    passed += piece.len();
                }
                assert!(border.is_between_messages(), "{step}");
            }
        }
    }

    /// A masked client frame.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).expect("a short payload");
        [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
    }
}
