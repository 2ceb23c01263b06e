//! Binary data inside of payloads: bytes to serde, placeholders on the wire.
//!
//! An attachment travels as a message of its own, and the JSON says where it
//! belongs: `{"_placeholder":true,"num":0}`. Going out, a [`Formatter`] writes
//! a placeholder for whatever serde calls bytes. Coming in, [`Reader`] puts the
//! attachments back, and shows them to serde as bytes.

mod reader;
mod value;

use std::cell::Cell;
use std::fmt;
use std::io;
use std::ops::Deref;

use bytes::Bytes;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::ser::Formatter;

pub(super) use reader::Reader;
pub use value::Value;

/// Binary data as an argument, or anywhere inside of one.
///
/// It is sent as an attachment and read from one; neither way copies it.
/// `bytes::Bytes` and `serde_bytes` work as well, at the price of a copy. A
/// plain `Vec<u8>` is not binary: to serde, and so to JavaScript, it is an
/// array of numbers.
///
/// Nothing but binary data is read as `Binary`, neither a string nor an array.
///
/// ```
/// use socketio::{Args, Binary};
///
/// let args = Args::new(("cat.png", Binary::from(&b"\x89PNG"[..])))?;
/// assert_eq!(args.attachments().len(), 1);
/// let (name, image): (String, Binary) = args.parse()?;
/// assert_eq!(&*image, b"\x89PNG");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Binary(pub Bytes);

impl Deref for Binary {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Binary {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Bytes> for Binary {
    fn from(data: Bytes) -> Self {
        Self(data)
    }
}

impl From<Vec<u8>> for Binary {
    fn from(data: Vec<u8>) -> Self {
        Self(data.into())
    }
}

impl From<&'static [u8]> for Binary {
    fn from(data: &'static [u8]) -> Self {
        Self(Bytes::from_static(data))
    }
}

impl From<Binary> for Bytes {
    fn from(binary: Binary) -> Self {
        binary.0
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        lend(&self.0, |data| serializer.serialize_bytes(data))
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(BinaryVisitor)
    }
}

struct BinaryVisitor;

impl Visitor<'_> for BinaryVisitor {
    type Value = Binary;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("binary data")
    }

    fn visit_bytes<E: de::Error>(self, data: &[u8]) -> Result<Binary, E> {
        Ok(Binary(take_or_copy(data)))
    }

    fn visit_byte_buf<E: de::Error>(self, data: Vec<u8>) -> Result<Binary, E> {
        Ok(Binary(data.into()))
    }
}

/// Writes a placeholder for whatever serde calls bytes, and collects the bytes.
///
/// What is no placeholder does not look like one: the key is [`ESCAPED`].
#[derive(Debug)]
pub(super) struct Placeholders<'a> {
    attachments: &'a mut Vec<Bytes>,
    is_key: bool,
}

impl<'a> Placeholders<'a> {
    pub(super) fn new(attachments: &'a mut Vec<Bytes>) -> Self {
        Self {
            attachments,
            is_key: false,
        }
    }
}

impl Formatter for Placeholders<'_> {
    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        is_first: bool,
    ) -> io::Result<()> {
        self.is_key = true;
        match is_first {
            true => Ok(()),
            false => writer.write_all(b","),
        }
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_key = false;
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let text = match self.is_key && fragment == "_placeholder" {
            true => ESCAPED,
            false => fragment,
        };
        writer.write_all(text.as_bytes())
    }

    fn write_byte_array<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        data: &[u8],
    ) -> io::Result<()> {
        let num = self.attachments.len();
        self.attachments.push(take_or_copy(data));
        write!(writer, "{PLACEHOLDER}{num}}}")
    }
}

/// How a placeholder starts; its number and a brace follow.
pub(super) const PLACEHOLDER: &str = r#"{"_placeholder":true,"num":"#;

/// How the key `_placeholder` is spelled in data: to JSON it is the same, and
/// whoever looks for a placeholder inside of this crate sees none.
pub(super) const ESCAPED: &str = r"\u005fplaceholder";

thread_local! {
    /// The `Bytes` behind the slice that is being passed through serde.
    ///
    /// serde hands over slices only. Who makes one from a `Bytes` leaves the
    /// `Bytes` here, and who gets the very same slice finds it. As the cell
    /// owns what it holds, no other memory can have the same address: all that
    /// depends on it is whether the data is copied.
    static LENT: Cell<Option<Bytes>> = const { Cell::new(None) };
}

/// Passes a slice of `data` on so that it can be taken without a copy.
fn lend<R>(data: &Bytes, pass: impl FnOnce(&[u8]) -> R) -> R {
    /// Takes back what nobody took, also when a user's visitor panics.
    struct Return;

    impl Drop for Return {
        fn drop(&mut self) {
            LENT.take();
        }
    }

    LENT.set(Some(data.clone()));
    let _return = Return;
    pass(data)
}

/// The `Bytes` that were lent as this slice, or a copy of it.
fn take_or_copy(data: &[u8]) -> Bytes {
    match LENT.take() {
        Some(lent) if std::ptr::eq(&*lent, data) => lent,
        _ => Bytes::copy_from_slice(data),
    }
}

#[cfg(test)]
mod tests;
