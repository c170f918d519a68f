//! Server-sent events: the live side of the API, and how they are read again.
//!
//! A listener resumes with `Last-Event-ID` or `?after=`; what was lost becomes one `resync`, after
//! which it reads `status` anew. Writing and reading stand side by side here so that they agree.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse,
        sse::{Event as Sent, KeepAlive, Sse},
    },
};
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use serde::Deserialize;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

use crate::{
    api::{
        extract::{Query, invalid},
        problem::Problem,
        types::Event,
    },
    engine::{Engine, NumberedEvent},
};

/// A comment is sent so often, so that a dead listener is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Query of `GET /v1/events`.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
pub struct EventsQuery {
    /// Number of the last event that was seen; `Last-Event-ID` says the same.
    pub after: Option<u64>,
}

/// Live events, each with the whole row that changed.
#[utoipa::path(get, path = "/v1/events", tag = "views", params(EventsQuery),
    responses((status = 200, body = Event, content_type = "text/event-stream")))]
pub async fn stream(
    State(engine): State<Engine>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let after = match headers.get("last-event-id") {
        None => query.after,
        Some(value) => Some(
            value
                .to_str()
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| invalid("Last-Event-ID is not the number of an event"))?,
        ),
    };
    let (missed, live) = engine.events(after);
    let last = missed
        .last()
        .map_or(after.unwrap_or(0), |(number, _)| *number);
    let live = BroadcastStream::new(live).scan(last, |last, received| {
        let event = match received {
            Ok((number, event)) => {
                *last = number;
                (number, event)
            }
            Err(BroadcastStreamRecvError::Lagged(missing)) => {
                *last += missing;
                (*last, Event::Resync)
            }
        };
        std::future::ready(Some(event))
    });
    let events = stream::iter(missed)
        .chain(live)
        .filter_map(|event| std::future::ready(written(&event).map(Ok::<Sent, Infallible>)));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn written((number, event): &NumberedEvent) -> Option<Sent> {
    let data = serde_json::to_string(event).ok()?;
    Some(
        Sent::default()
            .id(number.to_string())
            .event(event_name(event))
            .data(data),
    )
}

/// The name of an event on the wire, the same as its `type`.
pub const fn event_name(event: &Event) -> &'static str {
    match event {
        Event::Overall { .. } => "overall",
        Event::Account { .. } => "account",
        Event::Removed { .. } => "removed",
        Event::History { .. } => "history",
        Event::SignIn { .. } => "sign_in",
        Event::Settings { .. } => "settings",
        Event::Resync => "resync",
        Event::OpenWindow { .. } => "open_window",
    }
}

/// Reads a stream of server-sent events line by line (HTML Living Standard, "Server-sent events").
///
/// Events of a kind that this program does not know are skipped: a newer engine may have more.
#[derive(Debug, Default)]
pub struct EventReader {
    rest: Vec<u8>,
    number: u64,
    data: String,
}

impl EventReader {
    /// The events that became complete with these bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<NumberedEvent> {
        self.rest.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            events.extend(self.line(line.trim_end_matches(['\r', '\n'])));
        }
        events
    }

    fn line(&mut self, line: &str) -> Option<NumberedEvent> {
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return serde_json::from_str(&data)
                .ok()
                .map(|event| (self.number, event));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.number = value.parse().unwrap_or(self.number),
            "data" => self.data.push_str(value),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_cut_anywhere_are_put_together_and_unknown_ones_skipped() {
        let text = b": keep-alive\n\nid: 7\nevent: resync\ndata: {\"type\":\"resync\"}\n\n\
            id: 8\ndata: {\"type\":\"from_the_future\"}\n\nid: 9\ndata: {\"type\":\"open_window\"}\n\n";
        for cut in 0..text.len() {
            let mut reader = EventReader::default();
            let mut events = reader.push(&text[..cut]);
            events.extend(reader.push(&text[cut..]));
            assert_eq!(
                events,
                [(7, Event::Resync), (9, Event::OpenWindow { account: None })],
                "cut at {cut}"
            );
        }
    }
}
