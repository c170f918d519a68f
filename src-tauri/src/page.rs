//! What the page hears: the engine's events, for as long as there is a page.
//!
//! Must not know what events mean. Surprising: it outlives engines. When the connection ends the
//! page is told, and told again when another engine answers; then it reads everything anew.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tauri::ipc::Channel;
use tokentray::api::client::Client;
use tokio::{task::JoinHandle, time::sleep};

/// First and longest pause between tries to reach an engine.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(4));

/// The present page's listener, or none.
#[derive(Default)]
pub struct Page {
    listener: Mutex<Option<(Channel<Value>, JoinHandle<()>)>>,
}

impl Page {
    /// Sends events to `channel` from now on, instead of any former one. Called inside the runtime.
    pub fn listen(&self, channel: Channel<Value>, client: Client) {
        let task = tokio::spawn(follow(channel.clone(), client));
        self.replace(Some((channel, task)));
    }

    /// The page is gone: nothing is followed or sent any more.
    pub fn close(&self) {
        self.replace(None);
    }

    /// Sends one message, if a page listens; whether one does.
    pub fn tell(&self, message: Value) -> bool {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        match &*listener {
            Some((channel, _)) => channel.send(message).is_ok(),
            None => false,
        }
    }

    fn replace(&self, listener: Option<(Channel<Value>, JoinHandle<()>)>) {
        let mut present = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, task)) = std::mem::replace(&mut *present, listener) {
            task.abort();
        }
    }
}

/// Ends when the page does.
async fn follow(channel: Channel<Value>, client: Client) {
    let mut pause = PAUSE.0;
    loop {
        if let Ok(mut events) = client.events(None).await {
            pause = PAUSE.0;
            // Whatever happened before this listener was there is read by the page itself.
            if tell(&channel, json!({ "type": "connection", "up": true })).is_err()
                || tell(&channel, json!({ "type": "resync" })).is_err()
            {
                return;
            }
            while let Some((_, event)) = events.recv().await {
                let Ok(message) = serde_json::to_value(&event) else {
                    continue;
                };
                if tell(&channel, message).is_err() {
                    return;
                }
            }
        }
        if tell(&channel, json!({ "type": "connection", "up": false })).is_err() {
            return;
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

fn tell(channel: &Channel<Value>, message: Value) -> tauri::Result<()> {
    channel.send(message)
}
