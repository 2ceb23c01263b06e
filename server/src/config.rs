//! What can be configured, by option or by environment.

use std::env;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, Resettable};
use clap::{Arg, Command, CommandFactory, FromArgMatches, Parser};
use engineio::Origins;
use http::Uri;
use tracing_subscriber::filter::Targets;

/// A chat with rooms: the demo of the `socketio` crate.
///
/// Prints the address of its page to stdout and logs to stderr. Ctrl-C ends it.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub(crate) struct Config {
    /// Name or address to listen on; 0.0.0.0 listens on every interface
    #[arg(long, env = "HOST", default_value = "127.0.0.1", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) host: String,

    /// Port to listen on; 0 takes a free one
    #[arg(long, env = "PORT", default_value_t = 3000)]
    pub(crate) port: u16,

    /// Origin of pages that may use the chat, such as `https://example.com`; `*` allows any
    ///
    /// Repeat it, or separate several with commas. The server's own page always
    /// may, and without this option nobody else.
    #[arg(
        long = "origin",
        env = "ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub(crate) origins: Vec<Origin>,

    /// Milliseconds between a client's answer and the next ping
    #[arg(long, env = "PING_INTERVAL", value_name = "MS", default_value = "25000", value_parser = millis)]
    pub(crate) ping_interval: Duration,

    /// Milliseconds that a client has to answer a ping
    #[arg(long, env = "PING_TIMEOUT", value_name = "MS", default_value = "20000", value_parser = millis)]
    pub(crate) ping_timeout: Duration,

    /// What is logged, such as `debug` or `info,engineio=trace`
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", default_value = "info")]
    pub(crate) log: Targets,
}

impl Config {
    /// What the options and the variables of this process say.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let matches = command().try_get_matches()?;
        Self::from_arg_matches(&matches)
    }

    /// Who may open a session.
    pub(crate) fn origins(&self) -> Origins {
        let mut listed = Vec::new();
        for origin in &self.origins {
            match origin {
                Origin::Any => return Origins::Any,
                Origin::One(origin) => listed.push(origin.clone()),
            }
        }
        if listed.is_empty() {
            Origins::Same
        } else {
            Origins::List(listed)
        }
    }
}

/// The options, where a variable that is set to nothing is not set.
fn command() -> Command {
    let value = |arg: &Arg| arg.get_env().and_then(env::var_os);
    Config::command().mut_args(|arg| match value(&arg) {
        Some(value) if value.is_empty() => arg.env(Resettable::Reset),
        _ => arg,
    })
}

/// An allowed origin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// `*`
    Any,
    /// One origin, as browsers write it.
    One(String),
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "expected `*` or an origin of http or https without a path, as https://example.com";
        if text == "*" {
            return Ok(Self::Any);
        }
        let uri: Uri = text.parse().map_err(|_| EXPECTED)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(EXPECTED);
        };
        if uri.path() != "/" || uri.query().is_some() || authority.as_str().contains('@') {
            return Err(EXPECTED);
        }
        // Browsers write origins in lower case and leave a scheme's own port out.
        let authority = authority.as_str().to_ascii_lowercase();
        let own_port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return Err(EXPECTED),
        };
        let host = authority.strip_suffix(own_port).unwrap_or(&authority);
        Ok(Self::One(format!("{scheme}://{host}")))
    }
}

fn millis(text: &str) -> Result<Duration, &'static str> {
    match text.parse() {
        Ok(millis @ 1..=86_400_000) => Ok(Duration::from_millis(millis)),
        _ => Err("expected milliseconds, from 1 to 86400000 (a day)"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// These options, whatever the environment says.
    pub(crate) fn parse(args: &[&str]) -> Result<Config, clap::Error> {
        let command = Config::command().mut_args(|arg| arg.env(Resettable::Reset));
        let args = [&["server"], args].concat();
        Config::from_arg_matches(&command.try_get_matches_from(args)?)
    }

    #[test]
    fn without_options_only_the_own_page_is_served_on_the_loopback() {
        let config = parse(&[]).unwrap();
        assert_eq!((config.host.as_str(), config.port), ("127.0.0.1", 3000));
        assert_eq!(config.origins(), Origins::Same);
        assert_eq!(config.ping_interval, Duration::from_secs(25));
        assert_eq!(config.ping_timeout, Duration::from_secs(20));
    }

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        let config = parse(&[
            "--origin",
            "http://localhost:5173,HTTPS://Chat.Example:443/",
            "--origin",
            "http://[::1]:8080",
        ])
        .unwrap();
        let expected = [
            "http://localhost:5173",
            "https://chat.example",
            "http://[::1]:8080",
        ];
        assert_eq!(
            config.origins(),
            Origins::List(expected.map(Into::into).into())
        );
    }

    #[test]
    fn a_star_allows_any_origin() {
        let config = parse(&["--origin", "http://a.example", "--origin", "*"]).unwrap();
        assert_eq!(config.origins(), Origins::Any);
    }

    #[test]
    fn a_wrong_value_is_named_with_its_option() {
        for args in [
            ["--port", "65536"],
            ["--port", "http"],
            ["--origin", "example.com"],
            ["--origin", "ftp://example.com"],
            ["--origin", "localhost:3000"],
            ["--origin", "https://example.com/chat"],
            ["--origin", "https://example.com?chat"],
            ["--origin", "https://ann@example.com"],
            ["--origin", ""],
            ["--host", ""],
            ["--ping-interval", "0"],
            ["--ping-timeout", "20s"],
            ["--log", "loud=very"],
        ] {
            let error = parse(&args).unwrap_err().to_string();
            let line = error.lines().next().unwrap();
            assert!(line.contains(args[0]), "{line}");
        }
    }

    #[test]
    fn an_unknown_option_is_refused() {
        let error = parse(&["--prot", "1"]).unwrap_err().to_string();
        assert!(
            error.starts_with("error: unexpected argument '--prot'"),
            "{error}"
        );
    }
}
