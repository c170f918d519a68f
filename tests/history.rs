//! The history: pages, folding, retention, and a file that is damaged or too new.

use std::{path::Path, time::Duration as Closeness};

use chrono::{DateTime, Duration, TimeZone, Utc};
use tokentray::{
    domain::{
        account::AccountId,
        cause::Cause,
        grant::ExpiresSource,
        history::{HistoryEntry, HistoryKind, Trigger},
    },
    io::history::{
        History, HistoryCounts, HistoryFilter, HistoryOpenError, HistoryPage, sqlite::SqliteHistory,
    },
};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2031, 5, 4, 9, 30, 0).unwrap()
}

fn ago(length: Duration) -> DateTime<Utc> {
    now() - length
}

fn entry(at: DateTime<Utc>, account: &str, kind: HistoryKind) -> HistoryEntry {
    HistoryEntry {
        account_id: Some(AccountId(format!("id-of-{account}"))),
        account: Some(account.into()),
        ..HistoryEntry::new(at, kind)
    }
}

fn failed(at: DateTime<Utc>, account: &str, cause: Cause) -> HistoryEntry {
    HistoryEntry {
        cause: Some(cause),
        verdict: Some(cause.verdict()),
        ..entry(at, account, HistoryKind::RefreshFailed)
    }
}

fn handed_out(at: DateTime<Utc>, program: &str) -> HistoryEntry {
    HistoryEntry {
        client: Some(program.into()),
        ..entry(at, "work", HistoryKind::HandedOut)
    }
}

fn memory() -> SqliteHistory {
    SqliteHistory::in_memory().unwrap()
}

async fn page(history: &SqliteHistory, filter: HistoryFilter) -> HistoryPage {
    history.page(filter).await.unwrap()
}

async fn all(history: &SqliteHistory) -> Vec<HistoryEntry> {
    let filter = HistoryFilter {
        limit: 1_000,
        ..HistoryFilter::default()
    };
    let entries = page(history, filter).await.entries;
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// One line an entry, newest first.
async fn story(history: &SqliteHistory) -> Vec<String> {
    let entries = all(history).await;
    let line = |e: &HistoryEntry| {
        let days = (now() - e.at).num_days();
        let account = e.account.as_deref().unwrap_or("-");
        format!("{days} d ago: {account} {} x{}", e.kind, e.count)
    };
    entries.iter().map(line).collect()
}

#[tokio::test]
async fn an_entry_comes_back_whole() {
    let history = memory();
    let whole = HistoryEntry {
        trigger: Some(Trigger::Resume),
        http_status: Some(400),
        provider_code: Some("invalid_grant".into()),
        provider_text: Some("Ünbekannt".into()),
        attempt: Some(3),
        duration_ms: Some(1_250),
        next_attempt_at: Some(now() + Duration::minutes(4)),
        expires_at: Some(now() + Duration::hours(1)),
        expires_source: Some(ExpiresSource::Jwt),
        generation: Some(12),
        client: Some("git".into()),
        count: 2,
        ..failed(now(), "work", Cause::RefreshTokenRevoked)
    };
    let bare = HistoryEntry::new(ago(Duration::seconds(1)), HistoryKind::Woke);
    history.append(bare.clone());
    history.append(whole.clone());
    assert_eq!(all(&history).await, [whole, bare]);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat_and_keep_place_while_more_comes() {
    let history = memory();
    for minute in 0..25 {
        // Two at each moment, so that a page can end between equals.
        for account in ["work", "home"] {
            let at = ago(Duration::minutes(minute));
            history.append(entry(at, account, HistoryKind::Refreshed));
        }
    }
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let filter = HistoryFilter {
            before,
            limit: 7,
            ..HistoryFilter::default()
        };
        let page = page(&history, filter).await;
        seen.extend(page.entries);
        history.append(entry(now() + Duration::hours(1), "late", HistoryKind::Woke));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 50);
    assert!(seen.is_sorted_by(|(a, x), (b, y)| (x.at, *a) > (y.at, *b)));
}

#[tokio::test]
async fn filters_hold_together() {
    let history = memory();
    let hour = Duration::hours(1);
    history.append(entry(ago(hour * 5), "work", HistoryKind::SignedIn));
    history.append(failed(ago(hour * 4), "work", Cause::NetworkDns));
    history.append(failed(ago(hour * 3), "home", Cause::NetworkDns));
    history.append(HistoryEntry {
        provider_text: Some("Der Schlüssel ist ÜBERHOLT".into()),
        ..failed(ago(hour * 2), "work", Cause::ServerError)
    });
    history.append(entry(ago(hour), "work", HistoryKind::Refreshed));

    let found = async |filter: HistoryFilter| -> Vec<i64> {
        let entries = page(&history, filter).await.entries;
        entries
            .iter()
            .map(|(_, e)| (now() - e.at).num_hours())
            .collect()
    };
    let any = HistoryFilter::default;
    let work = Some(AccountId("id-of-work".into()));
    let dns = vec![Cause::NetworkDns];
    let both = vec![Cause::ServerError, Cause::NetworkDns];
    let ends = vec![HistoryKind::SignedIn, HistoryKind::Refreshed];
    assert_eq!(
        found(HistoryFilter {
            account: work.clone(),
            ..any()
        })
        .await,
        [1, 2, 4, 5]
    );
    assert_eq!(
        found(HistoryFilter {
            causes: dns.clone(),
            ..any()
        })
        .await,
        [3, 4]
    );
    assert_eq!(
        found(HistoryFilter {
            causes: both,
            account: work.clone(),
            ..any()
        })
        .await,
        [2, 4]
    );
    assert_eq!(
        found(HistoryFilter {
            kinds: ends.clone(),
            ..any()
        })
        .await,
        [1, 5]
    );
    assert_eq!(
        found(HistoryFilter {
            kinds: ends,
            causes: dns,
            ..any()
        })
        .await,
        [0_i64; 0]
    );
    let (since, until) = (Some(ago(hour * 4)), Some(ago(hour * 2)));
    assert_eq!(
        found(HistoryFilter {
            since,
            until,
            ..any()
        })
        .await,
        [3, 4]
    );
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        found(HistoryFilter {
            text: text("überholt"),
            ..any()
        })
        .await,
        [2]
    );
    assert_eq!(
        found(HistoryFilter {
            text: text("HOME"),
            ..any()
        })
        .await,
        [3]
    );
    assert_eq!(
        found(HistoryFilter {
            text: text("100%"),
            ..any()
        })
        .await,
        [0_i64; 0]
    );
}

#[tokio::test]
async fn hand_outs_fold_into_one_row_an_hour_and_program() {
    let history = memory();
    let nine = now() - Duration::minutes(30);
    for minute in [0, 10, 59] {
        history.append(handed_out(nine + Duration::minutes(minute), "git"));
    }
    history.append(handed_out(nine + Duration::minutes(5), "docker"));
    history.append(handed_out(nine + Duration::minutes(60), "git"));
    let rows: Vec<_> = all(&history)
        .await
        .into_iter()
        .map(|e| (e.at, e.client.unwrap(), e.count))
        .collect();
    assert_eq!(
        rows,
        [
            (nine + Duration::minutes(60), "git".to_owned(), 1),
            (nine + Duration::minutes(5), "docker".to_owned(), 1),
            (nine, "git".to_owned(), 3),
        ]
    );
    let counts = history.counts(None, ago(Duration::days(7))).await.unwrap();
    assert_eq!(counts.handed_out, 5);
}

#[tokio::test]
async fn old_successes_fold_by_day_and_each_kind_is_forgotten_in_its_time() {
    let history = memory();
    let day = Duration::days;
    for days in [0, 6, 10, 40] {
        for hour in 1..=3 {
            let at = ago(day(days)) - Duration::hours(hour);
            history.append(entry(at, "work", HistoryKind::Refreshed));
        }
    }
    history.append(entry(ago(day(10)), "home", HistoryKind::Refreshed));
    for days in [80, 100, 360, 370] {
        history.append(entry(ago(day(days)), "work", HistoryKind::Rejected));
        history.append(failed(ago(day(days)), "work", Cause::ServerError));
        history.append(entry(ago(day(days)), "work", HistoryKind::SignInNeeded));
    }
    history.tidy(now(), 90);
    let told = story(&history).await;
    // Once more changes nothing: what is folded stays counted.
    history.tidy(now() + Duration::hours(1), 90);
    assert_eq!(story(&history).await, told);
    insta::assert_snapshot!(told.join("\n"), @r"
    0 d ago: work refreshed x1
    0 d ago: work refreshed x1
    0 d ago: work refreshed x1
    6 d ago: work refreshed x1
    6 d ago: work refreshed x1
    6 d ago: work refreshed x1
    10 d ago: home refreshed x1
    10 d ago: work refreshed x3
    40 d ago: work refreshed x3
    80 d ago: work sign_in_needed x1
    80 d ago: work refresh_failed x1
    80 d ago: work rejected x1
    100 d ago: work sign_in_needed x1
    100 d ago: work refresh_failed x1
    360 d ago: work sign_in_needed x1
    360 d ago: work refresh_failed x1
    ");
    let counts = history.counts(Some(AccountId("id-of-work".into())), ago(day(50)));
    let refreshed = HistoryCounts {
        refreshed: 12,
        ..HistoryCounts::default()
    };
    assert_eq!(counts.await.unwrap(), refreshed);
}

/// Counted row by row, as the figures would be without their sums.
async fn counted(history: &SqliteHistory, account: &str, since: DateTime<Utc>) -> HistoryCounts {
    let mut counts = HistoryCounts::default();
    let id = AccountId(format!("id-of-{account}"));
    for entry in all(history).await {
        if entry.account_id.as_ref() != Some(&id) || entry.at < since {
            continue;
        }
        let one = match entry.kind {
            HistoryKind::Refreshed => &mut counts.refreshed,
            HistoryKind::RefreshFailed => &mut counts.failed,
            HistoryKind::SignedIn => &mut counts.signed_in,
            HistoryKind::HandedOut => &mut counts.handed_out,
            _ => continue,
        };
        *one += u64::from(entry.count);
    }
    counts
}

async fn has_true_figures(history: &SqliteHistory) {
    for account in ["work", "home", "gone"] {
        for since in [0, 1, 13, 24, 30, 24 * 7, 24 * 8 + 5, 24 * 30].map(Duration::hours) {
            let figures = history.counts(Some(AccountId(format!("id-of-{account}"))), ago(since));
            let expected = counted(history, account, ago(since)).await;
            assert_eq!(figures.await.unwrap(), expected, "{account}, {since}");
        }
    }
}

#[tokio::test]
async fn figures_are_what_the_rows_say_whatever_became_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let history = SqliteHistory::open(&path).unwrap();
    for hour in 0..200 {
        let at = ago(Duration::hours(hour));
        history.append(entry(at, "work", HistoryKind::Refreshed));
        history.append(entry(at, "gone", HistoryKind::Refreshed));
        if hour % 3 == 0 {
            history.append(failed(at, "home", Cause::ServerError));
            history.append(handed_out(at, "git"));
            history.append(handed_out(at + Duration::seconds(1), "git"));
        }
        if hour % 50 == 0 {
            history.append(entry(at, "work", HistoryKind::SignedIn));
        }
    }
    has_true_figures(&history).await;
    history.tidy(now() + Duration::days(1), 3);
    has_true_figures(&history).await;
    history.forget(AccountId("id-of-gone".into()));
    history.flush().await;
    has_true_figures(&history).await;
    drop(history);

    // A file of before there were sums, then one that such a program goes on writing.
    let earlier = rusqlite::Connection::open(&path).unwrap();
    let row = "INSERT INTO entries (at, account_id, account, kind, count) \
               VALUES (?1, 'id-of-home', 'home', 'refreshed', 7)";
    let names: Vec<String> = earlier
        .prepare("SELECT DISTINCT account_id FROM totals")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(
        names,
        ["id-of-home", "id-of-work"],
        "nothing is left of a removed account"
    );
    let drop_sums = "DROP TABLE totals; DROP TRIGGER totals_of_new; \
                     DROP TRIGGER totals_of_counted; DROP TRIGGER totals_of_forgotten";
    earlier.execute_batch(drop_sums).unwrap();
    earlier
        .execute(row, [ago(Duration::hours(2)).timestamp_micros()])
        .unwrap();
    has_true_figures(&SqliteHistory::open(&path).unwrap()).await;
    earlier
        .execute(row, [ago(Duration::hours(50)).timestamp_micros()])
        .unwrap();
    has_true_figures(&SqliteHistory::open(&path).unwrap()).await;
}

#[tokio::test]
async fn beyond_the_cap_the_oldest_go_and_incidents_go_last() {
    let history = SqliteHistory::in_memory_with_cap(100).unwrap();
    history.append(entry(
        ago(Duration::days(2)),
        "work",
        HistoryKind::SignInNeeded,
    ));
    for minute in 0..150 {
        let at = ago(Duration::minutes(150 - minute));
        history.append(entry(at, "work", HistoryKind::Refreshed));
        // Each on its own, as entries come.
        history.flush().await;
        assert!(all(&history).await.len() <= 100);
    }
    let left = all(&history).await;
    assert!(left.len() >= 99);
    assert_eq!(left[0].at, ago(Duration::minutes(1)));
    assert_eq!(left.last().unwrap().kind, HistoryKind::SignInNeeded);
}

#[tokio::test]
async fn the_timeline_gets_its_kinds_and_what_began_before_its_window() {
    let history = memory();
    let hour = Duration::hours;
    history.append(entry(ago(hour(9)), "work", HistoryKind::Refreshed));
    history.append(entry(ago(hour(8)), "work", HistoryKind::Refreshed));
    history.append(entry(ago(hour(7)), "home", HistoryKind::SignInNeeded));
    history.append(handed_out(ago(hour(2)), "git"));
    history.append(failed(ago(hour(1)), "work", Cause::ServerError));
    history.append(entry(now() + hour(1), "work", HistoryKind::Refreshed));
    let drawn = history
        .between(ago(hour(3)), now(), Closeness::ZERO)
        .await
        .unwrap();
    let drawn: Vec<_> = drawn
        .iter()
        .map(|e| ((now() - e.at).num_hours(), e.kind.code()))
        .collect();
    assert_eq!(
        drawn,
        [
            (8, "refreshed"),
            (7, "sign_in_needed"),
            (1, "refresh_failed")
        ]
    );
}

#[tokio::test]
async fn a_long_history_is_read_small_and_nothing_of_it_is_lost() {
    let history = memory();
    for minute in (0..600).rev() {
        let at = ago(Duration::minutes(minute));
        history.append(HistoryEntry {
            expires_at: Some(at + Duration::minutes(2)),
            ..entry(at, "work", HistoryKind::Refreshed)
        });
        if (300..320).contains(&minute) {
            history.append(failed(at, "work", Cause::ServerError));
        }
    }
    // An hour without any.
    history.append(entry(
        ago(Duration::minutes(-60)),
        "work",
        HistoryKind::Refreshed,
    ));
    let until = ago(Duration::hours(-2));
    let ten_minutes = Closeness::from_mins(10);
    let from = ago(Duration::hours(24));
    let drawn = history.between(from, until, ten_minutes).await.unwrap();
    let drawn: Vec<_> = drawn
        .iter()
        .map(|e| {
            let minutes = |at: DateTime<Utc>| (now() - at).num_minutes();
            (e.kind.code(), e.since.map(minutes), minutes(e.at), e.count)
        })
        .collect();
    assert_eq!(
        drawn,
        [
            ("refresh_failed", Some(319), 300, 20),
            ("refreshed", Some(599), 0, 600),
            ("refreshed", None, -60, 1),
        ]
    );
}

#[tokio::test]
async fn a_new_name_is_found_and_a_removed_account_leaves_nothing() {
    let history = memory();
    history.append(entry(ago(Duration::days(1)), "work", HistoryKind::SignedIn));
    history.append(entry(now(), "home", HistoryKind::SignedIn));
    history.rename(AccountId("id-of-work".into()), "Büro".into());
    let filter = HistoryFilter {
        text: Some("büro".into()),
        ..HistoryFilter::default()
    };
    assert_eq!(page(&history, filter).await.entries.len(), 1);
    history.forget(AccountId("id-of-work".into()));
    assert_eq!(story(&history).await, ["0 d ago: home signed_in x1"]);
}

#[tokio::test]
async fn it_outlives_the_program_and_only_its_owner_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let history = SqliteHistory::open(&path).unwrap();
    history.append(entry(now(), "work", HistoryKind::SignedIn));
    history.flush().await;
    // What a crash leaves: the files as they are at this moment.
    let copy = folder.path().join("copy.sqlite");
    std::fs::copy(&path, &copy).unwrap();
    assert_eq!(all(&SqliteHistory::open(&copy).unwrap()).await.len(), 1);
    #[cfg(unix)]
    for name in ["history.sqlite", "history.sqlite-wal"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_newer_format_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer
        .execute_batch("CREATE TABLE later (x); PRAGMA user_version = 99")
        .unwrap();
    drop(newer);
    let before = std::fs::read(&path).unwrap();
    let error = SqliteHistory::open(&path).err().unwrap();
    assert_eq!(
        error,
        HistoryOpenError::Newer {
            found: 99,
            known: 1
        }
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

fn set_aside(folder: &Path) -> usize {
    let names = std::fs::read_dir(folder).unwrap();
    names
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".damaged-") && !name.ends_with("-wal"))
        .count()
}

#[tokio::test]
async fn a_file_that_is_no_database_is_set_aside_and_three_are_kept() {
    for kept in 0..=3 {
        let folder = tempfile::tempdir().unwrap();
        for number in 1..=kept {
            let name = format!("history.sqlite.damaged-{number}");
            std::fs::write(folder.path().join(name), "earlier").unwrap();
        }
        let path = folder.path().join("history.sqlite");
        let rubbish = "no database at all, but long enough to be looked at".repeat(40);
        std::fs::write(&path, &rubbish).unwrap();

        let history = SqliteHistory::open(&path).unwrap();
        history.append(entry(now(), "work", HistoryKind::SignedIn));
        assert_eq!(all(&history).await.len(), 1);
        let number = (kept + 1).min(3);
        assert_eq!(set_aside(folder.path()), number);
        let newest = folder
            .path()
            .join(format!("history.sqlite.damaged-{number}"));
        assert_eq!(std::fs::read_to_string(newest).unwrap(), rubbish);
    }
}

#[tokio::test]
async fn damage_that_shows_only_later_costs_the_history_but_not_the_next_entry() {
    let folder = tempfile::tempdir().unwrap();
    let whole = SqliteHistory::open(&folder.path().join("whole.sqlite")).unwrap();
    for minute in 0..500 {
        let at = ago(Duration::minutes(minute));
        whole.append(entry(at, "work", HistoryKind::Refreshed));
    }
    whole.flush().await;
    // The first page, with the schema, stays; what it points to is rubbish.
    let mut bytes = std::fs::read(folder.path().join("whole.sqlite")).unwrap();
    bytes[4096..].fill(0x5a);
    let path = folder.path().join("history.sqlite");
    std::fs::write(&path, bytes).unwrap();

    let history = SqliteHistory::open(&path).unwrap();
    history.append(entry(now(), "work", HistoryKind::SignedIn));
    assert_eq!(story(&history).await, ["0 d ago: work signed_in x1"]);
    assert_eq!(set_aside(folder.path()), 1);
}
