//! An echo server over TLS, with HTTP/1.1 and HTTP/2 by ALPN:
//! `cargo run -p engineio --example tls -- certificate.pem key.pem`.
//!
//! Where neither file exists, a certificate for `localhost` that nobody has
//! signed is made and written there. The official client trusts it with
//! `new Socket("https://localhost:3000", { ca: readFileSync("certificate.pem") })`.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engineio::{Config, Engine, PeerAddr};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

type Failure = Box<dyn Error + Send + Sync>;

/// How long a client may take to agree on keys.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let certificate = arguments.next().unwrap_or_else(|| "certificate.pem".into());
    let key = arguments.next().unwrap_or_else(|| "key.pem".into());
    let tls = TlsAcceptor::from(Arc::new(tls(certificate.as_ref(), key.as_ref())?));
    let engine = Engine::new(Config::default(), async |socket| {
        while let Some(message) = socket.recv().await {
            if socket.send(message).is_err() {
                break;
            }
        }
    });

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("https://localhost:{}", listener.local_addr()?.port());
    loop {
        let (stream, address) = listener.accept().await?;
        // A message is one small write: it should not wait for another.
        stream.set_nodelay(true)?;
        let (tls, engine) = (tls.clone(), engine.clone());
        tokio::spawn(async move {
            if let Err(error) = serve(stream, tls, engine, PeerAddr(address)).await {
                eprintln!("{address}: {error}");
            }
        });
    }
}

/// Serves one connection.
async fn serve(
    stream: TcpStream,
    tls: TlsAcceptor,
    engine: Engine,
    address: PeerAddr,
) -> Result<(), Failure> {
    let stream = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await??;
    let service = engine.service();
    let service = service_fn(move |mut request| {
        request.extensions_mut().insert(address);
        service.call(request)
    });
    let mut host = auto::Builder::new(TokioExecutor::new());
    host.http1().timer(TokioTimer::new());
    host.http2().timer(TokioTimer::new());
    host.serve_connection_with_upgrades(TokioIo::new(stream), service)
        .await
}

fn tls(certificate: &Path, key: &Path) -> Result<ServerConfig, Failure> {
    if !certificate.exists() && !key.exists() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        fs::write(key, made.signing_key.serialize_pem())?;
        fs::write(certificate, made.cert.pem())?;
    }
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    // In the order of preference. Browsers open websockets over HTTP/1.1.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
