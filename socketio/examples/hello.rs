//! A chat on hyper alone: `cargo run -p socketio --example hello`, then connect
//! with any Socket.IO client to `http://127.0.0.1:3000`.

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use socketio::{Config, EmitError, EncodeError, Server};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let io = Server::new(Config::default());
    let chat = io.of("/");
    chat.on_connect(async |socket| -> Result<(), EmitError> {
        println!("{} connected", socket.id());
        socket.emit("welcome", "say something")
    });
    chat.on(
        "say",
        async |socket, text: String| -> Result<(), EncodeError> {
            socket.broadcast().emit("said", (socket.id(), text))
        },
    );
    chat.on_disconnect(async |socket, reason| println!("{} left: {reason}", socket.id()));

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), io.service())
            .with_upgrades();
        tokio::spawn(connection);
    }
}
