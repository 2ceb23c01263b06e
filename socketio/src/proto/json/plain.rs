//! How far a string's content stands for itself.

use memchr::memchr2;

/// The number of bytes at the start of a string's content that stand for
/// themselves: up to a quote, a backslash, a control character or the end.
///
/// Most strings end within the first words, so these are looked at eight bytes
/// at a time; what is longer is left to SIMD.
pub(super) fn plain_prefix(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        if index == 4 {
            return 32 + long_plain_prefix(&text[32..]);
        }
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let tail = rest.iter().position(|byte| is_special(*byte));
    words.len() * 8 + tail.unwrap_or(rest.len())
}

fn long_plain_prefix(text: &[u8]) -> usize {
    let len = memchr2(b'"', b'\\', text).unwrap_or(text.len());
    // Written without an early exit, which is what lets it become SIMD.
    let controls = text[..len]
        .iter()
        .fold(false, |seen, byte| seen | (*byte < 0x20));
    if !controls {
        return len;
    }
    let control = text.iter().position(|byte| is_special(*byte));
    control.unwrap_or(len)
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Sets the high bit of each special byte. Bits above the lowest one that is
/// set may be wrong: a borrow runs upwards.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | equal(b'"') | equal(b'\\')) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_bytes_are_found_at_any_distance() {
        for special in [b'"', b'\\', 0, 0x1f] {
            for distance in 0..100 {
                let mut text = vec![0xff; distance];
                text.push(special);
                text.extend_from_slice(b"\"\\\0 x");
                assert_eq!(plain_prefix(&text), distance, "{special} at {distance}");
                text.truncate(distance);
                assert_eq!(plain_prefix(&text), distance);
            }
        }
    }
}
