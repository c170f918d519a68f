//! What the Linux adapters share of D-Bus: connections that cannot hang, signals, owners of names.
//!
//! zbus stops reading a connection while one of its streams is full, so every stream is emptied by
//! a task of its own into an unbounded channel: a reply that is awaited never waits for a signal.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc;
use zbus::{Connection, MatchRule, Message, MessageStream, fdo::DBusProxy, message::Type};

/// Connects to the session's bus; a call that is not answered in `patience` fails.
pub(super) async fn session(patience: Duration) -> zbus::Result<Connection> {
    connect(zbus::connection::Builder::session()?, patience).await
}

/// Connects to the system's bus, alike.
pub(super) async fn system(patience: Duration) -> zbus::Result<Connection> {
    connect(zbus::connection::Builder::system()?, patience).await
}

async fn connect(
    builder: zbus::connection::Builder<'_>,
    patience: Duration,
) -> zbus::Result<Connection> {
    let building = builder.method_timeout(patience).build();
    tokio::time::timeout(patience, building)
        .await
        .map_err(|_| zbus::Error::Failure("the bus does not answer".into()))?
}

/// Subscribes before it returns; the channel closes when the connection ends.
pub(super) async fn signals(
    connection: &Connection,
    rule: MatchRule<'static>,
) -> zbus::Result<mpsc::UnboundedReceiver<Message>> {
    all_signals(connection, [rule]).await
}

/// The same for several rules in one channel; they must not overlap.
pub(super) async fn all_signals<const N: usize>(
    connection: &Connection,
    rules: [MatchRule<'static>; N],
) -> zbus::Result<mpsc::UnboundedReceiver<Message>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    for rule in rules {
        let mut stream = MessageStream::for_match_rule(rule, connection, None).await?;
        let sender = sender.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    message = stream.next() => match message {
                        Some(Ok(message)) => if sender.send(message).is_err() { return },
                        Some(Err(_)) => {}
                        None => return,
                    },
                    () = sender.closed() => return,
                }
            }
        });
    }
    Ok(receiver)
}

/// All signals of one interface, whoever sends them.
pub(super) fn interface_rule(interface: &'static str) -> zbus::Result<MatchRule<'static>> {
    Ok(MatchRule::builder()
        .msg_type(Type::Signal)
        .interface(interface)?
        .build())
}

/// Changes of one well-known name's owner.
pub(super) async fn owner_changes(
    connection: &Connection,
    name: &'static str,
) -> zbus::Result<mpsc::UnboundedReceiver<Message>> {
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender("org.freedesktop.DBus")?
        .interface("org.freedesktop.DBus")?
        .member("NameOwnerChanged")?
        .arg(0, name)?
        .build();
    signals(connection, rule).await
}

/// The new owner that a `NameOwnerChanged` tells; none if the name has no owner now.
pub(super) fn new_owner(message: &Message) -> Option<String> {
    let body = message.body();
    let (_, _, new): (&str, &str, &str) = body.deserialize().ok()?;
    (!new.is_empty()).then(|| new.to_owned())
}

/// The unique name behind a well-known one; none if nobody owns it.
pub(super) async fn owner(connection: &Connection, name: &str) -> Option<String> {
    let bus = DBusProxy::new(connection).await.ok()?;
    let owner = bus.get_name_owner(name.try_into().ok()?).await.ok()?;
    Some(owner.to_string())
}
