//! Opens the vault of a home, or makes it at the first start.
//!
//! The surprising thing: opening touches neither keychain nor grants, so it never waits. A keychain
//! that is locked or gone shows at the first read.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::broadcast;

use crate::{
    domain::secret::Secret,
    io::{
        keychain::{self, ItemName, Platform, session::Home, thread::KeychainThread},
        machine, private_file,
    },
};

use super::{
    SealKey, Vault, VaultEvent, VaultKind,
    file_shelf::{self, FileShelf},
    identity::{Identity, Place},
    key_home::{HeldKey, KeyHome, Lockbox, LockedKey, read_key_file, write_key_file},
    keychain_shelf::{KeychainKey, KeychainShelf},
    memory,
    place::{PlaceFinder, STARTS},
    stored::{StoredVault, events},
};

/// Which vault, and what it may need.
#[derive(Clone)]
pub struct VaultOptions {
    /// Holds the file `vault`, the folder `grants` and the default key file.
    pub state_dir: PathBuf,
    /// `None`: the kind that this home has, else the platform's default.
    pub kind: Option<VaultKind>,
    /// For the kind `file`; without one a new vault of that kind gets a key file.
    pub passphrase: Option<Secret>,
    /// For the kind `file`; `None` means `vault.key` in the state folder.
    pub key_file: Option<PathBuf>,
    /// Which machine this is; tests have several.
    pub machine: Option<String>,
    /// The keychain; tests bring their own.
    pub keychain: Arc<dyn Platform>,
}

impl VaultOptions {
    /// The vault that this home has, or the platform's default, on the system's keychain.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self {
            state_dir: state_dir.into(),
            kind: None,
            passphrase: None,
            key_file: None,
            machine: machine::id(),
            keychain: keychain::platform(),
        }
    }
}

/// Why a home's vault cannot be opened, with the way out. The command line ends with 7.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultOpenError {
    #[error(
        "this home's vault is of kind `{stored}`, not `{asked}`: leave out `--vault {asked}`, or \
         move it with `tokentray vault move {asked}`"
    )]
    OtherKind { stored: VaultKind, asked: VaultKind },
    #[error(
        "the file `vault` has format {0}, newer than this program knows: install the newer one"
    )]
    Newer(u32),
    #[error(
        "the file `vault` in the state folder cannot be read: restore it from a backup; without it \
         the grants cannot be found"
    )]
    Unreadable,
    #[error(
        "the file `vault` is missing from a state folder that holds grants or a journal: restore \
         it, or move the folders `grants` and `journal` away to begin anew"
    )]
    Orphaned,
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    #[error("the vault's key file cannot be used: {0}")]
    KeyFile(String),
    #[error("the state folder cannot be read or written: {0}")]
    Failed(String),
}

/// The platform's default: items where they hold a grant, else sealed files.
const fn default_kind() -> VaultKind {
    if cfg!(target_os = "windows") {
        VaultKind::Sealed
    } else {
        VaultKind::Os
    }
}

/// Opens the vault of this home; makes it if there is none.
pub fn open(options: &VaultOptions) -> Result<Arc<dyn Vault>, VaultOpenError> {
    let stored = Identity::load(&options.state_dir)?;
    if let (Some(stored), Some(asked)) = (&stored, options.kind)
        && stored.place.kind != asked
    {
        return Err(VaultOpenError::OtherKind {
            stored: stored.place.kind,
            asked,
        });
    }
    let identity = match stored {
        Some(identity) => identity,
        None if options.kind == Some(VaultKind::Memory) => return Ok(memory::vault()),
        None => make(options)?,
    };
    Ok(build(options, &identity)?.vault)
}

fn make(options: &VaultOptions) -> Result<Identity, VaultOpenError> {
    if holds_files(&options.state_dir.join("journal"))
        || holds_files(&file_shelf::folder(&options.state_dir))
    {
        return Err(VaultOpenError::Orphaned);
    }
    let mut identity = Identity::new(options.kind.unwrap_or_else(default_kind));
    private_file::create_folder(&options.state_dir).map_err(failed)?;
    prepare(options, &mut identity, None)?;
    // Last: whoever finds the file finds what it speaks of.
    identity.save(&options.state_dir)?;
    Ok(identity)
}

/// Makes what a place needs before the `vault` file names it: folder, key file, lockbox.
pub(super) fn prepare(
    options: &VaultOptions,
    identity: &mut Identity,
    key: Option<&SealKey>,
) -> Result<(), VaultOpenError> {
    if identity.place.has_files() {
        private_file::create_folder(&file_shelf::folder(&options.state_dir)).map_err(failed)?;
    }
    if identity.place.kind != VaultKind::File {
        return Ok(());
    }
    identity.established = true;
    let given = key.cloned();
    if let Some(passphrase) = &options.passphrase {
        let key = given.unwrap_or_else(|| SealKey(rand::random()));
        let lockbox = Lockbox::seal(&key, passphrase, &identity.id);
        identity.place.lockbox = Some(lockbox.ok_or_else(|| {
            VaultOpenError::Failed("the passphrase cannot be worked with".into())
        })?);
        return Ok(());
    }
    let path = key_file(options, &identity.place);
    if path.try_exists().map_err(failed)? {
        // Left by an unfinished first start, or brought by a person; never overwritten.
        let found = read_key_file(&path).map_err(VaultOpenError::KeyFile)?;
        if given.is_some_and(|given| given != found) {
            return Err(VaultOpenError::KeyFile(
                "it holds another vault's key".into(),
            ));
        }
    } else {
        write_key_file(&path, &given.unwrap_or_else(|| SealKey(rand::random())))
            .map_err(|error| VaultOpenError::KeyFile(error.kind().to_string()))?;
    }
    identity.place.key_file = Some(path);
    Ok(())
}

/// The key file that holds for this vault.
pub(super) fn key_file(options: &VaultOptions, place: &Place) -> PathBuf {
    options
        .key_file
        .clone()
        .or_else(|| place.key_file.clone())
        .unwrap_or_else(|| options.state_dir.join(DEFAULT_KEY_FILE))
}

/// In the state folder, where no other was named.
pub(super) const DEFAULT_KEY_FILE: &str = "vault.key";

/// A vault and, where it uses the keychain, the thread that does.
pub(super) struct Built {
    pub vault: Arc<dyn Vault>,
    pub thread: Option<Arc<KeychainThread>>,
}

fn build(options: &VaultOptions, identity: &Identity) -> Result<Built, VaultOpenError> {
    let home = if identity.established {
        Home::known(identity.id.clone())
    } else {
        let (mut noted, state_dir) = (identity.clone(), options.state_dir.clone());
        noted.established = true;
        Home::new(identity.id.clone(), None, move || {
            noted.save(&state_dir).map_err(|error| error.to_string())
        })
    };
    build_with(options, identity, home)
}

/// Puts shelf and key together as the kind says.
pub(super) fn build_with(
    options: &VaultOptions,
    identity: &Identity,
    home: Home,
) -> Result<Built, VaultOpenError> {
    let (id, place) = (identity.id.clone(), &identity.place);
    let events = events();
    let thread = place
        .has_key_in_keychain()
        .then(|| Arc::new(keychain_thread(options, home, events.clone())));
    let key: Arc<dyn KeyHome> = match &thread {
        Some(thread) => Arc::new(KeychainKey::new(id.clone(), Arc::clone(thread))),
        None => file_key(options, identity)?,
    };
    let counter = thread.as_ref().filter(|_| place.has_files()).map(|thread| {
        let item = ItemName {
            vault: id.clone(),
            username: STARTS.into(),
        };
        (item, Arc::clone(thread))
    });
    let finder = PlaceFinder::new(options.state_dir.clone(), options.machine.clone(), counter);
    let vault = match &thread {
        Some(thread) if place.kind == VaultKind::Os => {
            let shelf = KeychainShelf::new(id.clone(), Arc::clone(thread));
            StoredVault::telling(place.kind, id, Arc::new(shelf), key, events)
        }
        _ => {
            let shelf = FileShelf::new(&options.state_dir, &id, Arc::clone(&key));
            StoredVault::telling(place.kind, id, Arc::new(shelf), key, events)
        }
    };
    Ok(Built {
        vault: Arc::new(vault.at(finder)),
        thread,
    })
}

fn keychain_thread(
    options: &VaultOptions,
    home: Home,
    events: broadcast::Sender<VaultEvent>,
) -> KeychainThread {
    KeychainThread::start(Arc::clone(&options.keychain), home, move || {
        // Nobody listening is no failure.
        drop(events.send(VaultEvent::Changed));
    })
}

fn file_key(
    options: &VaultOptions,
    identity: &Identity,
) -> Result<Arc<dyn KeyHome>, VaultOpenError> {
    let place = &identity.place;
    let Some(lockbox) = &place.lockbox else {
        let key = read_key_file(&key_file(options, place)).map_err(VaultOpenError::KeyFile)?;
        return Ok(Arc::new(HeldKey::new(key)));
    };
    match &options.passphrase {
        Some(passphrase) => lockbox
            .open(passphrase, &identity.id)
            .map(|key| Arc::new(HeldKey::new(key)) as Arc<dyn KeyHome>)
            .ok_or(VaultOpenError::WrongPassphrase),
        None => Ok(Arc::new(LockedKey::new(
            identity.id.clone(),
            lockbox.clone(),
        ))),
    }
}

fn holds_files(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: std::io::Error) -> VaultOpenError {
    VaultOpenError::Failed(error.kind().to_string())
}
