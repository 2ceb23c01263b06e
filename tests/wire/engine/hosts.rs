//! In the hands of other people's services and servers.

mod compression;
mod connections;
mod cors;
mod http2;

use std::convert::Infallible;

use engineio::{Body, Config, Engine, PeerAddr, Socket};
use http::{Request, Response};
use tokio::sync::mpsc;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::echo;

/// What answers where the engine does not.
async fn route(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(request.uri().path().to_owned().into()))
}

fn get(target: &str) -> Request<Body> {
    Request::get(target).body(Body::default()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_layer_takes_the_engines_path_and_leaves_all_others() {
    let engine = echo(Config::default());
    let app = engine.layer().layer(service_fn(route));
    for (target, status, count) in [
        ("/", 200, 0),
        ("/engine.ioX/?EIO=4&transport=polling", 200, 0),
        ("/engine.io/client.js?version=1", 200, 0),
        ("/engine.io/", 400, 0),
        ("/engine.io/deeper?EIO=4&transport=unknown", 400, 0),
        ("/engine.io/?EIO=4&transport=polling", 200, 1),
    ] {
        let response = app.clone().oneshot(get(target)).await.unwrap();
        assert_eq!(response.status(), status, "{target}");
        assert_eq!(engine.session_count(), count, "{target}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_layer_takes_the_bare_path_where_no_slash_is_added() {
    let engine = echo(Config::default().add_trailing_slash(false));
    let app = engine.layer().layer(service_fn(route));
    for (target, status) in [
        ("/engine.io", 400),
        ("/engine.io?EIO=4&transport=polling", 200),
        ("/engine.io/client.js", 200),
        ("/engine.ioX", 200),
    ] {
        let response = app.clone().oneshot(get(target)).await.unwrap();
        assert_eq!(response.status(), status, "{target}");
    }
    assert_eq!(engine.session_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_engines_on_two_paths_do_not_mix() {
    let (one, two) = (
        echo(Config::default()),
        echo(Config::default().path("/two")),
    );
    let inner = two.layer().layer(service_fn(route));
    let app = one.layer().layer(inner);
    let target = "/two/?EIO=4&transport=polling";
    let response = app.oneshot(get(target)).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!((one.session_count(), two.session_count()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_handler_sees_what_the_services_in_front_left_with_the_request() {
    #[derive(Clone)]
    struct User(&'static str);

    let (seen, mut receiver) = mpsc::unbounded_channel();
    let engine = Engine::new(Config::default(), move |socket: Socket| {
        let handshake = socket.handshake();
        let user = handshake.extensions.get::<User>().map(|user| user.0);
        let _ = seen.send((user, handshake.address));
        async {}
    });
    let address = ([127, 0, 0, 1], 4000).into();
    let mut request = get("/engine.io/?EIO=4&transport=polling");
    request.extensions_mut().insert(User("ada"));
    request.extensions_mut().insert(PeerAddr(address));
    assert_eq!(engine.handle(request).await.status(), 200);
    assert_eq!(receiver.recv().await, Some((Some("ada"), Some(address))));
}
