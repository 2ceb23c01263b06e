//! Fetches the official `socket.io-client`, so that the binary alone can serve
//! it.
//!
//! npm works on a copy of the manifest and its lock in `OUT_DIR`: a build never
//! writes into the source tree. Without npm, or without a network, the build
//! succeeds all the same; the files are empty then, and the page says so.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// The files of the package that are served, see `src/assets.rs`.
const FILES: [&str; 4] = [
    "socket.io.js",
    "socket.io.js.map",
    "socket.io.min.js",
    "socket.io.min.js.map",
];

fn main() -> io::Result<()> {
    for watched in ["build.rs", "web/package.json", "web/package-lock.json"] {
        println!("cargo:rerun-if-changed={watched}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    if let Err(why) = embed(&out) {
        println!(
            "cargo:warning=the chat page will not work: `npm ci` did not install socket.io-client ({why}); \
             install Node.js with npm, make sure it reaches its registry, and build again"
        );
        for file in FILES {
            fs::write(out.join(file), "")?;
        }
        // A path that never exists makes Cargo run this script again with the
        // next build: npm may be there by then.
        println!("cargo:rerun-if-changed={}", out.join("missing").display());
    }
    Ok(())
}

/// Installs the package below `out` and copies its files beside it.
fn embed(out: &Path) -> Result<(), String> {
    let project = out.join("npm");
    let fail = |error: io::Error| error.to_string();
    fs::create_dir_all(&project).map_err(fail)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(Path::new("web").join(file), project.join(file)).map_err(fail)?;
    }
    npm_ci(&project)?;
    let dist = project.join("node_modules/socket.io-client/dist");
    for file in FILES {
        fs::copy(dist.join(file), out.join(file)).map_err(fail)?;
    }
    Ok(())
}

fn npm_ci(project: &Path) -> Result<(), String> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(npm)
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        // What npm has in its cache needs no network; and where there is none,
        // npm's own patience of minutes helps nobody.
        .args(["--prefer-offline", "--fetch-retries=1"])
        .args(["--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"])
        .current_dir(project)
        .output()
        .map_err(|error| format!("{npm}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let line = stderr.lines().find(|line| !line.trim().is_empty());
    Err(line.map_or_else(|| output.status.to_string(), |line| line.trim().to_owned()))
}
