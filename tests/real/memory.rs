//! Memory with tokens is locked where the system sets no limit, and nothing fails where it does.

use std::{fs, time::Duration};

use crate::support::{session::Session, tokentray::Tokentray};

#[test]
fn memory_is_locked_where_there_is_no_limit_and_only_there() {
    let session = Session::start();
    let tokentray = Tokentray::new(&session);
    // Who may exceed the limit is tried without that right as well.
    let without = ["--inh-caps=-ipc_lock", "--bounding-set=-ipc_lock"];
    let is_privileged = holds_the_right(&status(std::process::id(), "CapEff:"));
    for options in [&[][..], &without]
        .iter()
        .take(1 + usize::from(is_privileged))
    {
        let daemon = tokentray.command(&["daemon", "--vault", "memory"]);
        let mut command = session.command("setpriv");
        command.args(*options);
        command.arg(daemon.get_program()).args(daemon.get_args());
        let mut daemon = session.spawn("daemon", &mut command);
        tokentray.wait_until_it_answers();
        let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.id())).unwrap();
        let limit = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max locked memory"));
        let may = holds_the_right(&status(daemon.id(), "CapEff:"))
            || limit.unwrap().trim().starts_with("unlimited");
        let is_locked = status(daemon.id(), "VmLck:") != "0 kB";
        assert_eq!(is_locked, may, "{options:?}");
        assert!(daemon.terminate(Duration::from_secs(20)).success());
    }
}

fn holds_the_right(capabilities: &str) -> bool {
    const IPC_LOCK: u32 = 14;
    u64::from_str_radix(capabilities, 16).unwrap() >> IPC_LOCK & 1 == 1
}

/// What the kernel says of a process. (`setpriv` becomes the program that it starts.)
fn status(id: u32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let value = status.lines().find_map(|line| line.strip_prefix(field));
    value.unwrap().trim().to_owned()
}
