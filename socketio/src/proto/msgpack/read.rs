//! From MessagePack to JSON with attachments.

use std::borrow::Cow;
use std::io::Write;

use bytes::Bytes;
use bytestring::ByteString;
use rmp::Marker;
use serde::Serialize;

use super::date;
use crate::proto::binary::{ESCAPED, PLACEHOLDER};
use crate::proto::json::MAX_DEPTH;
use crate::{Limits, PacketError};

/// Reads a message once, and writes the packet's data as JSON.
///
/// Nothing is reserved for a length that a message claims: what is kept is what
/// was read.
pub(super) struct Reader<'a> {
    message: &'a Bytes,
    at: usize,
    /// How many more arrays and maps may be opened.
    depth: usize,
    json: Vec<u8>,
    attachments: Vec<Bytes>,
    /// How many attachments there may be.
    binaries: usize,
}

type Result<T> = std::result::Result<T, PacketError>;

impl<'a> Reader<'a> {
    pub(super) fn new(message: &'a Bytes, limits: &Limits) -> Self {
        Self {
            message,
            at: 0,
            depth: limits.depth.min(MAX_DEPTH),
            json: Vec::new(),
            attachments: Vec::new(),
            binaries: limits.binaries,
        }
    }

    /// Reads the head of a map, and gives the number of its entries.
    pub(super) fn map(&mut self) -> Result<usize> {
        let marker = self.marker()?;
        self.map_len(marker)?.ok_or(PacketError::Payload)
    }

    /// Reads a key. JavaScript has no others than strings, and so has JSON.
    pub(super) fn key(&mut self) -> Result<Cow<'a, str>> {
        let marker = self.marker()?;
        if let Some(key) = self.text(marker)? {
            return Ok(key.into());
        }
        let number = self.number(marker)?.ok_or(PacketError::Payload)?;
        Ok(number.to_string().into())
    }

    /// Reads a value, which may be a string.
    pub(super) fn string(&mut self) -> Result<Option<&'a str>> {
        let marker = self.marker()?;
        self.text(marker)
    }

    /// Reads a value, which may be an integer. JavaScript does not know how it
    /// was written: 2.0 is one.
    pub(super) fn integer(&mut self) -> Result<Option<i128>> {
        let marker = self.marker()?;
        let float = self.float(marker)?;
        match float {
            Some(float) => Ok(whole(float)),
            None => self.number(marker),
        }
    }

    /// Reads a value that JavaScript takes as if it were not there.
    pub(super) fn skip_undefined(&mut self) -> bool {
        let is_undefined = matches!(self.message[self.at..], [0xd4, 0, _, ..]);
        self.at += if is_undefined { 3 } else { 0 };
        is_undefined
    }

    fn skip_nil(&mut self) -> bool {
        let is_nil = self.message.get(self.at) == Some(&NIL);
        self.at += usize::from(is_nil);
        is_nil
    }

    /// Reads a value that means nothing.
    pub(super) fn skip(&mut self) -> Result<()> {
        let (json, attachments) = (self.json.len(), self.attachments.len());
        self.value()?;
        self.json.truncate(json);
        self.attachments.truncate(attachments);
        Ok(())
    }

    /// Reads the packet's data in place of any that came before. Clients that
    /// know no `undefined` write `nil` where there is none.
    pub(super) fn read_data(&mut self) -> Result<()> {
        self.json.clear();
        self.attachments.clear();
        if self.skip_undefined() || self.skip_nil() {
            return Ok(());
        }
        self.json.reserve(self.message.len() - self.at);
        self.value()
    }

    /// The data as JSON, empty if there is none, and its attachments.
    pub(super) fn finish(self) -> Result<(ByteString, Vec<Bytes>)> {
        if self.at < self.message.len() {
            return Err(PacketError::Payload);
        }
        // What the length is counted for is not to take more.
        let json = Bytes::from(self.json.into_boxed_slice());
        let json = ByteString::try_from(json).expect("JSON is text");
        Ok((json, self.attachments))
    }

    fn value(&mut self) -> Result<()> {
        let marker = self.marker()?;
        if let Some(number) = self.number(marker)? {
            self.write(&number);
        } else if let Some(number) = self.float(marker)? {
            self.write(&number);
        } else if let Some(text) = self.text(marker)? {
            self.write(text);
        } else if let Some(len) = self.array_len(marker)? {
            self.nested(b"[]", len, Self::value)?;
        } else if let Some(len) = self.map_len(marker)? {
            self.nested(b"{}", len, Self::entry)?;
        } else if let Some(len) = self.binary_len(marker)? {
            let data = self.bytes(len)?;
            self.attach(data)?;
        } else if let Some(len) = self.extension_len(marker)? {
            self.extension(len)?;
        } else {
            match marker {
                Marker::Null => self.json.extend(b"null"),
                Marker::False => self.json.extend(b"false"),
                Marker::True => self.json.extend(b"true"),
                _ => return Err(PacketError::Payload),
            }
        }
        Ok(())
    }

    /// Reads the items between two brackets.
    fn nested(
        &mut self,
        brackets: &[u8; 2],
        len: usize,
        item: impl Fn(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.depth = self.depth.checked_sub(1).ok_or(PacketError::Depth)?;
        self.json.push(brackets[0]);
        for index in 0..len {
            if index > 0 {
                self.json.push(b',');
            }
            item(self)?;
        }
        self.json.push(brackets[1]);
        self.depth += 1;
        Ok(())
    }

    /// Reads a key and its value.
    fn entry(&mut self) -> Result<()> {
        match &*self.key()? {
            // Here binary data stands where it is, and no object stands for it.
            "_placeholder" => write!(self.json, "\"{ESCAPED}\"").expect("a Vec takes any bytes"),
            key => self.write(key),
        }
        self.json.push(b':');
        self.value()
    }

    fn attach(&mut self, data: &[u8]) -> Result<()> {
        let num = self.attachments.len();
        if num == self.binaries {
            return Err(PacketError::TooManyAttachments);
        }
        self.attachments.push(self.message.slice_ref(data));
        write!(self.json, "{PLACEHOLDER}{num}}}").expect("a Vec takes any bytes");
        Ok(())
    }

    /// Reads an extension: `undefined`, or a date. What else there may be is an
    /// array of its type and its data, as in the official parser.
    fn extension(&mut self, len: usize) -> Result<()> {
        let kind = i8::from_be_bytes(self.array()?);
        let data = self.bytes(len)?;
        let date = match (kind, len) {
            (0, 1) => None,
            (0, 8) => {
                let millis = data.try_into().expect("it has eight bytes");
                date::from_millis(i64::from_be_bytes(millis))
            }
            _ if self.depth == 0 => return Err(PacketError::Depth),
            _ => {
                write!(self.json, "[{kind},").expect("a Vec takes any bytes");
                self.attach(data)?;
                self.json.push(b']');
                return Ok(());
            }
        };
        self.write(&date);
        Ok(())
    }

    fn number(&mut self, marker: Marker) -> Result<Option<i128>> {
        let number = match marker {
            Marker::FixNeg(number) => number.into(),
            Marker::FixPos(number) => number.into(),
            Marker::I8 => i8::from_be_bytes(self.array()?).into(),
            Marker::I16 => i16::from_be_bytes(self.array()?).into(),
            Marker::I32 => i32::from_be_bytes(self.array()?).into(),
            Marker::I64 => i64::from_be_bytes(self.array()?).into(),
            Marker::U8 => u8::from_be_bytes(self.array()?).into(),
            Marker::U16 => u16::from_be_bytes(self.array()?).into(),
            Marker::U32 => u32::from_be_bytes(self.array()?).into(),
            Marker::U64 => u64::from_be_bytes(self.array()?).into(),
            _ => return Ok(None),
        };
        Ok(Some(number))
    }

    fn float(&mut self, marker: Marker) -> Result<Option<f64>> {
        Ok(match marker {
            Marker::F32 => Some(f32::from_be_bytes(self.array()?).into()),
            Marker::F64 => Some(f64::from_be_bytes(self.array()?)),
            _ => None,
        })
    }

    fn text(&mut self, marker: Marker) -> Result<Option<&'a str>> {
        let len = match marker {
            Marker::FixStr(len) => len.into(),
            Marker::Str8 => self.len::<1>()?,
            Marker::Str16 => self.len::<2>()?,
            Marker::Str32 => self.len::<4>()?,
            _ => return Ok(None),
        };
        let text = str::from_utf8(self.bytes(len)?).map_err(|_| PacketError::Payload)?;
        Ok(Some(text))
    }

    fn array_len(&mut self, marker: Marker) -> Result<Option<usize>> {
        Ok(Some(match marker {
            Marker::FixArray(len) => len.into(),
            Marker::Array16 => self.len::<2>()?,
            Marker::Array32 => self.len::<4>()?,
            _ => return Ok(None),
        }))
    }

    fn map_len(&mut self, marker: Marker) -> Result<Option<usize>> {
        Ok(Some(match marker {
            Marker::FixMap(len) => len.into(),
            Marker::Map16 => self.len::<2>()?,
            Marker::Map32 => self.len::<4>()?,
            _ => return Ok(None),
        }))
    }

    fn binary_len(&mut self, marker: Marker) -> Result<Option<usize>> {
        Ok(Some(match marker {
            Marker::Bin8 => self.len::<1>()?,
            Marker::Bin16 => self.len::<2>()?,
            Marker::Bin32 => self.len::<4>()?,
            _ => return Ok(None),
        }))
    }

    fn extension_len(&mut self, marker: Marker) -> Result<Option<usize>> {
        Ok(Some(match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => self.len::<1>()?,
            Marker::Ext16 => self.len::<2>()?,
            Marker::Ext32 => self.len::<4>()?,
            _ => return Ok(None),
        }))
    }

    fn marker(&mut self) -> Result<Marker> {
        let [byte] = self.array()?;
        Ok(Marker::from_u8(byte))
    }

    /// Reads a length of `N` bytes.
    fn len<const N: usize>(&mut self) -> Result<usize> {
        let bytes = self.array::<N>()?;
        Ok(bytes
            .iter()
            .fold(0, |len, byte| (len << 8) | usize::from(*byte)))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.bytes(N)?;
        Ok(bytes.try_into().expect("it is as long as was asked for"))
    }

    fn bytes(&mut self, len: usize) -> Result<&'a [u8]> {
        let rest = &self.message[self.at..];
        let bytes = rest.get(..len).ok_or(PacketError::Payload)?;
        self.at += len;
        Ok(bytes)
    }

    fn write<T: Serialize + ?Sized>(&mut self, value: &T) {
        serde_json::to_writer(&mut self.json, value).expect("a Vec takes any bytes");
    }
}

/// The integer that a float is, if it is one and no other is written like it.
fn whole(float: f64) -> Option<i128> {
    let is_one = float.fract() == 0.0 && float.abs() < MORE_THAN_EXACT;
    is_one.then_some(float as i128)
}

/// 2<sup>53</sup>: from here on floats leave out integers.
const MORE_THAN_EXACT: f64 = 9_007_199_254_740_992.0;

const NIL: u8 = 0xc0;
