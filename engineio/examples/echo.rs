//! An echo server on bare hyper: `cargo run -p engineio --example echo`.
//!
//! Each message comes back to the client that sent it. The official client
//! connects with `new Socket("http://localhost:3000")`.

use engineio::{Config, Engine, PeerAddr};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let engine = Engine::new(Config::default(), async |socket| {
        println!("{:?} opened {:?}", socket.handshake().address, socket);
        while let Some(message) = socket.recv().await {
            if socket.send(message).is_err() {
                break;
            }
        }
        println!("{:?} closed: {:?}", socket, socket.close_reason());
    });

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, address) = listener.accept().await?;
        // A message is one small write: it should not wait for another.
        stream.set_nodelay(true)?;
        let service = engine.service();
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(
                TokioIo::new(stream),
                service_fn(move |mut request| {
                    request.extensions_mut().insert(PeerAddr(address));
                    service.call(request)
                }),
            )
            .with_upgrades();
        tokio::spawn(connection);
    }
}
