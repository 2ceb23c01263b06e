//! Arguments as values: the tuple rule.

use std::fmt;

use bytes::Bytes;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, SeqAccess, Visitor,
};
use serde_json::Error;

use super::super::binary::Reader;
use super::Args;
use crate::DecodeError;

/// What arguments can be read as: any owned type with `serde::Deserialize`, or
/// [`Args`] as they came.
///
/// A tuple takes several arguments, `()` none, anything else the first; see
/// [`Args::parse`]. Arrays of a fixed length are tuples to serde, and so to
/// this rule.
///
/// ```
/// use socketio::{Args, DecodeError, FromArgs};
///
/// /// As many points as there are.
/// struct Line(Vec<(f64, f64)>);
///
/// impl FromArgs for Line {
///     fn from_args(args: Args) -> Result<Self, DecodeError> {
///         args.to_list().map(Self)
///     }
/// }
///
/// let Line(points) = Args::new(((0.0, 0.0), (1.0, 2.0)))?.parse()?;
/// assert_eq!(points.len(), 2);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "arguments cannot be read as `{Self}`",
    label = "this is no payload",
    note = "a payload is any owned type with `serde::Deserialize` (a tuple: several arguments, \
            `()`: none), or `Args`",
    note = "for your own type add `#[derive(serde::Deserialize)]`; instead of a borrowed type \
            such as `&str` take `String`"
)]
pub trait FromArgs: Sized {
    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// If they are not of this type.
    fn from_args(args: Args) -> Result<Self, DecodeError>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> FromArgs for T {
    fn from_args(args: Args) -> Result<Self, DecodeError> {
        Ok(T::deserialize(Whole(&args))?)
    }
}

impl FromArgs for Args {
    fn from_args(args: Args) -> Result<Self, DecodeError> {
        Ok(args)
    }
}

impl Args {
    /// The first argument, as serde sees it; `index` is what to call it.
    pub(super) fn first(&self, index: usize) -> First<'_, '_> {
        First {
            json: (!self.is_empty()).then(|| self.as_json()),
            attachments: self.attachments(),
            index,
        }
    }
}

/// All arguments, as serde sees them.
struct Whole<'a>(&'a Args);

macro_rules! first {
    ($($method:ident($($arg:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, Error> {
            self.0.first(0).$method($($arg,)* visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Whole<'de> {
    type Error = Error;

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        let elements = Elements {
            args: self.0,
            len,
            visitor,
        };
        serde_json::Deserializer::from_str(&self.0.array).deserialize_seq(elements)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    first! {
        deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16()
        deserialize_i32() deserialize_i64() deserialize_i128() deserialize_u8()
        deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str()
        deserialize_string() deserialize_bytes() deserialize_byte_buf() deserialize_option()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_seq()
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier() deserialize_ignored_any()
    }
}

/// All arguments, as serde sees them, for who takes any number of them.
pub(super) struct List<'a>(pub(super) &'a Args);

impl<'de> Deserializer<'de> for List<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        Whole(self.0).deserialize_tuple(self.0.len(), visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct newtype_struct seq tuple tuple_struct map struct enum
        identifier ignored_any
    }
}

/// One argument, as serde sees it, or its absence.
#[derive(Debug)]
pub(super) struct First<'de, 'a> {
    /// The argument; what follows it is not read.
    json: Option<&'de str>,
    attachments: &'a [Bytes],
    index: usize,
}

/// Reads an argument if there is one, and gives an alternative else.
macro_rules! present_or {
    ($absent:expr; $($method:ident($($arg:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, Error> {
            let Some(json) = self.json else {
                return $absent(self, visitor);
            };
            let mut deserializer = serde_json::Deserializer::from_str(json);
            Reader::new(&mut deserializer, self.attachments).$method($($arg,)* visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for First<'de, '_> {
    type Error = Error;

    present_or! {
        |_, visitor: V| visitor.visit_unit();
        deserialize_any() deserialize_ignored_any() deserialize_unit()
        deserialize_unit_struct(name: &'static str)
    }

    present_or! {
        |_, visitor: V| visitor.visit_none();
        deserialize_option()
    }

    present_or! {
        |this, visitor: V| visitor.visit_newtype_struct(this);
        deserialize_newtype_struct(name: &'static str)
    }

    present_or! {
        |this: Self, _| Err(Error::custom(format_args!("argument {} is missing", this.index)));
        deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32()
        deserialize_i64() deserialize_i128() deserialize_u8() deserialize_u16()
        deserialize_u32() deserialize_u64() deserialize_u128() deserialize_f32()
        deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf()
        deserialize_seq()
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier()
    }
}

/// Shows as many arguments to a tuple's visitor as it has elements.
struct Elements<'a, V> {
    args: &'a Args,
    len: usize,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Elements<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<V::Value, A::Error> {
        for _ in 0..self.args.skipped {
            seq.next_element::<IgnoredAny>()?;
        }
        let arguments = Arguments {
            args: self.args,
            index: 0,
            len: self.len,
            seq: &mut seq,
        };
        let value = self.visitor.visit_seq(arguments)?;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(value)
    }
}

/// The arguments one by one; behind the last, their absence.
struct Arguments<'a, 'b, A> {
    args: &'a Args,
    index: usize,
    len: usize,
    seq: &'b mut A,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Arguments<'_, '_, A> {
    type Error = A::Error;

    fn next_element_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error>
    where
        S: DeserializeSeed<'de>,
    {
        let attachments = self.args.attachments();
        let index = self.index;
        if index == self.len {
            return Ok(None);
        }
        self.index += 1;
        if index < self.args.len() {
            return self.seq.next_element_seed(Reader::new(seed, attachments));
        }
        let missing = First {
            json: None,
            attachments,
            index,
        };
        seed.deserialize(missing)
            .map(Some)
            .map_err(A::Error::custom)
    }
}
