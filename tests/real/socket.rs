//! The socket among misbehaving clients: good ones stay served, and nothing is left of the others.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    http, keyring::Keyring, process::Process, provider::Provider, session::Session,
    tokentray::Tokentray, wait_for, wait_until,
};

/// Ten processes with twenty connections each: within what the socket allows, so that all get in.
const RUDE_PROCESSES: usize = 10;
const RUDE_CLIENTS: usize = 20;
const GOOD_CLIENTS: usize = 20;
const SOAK: Duration = Duration::from_secs(5);
/// At most so many, until nothing more is taken.
const SOAKS: usize = 6;
/// Of thousands of connections in a soak; each that left only 1 KiB would be more.
const NOISE_KIB: u64 = 1024;
/// Generous: it is the machine's worst day that counts here, not its best.
const ANSWERED_WITHIN: Duration = Duration::from_secs(15);

#[test]
fn two_hundred_misbehaving_clients_starve_nobody_and_leave_nothing() {
    let session = Session::start();
    let _keyring = Keyring::unlocked(&session);
    let provider = Provider::start(&session, 3600);
    let tokentray = Tokentray::new(&session);
    let mut daemon = tokentray.daemon();
    tokentray.set_person("ada");
    tokentray.add("work", &provider);
    let token = tokentray.ok(&["token", "work"]).trim_end().to_owned();

    // What a first use takes of the machine may be kept; what every use takes is a leak.
    let mut held = vec![Held::by(&daemon)];
    for _ in 0..SOAKS {
        let answered = soak(&session, tokentray, &token);
        let after = Held::by(&daemon);
        println!("{answered} answers, then {after:?}");
        held.push(after);
        if held.len() > 2 && is_settled(&held[held.len() - 2..]) {
            break;
        }
    }
    assert!(daemon.is_running());
    assert!(is_settled(&held[held.len() - 2..]), "{held:#?}");
    assert_eq!(provider.state().refreshes().len(), 0);
    assert!(daemon.terminate(Duration::from_secs(15)).success());
}

/// Says in one line what the socket answers.
const ASK: &str = r#"
import socket, sys
one = socket.socket(socket.AF_UNIX)
try:
    one.connect(sys.argv[1])
    one.sendall(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
    print("answered", one.recv(65536).split(b"\r\n")[0].decode())
except OSError as error:
    print("failed", type(error).__name__)
"#;

#[test]
fn another_user_is_refused_by_the_id_where_every_folder_lets_everybody_in() {
    const NOBODY: &str = "65534";
    let session = Session::start();
    let _keyring = Keyring::unlocked(&session);
    let tokentray = Tokentray::new(&session);
    let mut daemon = tokentray.daemon();
    tokentray.wait_until_it_answers();
    let socket = tokentray.socket();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
    for folder in socket.ancestors().skip(1) {
        if folder.metadata().unwrap().mode() & 0o005 != 0o005 || folder == socket.parent().unwrap()
        {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
        }
    }

    // Where everybody may run it.
    let python = ["/usr/bin/python3", "-c", ASK, socket.to_str().unwrap()];
    let ask = |before: &[&str]| {
        let words = [before, &python].concat();
        let out = Command::new(words[0]).args(&words[1..]).output().unwrap();
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).unwrap()
    };
    assert_eq!(ask(&[]).trim(), "answered HTTP/1.1 200 OK");
    let as_nobody = [
        "setpriv",
        "--reuid",
        NOBODY,
        "--regid",
        NOBODY,
        "--clear-groups",
    ];
    // Becoming another user takes root's rights.
    let asked = if rustix::process::getuid().is_root() {
        ask(&as_nobody)
    } else {
        ask(&[["sudo", "-n"].as_slice(), &as_nobody].concat())
    };
    let refused = [
        "answered",
        "failed ConnectionResetError",
        "failed BrokenPipeError",
    ];
    assert!(refused.contains(&asked.trim()), "{asked}");
    let told = wait_for("it is in the log", ANSWERED_WITHIN, || {
        let logs = fs::read_dir(tokentray.state_dir().join("log"))
            .ok()?
            .flatten();
        let mut lines = logs.filter_map(|file| fs::read_to_string(file.path()).ok());
        lines.find(|text| text.contains("connection_refused"))
    });
    assert!(told.contains(&format!("uid={NOBODY}")), "{told}");
    assert_eq!(ask(&[]).trim(), "answered HTTP/1.1 200 OK");
    assert!(daemon.terminate(Duration::from_secs(15)).success());
}

/// Returns how many requests of the good ones were answered, each of them right.
fn soak(session: &Session, tokentray: Tokentray<'_>, token: &str) -> usize {
    let mut rude: Vec<Process> = (0..RUDE_PROCESSES)
        .map(|_| start_rude(session, &tokentray.socket()))
        .collect();
    for process in &mut rude {
        let mut line = String::new();
        let out = process.child().stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "{}", process.log());
    }
    let until = Instant::now() + SOAK;
    let socket = tokentray.socket();
    let answered = thread::scope(|scope| {
        let good: Vec<_> = (0..GOOD_CLIENTS)
            .map(|_| scope.spawn(|| ask_until(&socket, token, until)))
            .collect();
        good.into_iter().map(|one| one.join().unwrap()).sum()
    });
    let connected = tokentray.connections();
    assert!(connected > RUDE_PROCESSES, "only {connected} were rude");
    for process in &mut rude {
        assert!(process.is_running(), "{}", process.log());
        process.kill();
    }
    wait_until("all connections are gone", Duration::from_secs(20), || {
        tokentray.connections() == 0
    });
    answered
}

fn is_settled(held: &[Held]) -> bool {
    held[1].files <= held[0].files && held[1].memory_kib <= held[0].memory_kib + NOISE_KIB
}

fn start_rude(session: &Session, socket: &Path) -> Process {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/real/socket/rude.py");
    let mut command = session.command("python3");
    command.arg(program).arg(socket);
    command.arg(RUDE_CLIENTS.to_string());
    Process::spawn_piped("rude", &mut command, &session.logs())
}

fn ask_until(socket: &Path, token: &str, until: Instant) -> usize {
    let mut answered = 0;
    while Instant::now() < until {
        let since = Instant::now();
        let answer = http::unix(socket, "GET", "/v1/accounts/work/token", None);
        let (status, body) = answer.expect("every good client is answered");
        assert_eq!((status, body["access_token"].as_str()), (200, Some(token)));
        assert!(since.elapsed() < ANSWERED_WITHIN, "{:?}", since.elapsed());
        answered += 1;
        thread::sleep(Duration::from_millis(20));
    }
    assert!(answered > 0);
    answered
}

/// What a process has of the machine.
#[derive(Debug)]
struct Held {
    files: usize,
    memory_kib: u64,
}

impl Held {
    fn by(process: &Process) -> Self {
        let folder = Path::new("/proc").join(process.id().to_string());
        let status = fs::read_to_string(folder.join("status")).unwrap();
        let memory = status.lines().find(|line| line.starts_with("VmRSS:"));
        let memory = memory.unwrap().split_whitespace().nth(1).unwrap();
        Self {
            files: fs::read_dir(folder.join("fd")).unwrap().count(),
            memory_kib: memory.parse().unwrap(),
        }
    }
}
