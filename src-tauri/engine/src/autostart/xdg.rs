//! The XDG autostart entry (Desktop Application Autostart and Desktop Entry specifications).

use std::{fs, io::ErrorKind, path::PathBuf};

use super::{Autostart, AutostartError};

/// Marks the entry as ours: only such a one is ever mended.
const MARK: &str = "X-Tokentray-Entry=1";

fn file(autostart: &Autostart) -> PathBuf {
    autostart.home.join("autostart").join("tokentray.desktop")
}

pub(super) fn is_enabled(autostart: &Autostart) -> bool {
    fs::read_to_string(file(autostart)).is_ok_and(|text| is_on(&text))
}

/// The entry that a session would start. `Hidden` means deleted; GNOME's settings write a key of
/// their own.
fn is_on(text: &str) -> bool {
    let is = |key: &str, wanted: &str| {
        value(text, key).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    };
    value(text, "Exec").is_some()
        && !is("Hidden", "true")
        && !is("X-GNOME-Autostart-enabled", "false")
}

pub(super) fn enable(autostart: &Autostart) -> Result<(), AutostartError> {
    write(autostart, &entry(autostart)?)
}

pub(super) fn disable(autostart: &Autostart) -> Result<(), AutostartError> {
    match fs::remove_file(file(autostart)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

pub(super) fn mend(autostart: &Autostart) -> Result<bool, AutostartError> {
    let Ok(text) = fs::read_to_string(file(autostart)) else {
        return Ok(false);
    };
    let ours = text.lines().any(|line| line.trim() == MARK);
    let fresh = entry(autostart)?;
    let moved = value(&text, "Exec") != value(&fresh, "Exec")
        || value(&text, "TryExec") != value(&fresh, "TryExec");
    if !ours || !moved {
        return Ok(false);
    }
    // Line by line: what the person or their desktop added (off, a delay) stays.
    let mended: String = text
        .lines()
        .map(|line| {
            let key = line.split('=').next().unwrap_or_default().trim();
            let new = match key {
                "Exec" | "TryExec" => value(&fresh, key),
                _ => None,
            };
            new.map_or_else(|| format!("{line}\n"), |new| format!("{key}={new}\n"))
        })
        .collect();
    write(autostart, &mended)?;
    Ok(true)
}

fn write(autostart: &Autostart, text: &str) -> Result<(), AutostartError> {
    let path = file(autostart);
    let folder = path.parent().ok_or(AutostartError::Path)?;
    fs::create_dir_all(folder)?;
    // Beside and renamed: a session that starts now sees the old or the new one, never half.
    let mut new = tempfile::Builder::new()
        .prefix(".tokentray-")
        .tempfile_in(folder)?;
    std::io::Write::write_all(&mut new, text.as_bytes())?;
    new.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

fn entry(autostart: &Autostart) -> Result<String, AutostartError> {
    let program = autostart.program().to_str().ok_or(AutostartError::Path)?;
    if program.contains(['\n', '\r']) {
        return Err(AutostartError::Path);
    }
    // GLib looks for the program before it undoubles `%`, and would find none.
    let by_way_of = if program.contains('%') { "env " } else { "" };
    let mut exec = format!("{by_way_of}{}", quoted(program));
    for argument in &autostart.arguments {
        exec.push(' ');
        exec.push_str(&quoted(argument));
    }
    let exec = string(&exec);
    let try_exec = string(program);
    Ok(format!(
        "[Desktop Entry]\n\
         Type=Application\n\
         Name=Tokentray\n\
         Comment=Keeps your sign-ins alive\n\
         Exec={exec}\n\
         TryExec={try_exec}\n\
         Icon=tokentray\n\
         Terminal=false\n\
         StartupNotify=false\n\
         X-GNOME-Autostart-enabled=true\n\
         {MARK}\n"
    ))
}

/// One argument of an `Exec` key: quoted unless it is plain, `%` doubled (it starts a field code).
fn quoted(argument: &str) -> String {
    let plain = !argument.is_empty()
        && argument
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/-_.+:@,".contains(&byte));
    if plain {
        return argument.to_owned();
    }
    let mut text = String::from("\"");
    for character in argument.chars() {
        match character {
            '"' | '`' | '$' | '\\' => {
                text.push('\\');
                text.push(character);
            }
            '%' => text.push_str("%%"),
            _ => text.push(character),
        }
    }
    text.push('"');
    text
}

/// A value of type string: a backslash is doubled, over and above any quoting.
fn string(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t")
}

/// The raw value of a key in the main group.
fn value<'text>(text: &'text str, key: &str) -> Option<&'text str> {
    text.lines()
        .map(str::trim)
        .skip_while(|line| *line != "[Desktop Entry]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .find_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name.trim_end() == key).then(|| value.trim_start())
        })
}
