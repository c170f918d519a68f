//! From "sign-in needed" to any success: opened, shown, told, put off, resolved.

use super::{Effect, Life, Log, Now, Trouble};
use crate::domain::{
    cause::{Cause, Verdict},
    classify::Failure,
    history::{HistoryEntry, HistoryKind, Trigger},
    journal_entry::Incident,
    policy,
};

impl Life {
    /// From here on tray and window show that a person is needed.
    pub(super) fn open_incident(
        &mut self,
        cause: Cause,
        failure: Option<&Failure>,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        if self.memory.incident.is_some() {
            return;
        }
        let lost = self.trouble.as_ref().is_some_and(|t| t.after_lost_reply);
        let id = format!(
            "{}-{}-{}",
            self.id,
            self.memory.highest_generation,
            now.wall.timestamp()
        );
        self.memory.incident = Some(Incident {
            id,
            cause,
            opened_at: now.wall,
            provider_code: failure.and_then(|f| f.provider_code.clone()),
            provider_text: failure.and_then(|f| f.provider_text.clone()),
            after_lost_reply: lost,
            notified_at: None,
            later_at: None,
            reminded_at: None,
            refused_since_later: false,
            probes: 0,
        });
        self.memory.refusals = None;
        self.version += 1;
        self.show_incident(now);
        out.push(Effect::Log(Log::IncidentOpened { cause }));
        let entry = HistoryEntry {
            cause: Some(cause),
            verdict: Some(Verdict::SignIn),
            provider_code: failure.and_then(|f| f.provider_code.clone()),
            provider_text: failure.and_then(|f| f.provider_text.clone()),
            ..self.entry(HistoryKind::SignInNeeded, now)
        };
        out.push(Effect::Record(Box::new(entry)));
    }

    /// Makes the trouble that an open incident stands for, with its slow probes.
    pub(super) fn show_incident(&mut self, now: Now) {
        let Some(incident) = &self.memory.incident else {
            return;
        };
        let can_probe = incident.cause != Cause::RefreshTokenReused
            && self
                .held
                .as_ref()
                .is_some_and(|h| h.grant.refresh_token.is_some());
        self.trouble = Some(Trouble {
            provider_code: incident.provider_code.clone(),
            provider_text: incident.provider_text.clone(),
            failures: self.trouble.as_ref().map_or(1, |t| t.failures),
            http_status: self.trouble.as_ref().and_then(|t| t.http_status),
            next_at: can_probe.then(|| {
                // Counted from its beginning, over restarts; a clock that was wrong delays nothing.
                let due = policy::plus(incident.opened_at, policy::probe_due(incident.probes));
                let latest = now.boot + policy::probe_pause(incident.probes);
                now.boot_of(due).min(latest)
            }),
            incident: true,
            after_lost_reply: incident.after_lost_reply,
            ..Trouble::new(incident.cause, Trigger::Probe)
        });
    }

    /// Any success ends trouble and incident, and withdraws what was notified.
    pub(super) fn resolve(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.trouble = None;
        self.waits = 0;
        self.hold = None;
        self.spread = None;
        self.looked_around = None;
        self.issuer_answers = false;
        self.moved_to = None;
        self.forget_doubts();
        if let Some(incident) = self.memory.incident.take() {
            self.version += 1;
            if incident.notified_at.is_some() {
                self.record(HistoryKind::NotificationWithdrawn, now, out);
            }
        }
    }

    /// What was pending or noted about the former grant means nothing for the next.
    fn forget_doubts(&mut self) {
        let memory = &mut self.memory;
        let doubts = memory.refusals.take().is_some()
            | memory.rejected.take().is_some()
            | memory.not_before.take().is_some()
            | std::mem::take(&mut memory.asked_since_end);
        self.version += u64::from(doubts);
    }

    pub(super) fn on_noticed(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(incident) = &mut self.memory.incident else {
            return;
        };
        if incident.later_at.is_some() {
            // "Later" may have been said in the window, before anything was notified.
            incident.notified_at.get_or_insert(now.wall);
            incident.reminded_at = Some(now.wall);
        } else if incident.notified_at.is_none() {
            incident.notified_at = Some(now.wall);
        } else {
            return;
        }
        self.version += 1;
        out.push(Effect::Log(Log::Notified));
        let entry = HistoryEntry {
            cause: Some(incident.cause),
            ..self.entry(HistoryKind::Notified, now)
        };
        out.push(Effect::Record(Box::new(entry)));
    }

    pub(super) fn on_later(&mut self, now: Now) {
        if let Some(incident) = &mut self.memory.incident {
            incident.later_at = Some(now.wall);
            incident.refused_since_later = false;
            self.version += 1;
        }
    }
}
