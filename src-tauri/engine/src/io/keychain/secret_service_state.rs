//! What the Secret Service says of itself: locked or not, there or not, and the prompt.
//!
//! Knows no secrets. It has D-Bus connections of its own, because the keyring store has no
//! question that does not also unlock.

use std::{collections::HashMap, time::Duration};

use zbus::{
    MatchRule,
    blocking::{Connection, MessageIterator, connection::Builder, fdo::DBusProxy},
    message::Type,
    zvariant::{ObjectPath, OwnedObjectPath, OwnedValue},
};

use super::{KeychainError, OnChange, SERVICE, secret_service::decode_bus};

const NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const SERVICE_INTERFACE: &str = "org.freedesktop.Secret.Service";
const COLLECTION_INTERFACE: &str = "org.freedesktop.Secret.Collection";
const PROMPT_INTERFACE: &str = "org.freedesktop.Secret.Prompt";
const PROPERTIES_INTERFACE: &str = "org.freedesktop.DBus.Properties";

/// The bus itself gives a service 25 s to start; no answer after that is none.
const CALL_LIMIT: Duration = Duration::from_secs(30);
/// The session bus may come later than we do (a service that starts before the login).
const BUS_RETRY: Duration = Duration::from_secs(30);

/// Where an item stands, asked without unlocking anything.
pub(super) enum ItemState {
    Readable,
    Locked,
    Missing,
}

/// A connection that asks and never changes anything.
pub(super) struct ServiceState {
    bus: Connection,
    /// The unique name of the process that serves us. Another one may have another keyring, so
    /// calls go to this one and fail when it is gone.
    owner: String,
}

impl ServiceState {
    pub(super) fn connect() -> Result<Self, KeychainError> {
        let bus = Builder::session()
            .map(|builder| builder.method_timeout(CALL_LIMIT))
            .and_then(Builder::build)
            .map_err(|error| decode_bus(&error))?;
        // Any call starts a service that the bus knows how to start.
        default_collection(&bus, NAME)?;
        let owner = owner(&bus)
            .ok_or_else(|| KeychainError::Lost("the Secret Service went away".into()))?;
        Ok(Self { bus, owner })
    }

    pub(super) fn look(&self, wanted: &HashMap<&str, &str>) -> Result<ItemState, KeychainError> {
        let (unlocked, locked) = search(&self.bus, &self.owner, wanted)?;
        if !locked.is_empty() {
            return Ok(ItemState::Locked);
        }
        if !unlocked.is_empty() {
            return Ok(ItemState::Readable);
        }
        // A locked collection may hide what it has, and is where a new item would go.
        let default = default_collection(&self.bus, &self.owner)?.ok_or_else(|| {
            KeychainError::Failed("the Secret Service has no default collection".into())
        })?;
        if is_locked(&self.bus, &self.owner, &default)? {
            Ok(ItemState::Locked)
        } else {
            Ok(ItemState::Missing)
        }
    }
}

/// Unlocks the default collection and whatever holds items of this vault. Blocks on the prompt.
pub(super) fn unlock(vault: &str) -> Result<(), KeychainError> {
    let bus = Connection::session().map_err(|error| decode_bus(&error))?;
    let ours = HashMap::from([("service", SERVICE), ("vault", vault)]);
    let (_, mut targets) = search(&bus, NAME, &ours)?;
    if let Some(default) = default_collection(&bus, NAME)?
        && is_locked(&bus, NAME, &default)?
    {
        targets.push(default);
    }
    if targets.is_empty() {
        return Ok(());
    }
    let (_, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) =
        call(&bus, NAME, PATH, SERVICE_INTERFACE, "Unlock", &(targets,))?;
    if prompt.as_str() == "/" {
        return Ok(());
    }
    if ask(&bus, &prompt)? {
        Ok(())
    } else {
        Err(KeychainError::Denied)
    }
}

/// Shows the prompt; false if the person dismissed it.
fn ask(bus: &Connection, prompt: &OwnedObjectPath) -> Result<bool, KeychainError> {
    let lost = || KeychainError::Lost("the Secret Service ended while it asked".into());
    let rules = [
        signal(PROMPT_INTERFACE, "Completed", None),
        // A service that dies while it asks never answers.
        signal("org.freedesktop.DBus", "NameOwnerChanged", Some(NAME)),
    ];
    let messages = listen(bus, rules).map_err(|error| decode_bus(&error))?;
    let () = call(bus, NAME, prompt.as_str(), PROMPT_INTERFACE, "Prompt", &"")?;
    for message in messages {
        let message = message.map_err(|error| decode_bus(&error))?;
        let header = message.header();
        match header.member().map(zbus::names::MemberName::as_str) {
            Some("NameOwnerChanged") => return Err(lost()),
            Some("Completed") if header.path().is_some_and(|path| path == &**prompt) => {
                let (dismissed, _): (bool, OwnedValue) = message
                    .body()
                    .deserialize()
                    .map_err(|error| decode_bus(&error))?;
                return Ok(!dismissed);
            }
            _ => {}
        }
    }
    Err(lost())
}

/// What the watch compares: a signal that changes none of this is not told.
#[derive(PartialEq, Eq)]
struct Seen {
    owner: Option<String>,
    default: Option<OwnedObjectPath>,
    locked: bool,
}

/// Watches on a thread of its own, for as long as `on_change` says true.
pub(super) fn watch(on_change: OnChange) {
    let started = std::thread::Builder::new()
        .name("keychain-watch".into())
        .spawn(move || {
            let mut is_first = true;
            loop {
                // Err: no bus, or it went away; both may change.
                if matches!(watch_once(&on_change, &mut is_first), Ok(Wanted::No)) {
                    return;
                }
                std::thread::sleep(BUS_RETRY);
            }
        });
    if let Err(error) = started {
        tracing::warn!(kind = %error.kind(), "the keychain cannot be watched");
    }
}

enum Wanted {
    No,
    Again,
}

fn watch_once(on_change: &OnChange, is_first: &mut bool) -> Result<Wanted, zbus::Error> {
    // Two connections: one only listens, so that a question never waits behind unread signals.
    let (signals, questions) = (Connection::session()?, Connection::session()?);
    let rules = [
        signal(
            PROPERTIES_INTERFACE,
            "PropertiesChanged",
            Some(COLLECTION_INTERFACE),
        ),
        signal(SERVICE_INTERFACE, "CollectionChanged", None),
        signal(SERVICE_INTERFACE, "CollectionCreated", None),
        signal(SERVICE_INTERFACE, "CollectionDeleted", None),
        signal("org.freedesktop.DBus", "NameOwnerChanged", Some(NAME)),
    ];
    let messages = listen(&signals, rules)?;
    let mut last = look(&questions);
    // After a lost bus everything may have changed.
    if !std::mem::take(is_first) && !on_change() {
        return Ok(Wanted::No);
    }
    for message in messages {
        if message?.message_type() != Type::Signal {
            continue;
        }
        let now = look(&questions);
        if now != last {
            last = now;
            if !on_change() {
                return Ok(Wanted::No);
            }
        }
    }
    Ok(Wanted::Again)
}

fn look(bus: &Connection) -> Seen {
    let owner = owner(bus);
    // Asking a service that does not run would start it.
    let default = owner
        .as_ref()
        .and_then(|_| default_collection(bus, NAME).ok().flatten());
    let locked = default
        .as_ref()
        .is_some_and(|default| is_locked(bus, NAME, default).unwrap_or(true));
    Seen {
        owner,
        default,
        locked,
    }
}

fn owner(bus: &Connection) -> Option<String> {
    let name = zbus::names::BusName::try_from(NAME).ok()?;
    let owner = DBusProxy::new(bus).ok()?.get_name_owner(name).ok()?;
    Some(owner.to_string())
}

type Paths = Vec<OwnedObjectPath>;

fn search(
    bus: &Connection,
    service: &str,
    wanted: &HashMap<&str, &str>,
) -> Result<(Paths, Paths), KeychainError> {
    call(
        bus,
        service,
        PATH,
        SERVICE_INTERFACE,
        "SearchItems",
        &(wanted,),
    )
}

fn default_collection(
    bus: &Connection,
    service: &str,
) -> Result<Option<OwnedObjectPath>, KeychainError> {
    let path: OwnedObjectPath = call(
        bus,
        service,
        PATH,
        SERVICE_INTERFACE,
        "ReadAlias",
        &"default",
    )?;
    Ok(Some(path).filter(|path| path.as_str() != "/"))
}

fn is_locked(
    bus: &Connection,
    service: &str,
    collection: &ObjectPath<'_>,
) -> Result<bool, KeychainError> {
    let (path, asked) = (collection.as_str(), (COLLECTION_INTERFACE, "Locked"));
    let value: OwnedValue = call(bus, service, path, PROPERTIES_INTERFACE, "Get", &asked)?;
    bool::try_from(value).map_err(|_| KeychainError::Failed("Locked is no boolean".into()))
}

fn call<B, R>(
    bus: &Connection,
    service: &str,
    path: &str,
    interface: &str,
    method: &str,
    body: &B,
) -> Result<R, KeychainError>
where
    B: serde::Serialize + zbus::zvariant::DynamicType,
    R: serde::de::DeserializeOwned + zbus::zvariant::Type,
{
    bus.call_method(Some(service), path, Some(interface), method, body)
        .and_then(|reply| reply.body().deserialize())
        .map_err(|error| decode_bus(&error))
}

fn signal(
    interface: &'static str,
    member: &'static str,
    first_argument: Option<&'static str>,
) -> Result<MatchRule<'static>, zbus::Error> {
    let mut rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .interface(interface)?
        .member(member)?;
    if let Some(argument) = first_argument {
        rule = rule.arg(0, argument)?;
    }
    Ok(rule.build())
}

/// All messages of the connection from now on, with these signals among them.
fn listen<const N: usize>(
    bus: &Connection,
    rules: [Result<MatchRule<'static>, zbus::Error>; N],
) -> Result<MessageIterator, zbus::Error> {
    let proxy = DBusProxy::new(bus)?;
    let messages = MessageIterator::from(bus);
    for rule in rules {
        proxy.add_match_rule(rule?)?;
    }
    Ok(messages)
}
