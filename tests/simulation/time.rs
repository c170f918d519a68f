//! The time of a world, which passes while nobody has anything to do.
//!
//! Each world has its own thread, so its time is the thread's. Tokio's paused time would do the same
//! with several wake-ups for each sleep, and a month of life is made of little else.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

#[derive(Default)]
struct Time {
    now: Duration,
    next: u64,
    /// Who sleeps until when, in the order in which they fell asleep.
    sleepers: BTreeMap<(Duration, u64), Waker>,
}

thread_local! {
    static TIME: RefCell<Time> = RefCell::default();
}

/// A new world begins in this thread.
pub fn begin() {
    drop(TIME.take());
}

/// How long the world has lived.
pub fn now() -> Duration {
    TIME.with_borrow(|time| time.now)
}

/// Nobody has anything to do: it is the time at which the next one wakes, and all who do then.
pub fn pass() {
    let mut woken = None;
    while let Some(waker) = TIME.with_borrow_mut(|time| {
        let sleeper = time.sleepers.first_entry()?;
        let at = sleeper.key().0.max(time.now);
        if woken.is_some_and(|woken| at > woken) {
            return None;
        }
        (time.now, woken) = (at, Some(at));
        Some(sleeper.remove())
    }) {
        waker.wake();
    }
}

/// In whole milliseconds, as timers are.
pub fn sleep(length: Duration) -> Sleep {
    let at = (now() + length).as_nanos().div_ceil(1_000_000);
    Sleep {
        at: Duration::from_millis(u64::try_from(at).expect("less than for ever")),
        place: None,
    }
}

pub struct Sleep {
    at: Duration,
    place: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if now() >= self.at {
            return Poll::Ready(());
        }
        let former = TIME.with_borrow_mut(|time| {
            let place = *self.place.get_or_insert_with(|| {
                time.next += 1;
                time.next
            });
            time.sleepers.insert((self.at, place), cx.waker().clone())
        });
        drop(former);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let left = TIME.with_borrow_mut(|time| time.sleepers.remove(&(self.at, place)));
            drop(left);
        }
    }
}
