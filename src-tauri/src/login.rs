//! What the login entry starts: on Linux `tokentray tray`, which links no web view and takes a
//! twentieth of the memory; elsewhere this program, hidden.

use std::{
    env,
    path::{Path, PathBuf},
};

use tokentray::autostart::Autostart;

/// The login entry; none where the folder of such entries cannot be named.
pub fn entry() -> Option<Autostart> {
    let own = env::current_exe().ok()?;
    // An AppImage is mounted anew, elsewhere, at each start.
    let (program, argument) = match env::var_os("APPIMAGE") {
        Some(image) => (PathBuf::from(image), "--hidden"),
        None => resident(&own).map_or((own, "--hidden"), |tray| (tray, "tray")),
    };
    Some(Autostart::new(folder()?, program, &[argument]))
}

#[cfg(target_os = "linux")]
fn resident(own: &Path) -> Option<PathBuf> {
    let tray = own.with_file_name("tokentray");
    tray.is_file().then_some(tray)
}

#[cfg(not(target_os = "linux"))]
fn resident(_own: &Path) -> Option<PathBuf> {
    None
}

/// What [`Autostart`] calls the folder of the platform's entries.
fn folder() -> Option<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if cfg!(target_os = "macos") {
        absolute("HOME").map(|home| home.join("Library"))
    } else if cfg!(windows) {
        absolute("APPDATA")
    } else {
        absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))
    }
}
