//! From JSON with attachments to MessagePack.

use bytes::Bytes;
use rmp::encode;

use crate::Binary;
use crate::proto::binary::PLACEHOLDER;
use crate::proto::json::{Kind, MAX_DEPTH, Scanner};

/// Writes a message, and reads the JSON for it once.
pub(super) struct Writer<'a> {
    json: &'a str,
    scanner: Scanner<'a>,
    attachments: &'a [Bytes],
    out: Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(json: &'a str, attachments: &'a [Bytes]) -> Self {
        let binary: usize = attachments.iter().map(Bytes::len).sum();
        Self {
            json,
            scanner: Scanner::new(json, MAX_DEPTH),
            attachments,
            out: Vec::with_capacity(json.len() + binary + 64),
        }
    }

    /// Writes the head of a map of a few entries.
    pub(super) fn map(&mut self, len: usize) {
        encode::write_map_len(&mut self.out, length(len)).expect(TAKEN);
    }

    pub(super) fn string(&mut self, text: &str) {
        encode::write_str(&mut self.out, text).expect(TAKEN);
    }

    pub(super) fn unsigned(&mut self, number: u64) {
        encode::write_uint(&mut self.out, number).expect(TAKEN);
    }

    pub(super) fn finish(self) -> Bytes {
        self.out.into_boxed_slice().into()
    }

    /// Writes the next value of the JSON, which is known to be valid.
    pub(super) fn value(&mut self) {
        match self.scanner.peek() {
            Some(b'"') => self.text(),
            Some(b'[') => self.nested(b'[', b']', &ARRAY, Self::value),
            Some(b'{') => match self.attachment() {
                Some(data) => encode::write_bin(&mut self.out, data).expect(TAKEN),
                None => self.nested(b'{', b'}', &MAP, Self::entry),
            },
            _ => self.scalar(),
        }
    }

    /// The attachment that the next object stands for. Placeholders have one
    /// spelling inside of arguments.
    fn attachment(&mut self) -> Option<&'a Bytes> {
        let rest = &self.json[self.scanner.at()..];
        let (num, _) = rest.strip_prefix(PLACEHOLDER)?.split_once('}')?;
        let attachment = self.attachments.get(num.parse::<usize>().ok()?)?;
        self.token();
        Some(attachment)
    }

    /// Writes the items between two brackets. Their number is known behind them:
    /// a head of one byte makes room for a longer one if it has to.
    fn nested(&mut self, open: u8, close: u8, heads: &Heads, mut item: impl FnMut(&mut Self)) {
        let head = self.out.len();
        self.out.push(0);
        let mut count = 0;
        self.scanner.eat(open);
        self.scanner.skip_whitespace();
        while !self.scanner.eat(close) {
            item(self);
            count += 1;
            self.scanner.next_element();
        }
        match (u8::try_from(count), u16::try_from(count)) {
            (Ok(count @ ..16), _) => self.out[head] = heads.short | count,
            (_, Ok(count)) => {
                let [a, b] = count.to_be_bytes();
                self.out.splice(head..=head, [heads.of_16, a, b]);
            }
            _ => {
                let [a, b, c, d] = length(count).to_be_bytes();
                self.out.splice(head..=head, [heads.of_32, a, b, c, d]);
            }
        }
    }

    fn entry(&mut self) {
        self.text();
        self.scanner.skip_whitespace();
        self.scanner.eat(b':');
        self.scanner.skip_whitespace();
        self.value();
    }

    fn text(&mut self) {
        let (_, token) = self.token();
        if !token.contains('\\') {
            return self.string(&token[1..token.len() - 1]);
        }
        // Half a surrogate is text in JSON, but not in UTF-8.
        let text: Binary = serde_json::from_str(token).expect(VALID);
        self.string(&String::from_utf8_lossy(&text));
    }

    fn scalar(&mut self) {
        let (kind, token) = self.token();
        let out = &mut self.out;
        match token {
            "null" => encode::write_nil(out).expect(TAKEN),
            "false" => encode::write_bool(out, false).expect(TAKEN),
            "true" => encode::write_bool(out, true).expect(TAKEN),
            number => match (number.parse::<i64>(), number.parse::<u64>()) {
                (Ok(integer), _) if kind == Kind::Integer && number != "-0" => {
                    encode::write_sint(out, integer).expect(TAKEN);
                }
                (_, Ok(integer)) if kind == Kind::Integer => {
                    encode::write_uint(out, integer).expect(TAKEN);
                }
                _ => encode::write_f64(out, number.parse().expect(VALID)).expect(TAKEN),
            },
        }
    }

    /// The next value, and what it is.
    fn token(&mut self) -> (Kind, &'a str) {
        let start = self.scanner.at();
        let kind = self.scanner.value().expect(VALID);
        (kind, &self.json[start..self.scanner.at()])
    }
}

/// What arrays or maps start with, by how their length is written.
struct Heads {
    short: u8,
    of_16: u8,
    of_32: u8,
}

const ARRAY: Heads = Heads {
    short: 0x90,
    of_16: 0xdc,
    of_32: 0xdd,
};

const MAP: Heads = Heads {
    short: 0x80,
    of_16: 0xde,
    of_32: 0xdf,
};

const TAKEN: &str = "a Vec takes any bytes";
const VALID: &str = "arguments are valid JSON";

fn length(len: usize) -> u32 {
    u32::try_from(len).expect("the whole packet is shorter than 4 GiB")
}
