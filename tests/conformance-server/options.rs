//! The command line and the environment.

use std::time::Duration;

use socketio::ClientFiles;

/// What the parent asks for. Times and sizes that it names replace those of
/// the profile.
pub(crate) struct Options {
    pub(crate) profile: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Whether the server ends when its standard input does.
    pub(crate) until_eof: bool,
    pub(crate) client_files: Option<ClientFiles>,
    pub(crate) connect_timeout: Option<Duration>,
    ping_interval: Option<Duration>,
    ping_timeout: Option<Duration>,
    upgrade_timeout: Option<Duration>,
    max_payload: Option<usize>,
}

impl Options {
    pub(crate) fn read(
        args: impl Iterator<Item = String>,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let args: Vec<_> = args.collect();
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let (profile, until_eof) = match args[..] {
            ["--profile", profile] => (profile.to_owned(), false),
            ["--profile", profile, "--until-eof"] => (profile.to_owned(), true),
            _ => return Err("expected `--profile <name> [--until-eof]`".into()),
        };
        // Whoever runs many suites sets some variables to nothing.
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        let number = |name: &str| match env(name) {
            None => Ok(None),
            Some(text) => text
                .parse::<u64>()
                .map(Some)
                .map_err(|_| format!("{name}: expected a number, got `{text}`")),
        };
        let duration = |name: &str| Ok::<_, String>(number(name)?.map(Duration::from_millis));
        let port = number("PORT")?.unwrap_or(3000);
        Ok(Self {
            profile,
            until_eof,
            host: env("HOST").unwrap_or_else(|| "127.0.0.1".into()),
            port: u16::try_from(port).map_err(|_| format!("PORT: {port} is no port"))?,
            client_files: env("CLIENT_FILES")
                .map(ClientFiles::from_dir)
                .transpose()
                .map_err(|error| format!("CLIENT_FILES: {error}"))?,
            connect_timeout: duration("CONNECT_TIMEOUT")?,
            ping_interval: duration("PING_INTERVAL")?,
            ping_timeout: duration("PING_TIMEOUT")?,
            upgrade_timeout: duration("UPGRADE_TIMEOUT")?,
            max_payload: number("MAX_HTTP_BUFFER_SIZE")?
                .map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
        })
    }

    /// The profile's configuration, with what the parent replaced.
    pub(crate) fn apply(&self, mut config: engineio::Config) -> engineio::Config {
        let replace = |value: &mut Duration, by: Option<Duration>| *value = by.unwrap_or(*value);
        replace(&mut config.ping_interval, self.ping_interval);
        replace(&mut config.ping_timeout, self.ping_timeout);
        replace(&mut config.upgrade_timeout, self.upgrade_timeout);
        config.max_payload = self.max_payload.unwrap_or(config.max_payload);
        // Echoing faster than a suite reads is not what it tests.
        config.limits.budget = config.limits.budget.max(256 << 20);
        config
    }
}
