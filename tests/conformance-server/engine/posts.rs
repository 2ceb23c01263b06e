//! Which POST a message came with.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engineio::{Body, Engine, Message, Socket};
use hyper::body::Incoming;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use tokio::sync::watch;

/// The sessions whose POSTs are looked at, by their ids.
#[derive(Clone, Default)]
pub(super) struct Posts(Arc<Mutex<HashMap<String, Arc<Lane>>>>);

/// The POSTs of one session, which follow each other.
#[derive(Default)]
struct Lane {
    /// Those of the POST that is under way.
    headers: Mutex<HeaderMap>,
    /// How many were given to the session.
    given: watch::Sender<u64>,
    /// How many of them the session's handler is done with.
    done: watch::Sender<u64>,
}

impl Posts {
    /// Answers a request. A POST is under way until its messages were handled:
    /// the client sends no other one before.
    pub(super) async fn handle(self, engine: Engine, request: Request<Incoming>) -> Response<Body> {
        let Some(sid) = posted_to(&request) else {
            return engine.handle(request).await;
        };
        let lane = self.enter(&sid);
        *lane.headers() = request.headers().clone();
        let response = engine.handle(request).await;
        if response.status() == StatusCode::OK {
            lane.handled().await;
        }
        response
    }

    /// Hands each message of a session to `answer`, with the headers of the POST
    /// that it came with: none on a websocket.
    pub(super) async fn receive(
        &self,
        socket: &Socket,
        mut answer: impl FnMut(Message, &HeaderMap),
    ) {
        let lane = self.enter(socket.sid().as_str());
        let mut given = lane.given.subscribe();
        // Some may have come before this handler.
        given.mark_changed();
        loop {
            tokio::select! {
                biased;
                message = socket.recv() => {
                    let Some(message) = message else { break };
                    answer(message, &lane.headers());
                }
                // Nothing is left of what was given.
                _ = given.changed() => {
                    lane.done.send_replace(*given.borrow_and_update());
                }
            }
        }
        lane.done.send_replace(u64::MAX);
    }

    fn enter(&self, sid: &str) -> Entered {
        let lane = self.lock().entry(sid.into()).or_default().clone();
        Entered {
            posts: self.clone(),
            sid: sid.into(),
            lane,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Lane>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    /// The POST was given to the session; resolves when that is done with it.
    async fn handled(&self) {
        let mut number = 0;
        self.given.send_modify(|given| {
            *given += 1;
            number = *given;
        });
        let mut done = self.done.subscribe();
        // The sender cannot be gone: `self` holds it.
        let _ = done.wait_for(|done| *done >= number).await;
        self.headers().clear();
    }

    fn headers(&self) -> MutexGuard<'_, HeaderMap> {
        self.headers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lane stays in the table as long as somebody is in it: anybody can post to
/// a session that is none.
struct Entered {
    posts: Posts,
    sid: String,
    lane: Arc<Lane>,
}

impl Deref for Entered {
    type Target = Lane;

    fn deref(&self) -> &Lane {
        &self.lane
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut lanes = self.posts.lock();
        // The table's and this one.
        if Arc::strong_count(&self.lane) == 2 {
            lanes.remove(&self.sid);
        }
    }
}

fn posted_to(request: &Request<Incoming>) -> Option<String> {
    let query = request.uri().query()?.as_bytes();
    (request.method() == Method::POST)
        .then(|| {
            form_urlencoded::parse(query).find_map(|(name, sid)| (name == "sid").then_some(sid))
        })
        .flatten()
        .map(Into::into)
}
