//! `tokentray doctor`: what works, what does not, and what to do about it.
//!
//! Works without an engine, since that is when it is needed most; a running engine adds what only
//! it can see. Nothing here changes anything.

#[cfg(target_os = "linux")]
mod desktop;

use std::{fs, path::Path, process::ExitCode};

use crate::{
    api::{
        problem::{Code, Problem},
        types::Finding,
    },
    cli::{
        Outcome,
        blocking::Asker,
        output::{self, plain},
    },
    io::file_system,
    paths::Paths,
};

pub fn doctor(json: bool) -> Outcome {
    let paths = Paths::from_env()?;
    let mut findings = Vec::new();
    folder(&mut findings, "config folder", &paths.config_dir);
    folder(&mut findings, "state folder", &paths.state_dir);
    if let Some(kind) = file_system::network(&paths.state_dir) {
        findings.push(note(
            "state folder",
            format!("it is on a network file system ({kind}): another machine's owner is not kept out by a lock"),
            "use it on one machine only, or name a local folder in TOKENTRAY_STATE_DIR",
        ));
    }
    socket_path(&mut findings, &paths.socket);
    #[cfg(target_os = "linux")]
    desktop::look(&mut findings)?;
    engine(&mut findings, &Asker::at(paths.socket));
    if json {
        output::json(&findings)?;
    } else {
        output::line(told(&findings).trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn ok(about: &str, found: impl Into<String>) -> Finding {
    finding("ok", about, found, None)
}

fn note(about: &str, found: impl Into<String>, mend: &str) -> Finding {
    finding("note", about, found, Some(mend))
}

fn problem(about: &str, found: impl Into<String>, mend: impl Into<String>) -> Finding {
    finding("problem", about, found, Some(&mend.into()))
}

fn finding(level: &str, about: &str, found: impl Into<String>, mend: Option<&str>) -> Finding {
    Finding {
        level: level.to_owned(),
        about: about.to_owned(),
        found: found.into(),
        mend: mend.map(str::to_owned),
        said: None,
    }
}

fn folder(findings: &mut Vec<Finding>, about: &str, path: &Path) {
    let shown = path.display();
    findings.push(match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            ok(about, format!("{shown}: not there yet; made when needed"))
        }
        Err(error) => problem(about, format!("{shown}: {error}"), "mend its permissions"),
        Ok(found) if !found.is_dir() => problem(
            about,
            format!("{shown} is no folder"),
            "move it out of the way",
        ),
        Ok(found) => rights(about, path, &found),
    });
}

#[cfg(unix)]
fn rights(about: &str, path: &Path, found: &fs::Metadata) -> Finding {
    use std::os::unix::fs::MetadataExt;

    let shown = path.display();
    if found.uid() != rustix::process::getuid().as_raw() {
        return problem(
            about,
            format!("{shown} belongs to another user (uid {})", found.uid()),
            format!("chown -R \"$USER\" {shown}"),
        );
    }
    if rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_err() {
        return problem(
            about,
            format!("{shown} cannot be written"),
            format!("chmod u+rwx {shown}, or make its file system writable"),
        );
    }
    if found.mode() & 0o022 != 0 {
        return problem(
            about,
            format!("{shown} can be written by others"),
            format!("chmod go-w {shown}"),
        );
    }
    ok(about, shown.to_string())
}

#[cfg(not(unix))]
fn rights(about: &str, path: &Path, _found: &fs::Metadata) -> Finding {
    ok(about, path.display().to_string())
}

#[cfg(unix)]
fn socket_path(findings: &mut Vec<Finding>, socket: &Path) {
    use std::os::unix::{ffi::OsStrExt, fs::MetadataExt};

    /// Bytes of `sun_path` less the closing zero (unix(7)); 104 on macOS.
    const LONGEST: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

    let shown = socket.display();
    if socket.as_os_str().as_bytes().len() > LONGEST {
        findings.push(problem(
            "socket",
            format!("{shown} is longer than the system allows ({LONGEST} bytes)"),
            "set TOKENTRAY_SOCKET to a shorter path",
        ));
        return;
    }
    let Some(Ok(folder)) = socket.parent().map(fs::metadata) else {
        findings.push(ok("socket", format!("{shown}: not there yet")));
        return;
    };
    if folder.mode() & 0o077 != 0 {
        findings.push(problem(
            "socket",
            format!(
                "its folder is open to others (mode {:03o})",
                folder.mode() & 0o777
            ),
            format!("chmod 700 {}", socket.parent().unwrap_or(socket).display()),
        ));
        return;
    }
    findings.push(ok("socket", shown.to_string()));
}

#[cfg(not(unix))]
fn socket_path(findings: &mut Vec<Finding>, socket: &Path) {
    findings.push(ok("socket", socket.display().to_string()));
}

/// What a running engine says itself, or why there is none to be asked.
fn engine(findings: &mut Vec<Finding>, asker: &Asker) {
    match asker.get::<Vec<Finding>>("/v1/doctor") {
        Ok(its) => {
            findings.push(ok("engine", "running"));
            findings.extend(its);
        }
        Err(Problem {
            code: Code::NotRunning,
            hint,
            ..
        }) => findings.push(note(
            "engine",
            "not running",
            &hint.unwrap_or_else(|| "tokentray daemon".to_owned()),
        )),
        Err(other) => findings.push(problem(
            "engine",
            other.detail,
            other.hint.unwrap_or_else(|| "start it again".to_owned()),
        )),
    }
}

fn told(findings: &[Finding]) -> String {
    let rows: Vec<Vec<String>> = findings
        .iter()
        .flat_map(|finding| {
            let mark = match finding.level.as_str() {
                "problem" => "PROBLEM",
                level => level,
            };
            let row = vec![
                mark.to_owned(),
                plain(&finding.about),
                plain(&finding.found),
            ];
            let mend = finding
                .mend
                .as_ref()
                .map(|mend| vec![String::new(), String::new(), format!("→ {}", plain(mend))]);
            std::iter::once(row).chain(mend)
        })
        .collect();
    output::table(&rows)
}
