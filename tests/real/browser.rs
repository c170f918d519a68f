//! Opening the browser through a desktop portal of our own, and past one that fails.

use std::{collections::HashMap, ffi::OsString, fs, os::unix::fs::PermissionsExt};

use tokentray::io::browser::{Browser, BrowserError, SystemBrowser};
use tokio::sync::mpsc;
use zbus::{
    Connection,
    connection::Builder,
    message::Header,
    object_server::SignalEmitter,
    zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value},
};

use crate::support::session::Session;

const URL: &str = "https://id.example/authorize?state=a&x=%20";

/// A portal that answers with a code: 0 done, 1 declined, 2 failed.
struct Portal {
    code: u32,
    opened: mpsc::UnboundedSender<String>,
}

#[zbus::interface(name = "org.freedesktop.portal.OpenURI")]
impl Portal {
    #[zbus(name = "OpenURI")]
    async fn open_uri(
        &self,
        parent: &str,
        uri: &str,
        options: HashMap<String, OwnedValue>,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> OwnedObjectPath {
        assert_eq!(parent, "");
        let sender = header.sender().unwrap().as_str();
        let place = sender.trim_start_matches(':').replace('.', "_");
        let token: &str = (&options["handle_token"]).try_into().unwrap();
        let handle = format!("/org/freedesktop/portal/desktop/request/{place}/{token}");
        let emitter = SignalEmitter::new(connection, handle.as_str())
            .unwrap()
            .set_destination(header.sender().unwrap().to_owned().into());
        let results: HashMap<&str, Value<'_>> = HashMap::new();
        emitter
            .emit(
                "org.freedesktop.portal.Request",
                "Response",
                &(self.code, results),
            )
            .await
            .unwrap();
        self.opened.send(uri.to_owned()).unwrap();
        ObjectPath::try_from(handle).unwrap().into()
    }
}

/// A session with a portal of that code, and an `xdg-open` that notes what it was asked.
async fn opened_by(code: u32, xdg_open_exit: u8) -> (Result<(), BrowserError>, Vec<String>) {
    let session = Session::start();
    let (sender, mut opened) = mpsc::unbounded_channel();
    let portal = Portal {
        code,
        opened: sender,
    };
    let _portal = Builder::address(session.bus_address().as_str())
        .unwrap()
        .name("org.freedesktop.portal.Desktop")
        .unwrap()
        .serve_at("/org/freedesktop/portal/desktop", portal)
        .unwrap()
        .build()
        .await
        .unwrap();

    let programs = session.dir().join("programs");
    fs::create_dir(&programs).unwrap();
    let note = session.dir().join("note");
    let script = format!(
        "#!/bin/sh\necho \"$1\" > {}\nexit {xdg_open_exit}\n",
        note.display()
    );
    fs::write(programs.join("xdg-open"), script).unwrap();
    fs::set_permissions(programs.join("xdg-open"), fs::Permissions::from_mode(0o755)).unwrap();

    let browser = SystemBrowser::new(
        None,
        [
            ("DISPLAY", ":7".to_owned()),
            ("DBUS_SESSION_BUS_ADDRESS", session.bus_address()),
            ("PATH", programs.display().to_string()),
        ]
        .map(|(name, value)| (OsString::from(name), OsString::from(value))),
    );
    let result = browser.open(URL.to_owned()).await;
    let mut ways = Vec::new();
    while let Ok(url) = opened.try_recv() {
        assert_eq!(url, URL);
        ways.push("portal".to_owned());
    }
    if let Ok(url) = fs::read_to_string(note) {
        assert_eq!(url.trim(), URL);
        ways.push("xdg-open".to_owned());
    }
    (result, ways)
}

#[tokio::test]
async fn the_portal_opens_the_address_and_nothing_else_does() {
    assert_eq!(opened_by(0, 0).await, (Ok(()), vec!["portal".to_owned()]));
    // The person said no: that is an answer.
    assert_eq!(opened_by(1, 0).await, (Ok(()), vec!["portal".to_owned()]));
}

#[tokio::test]
async fn where_the_portal_fails_the_hosts_own_way_is_next() {
    let both = vec!["portal".to_owned(), "xdg-open".to_owned()];
    assert_eq!(opened_by(2, 0).await, (Ok(()), both.clone()));
    let (result, ways) = opened_by(2, 3).await;
    assert_eq!(result.unwrap_err().to_string(), "xdg-open failed");
    assert_eq!(ways, both);
}
