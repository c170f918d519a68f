"""Asks a running Tokentray, and gives it a past. For the benchmarks beside it."""

import http.client
import json
import os
import socket
import sqlite3
import time

# A little less than the days after which the engine forgets and the rows at which it cuts.
DAYS = 89
ROWS = 998_000
# Older successes become one row a day when the engine tidies; these rows are to stay.
FOLDED_AFTER_DAYS = 6
DAY = 86_400_000_000


class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(f"{os.environ['XDG_RUNTIME_DIR']}/tokentray/api.sock")


def status():
    try:
        connection = Unix("localhost")
        connection.request("GET", "/v1/status")
        return json.load(connection.getresponse())
    except OSError:
        return None


def soon(what, pause=0.0005):
    while not (found := what()):
        time.sleep(pause)
    return found


def all_known():
    rows = (status() or {}).get("accounts", [])
    return all(row["state"] != "loading" for row in rows) and rows


def fill(rows):
    """Writes a history of these accounts; returns its size in MiB. No engine may run meanwhile.

    Of ten rows a failure, two hand-outs and seven refreshes, or more hand-outs where refreshes would
    be folded; the oldest are sign-ins.
    """
    total = int(os.environ.get("ROWS", ROWS))
    now = int(time.time() * 1_000_000)
    step = DAYS * DAY // total

    def entry(number):
        row = rows[number % len(rows)]
        turn = number // len(rows)
        at = now - (total - number) * step
        folded = at < now - FOLDED_AFTER_DAYS * DAY
        kind = "handed_out" if folded or turn % 10 > 7 else "refreshed"
        kind = "refresh_failed" if turn % 10 == 7 else kind
        kind = "signed_in" if turn == 0 else kind
        ends = at + 20 * 60_000_000 if kind == "refreshed" else None
        return (
            at,
            row["id"],
            row["name"],
            kind,
            "schedule" if kind == "refreshed" else None,
            "network_timeout" if kind == "refresh_failed" else None,
            ends,
            "server" if ends else None,
            f"tool-{turn}" if kind == "handed_out" else None,
        )

    file = f"{os.environ['XDG_STATE_HOME']}/tokentray/history.sqlite"
    with sqlite3.connect(file) as history:
        # Six indexes are filled in no order of theirs; and nothing of it need survive a crash.
        history.execute("PRAGMA cache_size = -500000")
        history.execute("PRAGMA synchronous = OFF")
        history.executemany(
            "INSERT INTO entries (at, account_id, account, kind, trigger, cause, expires_at, "
            "expires_source, client, count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            map(entry, range(total)),
        )
    history.close()
    return os.path.getsize(file) / 2**20


def count_rows():
    file = f"{os.environ['XDG_STATE_HOME']}/tokentray/history.sqlite"
    history = sqlite3.connect(file)
    (rows,) = history.execute("SELECT count(*) FROM entries").fetchone()
    history.close()
    return rows
