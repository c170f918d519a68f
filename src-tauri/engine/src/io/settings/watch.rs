//! Watching `config.toml`. The folder is watched, not the file: editors rename a new file over it.
//!
//! Reading the file is an event, too; it must not count, or every reload would cause the next.
//! Nothing here looks at a clock while nothing happens: this runs all day.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use notify::{
    Event, EventKind, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};
use tokio::{sync::mpsc, time::timeout};

/// So long it must be quiet before a change is told: an editor's write, rename and chmod are one.
const QUIET: Duration = Duration::from_millis(200);

/// Watches the folders of the file and of what it links to. Called inside the runtime.
pub(super) fn start(path: &Path, target: &Path) -> Result<mpsc::Receiver<()>, String> {
    let (seen, mut events) = mpsc::unbounded_channel();
    let mut watcher = notify::recommended_watcher(move |event| {
        // The task below ends first only when nobody listens any more.
        let _ = seen.send(event);
    })
    .map_err(|error| plain(&error))?;
    let mut folders: Vec<PathBuf> = Vec::new();
    for file in [path, target] {
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        if !folders.contains(&folder) {
            watcher
                .watch(&folder, RecursiveMode::NonRecursive)
                .map_err(|error| plain(&error))?;
            folders.push(folder);
        }
    }
    let names: Vec<OsString> = [path, target]
        .iter()
        .filter_map(|file| file.file_name().map(ToOwned::to_owned))
        .collect();

    // One place is enough: a reader that has not come yet will see the newest file anyway.
    let (tell, changes) = mpsc::channel(1);
    tokio::spawn(async move {
        let _watcher = watcher;
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                () = tell.closed() => return,
            };
            let Some(event) = event else { return };
            if is_change(&event, &names) {
                while let Ok(Some(_)) = timeout(QUIET, events.recv()).await {}
                // Full: the change is as good as told.
                let _ = tell.try_send(());
            }
        }
    });
    Ok(changes)
}

fn is_change(event: &notify::Result<Event>, names: &[OsString]) -> bool {
    let Ok(event) = event else {
        // Events were lost: better look once too often.
        return true;
    };
    let reading = matches!(
        event.kind,
        EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)
    );
    let ours = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| names.iter().any(|n| n == name))
    };
    !reading && (event.need_rescan() || event.paths.iter().any(ours))
}

/// What went wrong, without the path.
fn plain(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::Io(error) => error.kind().to_string(),
        notify::ErrorKind::MaxFilesWatch => "too many files are watched on this machine".into(),
        _ => "its folder cannot be watched".into(),
    }
}
