//! Every event of the conversations, with the type of what it carries, and of its
//! answer. Whoever handles or emits one otherwise does not compile.

/// What clients send.
pub(crate) mod from_client {
    use serde::Deserialize;
    use socketio::Event;

    use super::{Count, Sent};

    /// The id of a conversation.
    pub(crate) const CONVERSATION_JOIN: Event<String> = Event::new("conversation:join");
    pub(crate) const CONVERSATION_LEAVE: Event<String> = Event::new("conversation:leave");
    pub(crate) const GET_ONLINE_COUNT: Event<(), Count> = Event::new("get:online:count");
    pub(crate) const MESSAGE_READ: Event<Read> = Event::new("message:read");
    pub(crate) const MESSAGE_SEND: Event<Message, Sent> = Event::new("message:send");
    pub(crate) const PRIVATE_MESSAGE: Event<Private> = Event::new("private:message");
    pub(crate) const TYPING_START: Event<Typing> = Event::new("typing:start");
    pub(crate) const TYPING_STOP: Event<Typing> = Event::new("typing:stop");

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Message {
        pub(crate) conversation_id: String,
        pub(crate) content: String,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Private {
        pub(crate) recipient_user_id: String,
        pub(crate) content: String,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Read {
        pub(crate) message_id: String,
        pub(crate) sender_id: String,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Typing {
        pub(crate) conversation_id: String,
    }
}

/// What clients are told.
pub(crate) mod to_client {
    use serde::Serialize;
    use socketio::Event;

    pub(crate) const CONNECTED: Event<Connected> = Event::new("connected");
    pub(crate) const MESSAGE_NEW: Event<Message> = Event::new("message:new");
    pub(crate) const MESSAGE_READ: Event<Read> = Event::new("message:read");
    pub(crate) const TYPING_START: Event<Typing> = Event::new("typing:start");
    pub(crate) const TYPING_STOP: Event<Typing> = Event::new("typing:stop");
    pub(crate) const USER_JOINED: Event<Joined> = Event::new("user:joined");
    pub(crate) const USER_OFFLINE: Event<User> = Event::new("user:offline");
    pub(crate) const USER_ONLINE: Event<User> = Event::new("user:online");

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Connected {
        pub(crate) socket_id: String,
        pub(crate) user_id: String,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Joined {
        pub(crate) user_id: String,
        /// Milliseconds since 1970, as `Date.now()`.
        pub(crate) timestamp: u64,
    }

    /// To a conversation it comes from a `senderId`, to one user `from` another.
    #[derive(Serialize)]
    #[serde(untagged)]
    pub(crate) enum Message {
        #[serde(rename_all = "camelCase")]
        Conversation {
            content: String,
            sender_id: String,
        },
        Private {
            content: String,
            from: String,
        },
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Read {
        pub(crate) message_id: String,
        pub(crate) read_by: String,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Typing {
        pub(crate) user_id: String,
        pub(crate) conversation_id: String,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct User {
        pub(crate) user_id: String,
    }
}

use serde::Serialize;

/// The answer to `get:online:count`.
#[derive(Serialize)]
pub(crate) struct Count {
    pub(crate) count: usize,
}

/// The answer to `message:send`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sent {
    pub(crate) success: bool,
    pub(crate) message_id: String,
}
