//! The user's own `Run` key. What was switched off in the Task Manager stays off: that is kept in
//! another key, which is read and never written.

use std::process::{Command, Output};

use super::{Autostart, AutostartError};

const RUN: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";
const APPROVED: &str =
    r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run";
const NAME: &str = "Tokentray";

pub(super) fn is_enabled(_: &Autostart) -> bool {
    query(RUN).is_some() && !switched_off()
}

pub(super) fn enable(autostart: &Autostart) -> Result<(), AutostartError> {
    let line = line(autostart)?;
    let output = reg(&["add", RUN, "/v", NAME, "/t", "REG_SZ", "/d", &line, "/f"])?;
    accepted(&output)
}

pub(super) fn disable(_: &Autostart) -> Result<(), AutostartError> {
    if query(RUN).is_none() {
        return Ok(());
    }
    accepted(&reg(&["delete", RUN, "/v", NAME, "/f"])?)
}

pub(super) fn mend(autostart: &Autostart) -> Result<bool, AutostartError> {
    match query(RUN) {
        Some(text) if !text.contains(&line(autostart)?) => {
            enable(autostart)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// The first byte of the value is odd where the person switched the entry off.
fn switched_off() -> bool {
    let Some(text) = query(APPROVED) else {
        return false;
    };
    let bytes = text.split_once("REG_BINARY").map(|(_, bytes)| bytes.trim());
    let first = bytes.and_then(|bytes| u8::from_str_radix(bytes.get(..2)?, 16).ok());
    first.is_some_and(|first| first % 2 == 1)
}

/// Quoted: an unquoted path with a space starts something else.
fn line(autostart: &Autostart) -> Result<String, AutostartError> {
    let program = autostart.program().to_str().ok_or(AutostartError::Path)?;
    let words: String = autostart
        .arguments
        .iter()
        .map(|word| format!(" {word}"))
        .collect();
    Ok(format!("\"{program}\"{words}"))
}

fn query(key: &str) -> Option<String> {
    let output = reg(&["query", key, "/v", NAME]).ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}

fn reg(arguments: &[&str]) -> Result<Output, AutostartError> {
    Ok(Command::new("reg").args(arguments).output()?)
}

fn accepted(output: &Output) -> Result<(), AutostartError> {
    if output.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(AutostartError::Refused(why))
}
