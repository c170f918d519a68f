//! Tells a person by a command of theirs where no presenter runs (`notify_command`).
//!
//! It is the last resort, so it waits: a presenter acknowledges a notice within seconds. It talks
//! to the engine like a presenter does, and never sees a token.

use std::{process::Stdio, time::Duration};

use tokio::process::Command;

use crate::{
    api::types::{Event, NoticeRow},
    engine::Engine,
    speech::Speech,
};

/// A presenter that runs has shown and acknowledged a notice by then.
const PRESENTERS_FIRST: Duration = Duration::from_secs(15);

/// Runs beside the engine until it ends; `languages` are what the system asks for, best first.
pub async fn run(engine: Engine, languages: Vec<String>) {
    let (_, mut events) = engine.events(None);
    loop {
        if let Some(notice) = engine.status().notice.filter(|notice| !notice.shown) {
            tokio::time::sleep(PRESENTERS_FIRST).await;
            let wanted = engine
                .status()
                .notice
                .filter(|now| !now.shown && now.id == notice.id);
            if let Some(notice) = wanted
                && let settings = engine.settings()
                && let Some(command) = settings.notify_command
                && tell(&command, &spoken(&notice, &settings.language, &languages)).await
                && let Err(error) = engine.notice_shown(&notice.id).await
            {
                tracing::debug!(%error, "the notice ended meanwhile");
            }
        }
        loop {
            match events.recv().await {
                Ok((_, Event::Overall { status })) if status.notice.is_some() => break,
                Ok(_) => {}
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => break,
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            }
        }
    }
}

/// In the person's language; made anew each time, since it is hardly ever wanted.
fn spoken(notice: &NoticeRow, setting: &str, languages: &[String]) -> NoticeRow {
    let mut speech = Speech::new(languages.to_vec());
    speech.speak(setting);
    speech.notice(notice)
}

/// The sentence is the command's last argument. Whether the command took it.
async fn tell(command: &[String], notice: &NoticeRow) -> bool {
    let Some((program, arguments)) = command.split_first() else {
        return false;
    };
    let ended = Command::new(program)
        .args(arguments)
        .arg(format!("{}: {}", notice.title, notice.body))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await;
    match ended {
        Ok(status) if status.success() => true,
        Ok(status) => {
            tracing::warn!(program, %status, "notify_command failed");
            false
        }
        Err(error) => {
            tracing::warn!(program, %error, "notify_command cannot be run");
            false
        }
    }
}
