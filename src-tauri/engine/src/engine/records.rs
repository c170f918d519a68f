//! History, timeline and figures, with words made when they are read.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};

use super::{Answer, Engine};
use crate::{
    api::{
        problem::{Code, Problem},
        types::{
            AccountRow, HistoryAnswer, HistoryQuery, HistoryRow, KnownRow, Lane, LaneBar, LaneMark,
            LaneSpan, Stats, StatsRow, Timeline, TimelineQuery,
        },
    },
    coordinator::{Snapshot, provider_of},
    domain::{
        cause::Cause,
        history::{HistoryEntry, HistoryKind},
        policy, timeline,
        words::{self, FailureFacts},
    },
    io::history::{HistoryError, HistoryFilter},
};

const DAY: Duration = Duration::from_hours(24);

impl Engine {
    /// A page of the history, newest first.
    pub async fn history(&self, query: HistoryQuery) -> Answer<HistoryAnswer> {
        let account = query
            .account
            .as_deref()
            .map(|name| self.find(name))
            .transpose()?;
        let filter = HistoryFilter {
            account: account.map(|view| view.account.id.clone()),
            kinds: codes("kind", query.kind.as_deref(), HistoryKind::from_code)?,
            causes: codes("cause", query.cause.as_deref(), Cause::from_code)?,
            since: query.since,
            until: query.until,
            text: query.text,
            before: query.cursor,
            limit: query.limit.unwrap_or(100),
        };
        let page = self
            .inner
            .ports
            .history
            .page(filter)
            .await
            .map_err(|e| unreadable(&e))?;
        let snapshot = self.inner.coordinator.snapshot();
        Ok(HistoryAnswer {
            entries: page
                .entries
                .into_iter()
                .map(|(_, entry)| row(entry, snapshot))
                .collect(),
            next: page.next,
        })
    }

    /// Lanes ready to draw, in the order of `status`.
    pub async fn timeline(&self, query: TimelineQuery) -> Answer<Timeline> {
        let now = self.now().wall;
        let from = query
            .from
            .unwrap_or_else(|| now - chrono::TimeDelta::hours(15));
        let to = query
            .to
            .unwrap_or_else(|| now + chrono::TimeDelta::hours(9));
        if from >= to {
            return Err(Problem::new(
                Code::InvalidRequest,
                "`from` must lie before `to`",
            ));
        }
        let bucket = query
            .bucket_s
            .map_or_else(|| policy::between(from, to) / 160, Duration::from_secs);
        let entries = self
            .inner
            .ports
            .history
            .between(from, to.min(now), bucket)
            .await;
        let entries = entries.map_err(|e| unreadable(&e))?;
        let mut of: BTreeMap<String, Vec<HistoryEntry>> = BTreeMap::new();
        for entry in entries {
            if let Some(id) = &entry.account_id {
                of.entry(id.0.clone()).or_default().push(entry);
            }
        }
        let lanes = self
            .sorted_rows()
            .into_iter()
            .map(|account| {
                let entries = of.remove(&account.id).unwrap_or_default();
                let facts = timeline::LaneFacts {
                    issued_at: account.issued_at,
                    expires_at: account.expires_at,
                    expires_source: account.expires_source,
                    planned_at: account.next_refresh_at,
                    sign_in_at: account.sign_in_at,
                    incident_at: account.incident.as_ref().map(|i| i.opened_at),
                };
                let lane = timeline::lane(&entries, &facts, from, to, now, bucket, &words::history);
                lane_row(&account, lane)
            })
            .collect();
        Ok(Timeline {
            now,
            from,
            to,
            lanes,
        })
    }

    /// Finds out when a person signed in last; from then on events tell.
    pub(super) fn recall_sign_ins(&self) {
        let engine = self.clone();
        tokio::spawn(async move {
            for view in engine.inner.coordinator.snapshot().accounts() {
                let id = view.account.id.clone();
                let filter = HistoryFilter {
                    account: Some(id.clone()),
                    kinds: vec![HistoryKind::SignedIn],
                    limit: 1,
                    ..HistoryFilter::default()
                };
                let Ok(page) = engine.inner.ports.history.page(filter).await else {
                    continue;
                };
                if let Some((_, entry)) = page.entries.first() {
                    // An event that came meanwhile is newer.
                    engine.changing().signed_in.entry(id).or_insert(entry.at);
                }
            }
        });
    }

    /// Figures of 7 and 30 days, by account name.
    pub async fn stats(&self) -> Answer<Stats> {
        let now = self.now().wall;
        Ok(Stats {
            days_7: self.counts_since(now - 7 * DAY).await?,
            days_30: self.counts_since(now - 30 * DAY).await?,
        })
    }

    async fn counts_since(&self, since: DateTime<Utc>) -> Answer<BTreeMap<String, StatsRow>> {
        let mut rows = BTreeMap::new();
        for view in self.inner.coordinator.snapshot().accounts() {
            let id = Some(view.account.id.clone());
            let counts = self.inner.ports.history.counts(id, since).await;
            let counts = counts.map_err(|e| unreadable(&e))?;
            let row = StatsRow {
                refreshed: counts.refreshed,
                failed: counts.failed,
                signed_in: counts.signed_in,
                handed_out: counts.handed_out,
            };
            rows.insert(view.account.name.clone(), row);
        }
        Ok(rows)
    }
}

fn unreadable(error: &HistoryError) -> Problem {
    Problem::new(Code::Internal, error.to_string()).with_hint("tokentray doctor")
}

/// Codes separated by commas.
fn codes<T>(what: &str, list: Option<&str>, from: fn(&str) -> Option<T>) -> Answer<Vec<T>> {
    list.unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|code| !code.is_empty())
        .map(|code| {
            from(code).ok_or_else(|| {
                Problem::new(
                    Code::InvalidRequest,
                    format!("`{what}` names a code that does not exist"),
                )
            })
        })
        .collect()
}

/// An entry as it travels, with its sentence.
pub(super) fn row(entry: HistoryEntry, snapshot: &Snapshot) -> HistoryRow {
    let known = entry.cause.and_then(|cause| {
        let view = snapshot.account(entry.account_id.as_ref()?)?;
        let facts = FailureFacts {
            provider_code: entry.provider_code.as_deref(),
            provider_text: entry.provider_text.as_deref(),
            ..FailureFacts::default()
        };
        words::known_reason(cause, &facts, provider_of(&view.account))
    });
    HistoryRow {
        message: words::history(&entry),
        known: known.map(KnownRow::from),
        at: entry.at,
        account: entry.account,
        kind: entry.kind,
        trigger: entry.trigger,
        cause: entry.cause,
        verdict: entry.verdict,
        http_status: entry.http_status,
        provider_code: entry.provider_code,
        attempt: entry.attempt,
        duration_ms: entry.duration_ms,
        next_attempt_at: entry.next_attempt_at,
        expires_at: entry.expires_at,
        generation: entry.generation,
        client: entry.client,
        count: entry.count,
    }
}

fn lane_row(account: &AccountRow, lane: timeline::Lane) -> Lane {
    Lane {
        account_id: account.id.clone(),
        name: account.name.clone(),
        bars: lane
            .bars
            .into_iter()
            .map(|b| LaneBar {
                from: b.from,
                to: b.to,
                source: b.source,
            })
            .collect(),
        marks: lane
            .marks
            .into_iter()
            .map(|m| LaneMark {
                at: m.at,
                until: m.until,
                kind: m.kind,
                count: m.count,
                cause: m.cause,
                label: m.label,
            })
            .collect(),
        incidents: lane
            .incidents
            .into_iter()
            .map(|s| LaneSpan {
                from: s.from,
                to: s.to,
                label: s.label,
            })
            .collect(),
        planned_at: lane.planned_at,
        signed_in_at: account.signed_in_at,
        sign_in_at: lane.sign_in_at,
        sign_in_about: account.sign_in_about,
    }
}
