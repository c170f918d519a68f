//! Writes every record of the corpora as one seed: `cargo run --example seeds`.

use std::{error::Error, fmt::Write as _, fs, path::Path};

use serde_json::Value;

const CORPORA: &str = "../../../tests/corpus";

fn main() -> Result<(), Box<dyn Error>> {
    let seeds = Path::new("seeds/classify");
    fs::create_dir_all(seeds)?;
    fs::create_dir_all("seeds/classify_json")?;
    let mut written = 0;
    for entry in fs::read_dir(CORPORA)? {
        let path = entry?.path();
        if path.extension().is_none_or(|kind| kind != "jsonl") {
            continue;
        }
        for line in fs::read_to_string(&path)?.lines() {
            let record: Value = serde_json::from_str(line)?;
            let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
            let status = record["http_status"].as_u64().unwrap_or(400);
            let mut seed = format!("HTTP/1.1 {status} {}\r\n", text("provider"));
            for (name, value) in record["headers"].as_object().into_iter().flatten() {
                write!(seed, "{name}: {}\r\n", value.as_str().unwrap_or_default())?;
            }
            write!(seed, "\r\n{}", text("body"))?;
            fs::write(seeds.join(text("id")), seed)?;
            written += 1;
        }
    }
    println!("{written} seeds");
    Ok(())
}
