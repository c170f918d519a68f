//! The history as a file: what the page filters, written by the shell, since the page has no files.
//!
//! Must not know what entries mean. Surprising: a cell that a spreadsheet would take for a formula
//! gets an apostrophe in front, for a provider's text is anybody's text.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use chrono::Local;
use serde::Deserialize;
use tokentray::api::{
    client::Client,
    problem::{Code, Problem},
    types::{HistoryAnswer, HistoryRow},
};

/// Rows asked for at a time: the most that the engine gives.
const PAGE: u32 = 1000;

/// Files of one day that are told apart by a number.
const SAME_DAY: u32 = 1000;

const COLUMNS: &str = "at,account,kind,trigger,cause,verdict,http_status,provider_code,message,\
     attempt,duration_ms,next_attempt_at,generation,client,count";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Csv,
    Json,
}

impl Format {
    const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// Writes every entry that fits `query` (filters of `GET /v1/history`) and returns the new file.
pub async fn history(
    client: &Client,
    query: &str,
    format: Format,
    folder: &Path,
) -> Result<PathBuf, Problem> {
    let day = Local::now().format("%Y-%m-%d").to_string();
    let (path, file) = new_file(folder, &day, format.ending()).map_err(|e| unwritten(&e))?;
    let mut writer = Writer::new(BufWriter::new(file), format);
    let mut cursor: Option<i64> = None;
    loop {
        let after = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
        let page: HistoryAnswer = client
            .get(&format!("/v1/history?{query}&limit={PAGE}{after}"))
            .await?;
        for entry in &page.entries {
            writer.entry(entry).map_err(|e| unwritten(&e))?;
        }
        cursor = page.next;
        if cursor.is_none() {
            writer.end().map_err(|e| unwritten(&e))?;
            return Ok(path);
        }
    }
}

fn unwritten(error: &io::Error) -> Problem {
    Problem::new(Code::Internal, format!("the file was not written: {error}"))
}

/// Never over a file that is there.
fn new_file(folder: &Path, day: &str, ending: &str) -> io::Result<(PathBuf, File)> {
    let mut tried = 1;
    loop {
        let number = if tried > 1 {
            format!("-{tried}")
        } else {
            String::new()
        };
        let path = folder.join(format!("tokentray-history-{day}{number}.{ending}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && tried < SAME_DAY => tried += 1,
            Err(error) => return Err(error),
        }
    }
}

struct Writer<W: Write> {
    to: W,
    format: Format,
    begun: bool,
}

impl<W: Write> Writer<W> {
    const fn new(to: W, format: Format) -> Self {
        Self {
            to,
            format,
            begun: false,
        }
    }

    fn entry(&mut self, entry: &HistoryRow) -> io::Result<()> {
        self.begin()?;
        match self.format {
            Format::Csv => self.to.write_all(line(entry).as_bytes()),
            Format::Json => {
                if self.begun {
                    self.to.write_all(b",\n")?;
                }
                self.begun = true;
                serde_json::to_writer(&mut self.to, entry).map_err(io::Error::other)
            }
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.begun {
            return Ok(());
        }
        match self.format {
            Format::Csv => {
                self.begun = true;
                self.to.write_all(COLUMNS.as_bytes())?;
                self.to.write_all(b"\r\n")
            }
            Format::Json => self.to.write_all(b"["),
        }
    }

    fn end(mut self) -> io::Result<()> {
        self.begin()?;
        if self.format == Format::Json {
            self.to.write_all(b"]\n")?;
        }
        self.to.flush()
    }
}

/// A row as RFC 4180 wants it.
fn line(entry: &HistoryRow) -> String {
    let text = |value: Option<String>| value.unwrap_or_default();
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339();
    let cells = [
        time(entry.at),
        text(entry.account.clone()),
        entry.kind.to_string(),
        text(entry.trigger.map(|t| t.to_string())),
        text(entry.cause.map(|c| c.to_string())),
        text(entry.verdict.map(|v| v.to_string())),
        text(entry.http_status.map(|s| s.to_string())),
        text(entry.provider_code.clone()),
        entry.message.clone(),
        text(entry.attempt.map(|n| n.to_string())),
        text(entry.duration_ms.map(|ms| ms.to_string())),
        text(entry.next_attempt_at.map(time)),
        text(entry.generation.map(|n| n.to_string())),
        text(entry.client.clone()),
        entry.count.to_string(),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use serde_json::json;

    use super::*;

    fn entries() -> Vec<HistoryRow> {
        let row = |message: &str| {
            let at = Utc.with_ymd_and_hms(2031, 5, 4, 9, 30, 0).unwrap();
            serde_json::from_value(json!({
                "at": at, "kind": "refresh_failed", "cause": "server_error", "account": "Büro, \"alt\"",
                "http_status": 503, "message": message, "count": 2,
            }))
            .unwrap()
        };
        vec![row("=HYPERLINK(1)"), row("Refused")]
    }

    fn written(format: Format, entries: &[HistoryRow]) -> String {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes, format);
        for entry in entries {
            writer.entry(entry).unwrap();
        }
        writer.end().unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_table_has_a_head_and_no_cell_that_calculates() {
        assert_eq!(
            written(Format::Csv, &entries()),
            format!(
                "{COLUMNS}\r\n\
                 2031-05-04T09:30:00+00:00,\"Büro, \"\"alt\"\"\",refresh_failed,,server_error,,503,,\
                 '=HYPERLINK(1),,,,,,2\r\n\
                 2031-05-04T09:30:00+00:00,\"Büro, \"\"alt\"\"\",refresh_failed,,server_error,,503,,\
                 Refused,,,,,,2\r\n"
            )
        );
        assert_eq!(written(Format::Csv, &[]), format!("{COLUMNS}\r\n"));
    }

    #[test]
    fn json_is_read_back_as_it_was() {
        let read: Vec<HistoryRow> =
            serde_json::from_str(&written(Format::Json, &entries())).unwrap();
        assert_eq!(read, entries());
        assert_eq!(written(Format::Json, &[]), "[]\n");
    }

    #[test]
    fn no_file_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<_> = (0..3)
            .map(|_| new_file(folder.path(), "2031-05-04", "csv").unwrap().0)
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(
            names,
            [
                "tokentray-history-2031-05-04.csv",
                "tokentray-history-2031-05-04-2.csv",
                "tokentray-history-2031-05-04-3.csv"
            ]
        );
    }
}
