//! `config.toml`: what is read, what is refused and where, and edits that keep everything else.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::json;
use tempfile::TempDir;
use tokentray::{
    domain::account::{Account, AccountId, ClientAuth, Flow, RefreshWhen},
    io::settings::{Config, Settings, SettingsEdit, SettingsError, SettingsFile, TomlSettings},
};

const ID: &str = "0123456789abcdef0123456789abcdef";
const OTHER_ID: &str = "fedcba9876543210fedcba9876543210";

struct Place {
    folder: TempDir,
    settings: TomlSettings,
}

impl Place {
    fn path(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn edit(&self, edit: SettingsEdit) -> Config {
        self.settings.edit(&[edit]).unwrap()
    }
}

fn place(text: &str) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, text).unwrap();
    let settings = TomlSettings::new(path);
    Place { folder, settings }
}

/// The error for an account with these lines.
fn fault(lines: &str) -> String {
    let text = format!("[accounts.work]\nid = \"{ID}\"\nclient_id = \"c\"\n{lines}\n");
    place(&text).settings.load().unwrap_err().to_string()
}

fn account(name: &str) -> Account {
    Account::new(AccountId(OTHER_ID.into()), name, "client")
}

fn put(account: Account) -> SettingsEdit {
    SettingsEdit::PutAccount(Box::new(account))
}

fn set(key: &str, value: serde_json::Value) -> SettingsEdit {
    SettingsEdit::Set {
        key: key.into(),
        value: Some(value),
    }
}

#[test]
fn a_missing_file_is_empty_and_is_not_made_by_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("not/there/config.toml");
    let settings = TomlSettings::new(&path);
    assert_eq!(settings.load().unwrap(), Config::default());
    assert!(!path.exists());
    settings.edit(&[put(account("work"))]).unwrap();
    assert_eq!(settings.load().unwrap().accounts, [account("work")]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&path) & 0o777, 0o600);
        assert_eq!(mode(path.parent().unwrap()) & 0o777, 0o700);
    }
}

#[test]
fn everything_that_can_be_written_is_read_in_the_order_of_the_file() {
    let place = place(&format!(
        r#"
format = 1
notify_ahead_s = 120
history_days = 30
theme = "dark"
notify_command = ["notify", "--now"]
notifications = false
refresh_ahead_s = 600

[accounts."Zürich office"]
id = "{ID}"
provider = "okta"
issuer = "https://example.okta.com"
client_id = "abc"
client_auth = "post"
scopes = ["openid", "offline_access"]
redirect = {{ host = "localhost", ports = [8400, 8401], path = "/cb" }}
flow = "device"
refresh = "when_used"
login_hint = "ada@example.com"
auth_params = {{ prompt = "consent" }}
browser = ["firefox", "-P", "work"]
paused = true

[accounts.home]
id = "{OTHER_ID}"
client_id = "client"
token_url = "http://127.0.0.1:8080/token"
"#
    ));
    let config = place.settings.load().unwrap();
    assert_eq!(config.settings.notify_ahead_s, 120);
    assert_eq!(config.settings.history_days, 30);
    assert!(!config.settings.notifications);
    assert_eq!(config.settings.refresh_ahead_s, Some(600));
    assert_eq!(config.settings.log_level, Settings::default().log_level);
    let [office, home] = &config.accounts[..] else {
        panic!("two accounts, not {:?}", config.accounts);
    };
    assert_eq!(
        (office.name.as_str(), home.name.as_str()),
        ("Zürich office", "home")
    );
    assert_eq!(office.client_auth, Some(ClientAuth::Post));
    assert_eq!(office.redirect.ports, [8400, 8401]);
    assert_eq!(
        (office.flow, office.refresh),
        (Flow::Device, RefreshWhen::WhenUsed)
    );
    assert_eq!(office.auth_params["prompt"], "consent");
    assert_eq!(
        office.browser.as_deref(),
        Some(&["firefox", "-P", "work"].map(str::to_owned)[..])
    );
    assert!(office.paused);
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_way_out() {
    let faults = [
        "scope = [\"openid\"]",
        "token_ulr = \"https://example.com\"",
        "whatever = 1",
        "client_secret = \"do-not-quote-me\"",
        "Refresh-Token = \"do-not-quote-me\"",
        "token_url = \"http://example.com/token\"",
        "token_url = \"http://127.0.0.1.example.com/token\"",
        "issuer = \"example.com\"",
        "auth_url = \"https://ada:pw@example.com/\"",
        "scopes = [\"openid email\"]",
        "redirect = { ports = [8400, 70000] }",
        "redirect = { port = 8400 }",
        "redirect = { host = \"0.0.0.0\" }",
        "redirect = { path = \"callback\" }",
        "flow = \"telepathy\"",
        "paused = \"yes\"",
        "[accounts.home]\nid = \"x\"\nclient_id = \"c\"",
        "login_hint = \"unfinished",
        "[accounts.WORK]\nclient_id = \"c\"",
        "[accounts.\" home\"]\nid = \"fedcba9876543210fedcba9876543210\"\nclient_id = \"c\"",
        "[accounts.home]\nid = \"0123456789abcdef0123456789abcdef\"\nclient_id = \"c\"",
        "[accounts.home]\nid = \"fedcba9876543210fedcba9876543210\"",
        "[account.home]",
    ];
    let told: Vec<String> = faults.iter().map(|lines| fault(lines)).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    config.toml:4:1: scope is no key of an account; did you mean scopes?
    config.toml:4:1: token_ulr is no key of an account; did you mean token_url?
    config.toml:4:1: whatever is no key of an account; there are id, provider, issuer, auth_url, token_url, device_url, revocation_url, client_id, client_auth, scopes, redirect, flow, refresh, login_hint, auth_params, browser, paused
    config.toml:4:1: client_secret must not stand in this file. Remove the line; a client secret is set in the window (Edit), or by `tokentray add NAME --client-secret-stdin`, and kept in the keychain
    config.toml:4:1: Refresh-Token must not stand in this file. Remove the line; a client secret is set in the window (Edit), or by `tokentray add NAME --client-secret-stdin`, and kept in the keychain
    config.toml:4:13: token_url: plain http is only for this machine (127.0.0.1): use https
    config.toml:4:13: token_url: plain http is only for this machine (127.0.0.1): use https
    config.toml:4:10: issuer: not a URL: write it in full, such as https://example.com/token
    config.toml:4:12: auth_url: must not hold a user name or password
    config.toml:4:10: scopes: `openid email` is not one scope: write each as a text of its own
    config.toml:4:29: a port is a number from 1 to 65535; leave ports empty for any free one
    config.toml:4:14: port is no key of redirect; did you mean ports?
    config.toml:4:12: redirect: host must be 127.0.0.1 or localhost (RFC 8252)
    config.toml:4:12: redirect: path must begin with / and hold no ?, # or space
    config.toml:4:8: unknown variant `…`, expected `browser` or `device`
    config.toml:4:10: invalid type: string "…", expected a boolean
    config.toml:5:6: id: an id has 32 hexadecimal digits; remove the line to get a new one
    config.toml:4:25: invalid basic string, expected `"`
    config.toml:4:11: there is an account WORK already (case does not matter)
    config.toml:4:11: name: a name must not begin or end with a space
    config.toml:5:6: two accounts have this id: remove the line from the copy
    config.toml:4:1: an account needs client_id: the provider gives it when you register the app
    config.toml:4:2: account is no key of settings; did you mean accounts?
    "#);
}

#[test]
fn settings_are_checked_too() {
    let told = [
        "thme = \"dark\"",
        "theme = \"pink\"",
        "history_days = 0",
        "history_days = -1",
        "notify_command = []",
        "refresh_ahead_s = 60",
        "notifications = \"no\"",
        "proxy = \"localhost:3128\"",
        "format = \"one\"",
        "accounts = 7",
        "[accounts]\nclient_id = \"c\"",
    ]
    .map(|text| place(text).settings.load().unwrap_err().to_string());
    insta::assert_snapshot!(told.join("\n"), @r#"
    config.toml:1:1: thme is no key of settings; did you mean theme?
    config.toml:1:9: theme: `pink` is none of system, light, dark
    config.toml:1:16: history_days: keep at least 1 day
    config.toml:1:16: invalid value: integer `-1`, expected u32
    config.toml:1:18: notify_command: must begin with a program, such as ["program", "argument"]
    config.toml:1:19: refresh_ahead_s: from 120 (2 min) to 3600 (1 h); absent: a fifth of a life
    config.toml:1:17: invalid type: string "…", expected a boolean
    config.toml:1:9: proxy: must be a URL with http, https, socks5 or socks5h
    config.toml:1:10: format must be 1
    config.toml:1:12: accounts are tables: write [accounts.NAME] above each one's keys
    config.toml:2:1: an account is a table: write [accounts.client_id]
    "#);
}

#[test]
fn a_newer_format_is_refused_before_anything_else_is_looked_at() {
    let place = place("format = 2\nunheard_of = true\n");
    let error = place.settings.edit(&[put(account("work"))]).unwrap_err();
    let newer = SettingsError::Newer {
        path: "config.toml".into(),
        found: 2,
        known: 1,
    };
    assert_eq!(error, newer);
    assert_eq!(place.text(), "format = 2\nunheard_of = true\n");
}

#[test]
fn an_account_written_by_hand_gets_an_id_once() {
    let place = place("# mine\n[accounts.work]\nclient_id = \"c\" # from the console\n");
    let first = place.settings.load().unwrap();
    let id = first.accounts[0].id.0.clone();
    assert_eq!(id.len(), 32);
    let text = place.text().replace(&id, "ID");
    insta::assert_snapshot!(text, @r#"
    format = 1
    # mine
    [accounts.work]
    client_id = "c" # from the console
    id = "ID" # made by Tokentray; leave it as it is
    "#);
    assert_eq!(place.settings.load().unwrap(), first);
    assert_eq!(place.text().replace(&id, "ID"), text);
}

#[test]
fn ids_find_their_way_into_inline_and_dotted_accounts() {
    for text in [
        "accounts = { work = { client_id = \"c\" }, home = { client_id = \"d\" } }\n",
        "accounts.work.client_id = \"c\"\naccounts.home.client_id = \"d\"\n",
    ] {
        let place = place(text);
        let config = place.settings.load().unwrap();
        assert_eq!(config.accounts.len(), 2, "{}", place.text());
        let more = place.edit(put(account("more")));
        assert_eq!(more.accounts.len(), 3, "{}", place.text());
        assert_eq!(place.settings.load().unwrap(), more);
    }
}

const BY_HAND: &str = r#"# Tokens for everything I use.
# Ask me before you change it.

theme   =  "dark"   # easier on the eyes

# --- at work ---

# The one for the tickets
[accounts.tickets]
client_id = "abc"     # registered by IT
id = "0123456789abcdef0123456789abcdef"
scopes = [
    "openid",          # who I am
    "offline_access",
]

[accounts.tickets.redirect]
ports = [8400] # IT allows only this

# --- private ---

[accounts.home]
id = "fedcba9876543210fedcba9876543210"
client_id = "def"
# that is all
"#;

#[test]
fn an_edit_changes_its_own_lines_and_no_others() {
    let place = place(BY_HAND);
    let mut tickets = place.settings.load().unwrap().accounts[0].clone();
    tickets.client_id = "xyz".into();
    tickets.redirect.ports = vec![8400, 8500];
    tickets.paused = true;
    let config = place
        .settings
        .edit(&[
            put(tickets.clone()),
            set("theme", json!("light")),
            set("history_days", json!(30)),
        ])
        .unwrap();
    assert_eq!(config.accounts[0], tickets);
    assert_eq!(config.settings.history_days, 30);
    insta::assert_snapshot!(place.text(), @r#"
    # Tokens for everything I use.
    # Ask me before you change it.

    theme   =  "light"   # easier on the eyes
    format = 1
    history_days = 30

    # --- at work ---

    # The one for the tickets
    [accounts.tickets]
    client_id = "xyz"     # registered by IT
    id = "0123456789abcdef0123456789abcdef"
    scopes = [
        "openid",          # who I am
        "offline_access",
    ]
    paused = true

    [accounts.tickets.redirect]
    ports = [8400, 8500] # IT allows only this

    # --- private ---

    [accounts.home]
    id = "fedcba9876543210fedcba9876543210"
    client_id = "def"
    # that is all
    "#);

    tickets.paused = false;
    place.edit(put(tickets));
    let unset = SettingsEdit::Set {
        key: "history_days".into(),
        value: None,
    };
    place.edit(unset);
    assert!(!place.text().contains("paused") && !place.text().contains("history_days"));
}

#[test]
fn a_new_account_comes_last_and_says_only_what_is_not_usual() {
    let place = place(BY_HAND);
    let mut new = account("new one");
    new.id = AccountId("ffffffffffffffffffffffffffffffff".into());
    new.scopes = vec!["openid".into()];
    new.redirect.ports = vec![9000];
    let config = place.edit(put(new.clone()));
    assert_eq!(config.accounts[2], new);
    let text = place.text().replace("format = 1\n", "");
    let added = text.strip_prefix(BY_HAND).unwrap();
    insta::assert_snapshot!(added, @r#"

    [accounts."new one"]
    id = "ffffffffffffffffffffffffffffffff"
    client_id = "client"
    scopes = ["openid"]
    redirect = { host = "127.0.0.1", ports = [9000], path = "/callback" }
    "#);
}

#[test]
fn a_renamed_account_keeps_its_place_and_comments() {
    let place = place(BY_HAND);
    let config = place.edit(SettingsEdit::Rename {
        from: "tickets".into(),
        to: "Ticket system".into(),
    });
    assert_eq!(config.accounts[0].name, "Ticket system");
    let expected = BY_HAND.replace("accounts.tickets", "accounts.\"Ticket system\"");
    assert_eq!(place.text().replace("format = 1\n", ""), expected);

    let taken = SettingsEdit::Rename {
        from: "Ticket system".into(),
        to: "HOME".into(),
    };
    let error = place.settings.edit(&[taken]).unwrap_err().to_string();
    assert!(error.contains("already"), "{error}");
}

#[test]
fn a_removed_account_takes_its_own_comment_and_leaves_the_others() {
    let place = place(BY_HAND);
    let remove = |name: &str| SettingsEdit::RemoveAccount { name: name.into() };
    place.edit(remove("tickets"));
    insta::assert_snapshot!(place.text(), @r#"
    # Tokens for everything I use.
    # Ask me before you change it.

    theme   =  "dark"   # easier on the eyes
    format = 1

    # --- at work ---

    # --- private ---

    [accounts.home]
    id = "fedcba9876543210fedcba9876543210"
    client_id = "def"
    # that is all
    "#);
    let config = place.edit(remove("home"));
    assert_eq!(config.accounts, []);
    assert!(place.text().contains("# --- private ---"));
    assert!(place.settings.edit(&[remove("home")]).is_err());
}

#[test]
fn a_bad_edit_changes_nothing_at_all() {
    let place = place(BY_HAND);
    let mut bad = account("bad");
    bad.token_url = Some("http://example.com".into());
    let edits = [set("theme", json!("light")), put(bad)];
    assert!(place.settings.edit(&edits).is_err());
    assert!(place.settings.edit(&[set("them", json!("light"))]).is_err());
    assert!(
        place
            .settings
            .edit(&[set("theme", json!({ "a": 1 }))])
            .is_err()
    );
    assert_eq!(place.text(), BY_HAND);
}

#[test]
fn an_edit_into_a_broken_file_is_refused() {
    let place = place("theme = \n");
    assert!(
        place
            .settings
            .edit(&[set("theme", json!("light"))])
            .is_err()
    );
    assert_eq!(place.text(), "theme = \n");
}

#[cfg(unix)]
#[test]
fn a_linked_dotfile_stays_a_link_and_keeps_its_mode() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let dotfiles = folder.path().join("dotfiles");
    fs::create_dir_all(&dotfiles).unwrap();
    let target = dotfiles.join("tokentray.toml");
    fs::write(&target, "theme = \"dark\"\n").unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.path().join("config.toml");
    symlink("dotfiles/tokentray.toml", &link).unwrap();

    TomlSettings::new(&link)
        .edit(&[set("theme", json!("light"))])
        .unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&target).unwrap().contains("light"));
    assert_eq!(
        fs::metadata(&target).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert_eq!(fs::read_dir(&dotfiles).unwrap().count(), 1);
}

#[tokio::test]
async fn a_change_by_an_editor_is_told_and_reading_is_not() {
    let place = place("theme = \"dark\"\n");
    let mut changes = place.settings.watch().unwrap();

    // As editors do: a new file over the old one.
    let temporary = place.folder.path().join("4913");
    fs::write(&temporary, "theme = \"light\"\n").unwrap();
    fs::rename(&temporary, place.path()).unwrap();
    changes.recv().await.unwrap();
    assert_eq!(place.settings.load().unwrap().settings.theme, "light");

    // A neighbour and reading say nothing; the next change does.
    fs::write(place.folder.path().join("other.toml"), "").unwrap();
    place.settings.load().unwrap();
    let quiet = tokio::time::timeout(Duration::from_millis(600), changes.recv()).await;
    assert!(quiet.is_err());
    fs::write(place.path(), "theme = \"system\"\n").unwrap();
    changes.recv().await.unwrap();
}
