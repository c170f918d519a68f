//! Opens the person's browser at an address: the settings' own command, else the system's way.
//!
//! It must not know what the address is for. Surprising: nobody can tell whether a browser really
//! opened. An exit code of 0 proves nothing, so whoever calls goes on showing the address.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::process::Command;

use super::{Pending, token_endpoint::permitted_url};

mod installed;
#[cfg(target_os = "linux")]
mod portal;

pub use installed::Installed;

/// A program that still runs after this long is taken for a browser at work.
const LAUNCH_WAIT: Duration = Duration::from_secs(5);

/// What survives into the environment of the program that opens the browser. Everything else stays
/// behind, above all what an `AppImage` sets for its own libraries
/// (<https://github.com/tauri-apps/tauri/issues/10617>).
const KEPT: [&str; 34] = [
    "BROWSER",
    "DBUS_SESSION_BUS_ADDRESS",
    "DESKTOP_SESSION",
    "DESKTOP_STARTUP_ID",
    "DISPLAY",
    "GDMSESSION",
    "GNOME_DESKTOP_SESSION_ID",
    "GTK_IM_MODULE",
    "HOME",
    "HYPRLAND_INSTANCE_SIGNATURE",
    "KDE_FULL_SESSION",
    "KDE_SESSION_UID",
    "KDE_SESSION_VERSION",
    "LANG",
    "LANGUAGE",
    "LOGNAME",
    "NIXOS_XDG_OPEN_USE_PORTAL",
    "PATH",
    "QT_IM_MODULE",
    "SESSION_MANAGER",
    "SHELL",
    "SWAYSOCK",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "TMPDIR",
    "USER",
    "USERNAME",
    "USERPROFILE",
    "WAYLAND_DISPLAY",
    "WSLENV",
    "WSL_DISTRO_NAME",
    "WSL_INTEROP",
    "XAUTHORITY",
];

/// Why no browser could be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrowserError {
    #[error("this is no web address")]
    NotAWebAddress,
    #[error("there is no display here")]
    NoDisplay,
    #[error("no program to open it was found")]
    NoProgram,
    #[error("{program} {why}")]
    Failed { program: String, why: String },
}

/// What shows web pages to the person.
pub trait Browser: Send + Sync + 'static {
    /// Asks for the address to be shown. `Ok` means that somebody took the request.
    fn open(&self, url: String) -> Pending<'static, Result<(), BrowserError>>;
    /// The same by this command, where an account has one of its own.
    fn open_by(
        &self,
        command: Option<Vec<String>>,
        url: String,
    ) -> Pending<'static, Result<(), BrowserError>> {
        let _ = command;
        self.open(url)
    }
    /// What a person can choose from. Reads files.
    fn installed(&self) -> Vec<Installed> {
        Vec::new()
    }
    /// Whether a browser can be expected here at all: not over SSH, not without a display. Where it
    /// cannot, a device code is the better offer.
    fn is_likely(&self) -> bool;
}

/// The system's browser.
pub struct SystemBrowser {
    command: Option<Vec<String>>,
    environment: Environment,
}

/// The variables of the process, handed in: nothing here reads them by itself.
#[derive(Clone, Default)]
struct Environment(Vec<(OsString, OsString)>);

impl SystemBrowser {
    /// `command` is the settings' `browser`; `environment` is the process's own.
    pub fn new(
        command: Option<Vec<String>>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        Self {
            command: command.filter(|words| !words.is_empty()),
            environment: Environment(environment.into_iter().collect()),
        }
    }
}

impl Browser for SystemBrowser {
    fn open(&self, url: String) -> Pending<'static, Result<(), BrowserError>> {
        let command = self.command.clone();
        let environment = self.environment.clone();
        Box::pin(async move {
            if permitted_url(&url).is_none() {
                return Err(BrowserError::NotAWebAddress);
            }
            match command {
                Some(words) => {
                    let (program, arguments) =
                        words.split_first().ok_or(BrowserError::NoProgram)?;
                    launch(Path::new(program), arguments, &url, &environment).await
                }
                None => system(&url, &environment).await,
            }
        })
    }

    fn open_by(
        &self,
        command: Option<Vec<String>>,
        url: String,
    ) -> Pending<'static, Result<(), BrowserError>> {
        match command {
            Some(command) => Self::new(Some(command), self.environment.0.iter().cloned()).open(url),
            None => self.open(url),
        }
    }

    fn installed(&self) -> Vec<Installed> {
        installed::found(|name| self.environment.get(name))
    }

    fn is_likely(&self) -> bool {
        if self.command.is_some() {
            return true;
        }
        let remote = ["SSH_CONNECTION", "SSH_TTY"]
            .iter()
            .any(|name| self.environment.has(name));
        !remote && (!cfg!(target_os = "linux") || self.environment.has_display())
    }
}

#[cfg(target_os = "linux")]
async fn system(url: &str, environment: &Environment) -> Result<(), BrowserError> {
    if !environment.has_display() && !environment.has("BROWSER") {
        return Err(BrowserError::NoDisplay);
    }
    if let Some(address) = environment.session_bus()
        && portal::open(&address, url).await
    {
        return Ok(());
    }
    let mut error = BrowserError::NoProgram;
    for name in ["xdg-open", "wslview"] {
        if let Some(program) = environment.find(name) {
            match launch(&program, &[], url, environment).await {
                Ok(()) => return Ok(()),
                Err(failed) => error = failed,
            }
        }
    }
    Err(error)
}

#[cfg(target_os = "macos")]
async fn system(url: &str, environment: &Environment) -> Result<(), BrowserError> {
    launch(Path::new("/usr/bin/open"), &[], url, environment).await
}

#[cfg(target_os = "windows")]
async fn system(url: &str, environment: &Environment) -> Result<(), BrowserError> {
    let arguments = ["url.dll,FileProtocolHandler".to_owned()];
    launch(Path::new("rundll32"), &arguments, url, environment).await
}

/// Starts a program of its own process group, which has nothing of ours but a few variables.
async fn launch(
    program: &Path,
    arguments: &[String],
    url: &str,
    environment: &Environment,
) -> Result<(), BrowserError> {
    let failed = |why: String| BrowserError::Failed {
        program: program
            .file_name()
            .unwrap_or(program.as_os_str())
            .to_string_lossy()
            .into_owned(),
        why,
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg(url)
        .env_clear()
        .envs(environment.clean())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    command.current_dir("/").process_group(0);
    let mut child = command
        .spawn()
        .map_err(|error| failed(format!("could not be started: {}", error.kind())))?;
    match tokio::time::timeout(LAUNCH_WAIT, child.wait()).await {
        Ok(Ok(status)) if !status.success() => Err(failed("failed".into())),
        Ok(Err(error)) => Err(failed(format!("was lost: {}", error.kind()))),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

impl Environment {
    fn get(&self, name: &str) -> Option<&OsStr> {
        self.0
            .iter()
            .find(|(n, v)| n == name && !v.is_empty())
            .map(|(_, value)| value.as_os_str())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn has_display(&self) -> bool {
        ["DISPLAY", "WAYLAND_DISPLAY", "WSL_INTEROP"]
            .iter()
            .any(|name| self.has(name))
    }

    /// The variables that a browser needs, without the parts that lead into our own `AppImage`.
    fn clean(&self) -> Vec<(OsString, OsString)> {
        let own = self.get("APPDIR").map(PathBuf::from);
        let is_kept = |name: &str| {
            KEPT.contains(&name) || name.starts_with("XDG_") || name.starts_with("LC_")
        };
        self.0
            .iter()
            .filter(|(name, _)| name.to_str().is_some_and(is_kept))
            .map(|(name, value)| (name.clone(), without(value, own.as_deref())))
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    /// The host's program of that name: on the path, but not inside our own `AppImage`.
    #[cfg(target_os = "linux")]
    fn find(&self, name: &str) -> Option<PathBuf> {
        let own = self.get("APPDIR").map(PathBuf::from);
        let path = without(self.get("PATH")?, own.as_deref());
        std::env::split_paths(&path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(name))
            .find(|program| program.is_file())
    }

    #[cfg(target_os = "linux")]
    fn session_bus(&self) -> Option<String> {
        if let Some(address) = self.get("DBUS_SESSION_BUS_ADDRESS") {
            return address.to_str().map(str::to_owned);
        }
        let socket = Path::new(self.get("XDG_RUNTIME_DIR")?).join("bus");
        Some(format!("unix:path={}", socket.to_str()?)).filter(|_| socket.exists())
    }
}

/// A list of folders (or any other value) without the folders below `own`.
fn without(value: &OsStr, own: Option<&Path>) -> OsString {
    let Some(own) = own else {
        return value.to_owned();
    };
    let kept = std::env::split_paths(value).filter(|folder| !folder.starts_with(own));
    std::env::join_paths(kept).unwrap_or_else(|_| value.to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(n, v)| (n.into(), v.into())).collect()
    }

    #[test]
    fn a_browser_gets_nothing_of_an_app_image_and_no_other_variable() {
        let given = Environment(environment(&[
            ("APPDIR", "/tmp/.mount_x"),
            ("LD_LIBRARY_PATH", "/tmp/.mount_x/usr/lib"),
            ("PATH", "/tmp/.mount_x/usr/bin:/usr/bin:/bin"),
            ("XDG_DATA_DIRS", "/tmp/.mount_x/usr/share:/usr/share"),
            ("XDG_CONFIG_DIRS", "/tmp/.mount_x/etc/xdg"),
            ("DISPLAY", ":0"),
            ("LC_ALL", "C.UTF-8"),
            ("MY_API_KEY", "hush"),
        ]));
        assert_eq!(
            given.clean(),
            environment(&[
                ("PATH", "/usr/bin:/bin"),
                ("XDG_DATA_DIRS", "/usr/share"),
                ("DISPLAY", ":0"),
                ("LC_ALL", "C.UTF-8"),
            ])
        );
    }

    #[tokio::test]
    async fn the_settings_command_gets_the_address_last() {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("note");
        let script = format!("printf '%s|' \"$@\" \"$SECRET\" > {}", note.display());
        let browser = SystemBrowser::new(
            Some(
                ["sh", "-c", &script, "sh", "--new"]
                    .map(str::to_owned)
                    .into(),
            ),
            environment(&[("PATH", "/usr/bin:/bin"), ("SECRET", "hush")]),
        );
        assert!(browser.is_likely());
        let url = "https://id.example/authorize?state=a&b=%20";
        browser.open(url.into()).await.unwrap();
        assert_eq!(
            std::fs::read_to_string(note).unwrap(),
            format!("--new|{url}||")
        );
    }

    #[tokio::test]
    async fn an_account_has_a_browser_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("note");
        let script = format!("printf '%s|' \"$@\" > {}", note.display());
        let browser = SystemBrowser::new(
            Some(vec!["false".to_owned()]),
            environment(&[("PATH", "/usr/bin:/bin")]),
        );
        let own = ["sh", "-c", &script, "sh", "-P", "work"].map(str::to_owned);
        let url = "https://id.example/";
        browser.open_by(Some(own.into()), url.into()).await.unwrap();
        assert_eq!(
            std::fs::read_to_string(note).unwrap(),
            format!("-P|work|{url}|")
        );
        assert!(browser.open_by(None, url.into()).await.is_err());
    }

    #[tokio::test]
    async fn a_browser_that_cannot_be_opened_is_told() {
        let open = |command: Option<&[&str]>, url: &str, pairs: &[(&str, &str)]| {
            SystemBrowser::new(
                command.map(|words| words.iter().map(|w| (*w).to_owned()).collect()),
                environment(pairs),
            )
            .open(url.to_owned())
        };
        let url = "https://id.example/";
        assert_eq!(
            open(Some(&["false"]), url, &[])
                .await
                .unwrap_err()
                .to_string(),
            "false failed"
        );
        assert_eq!(
            open(Some(&["/nowhere/opener"]), url, &[])
                .await
                .unwrap_err()
                .to_string(),
            "opener could not be started: entity not found"
        );
        assert_eq!(open(None, url, &[]).await, Err(BrowserError::NoDisplay));
        assert_eq!(
            open(None, url, &[("DISPLAY", ":7"), ("PATH", "/nowhere")]).await,
            Err(BrowserError::NoProgram)
        );
        for url in ["file:///etc/passwd", "http://id.example/", "--help"] {
            assert_eq!(
                open(Some(&["true"]), url, &[]).await,
                Err(BrowserError::NotAWebAddress)
            );
        }
    }
}
