//! A server that presses the button before it answers, and tells only the connection that sent.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use zbus::{Connection, connection::Builder, message::Header, zvariant::OwnedValue};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

#[derive(Clone, Debug, Default)]
struct Last {
    body: String,
    urgency: u8,
    timeout: i32,
}

struct Hasty {
    able: Vec<String>,
    last: Arc<Mutex<Last>>,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
#[expect(clippy::too_many_arguments, reason = "the interface's own signatures")]
impl Hasty {
    fn get_capabilities(&self) -> Vec<String> {
        self.able.clone()
    }

    async fn notify(
        &self,
        program: String,
        replaces: u32,
        icon: String,
        title: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        timeout: i32,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> u32 {
        let _ = (program, replaces, icon, title, actions);
        *self.last.lock().unwrap() = Last {
            body,
            urgency: u8::try_from(&hints["urgency"]).unwrap(),
            timeout,
        };
        let to = header.sender().unwrap().to_owned();
        for (signal, text) in [("ActivationToken", "token-1"), ("ActionInvoked", "default")] {
            connection
                .emit_signal(Some(to.as_str()), PATH, NAME, signal, &(7_u32, text))
                .await
                .unwrap();
        }
        7
    }
}

/// The running server; it leaves the bus when dropped.
pub struct Server {
    _connection: Connection,
    last: Arc<Mutex<Last>>,
}

impl Server {
    pub async fn start(able: &[&str]) -> Self {
        let last = Arc::new(Mutex::new(Last::default()));
        let hasty = Hasty {
            able: able.iter().map(|&what| what.to_owned()).collect(),
            last: Arc::clone(&last),
        };
        let connection = Builder::session()
            .unwrap()
            .serve_at(PATH, hasty)
            .unwrap()
            .name(NAME)
            .unwrap()
            .build()
            .await
            .unwrap();
        Self {
            _connection: connection,
            last,
        }
    }

    pub fn body(&self) -> String {
        self.last.lock().unwrap().body.clone()
    }

    pub fn urgency(&self) -> u8 {
        self.last.lock().unwrap().urgency
    }

    pub fn timeout(&self) -> i32 {
        self.last.lock().unwrap().timeout
    }
}

/// Another program says that the sign-in button of this notification was pressed.
pub async fn forge(id: u32) {
    let connection = Connection::session().await.unwrap();
    connection
        .emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &(id, "sign-in"))
        .await
        .unwrap();
}
