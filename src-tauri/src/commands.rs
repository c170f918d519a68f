//! The few things that the page may ask of the shell.
//!
//! One of them hands a request to the engine's router; the rest is what only the shell can do.
//! Surprising: a token passes through here, from the engine to the clipboard, and nowhere else.

use http::Method;
use serde::Serialize;
use serde_json::{Value, json};
use tauri::{AppHandle, Manager, State, ipc::Channel};
use tokentray::{
    api::{
        problem::{Code, Problem},
        types::{AccountSettings, BrowserRow, SaidCode, SettingsRow, SignInRow, TokenAnswer},
    },
    autostart::Autostart,
    domain::secret::Secret,
    io::{
        browser::{Browser, SystemBrowser},
        tray::TrayState,
    },
};

use crate::{
    export::{self, Format},
    routes,
    shell::{Part, Shell},
    window,
};

type Answer<T> = Result<T, Problem>;

/// What only the shell knows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShellInfo {
    role: Part,
    /// Null where it is not known yet, or is another process's.
    tray: Option<bool>,
    /// Null where it cannot be switched here.
    start_at_login: Option<bool>,
    version: &'static str,
    /// The account that the page is to show first; told once.
    account: Option<String>,
}

/// Hands a request of the page to the engine.
#[tauri::command]
pub async fn api(
    shell: State<'_, Shell>,
    method: String,
    path: String,
    body: Option<Value>,
) -> Answer<Value> {
    let method = routes::check(&method, &path, body.as_ref())?;
    if let Some(problem) = &shell.refusal {
        return Err(problem.clone());
    }
    if let Some(command) = routes::named_browser(body.as_ref()) {
        let browsers: Vec<BrowserRow> = shell.client.get("/v1/browsers").await?;
        if !routes::is_found(command, &browsers) {
            return Err(Problem::new(
                Code::Unauthorized,
                "the window only chooses among the browsers of this computer",
            ));
        }
    }
    let (_, answer) = shell.client.request(method, &path, body).await?;
    Ok(answer)
}

/// Sends events to the page from now on.
#[tauri::command]
pub async fn listen(shell: State<'_, Shell>, channel: Channel<Value>) -> Answer<()> {
    shell.page.listen(channel, shell.client.clone());
    Ok(())
}

#[tauri::command]
pub async fn shell(shell: State<'_, Shell>) -> Answer<ShellInfo> {
    let account = shell.take_wanted();
    Ok(ShellInfo {
        account,
        ..info(&shell)
    })
}

fn info(shell: &Shell) -> ShellInfo {
    ShellInfo {
        role: shell.part,
        tray: match shell.tray() {
            Some(TrayState::Shown) => Some(true),
            Some(TrayState::Unavailable(_)) => Some(false),
            Some(TrayState::Starting) | None => None,
        },
        start_at_login: shell.autostart.as_ref().map(Autostart::is_enabled),
        version: env!("CARGO_PKG_VERSION"),
        account: None,
    }
}

#[tauri::command]
pub async fn set_start_at_login(shell: State<'_, Shell>, on: bool) -> Answer<ShellInfo> {
    if let Some(autostart) = &shell.autostart {
        autostart
            .set(on)
            .map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    }
    Ok(info(&shell))
}

/// From the engine to the clipboard.
#[tauri::command]
pub async fn copy_token(shell: State<'_, Shell>, name: String) -> Answer<()> {
    let path = format!("/v1/accounts/{}/token", segment(&name));
    let answer: TokenAnswer = shell.client.get(&path).await?;
    shell
        .clipboard
        .copy_token(Secret::new(answer.access_token))
        .map_err(no_clipboard)
}

#[tauri::command]
pub async fn copy_text(shell: State<'_, Shell>, text: String) -> Answer<()> {
    shell.clipboard.copy(&text).map_err(no_clipboard)
}

#[expect(clippy::needless_pass_by_value, reason = "used with map_err")]
fn no_clipboard(error: arboard::Error) -> Problem {
    Problem::new(Code::Internal, format!("nothing was copied: {error}"))
        .with_said(SaidCode::NotCopied, &[])
}

/// A token response that a person copied, from the clipboard to the engine: the page never sees it.
/// The answer is the account's row.
#[tauri::command]
pub async fn import_from_clipboard(
    shell: State<'_, Shell>,
    name: String,
    take_over: Option<String>,
) -> Answer<Value> {
    let clipboard = shell.clipboard.clone();
    let read = tokio::task::spawn_blocking(move || clipboard.text()).await;
    let Ok(Ok(text)) = read else {
        return Err(
            Problem::new(Code::InvalidRequest, "there is no text on the clipboard")
                .with_said(SaidCode::ClipboardEmpty, &[]),
        );
    };
    let body = json!({ "token_response": text.expose(), "take_over": take_over });
    let path = format!("/v1/accounts/{}/import", segment(&name));
    let (_, answer) = shell
        .client
        .request(Method::POST, &path, Some(body))
        .await?;
    Ok(answer)
}

/// Writes the history that `query` asks for into the downloads folder; answers with the file.
#[tauri::command]
pub async fn export_history(
    app: AppHandle,
    shell: State<'_, Shell>,
    query: String,
    format: Format,
) -> Answer<String> {
    let paths = app.path();
    let folder = paths
        .download_dir()
        .or_else(|_| paths.home_dir())
        .map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let file = export::history(&shell.client, &query, format, &folder).await?;
    Ok(file.to_string_lossy().into_owned())
}

/// Opens the address of a sign-in that is going on again.
#[tauri::command]
pub async fn open_sign_in(shell: State<'_, Shell>, id: String) -> Answer<()> {
    let path = format!("/v1/sign-ins/{}", segment(&id));
    let row: SignInRow = shell.client.get(&path).await?;
    let settings: SettingsRow = shell.client.get("/v1/settings").await?;
    let account = format!("/v1/accounts/{}", segment(&row.account));
    let account: AccountSettings = shell.client.get(&account).await?;
    let address = row
        .url
        .or(row.verification_url_complete)
        .or(row.verification_url)
        .ok_or_else(|| {
            Problem::new(Code::NotFound, "this sign-in is over")
                .with_said(SaidCode::SignInOver, &[])
        })?;
    SystemBrowser::new(account.browser.or(settings.browser), std::env::vars_os())
        .open(address)
        .await
        .map_err(|error| Problem::new(Code::Internal, error.to_string()))
}

/// Starts a second Tokentray on the practice provider, which knows nothing of this one.
#[tauri::command]
pub async fn start_demo() -> Answer<()> {
    let started = std::env::current_exe().and_then(|program| {
        std::process::Command::new(program)
            .arg("--demo")
            .stdin(std::process::Stdio::null())
            .spawn()
    });
    match started {
        Ok(mut child) => {
            // Waited for, so that it leaves no zombie behind.
            std::thread::spawn(move || child.wait());
            Ok(())
        }
        Err(error) => Err(Problem::new(Code::Internal, error.to_string())),
    }
}

/// Closes the window; the rest goes on.
#[tauri::command]
pub async fn close_window(app: AppHandle) {
    let handle = app.clone();
    let _ = app.run_on_main_thread(move || window::close(&handle));
}

#[tauri::command]
pub async fn quit(app: AppHandle) {
    app.exit(0);
}

/// One segment of a path, percent-encoded (RFC 3986 §2.3: all but the unreserved).
fn segment(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}
