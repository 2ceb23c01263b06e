//! Reads JSON with attachments.
//!
//! All but a few lines pass calls on, so that no value at any depth escapes
//! the two places where a placeholder may be: [`Wrapped::visit_map`], and the
//! methods of [`Reader`] that say so.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde_json::value::RawValue;

use super::lend;

/// What is passed on, together with the attachments of its packet: a
/// deserializer, a seed, or what gives access to the inside of a value.
#[derive(Debug)]
pub(in crate::proto) struct Reader<'a, T> {
    inner: T,
    attachments: &'a [Bytes],
}

impl<'a, T> Reader<'a, T> {
    pub(in crate::proto) fn new(inner: T, attachments: &'a [Bytes]) -> Self {
        Self { inner, attachments }
    }

    /// A visitor that gets to see an object as what it is.
    fn plain<V>(&self, visitor: V) -> Wrapped<'a, V> {
        Wrapped {
            visitor,
            attachments: self.attachments,
            detect: false,
        }
    }

    /// A visitor that gets to see a placeholder as bytes.
    fn detecting<V>(&self, visitor: V) -> Wrapped<'a, V> {
        Wrapped {
            detect: !self.attachments.is_empty(),
            ..self.plain(visitor)
        }
    }
}

/// Passes methods on whose values have nothing inside of them.
macro_rules! scalars {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )*};
}

/// Passes methods on whose values may have anything inside of them.
macro_rules! containers {
    ($($method:ident($($arg:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            let visitor = self.plain(visitor);
            self.inner.$method($($arg,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Reader<'_, D> {
    type Error = D::Error;

    scalars! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    containers! {
        deserialize_option()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_seq()
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = self.detecting(visitor);
        self.inner.deserialize_any(visitor)
    }

    // As any value, not as bytes: serde_json would show a string as bytes, and
    // text is not binary data unless the visitor says that it is.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserialize_any(visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Reader<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner
            .deserialize(Reader::new(deserializer, self.attachments))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Reader<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error>
    where
        S: DeserializeSeed<'de>,
    {
        self.inner
            .next_element_seed(Reader::new(seed, self.attachments))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Reader<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error>
    where
        S: DeserializeSeed<'de>,
    {
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<S>(&mut self, seed: S) -> Result<S::Value, A::Error>
    where
        S: DeserializeSeed<'de>,
    {
        self.inner
            .next_value_seed(Reader::new(seed, self.attachments))
    }
}

impl<'a, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Reader<'a, A> {
    type Error = A::Error;
    type Variant = Reader<'a, A::Variant>;

    fn variant_seed<S>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error>
    where
        S: DeserializeSeed<'de>,
    {
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Reader::new(variant, self.attachments)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Reader<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S>(self, seed: S) -> Result<S::Value, A::Error>
    where
        S: DeserializeSeed<'de>,
    {
        self.inner
            .newtype_variant_seed(Reader::new(seed, self.attachments))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.plain(visitor);
        self.inner.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.plain(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}

/// A visitor whose values are read by [`Reader`]s, too.
struct Wrapped<'a, V> {
    visitor: V,
    attachments: &'a [Bytes],
    /// Whether an object may be a placeholder. It may where anything or bytes
    /// are asked for; a map or a struct wants the object itself.
    detect: bool,
}

/// Passes values on that have nothing inside of them.
macro_rules! values {
    ($($method:ident($type:ty))*) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Wrapped<'_, V> {
    type Value = V::Value;

    values! {
        visit_bool(bool) visit_i64(i64) visit_i128(i128) visit_u64(u64) visit_u128(u128)
        visit_f64(f64) visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
        visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor
            .visit_some(Reader::new(deserializer, self.attachments))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        self.visitor
            .visit_newtype_struct(Reader::new(deserializer, self.attachments))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_seq(Reader::new(seq, self.attachments))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Reader::new(data, self.attachments))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<V::Value, A::Error> {
        if !self.detect {
            return self.visitor.visit_map(Reader::new(map, self.attachments));
        }
        let key = map.next_key::<Key<'de>>()?.map(|key| key.0);
        let mut value = None;
        // One that is spelled with an escape is data.
        if matches!(key, Some(Cow::Borrowed("_placeholder"))) {
            let raw = map.next_value::<&'de RawValue>()?;
            if raw.get() == "true" {
                return self.visit_placeholder(map);
            }
            value = Some(raw);
        }
        let rest = Reader::new(map, self.attachments);
        self.visitor.visit_map(Replay { key, value, rest })
    }
}

impl<'a, V> Wrapped<'a, V> {
    /// Reads the rest of a placeholder. The decoder leaves none that is spelled
    /// in another way, or that names no attachment.
    fn visit_placeholder<'de, A>(self, mut map: A) -> Result<V::Value, A::Error>
    where
        V: Visitor<'de>,
        A: MapAccess<'de>,
    {
        let illegal = || A::Error::custom("illegal placeholder");
        let key = map.next_key::<Key<'de>>()?.ok_or_else(illegal)?;
        if key.0 != "num" {
            return Err(illegal());
        }
        let num = map.next_value::<usize>()?;
        if map.next_key::<Key<'de>>()?.is_some() {
            return Err(illegal());
        }
        let attachment = self.attachments.get(num).ok_or_else(illegal)?;
        lend(attachment, |data| self.visitor.visit_bytes(data))
    }
}

/// An object whose first key, and perhaps its value, was looked at.
struct Replay<'a, 'de, A> {
    key: Option<Cow<'de, str>>,
    value: Option<&'de RawValue>,
    rest: Reader<'a, A>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Replay<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error>
    where
        S: DeserializeSeed<'de>,
    {
        match self.key.take() {
            Some(key) => seed.deserialize(key.into_deserializer()).map(Some),
            None => self.rest.next_key_seed(seed),
        }
    }

    fn next_value_seed<S>(&mut self, seed: S) -> Result<S::Value, A::Error>
    where
        S: DeserializeSeed<'de>,
    {
        let Some(raw) = self.value.take() else {
            return self.rest.next_value_seed(seed);
        };
        // A fresh deserializer counts its depth from zero. The stack is safe
        // all the same: the scanner has bounded the depth of the whole text.
        let mut deserializer = serde_json::Deserializer::from_str(raw.get());
        Reader::new(seed, self.rest.attachments)
            .deserialize(&mut deserializer)
            .map_err(A::Error::custom)
    }
}

/// A key, borrowed from the text unless it has escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}
