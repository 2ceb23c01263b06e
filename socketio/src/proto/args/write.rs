//! Arguments on their way out: the tuple rule, and JSON with placeholders.

use std::convert::Infallible;
use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde::ser::{self, Impossible, Serializer};

use super::super::binary::Placeholders;
use super::Args;
use crate::EncodeError;

/// What can be sent as the arguments of an event or of an answer: anything
/// with `serde::Serialize`, or [`Args`] as they came.
///
/// A tuple is several arguments, `()` none, anything else one; arrays of a
/// fixed length are tuples to serde, and so to this rule. Binary data is
/// written as an attachment: see [`Binary`](crate::Binary).
///
/// The value is asked for its shape first, which runs a hand-written
/// `Serialize` up to its first call of the serializer once more.
///
/// ```
/// use socketio::{Args, EncodeError, IntoArgs};
///
/// fn count(args: impl IntoArgs) -> Result<usize, EncodeError> {
///     Ok(Args::new(args)?.len())
/// }
/// assert_eq!(count(())?, 0);
/// assert_eq!(count(vec!["a", "b"])?, 1);
/// assert_eq!(count(("a", "b"))?, 2);
/// # Ok::<_, EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent",
    label = "this is no payload",
    note = "a payload is any type with `serde::Serialize` (a tuple: several arguments, `()`: \
            none), or `Args`",
    note = "for your own type add `#[derive(serde::Serialize)]`"
)]
pub trait IntoArgs {
    /// Writes the arguments.
    #[doc(hidden)]
    fn write_args(&self, out: &mut Writer) -> Result<(), EncodeError>;

    /// Arguments that are written already.
    #[doc(hidden)]
    fn as_args(&self) -> Option<&Args> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> IntoArgs for T {
    fn write_args(&self, out: &mut Writer) -> Result<(), EncodeError> {
        let Err(shape) = self.serialize(ShapeOf);
        match shape {
            Shape::Other => out.push_one(self),
            Shape::Tuple => out.push_tuple(self),
            Shape::Unit if is_nothing(self) => Ok(()),
            Shape::Unit => out.push_one(self),
        }
    }
}

/// Whether what is a unit to serde is `()`, or like it holds nothing: a value
/// that holds something is a `null`, which is an argument.
///
/// A reference has a size, and to serde it is what it points at. Its name tells
/// it; if it did not, `&()` would be sent as `null`.
fn is_nothing<T>(value: &T) -> bool {
    size_of_val(value) == 0 || std::any::type_name::<T>().trim_start_matches('&') == "()"
}

impl IntoArgs for Args {
    fn write_args(&self, out: &mut Writer) -> Result<(), EncodeError> {
        out.push_args(self);
        Ok(())
    }

    fn as_args(&self) -> Option<&Args> {
        Some(self)
    }
}

impl IntoArgs for &Args {
    fn write_args(&self, out: &mut Writer) -> Result<(), EncodeError> {
        out.push_args(self);
        Ok(())
    }

    fn as_args(&self) -> Option<&Args> {
        Some(self)
    }
}

/// An array of arguments that is being written, with its attachments.
#[derive(Debug, Default)]
#[expect(unnameable_types, reason = "arguments are written by this crate alone")]
pub struct Writer {
    /// The array without its closing bracket; nothing before the first
    /// element.
    json: Vec<u8>,
    attachments: Vec<Bytes>,
}

impl Writer {
    /// Writes into a buffer, over what is in it.
    pub(in crate::proto) fn new(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        Self {
            json: buffer,
            attachments: Vec::new(),
        }
    }

    /// Writes one element.
    pub(in crate::proto) fn push_one<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.separate();
        self.serialize(value)
    }

    /// Writes the elements of a value whose JSON is an array.
    fn push_tuple<T: Serialize>(&mut self, value: &T) -> Result<(), EncodeError> {
        let start = self.json.len();
        self.serialize(value)?;
        self.json.pop();
        if start == 0 {
            return Ok(());
        }
        if self.json.len() == start + 1 {
            self.json.pop();
        } else {
            self.json[start] = b',';
        }
        Ok(())
    }

    /// Copies the elements of arguments.
    fn push_args(&mut self, args: &Args) {
        if !args.is_empty() {
            self.separate();
            self.json.extend_from_slice(args.as_json().as_bytes());
        }
        self.attachments.extend_from_slice(args.attachments());
    }

    fn separate(&mut self) {
        self.json
            .push(if self.json.is_empty() { b'[' } else { b',' });
    }

    fn serialize<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let formatter = Placeholders::new(&mut self.attachments);
        let mut serializer = serde_json::Serializer::with_formatter(&mut self.json, formatter);
        Ok(value.serialize(&mut serializer)?)
    }

    /// The array and its attachments.
    pub(in crate::proto) fn finish(mut self) -> (Vec<u8>, Vec<Bytes>) {
        if self.json.is_empty() {
            self.json.push(b'[');
        }
        self.json.push(b']');
        (self.json, self.attachments)
    }
}

/// What a value looks like to serde.
#[derive(Debug)]
enum Shape {
    Other,
    Tuple,
    Unit,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Shape {}

impl ser::Error for Shape {
    /// A value that gives up before it told its shape does so again when it
    /// is written, where its message is kept.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other
    }
}

/// Stops at the first call, and tells in an error which one it was.
struct ShapeOf;

macro_rules! stop {
    ($shape:ident: $($method:ident $(<$generic:ident>)? ($($type:ty),*) -> $ok:ty;)*) => {$(
        fn $method $(<$generic: Serialize + ?Sized>)? (
            self,
            $(_: $type),*
        ) -> Result<$ok, Shape> {
            Err(Shape::$shape)
        }
    )*};
}

type Never = Impossible<Infallible, Shape>;

impl Serializer for ShapeOf {
    type Ok = Infallible;
    type Error = Shape;
    type SerializeMap = Never;
    type SerializeSeq = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;

    stop! {
        Unit:
        serialize_unit() -> Infallible;
    }

    stop! {
        Tuple:
        serialize_tuple(usize) -> Never;
    }

    stop! {
        Other:
        serialize_bool(bool) -> Infallible;
        serialize_i8(i8) -> Infallible;
        serialize_i16(i16) -> Infallible;
        serialize_i32(i32) -> Infallible;
        serialize_i64(i64) -> Infallible;
        serialize_u8(u8) -> Infallible;
        serialize_u16(u16) -> Infallible;
        serialize_u32(u32) -> Infallible;
        serialize_u64(u64) -> Infallible;
        serialize_f32(f32) -> Infallible;
        serialize_f64(f64) -> Infallible;
        serialize_char(char) -> Infallible;
        serialize_str(&str) -> Infallible;
        serialize_bytes(&[u8]) -> Infallible;
        serialize_none() -> Infallible;
        serialize_some<T>(&T) -> Infallible;
        serialize_unit_struct(&'static str) -> Infallible;
        serialize_unit_variant(&'static str, u32, &'static str) -> Infallible;
        serialize_newtype_struct<T>(&'static str, &T) -> Infallible;
        serialize_newtype_variant<T>(&'static str, u32, &'static str, &T) -> Infallible;
        serialize_seq(Option<usize>) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
        serialize_struct(&'static str, usize) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }
}
