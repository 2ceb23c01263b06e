//! What is told of options and variables that are not accepted.

use std::env;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue};

use crate::config::Config;

/// The error on one line, with the tip that belongs to it. It names the variable
/// that a wrong value came from.
pub(crate) fn explain(error: &clap::Error) -> String {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim);
    let line = lines.next().unwrap_or_default();
    let mut line = line.trim_start_matches("error: ").to_owned();
    if let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg)
        && let Some(variable) = variable(option)
    {
        line = line.replacen(&format!("'{option}'"), &variable, 1);
    }
    match lines.find_map(|line| line.strip_prefix("tip: ")) {
        Some(tip) => format!("{line}; {tip}"),
        None => line,
    }
}

/// The variable in the place of an option, as in `--port <PORT>`, that was not
/// given.
fn variable(option: &str) -> Option<String> {
    let (option, _) = option.split_once(' ')?;
    let is_given = env::args_os().any(|arg| {
        let arg = arg.to_string_lossy();
        arg.split('=').next() == Some(option)
    });
    if is_given {
        return None;
    }
    let command = Config::command();
    let mut args = command.get_arguments();
    let arg = args.find(|arg| arg.get_long() == option.strip_prefix("--"))?;
    Some(arg.get_env()?.to_string_lossy().into_owned())
}
