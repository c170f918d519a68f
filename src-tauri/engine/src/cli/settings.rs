//! `tokentray settings` and `tokentray open`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value};

use crate::{
    api::types::SettingsRow,
    cli::{Outcome, blocking::Asker, failure::Failure, output},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tokentray settings                            show them
  tokentray settings log_level=debug theme=dark change some
  tokentray settings proxy=                     back to the default
  tokentray settings 'notify_command=[\"mail\", \"-s\", \"Tokentray\", \"me\"]'")]
pub struct SettingsArgs {
    /// Settings to change; the value is JSON, or just text; empty resets
    #[arg(value_name = "NAME=VALUE")]
    changes: Vec<String>,
}

pub fn settings(args: &SettingsArgs, json: bool) -> Outcome {
    let asker = Asker::from_env()?;
    let row: SettingsRow = if args.changes.is_empty() {
        asker.get("/v1/settings")?
    } else {
        let patch = patch(&args.changes)?;
        asker.send("PATCH", "/v1/settings", Some(&Value::Object(patch)))?
    };
    if json {
        output::json(&row)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Ok(Value::Object(members)) = serde_json::to_value(&row) else {
        return Err(Failure::internal("the settings cannot be shown"));
    };
    let rows: Vec<Vec<String>> = members
        .into_iter()
        .map(|(name, value)| {
            let value = match value {
                Value::Null => "-".to_owned(),
                Value::String(text) => text,
                other => other.to_string(),
            };
            vec![name, output::plain(&value)]
        })
        .collect();
    output::line(output::table(&rows).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn patch(changes: &[String]) -> Result<Map<String, Value>, Failure> {
    changes
        .iter()
        .map(|change| {
            let Some((name, value)) = change.split_once('=') else {
                return Err(Failure::usage(
                    format!("{change:?} is not NAME=VALUE"),
                    "tokentray settings log_level=debug",
                ));
            };
            let value = if value.is_empty() {
                Value::Null
            } else {
                serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()))
            };
            Ok((name.to_owned(), value))
        })
        .collect()
}

pub fn open() -> Outcome {
    Asker::from_env()?.send::<()>("POST", "/v1/window/open", None)?;
    Ok(ExitCode::SUCCESS)
}
