//! What becomes of the notice that the owner wants shown; pure.
//!
//! The owner's wish is a level, not an event: it stands in every status until it is withdrawn. So
//! a lost event, a restart or a notification server that comes late changes nothing. Surprising:
//! a notice counts as shown only when a server took it, and the owner hears of that only then.

use crate::api::types::NoticeRow;

/// What the presenter must do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Nothing,
    /// Show, or replace what is shown.
    Show,
    Withdraw,
    /// Tell the owner that it is shown.
    Acknowledge,
}

/// How far the present notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Shown before this presenter came: not ours to show again.
    Before,
    /// Given to the notifier, which keeps trying.
    Given,
    /// A server took it; the owner is being told.
    Taken,
    /// A server took it, but the owner could not be told yet.
    Untold,
    /// The owner knows.
    Known,
    /// The person answered or closed it.
    Answered,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Present {
    id: String,
    title: String,
    body: String,
    stage: Stage,
    /// The owner has said `shown` since: when it says otherwise again, it wants a reminder.
    was_shown: bool,
}

/// The one notice, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeBoard {
    present: Option<Present>,
}

impl NoticeBoard {
    /// The owner's wish as the newest status has it.
    pub fn wanted(&mut self, notice: Option<&NoticeRow>) -> Step {
        let Some(notice) = notice else {
            return match self.present.take() {
                Some(_) => Step::Withdraw,
                None => Step::Nothing,
            };
        };
        let before = self.present.take();
        let same = before.as_ref().is_some_and(|old| old.id == notice.id);
        let text_changed = before
            .as_ref()
            .is_some_and(|old| old.title != notice.title || old.body != notice.body);
        let stage = before.as_ref().map_or(Stage::Before, |old| old.stage);
        let was_shown = same && before.is_some_and(|old| old.was_shown);
        let on_screen = matches!(
            stage,
            Stage::Given | Stage::Taken | Stage::Untold | Stage::Known
        );

        let wants_again = !notice.shown && (!same || was_shown || stage == Stage::Before);
        let (stage, step) = if wants_again || (on_screen && text_changed) {
            (Stage::Given, Step::Show)
        } else if notice.shown {
            let known = if on_screen && stage != Stage::Given {
                Stage::Known
            } else {
                stage
            };
            (known, Step::Nothing)
        } else if stage == Stage::Untold {
            (Stage::Taken, Step::Acknowledge)
        } else {
            (stage, Step::Nothing)
        };
        self.present = Some(Present {
            id: notice.id.clone(),
            title: notice.title.clone(),
            body: notice.body.clone(),
            stage,
            was_shown: notice.shown || (was_shown && !wants_again),
        });
        step
    }

    /// A server took the notice with this id, at once or late.
    pub fn taken(&mut self, id: &str) -> Step {
        match self.with(id) {
            Some(present) if present.stage == Stage::Given && present.was_shown => {
                // Only its text changed; the owner knows already.
                present.stage = Stage::Known;
                Step::Nothing
            }
            Some(present) if present.stage == Stage::Given => {
                present.stage = Stage::Taken;
                Step::Acknowledge
            }
            _ => Step::Nothing,
        }
    }

    /// Whether the owner took the acknowledgement; if not, the next status tries again.
    pub fn told(&mut self, id: &str, heard: bool) {
        if let Some(present) = self.with(id)
            && present.stage == Stage::Taken
        {
            present.stage = if heard { Stage::Known } else { Stage::Untold };
        }
    }

    /// The person clicked or closed it.
    pub fn answered(&mut self) {
        if let Some(present) = &mut self.present {
            present.stage = Stage::Answered;
        }
    }

    /// The id of the present notice.
    pub fn id(&self) -> Option<&str> {
        self.present.as_ref().map(|present| present.id.as_str())
    }

    fn with(&mut self, id: &str) -> Option<&mut Present> {
        self.present.as_mut().filter(|present| present.id == id)
    }
}
