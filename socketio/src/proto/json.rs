//! One pass over a packet's JSON: is it JSON, how deep is it, what is in it.
//!
//! No tree is built and nothing is unescaped. The grammar is that of RFC 8259,
//! a lone surrogate in an escape included.

mod plain;

use std::ops::Range;

use self::plain::plain_prefix;

/// Deeper JSON is refused whatever the limits say: serde_json reads no more,
/// and the scanner's recursion has to end.
pub(super) const MAX_DEPTH: usize = 127;

/// Why a text is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum JsonError {
    /// Arrays and objects are nested deeper than the limit.
    Depth,
    /// It is not JSON.
    Syntax,
}

/// What a value is, as far as packets care.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A number without fraction and exponent.
    Integer,
    /// A string; its quotes are part of the value's text.
    String,
    /// `true`.
    True,
    /// Anything else.
    Other,
}

/// An array, and the first of its elements.
#[derive(Debug)]
pub(super) struct Array {
    /// What the first element is and where; `None` in an empty array.
    pub(super) first: Option<(Kind, Range<usize>)>,
    /// Where the second element starts, or the closing bracket.
    pub(super) second: usize,
    /// The number of elements.
    pub(super) len: usize,
    /// The position behind the closing bracket.
    pub(super) end: usize,
}

/// An object that stands for an attachment: `{"_placeholder":true,"num":0}`.
#[derive(Debug)]
pub(super) struct Placeholder {
    /// Where the object is.
    pub(super) span: Range<usize>,
    /// The attachment's index; `None` if it is missing or no index.
    pub(super) num: Option<usize>,
}

/// How the key of a placeholder may be spelled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Spelling {
    /// In any way: clients take all of them for the same.
    Any,
    /// Without an escape. With one it is a key of data, inside of this crate and
    /// among nodes.
    Plain,
}

/// Reads a text once, from its start to its end.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// How many more arrays and objects may be opened.
    depth: usize,
    placeholders: Option<Vec<Placeholder>>,
    spelling: Spelling,
}

impl<'a> Scanner<'a> {
    /// A scanner at the start of a text.
    pub(super) fn new(text: &'a str, depth: usize) -> Self {
        Self {
            text,
            at: 0,
            depth: depth.min(MAX_DEPTH),
            placeholders: None,
            spelling: Spelling::Any,
        }
    }

    /// Looks for placeholders, too.
    pub(super) fn with_placeholders(mut self, spelling: Spelling) -> Self {
        self.placeholders = Some(Vec::new());
        self.spelling = spelling;
        self
    }

    /// The placeholders found, in the order in which they end. Those inside
    /// of another are left out, as it stands for an attachment as a whole.
    pub(super) fn into_placeholders(self) -> Vec<Placeholder> {
        self.placeholders.unwrap_or_default()
    }

    /// Reads an array with nothing in front of it.
    pub(super) fn array(&mut self) -> Result<Array, JsonError> {
        self.open(b'[')?;
        let mut array = Array {
            first: None,
            second: self.at,
            len: 0,
            end: self.at,
        };
        if !self.eat(b']') {
            let start = self.at;
            let kind = self.value()?;
            array.first = Some((kind, start..self.at));
            array.len = 1;
            self.skip_whitespace();
            array.second = self.at;
            while self.next_is(b',', b']')? {
                self.skip_whitespace();
                if array.len == 1 {
                    array.second = self.at;
                }
                self.value()?;
                array.len += 1;
                self.skip_whitespace();
            }
        }
        self.depth += 1;
        array.end = self.at;
        Ok(array)
    }

    /// Reads an object with nothing in front of it.
    pub(super) fn object(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.open(b'{')?;
        let mut candidate = Candidate::default();
        if !self.eat(b'}') {
            loop {
                self.member(&mut candidate)?;
                self.skip_whitespace();
                if !self.next_is(b',', b'}')? {
                    break;
                }
                self.skip_whitespace();
            }
        }
        self.depth += 1;
        if candidate.marked {
            self.found(start, candidate.num);
        }
        Ok(())
    }

    /// Reads any value with nothing in front of it.
    pub(super) fn value(&mut self) -> Result<Kind, JsonError> {
        match self.peek() {
            Some(b'"') => self.string().map(|()| Kind::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'[') => self.array().map(|_| Kind::Other),
            Some(b'{') => self.object().map(|()| Kind::Other),
            Some(b'f') => self.literal("false", Kind::Other),
            Some(b'n') => self.literal("null", Kind::Other),
            Some(b't') => self.literal("true", Kind::True),
            _ => Err(JsonError::Syntax),
        }
    }

    /// Reads on to the next value of the array that the last one was in, over
    /// one comma; stays in front of anything else.
    pub(super) fn next_element(&mut self) -> usize {
        self.skip_whitespace();
        if self.eat(b',') {
            self.skip_whitespace();
        }
        self.at
    }

    /// Expects nothing but white space up to the end.
    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        self.skip_whitespace();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(JsonError::Syntax),
        }
    }

    /// Reads a key and its value.
    fn member(&mut self, candidate: &mut Candidate) -> Result<(), JsonError> {
        let key = self.at;
        self.string()?;
        let key = key..self.at;
        self.skip_whitespace();
        self.expect(b':')?;
        self.skip_whitespace();
        let value = self.at;
        let kind = self.value()?;
        if self.placeholders.is_some() {
            let value = &self.text[value..self.at];
            candidate.see(&self.text[key], kind, value, self.spelling);
        }
        Ok(())
    }

    /// Notes a placeholder that starts at `start` and ends here.
    fn found(&mut self, start: usize, num: Option<usize>) {
        let span = start..self.at;
        if let Some(placeholders) = &mut self.placeholders {
            while placeholders
                .last()
                .is_some_and(|inner| inner.span.start > start)
            {
                placeholders.pop();
            }
            placeholders.push(Placeholder { span, num });
        }
    }

    /// Reads the opening bracket of a new level, and white space behind it.
    fn open(&mut self, bracket: u8) -> Result<(), JsonError> {
        self.expect(bracket)?;
        self.depth = self.depth.checked_sub(1).ok_or(JsonError::Depth)?;
        self.skip_whitespace();
        Ok(())
    }

    /// Reads a string, its quotes included.
    fn string(&mut self) -> Result<(), JsonError> {
        self.expect(b'"')?;
        loop {
            self.at += plain_prefix(&self.bytes()[self.at..]);
            match self.bytes().get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return Err(JsonError::Syntax),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let len = match self.bytes().get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => 6,
            _ => return Err(JsonError::Syntax),
        };
        let escape = self.bytes().get(self.at + 2..self.at + len);
        if !escape.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
            return Err(JsonError::Syntax);
        }
        self.at += len;
        Ok(())
    }

    fn number(&mut self) -> Result<Kind, JsonError> {
        let mut kind = Kind::Integer;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            kind = Kind::Other;
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            kind = Kind::Other;
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits()?;
        }
        Ok(kind)
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let rest = &self.bytes()[self.at..];
        let len = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += len;
        if len == 0 {
            Err(JsonError::Syntax)
        } else {
            Ok(())
        }
    }

    fn literal(&mut self, literal: &str, kind: Kind) -> Result<Kind, JsonError> {
        if !self.bytes()[self.at..].starts_with(literal.as_bytes()) {
            return Err(JsonError::Syntax);
        }
        self.at += literal.len();
        Ok(kind)
    }

    pub(super) fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Reads one of two bytes; whether it was the first.
    fn next_is(&mut self, yes: u8, no: u8) -> Result<bool, JsonError> {
        let byte = self.peek();
        self.at += 1;
        match byte {
            Some(byte) if byte == yes => Ok(true),
            Some(byte) if byte == no => Ok(false),
            _ => Err(JsonError::Syntax),
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(JsonError::Syntax)
        }
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.peek() == Some(byte);
        self.at += usize::from(eaten);
        eaten
    }

    #[cfg(feature = "msgpack")]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }
}

/// What an object says about being a placeholder, key by key.
///
/// JavaScript lets the last of two equal keys win. Here a mark stays, so that
/// no object is a placeholder to one reader and data to another.
#[derive(Default)]
struct Candidate {
    marked: bool,
    num: Option<usize>,
}

impl Candidate {
    fn see(&mut self, key: &str, kind: Kind, value: &str, spelling: Spelling) {
        let is_plain = spelling == Spelling::Plain;
        if is_key(key, "_placeholder") && !(is_plain && key.contains('\\')) {
            self.marked |= kind == Kind::True;
        } else if is_key(key, "num") {
            self.num = match kind {
                Kind::Integer => value.parse().ok(),
                _ => None,
            };
        }
    }
}

/// Whether a JSON string, given with its quotes, spells a name.
fn is_key(string: &str, name: &str) -> bool {
    let raw = &string[1..string.len() - 1];
    raw == name || (raw.contains('\\') && unescape(string).is_some_and(|key| key == name))
}

/// The value of a JSON string, given with its quotes; `None` if it has a lone
/// surrogate.
pub(super) fn unescape(string: &str) -> Option<String> {
    serde_json::from_str(string).ok()
}

#[cfg(test)]
mod tests;
