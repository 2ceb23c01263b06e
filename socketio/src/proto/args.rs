//! Arguments that stay text until somebody asks for a type.

mod read;
mod write;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[cfg(feature = "server")]
use super::binary::PLACEHOLDER;
use super::json::{Array, MAX_DEPTH, Scanner};
use crate::{DecodeError, EncodeError};

pub use read::FromArgs;
pub use write::IntoArgs;
pub(super) use write::Writer;

/// The arguments of an event or of an answer, not parsed yet.
///
/// They are the JSON text that came, known to be valid, and its binary
/// attachments. A handler that takes `Args` can [`parse`](Self::parse) them,
/// or pass them on: emitting `Args` parses nothing. Clones share text and
/// attachments.
///
/// ```
/// use socketio::Args;
///
/// let args = Args::new(("move", 3, 4))?;
/// assert_eq!(args.len(), 3);
/// let (verb, x, y): (String, i32, i32) = args.parse()?;
/// assert_eq!(args.skip(1).parse::<(i32, i32)>()?, (x, y));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Args {
    /// The array that holds the arguments, brackets included.
    array: ByteString,
    /// Elements in front of the first argument: an event's name, and what
    /// was skipped.
    skipped: usize,
    /// Where the first argument starts, or the closing bracket.
    start: usize,
    len: usize,
    attachments: Option<Arc<[Bytes]>>,
}

impl Args {
    /// Writes arguments: a tuple is several, `()` none, anything else one.
    ///
    /// # Errors
    ///
    /// If the value's `Serialize` fails, or writes JSON that is deeper than
    /// 127 levels.
    pub fn new(args: impl IntoArgs) -> Result<Self, EncodeError> {
        Self::write(&args)
    }

    pub(crate) fn write(args: &impl IntoArgs) -> Result<Self, EncodeError> {
        let mut writer = Writer::default();
        args.write_args(&mut writer)?;
        Self::from_writer(writer)
    }

    /// Writes each item as an argument, however many there are.
    ///
    /// ```
    /// use socketio::Args;
    ///
    /// let words = vec!["a", "b"];
    /// assert_eq!(Args::from_list(&words)?.len(), 2);
    /// assert_eq!(Args::new(&words)?.len(), 1);
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn from_list<T: Serialize>(
        items: impl IntoIterator<Item = T>,
    ) -> Result<Self, EncodeError> {
        let mut writer = Writer::default();
        for item in items {
            writer.push_one(&item)?;
        }
        Self::from_writer(writer)
    }

    fn from_writer(writer: Writer) -> Result<Self, EncodeError> {
        let (json, attachments) = writer.finish();
        let json = ByteString::try_from(json).expect("serde_json writes UTF-8");
        let array = Scanner::new(&json, MAX_DEPTH).array().map_err(|_| {
            EncodeError::Serialize(serde::ser::Error::custom("nested deeper than 127 levels"))
        })?;
        let mut args = Self::from_array(&json, &array);
        args.attach(attachments);
        Ok(args)
    }

    /// The arguments in the text of an array; `None` if it is none.
    #[cfg(feature = "server")]
    pub(crate) fn from_text(array: String, attachments: Vec<Bytes>) -> Option<Self> {
        let text = ByteString::from(array);
        let array = Scanner::new(&text, MAX_DEPTH).array().ok()?;
        let mut args = (array.end == text.len()).then(|| Self::from_array(&text, &array))?;
        args.attach(attachments);
        Some(args)
    }

    /// The arguments that a scanned array holds.
    pub(super) fn from_array(text: &ByteString, array: &Array) -> Self {
        Self {
            array: text.slice_ref(&text[..array.end]),
            skipped: 0,
            start: array
                .first
                .as_ref()
                .map_or(array.second, |(_, span)| span.start),
            len: array.len,
            attachments: None,
        }
    }

    /// The arguments behind the first element of a scanned array.
    pub(super) fn from_array_tail(text: &ByteString, array: &Array) -> Self {
        Self {
            skipped: 1,
            start: array.second,
            len: array.len - 1,
            ..Self::from_array(text, array)
        }
    }

    /// One argument, given as valid JSON. Copies it.
    pub(super) fn from_value(json: &str) -> Self {
        Self {
            array: ["[", json, "]"].concat().into(),
            skipped: 0,
            start: 1,
            len: 1,
            attachments: None,
        }
    }

    /// Gives the arguments the attachments that their placeholders name.
    pub(super) fn attach(&mut self, attachments: Vec<Bytes>) {
        self.attachments = (!attachments.is_empty()).then(|| attachments.into());
    }

    /// Parses the arguments: a tuple takes several, `()` none, anything else
    /// the first.
    ///
    /// An argument that is missing at the end reads as `null`, so that an
    /// `Option` is `None`. Arguments that nobody asked for are ignored.
    ///
    /// # Errors
    ///
    /// If an argument is of another type, or missing and its type takes no
    /// `null`.
    pub fn parse<T: FromArgs>(&self) -> Result<T, DecodeError> {
        T::from_args(self.clone())
    }

    /// Parses one argument, the first being number 0. It looks for the argument
    /// from the first on; for all of them there is [`to_list`](Self::to_list).
    ///
    /// ```
    /// # use socketio::Args;
    /// let args = Args::new(("move", 3, 4))?;
    /// assert_eq!(args.get::<i32>(1)?, 3);
    /// assert_eq!(args.get::<Option<i32>>(7)?, None);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn get<T: DeserializeOwned>(&self, index: usize) -> Result<T, DecodeError> {
        let args = self.skip(index);
        Ok(T::deserialize(args.first(index))?)
    }

    /// Parses all arguments, however many there are, as values of one type.
    ///
    /// ```
    /// # use socketio::Args;
    /// let args = Args::new((1, 2, 3))?;
    /// assert_eq!(args.to_list::<u8>()?, [1, 2, 3]);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If one of them is of another type.
    pub fn to_list<T: DeserializeOwned>(&self) -> Result<Vec<T>, DecodeError> {
        Ok(Vec::deserialize(read::List(self))?)
    }

    /// The arguments behind the first `count`. The attachments stay as they
    /// are, as placeholders count them from the first.
    pub fn skip(&self, count: usize) -> Self {
        let count = count.min(self.len);
        let mut scanner = Scanner::new(&self.array[self.start..], MAX_DEPTH);
        let mut start = 0;
        for _ in 0..count {
            scanner.value().expect("arguments are valid JSON");
            start = scanner.next_element();
        }
        Self {
            skipped: self.skipped + count,
            start: self.start + start,
            len: self.len - count,
            ..self.clone()
        }
    }

    /// The number of arguments.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no arguments.
    ///
    /// ```
    /// # use socketio::Args;
    /// assert!(Args::new(())?.is_empty());
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The binary attachments. The arguments say where they belong.
    ///
    /// ```
    /// # use socketio::{Args, Binary};
    /// let args = Args::new(("cat.png", Binary::from(&b"\x89PNG"[..])))?;
    /// assert_eq!(args.attachments(), [&b"\x89PNG"[..]]);
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn attachments(&self) -> &[Bytes] {
        self.attachments.as_deref().unwrap_or_default()
    }

    /// Copies the arguments out of the messages that they came in, for whoever
    /// keeps them for long.
    ///
    /// What comes from a client shares the buffer that its message was read into,
    /// as do its clones. That is never much longer than the message; but a
    /// websocket reads several short messages into one buffer of a kilobyte,
    /// which each of them keeps. The same goes for a [`Binary`](crate::Binary),
    /// whose attachment can come with others in one message of MessagePack: a
    /// copy of its bytes keeps nothing else.
    ///
    /// ```
    /// use socketio::{Args, Config, Server};
    /// use std::sync::{Arc, Mutex};
    ///
    /// # let io = Server::new(Config::default());
    /// let history = Arc::new(Mutex::new(Vec::new()));
    /// io.of("/").on("say", async move |_, args: Args| {
    ///     history.lock().unwrap().push(args.detached());
    /// });
    /// ```
    pub fn detached(mut self) -> Self {
        self.detach(usize::MAX);
        self
    }

    /// The length of the text, what was skipped included, and of the attachments.
    ///
    /// ```
    /// # use socketio::{Config, Server};
    /// # let io = Server::new(Config::default());
    /// io.of("/").on_event(async |_, event| {
    ///     if event.args().bytes() > 10_000 { Err("that is too much") } else { Ok(event) }
    /// });
    /// ```
    pub fn bytes(&self) -> usize {
        self.array.len() + self.attachments().iter().map(Bytes::len).sum::<usize>()
    }

    /// Copies what is smaller than this many bytes out of the message that it
    /// came in, which it would keep whole.
    pub(crate) fn detach(&mut self, below: usize) {
        if self.array.len() < below {
            self.array = ByteString::from(&*self.array);
        }
        let is_small = |attachment: &Bytes| attachment.len() < below;
        if let Some(attachments) = &mut self.attachments
            && attachments.iter().any(is_small)
        {
            *attachments = attachments
                .iter()
                .map(|attachment| match is_small(attachment) {
                    true => Bytes::copy_from_slice(attachment),
                    false => attachment.clone(),
                })
                .collect();
        }
    }

    /// What the arguments are, without what they say: `(string, number)`.
    #[cfg(feature = "server")]
    pub(crate) fn kinds(&self) -> String {
        let mut kinds = Vec::new();
        let mut scanner = Scanner::new(&self.array[self.start..], MAX_DEPTH);
        let mut start = 0;
        for _ in 0..self.len.min(MAX_KINDS) {
            let value = &self.array[self.start + start..];
            kinds.push(match value.as_bytes().first() {
                Some(b'"') => "string",
                Some(b'[') => "array",
                Some(b'{') if self.attachments.is_some() && value.starts_with(PLACEHOLDER) => {
                    "binary"
                }
                Some(b'{') => "object",
                Some(b't' | b'f') => "boolean",
                Some(b'n') => "null",
                _ => "number",
            });
            scanner.value().expect("arguments are valid JSON");
            start = scanner.next_element();
        }
        if self.len > MAX_KINDS {
            kinds.push("…");
        }
        format!("({})", kinds.join(", "))
    }

    /// The arguments as JSON, with commas between them and placeholders for
    /// the attachments.
    ///
    /// ```
    /// # use socketio::Args;
    /// assert_eq!(Args::new(("a", [1, 2]))?.as_json(), r#""a",[1,2]"#);
    /// # Ok::<_, socketio::EncodeError>(())
    /// ```
    pub fn as_json(&self) -> &str {
        self.array[self.start..self.array.len() - 1].trim_ascii_end()
    }
}

/// Arguments that are listed where some do not fit.
#[cfg(feature = "server")]
const MAX_KINDS: usize = 8;

impl Default for Args {
    fn default() -> Self {
        Self {
            array: ByteString::from_static("[]"),
            skipped: 0,
            start: 1,
            len: 0,
            attachments: None,
        }
    }
}

/// Arguments are equal if they are the same text with the same attachments.
impl PartialEq for Args {
    fn eq(&self, other: &Self) -> bool {
        self.as_json() == other.as_json() && self.attachments() == other.attachments()
    }
}

impl Eq for Args {}

impl fmt::Debug for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Args[{}]", self.as_json())?;
        match self.attachments() {
            [] => Ok(()),
            attachments => write!(f, " + {attachments:?}"),
        }
    }
}

#[cfg(test)]
mod tests;
