//! The file on the disk: read, replaced as a whole, never half written.
//!
//! A symbolic link (a dotfile kept elsewhere) is followed: its target is replaced, the link stays.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use tokio::sync::mpsc;
use toml_edit::DocumentMut;

use crate::domain::account::AccountId;

use super::{
    Config, SettingsEdit, SettingsError, SettingsFile, edit,
    read::{Content, read},
    watch,
};

/// How often an edit is done anew because somebody else wrote the file meanwhile.
const TRIES: usize = 3;

/// `config.toml` at one path.
pub struct TomlSettings {
    path: PathBuf,
    /// One edit at a time.
    editing: Mutex<()>,
}

impl TomlSettings {
    /// Touches nothing yet; the file need not exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            editing: Mutex::new(()),
        }
    }

    /// Tells of every change to the file, also by editors that replace it, until the receiver is
    /// dropped. Several changes within a moment are told once; edits by this program are told, too.
    pub fn watch(&self) -> Result<mpsc::Receiver<()>, SettingsError> {
        self.make_folder()?;
        watch::start(&self.path, &self.target()).map_err(|message| SettingsError::Failed {
            path: self.name(),
            message,
        })
    }

    fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Where the file really lies: the end of the chain of links, which need not exist.
    fn target(&self) -> PathBuf {
        let mut path = self.path.clone();
        // As many as Linux follows.
        for _ in 0..40 {
            let Ok(next) = fs::read_link(&path) else {
                break;
            };
            path = path.parent().unwrap_or(Path::new("")).join(next);
        }
        path
    }

    fn failed(&self, error: &io::Error) -> SettingsError {
        SettingsError::Failed {
            path: self.name(),
            message: error.kind().to_string(),
        }
    }

    fn make_folder(&self) -> Result<(), SettingsError> {
        let Some(folder) = self.path.parent() else {
            return Ok(());
        };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|error| self.failed(&error))
    }

    /// The text as it stands; none if there is no file.
    fn text(&self) -> Result<Option<String>, SettingsError> {
        match fs::read(&self.path) {
            Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|error| {
                let sound = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes());
                let (line, column) = super::read::place(&text, sound);
                SettingsError::Invalid {
                    path: self.name(),
                    line,
                    column,
                    message: "this is not UTF-8: save the file as UTF-8".into(),
                }
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// What stands in `text`; accounts without an id get one, in `text` too.
    fn understand(&self, text: &mut String) -> Result<Config, SettingsError> {
        let names = match read(text, &self.name())? {
            Content::Whole(config) => return Ok(config),
            Content::WithoutId(names) => names,
        };
        let mut document = self.document(text)?;
        for name in names {
            let id = AccountId(uuid::Uuid::new_v4().simple().to_string());
            edit::give_id(&mut document, &name, &id);
        }
        *text = document.to_string();
        match read(text, &self.name())? {
            Content::Whole(config) => Ok(config),
            Content::WithoutId(_) => Err(self.refused("an account could not be given an id")),
        }
    }

    fn document(&self, text: &str) -> Result<DocumentMut, SettingsError> {
        text.parse()
            .map_err(|_| self.refused("it could not be read for an edit"))
    }

    fn refused(&self, message: impl Into<String>) -> SettingsError {
        SettingsError::Failed {
            path: self.name(),
            message: message.into(),
        }
    }

    /// Replaces the file by `text` in one step, unless it says something else than `seen` by now.
    fn replace(&self, seen: Option<&str>, text: &str) -> Result<bool, SettingsError> {
        self.make_folder()?;
        let target = self.target();
        let folder = target.parent().unwrap_or(Path::new("."));
        let write = || -> io::Result<tempfile::NamedTempFile> {
            let mut new = tempfile::Builder::new()
                .prefix(".config.toml.")
                .tempfile_in(folder)?;
            // A new file keeps the 0600 that it was made with.
            if let Ok(old) = fs::metadata(&target) {
                new.as_file().set_permissions(old.permissions())?;
            }
            new.write_all(text.as_bytes())?;
            new.as_file().sync_all()?;
            Ok(new)
        };
        let new = write().map_err(|error| self.failed(&error))?;
        if self.text()?.as_deref() != seen {
            return Ok(false);
        }
        new.persist(&target)
            .map_err(|error| self.failed(&error.error))?;
        // The rename itself must survive a power cut; not every file system can promise it.
        #[cfg(unix)]
        if let Ok(folder) = fs::File::open(folder) {
            let _ = folder.sync_all();
        }
        Ok(true)
    }
}

impl SettingsFile for TomlSettings {
    fn load(&self) -> Result<Config, SettingsError> {
        self.edit(&[])
    }

    fn edit(&self, edits: &[SettingsEdit]) -> Result<Config, SettingsError> {
        let _one_at_a_time = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..TRIES {
            let seen = self.text()?;
            let mut text = seen.clone().unwrap_or_default();
            let mut config = self.understand(&mut text)?;
            for edit in edits {
                let old = match edit {
                    SettingsEdit::PutAccount(new) => {
                        config.accounts.iter().find(|a| a.name == new.name)
                    }
                    _ => None,
                };
                let mut document = self.document(&text)?;
                edit::apply(&mut document, edit, old).map_err(|message| self.refused(message))?;
                text = document.to_string();
                config = self.understand(&mut text)?;
            }
            let unchanged = text == seen.as_deref().unwrap_or_default();
            if unchanged || self.replace(seen.as_deref(), &text)? {
                return Ok(config);
            }
        }
        Err(self.refused("another program keeps writing it"))
    }
}
