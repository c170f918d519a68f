//! Which browsers this computer has, and their profiles: what a person picks from instead of
//! typing a command.
//!
//! Linux only, by the desktop entries that open https addresses (Desktop Entry Specification) and
//! the files in which Firefox and Chromium name their profiles. Elsewhere nothing is found, and the
//! settings' `browser` can still be written by hand. Surprising: a browser with one profile is one
//! entry; only several are told apart.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

/// Files larger than this are none of a browser's.
const MOST_BYTES: u64 = 4 << 20;
const HANDLES: &str = "x-scheme-handler/https";

/// Where browsers of Chromium's kind keep their profiles, by the program's name.
const CHROMIUMS: [(&str, &str); 6] = [
    ("google-chrome", "google-chrome"),
    ("chromium", "chromium"),
    ("brave", "BraveSoftware/Brave-Browser"),
    ("microsoft-edge", "microsoft-edge"),
    ("vivaldi", "vivaldi"),
    ("opera", "opera"),
];

/// A browser, or one of its profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    pub name: String,
    pub profile: Option<String>,
    /// Program and arguments; the address comes last.
    pub command: Vec<String>,
}

/// All of them by name; `variable` reads the environment that was handed in.
pub(super) fn found<'a>(variable: impl Fn(&str) -> Option<&'a OsStr>) -> Vec<Installed> {
    let home = variable("HOME").map(PathBuf::from).unwrap_or_default();
    let data_home =
        variable("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from);
    let shared =
        variable("XDG_DATA_DIRS").unwrap_or_else(|| OsStr::new("/usr/local/share:/usr/share"));
    let config = variable("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
    let folders = std::iter::once(data_home).chain(std::env::split_paths(shared));
    let mut browsers: BTreeMap<String, Option<(String, Vec<String>)>> = BTreeMap::new();
    for folder in folders.filter(|folder| folder.is_absolute()) {
        let Ok(entries) = fs::read_dir(folder.join("applications")) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let id = path.file_name().unwrap_or_default().to_string_lossy();
            if path.extension() == Some(OsStr::new("desktop")) && !browsers.contains_key(&*id) {
                // What a person's own entry hides stays hidden.
                browsers.insert(id.into_owned(), text(&path).and_then(|text| browser(&text)));
            }
        }
    }
    let mut found: Vec<Installed> = browsers
        .into_values()
        .flatten()
        .flat_map(|(name, command)| with_profiles(&name, &command, &home, &config))
        .collect();
    found.sort_by(|a, b| (&a.name, &a.profile).cmp(&(&b.name, &b.profile)));
    found.dedup();
    found
}

fn text(path: &Path) -> Option<String> {
    let size = fs::metadata(path).ok()?.len();
    (size <= MOST_BYTES).then(|| fs::read_to_string(path).ok())?
}

/// Name and command of a desktop entry that opens https addresses.
fn browser(entry: &str) -> Option<(String, Vec<String>)> {
    let main = group(entry, "Desktop Entry")?;
    let is = |key: &str| main.get(key).is_some_and(|value| *value == "true");
    let opens = main.get("MimeType")?.split(';').any(|kind| kind == HANDLES);
    if !opens || is("NoDisplay") || is("Hidden") {
        return None;
    }
    let command = words(main.get("Exec")?);
    (!command.is_empty()).then(|| ((*main.get("Name").unwrap_or(&"")).to_owned(), command))
}

/// The keys of one group of an INI-like file; of several with that name the first.
fn group<'a>(text: &'a str, name: &str) -> Option<BTreeMap<&'a str, &'a str>> {
    let head = format!("[{name}]");
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != head);
    lines.next()?;
    Some(
        lines
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.trim(), value.trim()))
            .collect(),
    )
}

/// The words of `Exec`, without its field codes: the address is put last instead.
fn words(exec: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    let mut letters = exec.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                quoted = !quoted;
                any = true;
            }
            '\\' if quoted => word.extend(letters.next()),
            ' ' if !quoted => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            other => word.push(other),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    // Also what holds one, such as `@@u` around it in a Flatpak's command.
    words.retain(|word| !word.contains('%') && !word.starts_with("@@"));
    words
}

fn with_profiles(name: &str, command: &[String], home: &Path, config: &Path) -> Vec<Installed> {
    let program = command
        .first()
        .map(|program| Path::new(program).file_name().unwrap_or_default())
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let profiles = if program.starts_with("firefox") {
        firefox_profiles(&home.join(".mozilla/firefox/profiles.ini"))
    } else {
        let known = CHROMIUMS
            .iter()
            .find(|(known, _)| program.starts_with(known));
        known.map_or_else(Vec::new, |(_, folder)| {
            chromium_profiles(&config.join(folder).join("Local State"))
        })
    };
    let plain = Installed {
        name: name.to_owned(),
        profile: None,
        command: command.to_vec(),
    };
    if profiles.len() < 2 {
        return vec![plain];
    }
    let each = profiles.into_iter().map(|(profile, arguments)| Installed {
        name: name.to_owned(),
        profile: Some(profile),
        command: command.iter().cloned().chain(arguments).collect(),
    });
    std::iter::once(plain).chain(each).collect()
}

/// Name and arguments of each profile that Firefox knows.
fn firefox_profiles(path: &Path) -> Vec<(String, Vec<String>)> {
    let Some(text) = text(path) else {
        return Vec::new();
    };
    (0..)
        .map_while(|number| group(&text, &format!("Profile{number}")))
        .filter_map(|profile| profile.get("Name").map(|name| (*name).to_owned()))
        .map(|name| (name.clone(), vec!["-P".to_owned(), name]))
        .collect()
}

/// The same of a browser of Chromium's kind: the folder names the profile, a name is shown.
fn chromium_profiles(path: &Path) -> Vec<(String, Vec<String>)> {
    let state = text(path).and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let profiles = state
        .as_ref()
        .and_then(|state| state.pointer("/profile/info_cache")?.as_object());
    profiles
        .into_iter()
        .flatten()
        .map(|(folder, about)| {
            let name = about.get("name").and_then(serde_json::Value::as_str);
            (
                name.unwrap_or(folder).to_owned(),
                vec![format!("--profile-directory={folder}")],
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn browsers_and_their_profiles_are_found_and_what_a_person_hides_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let shared = folder.path().join("share");
        let entry = |name: &str, exec: &str, more: &str| {
            format!(
                "[Desktop Entry]\nType=Application\nName={name}\nExec={exec}\n\
                 MimeType=text/html;x-scheme-handler/https;\n{more}\n\
                 [Desktop Action new]\nName=New\nExec=evil\n"
            )
        };
        let shared_entry = |id: &str, text: String| {
            put(&shared.join("applications").join(id), &text);
        };
        shared_entry(
            "firefox.desktop",
            entry("Firefox", "/usr/lib/firefox/firefox %u", ""),
        );
        shared_entry(
            "chromium.desktop",
            entry("Chromium", "chromium \"--class=a b\" %U", ""),
        );
        shared_entry("old.desktop", entry("Old", "old %u", ""));
        shared_entry("shy.desktop", entry("Shy", "shy %u", "NoDisplay=true"));
        shared_entry(
            "editor.desktop",
            "[Desktop Entry]\nName=Editor\nExec=editor %f\nMimeType=text/plain;\n".into(),
        );
        put(
            &home.join(".local/share/applications/old.desktop"),
            "[Desktop Entry]\nHidden=true\n",
        );
        put(
            &home.join(".mozilla/firefox/profiles.ini"),
            "[Profile0]\nName=default\nPath=a\n\n[Profile1]\nName=work\nPath=b\n\n[General]\nVersion=2\n",
        );
        put(
            &home.join(".config/chromium/Local State"),
            r#"{"profile":{"info_cache":{"Default":{"name":"Person 1"}}}}"#,
        );
        let variables = [
            ("HOME", home.as_os_str()),
            ("XDG_DATA_DIRS", shared.as_os_str()),
        ];
        let found = found(|wanted| {
            variables
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| *value)
        });
        let told: Vec<String> = found
            .iter()
            .map(|one| {
                let profile = one.profile.as_deref().unwrap_or("-");
                format!("{} {profile} {:?}", one.name, one.command)
            })
            .collect();
        assert_eq!(
            told,
            [
                r#"Chromium - ["chromium", "--class=a b"]"#,
                r#"Firefox - ["/usr/lib/firefox/firefox"]"#,
                r#"Firefox default ["/usr/lib/firefox/firefox", "-P", "default"]"#,
                r#"Firefox work ["/usr/lib/firefox/firefox", "-P", "work"]"#,
            ]
        );
    }
}
