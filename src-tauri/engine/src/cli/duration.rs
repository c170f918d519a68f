//! Lengths of time as people type them: `60`, `60s`, `5m`, `2h`, `7d`, `1h30m`.

use std::time::Duration;

/// Seconds where no unit is given. For clap, hence the text as error.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no length of time; write 60s, 5m, 2h or 7d");
    let mut total: u64 = 0;
    let mut number = String::new();
    for char in text.trim().chars() {
        if char.is_ascii_digit() {
            number.push(char);
            continue;
        }
        let unit = match char {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        total = add(total, &number, unit).ok_or_else(wrong)?;
        number.clear();
    }
    if !number.is_empty() {
        // A bare number: seconds, but only alone.
        if total != 0 {
            return Err(wrong());
        }
        total = add(0, &number, 1).ok_or_else(wrong)?;
    } else if text.trim().is_empty() {
        return Err(wrong());
    }
    Ok(Duration::from_secs(total))
}

fn add(total: u64, number: &str, unit: u64) -> Option<u64> {
    number
        .parse::<u64>()
        .ok()?
        .checked_mul(unit)?
        .checked_add(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_may_write_units_or_leave_them_out() {
        let seconds = |text| parse(text).map(|length| length.as_secs());
        assert_eq!(seconds("60"), Ok(60));
        assert_eq!(seconds("0"), Ok(0));
        assert_eq!(seconds("5m"), Ok(300));
        assert_eq!(seconds("1h30m"), Ok(5400));
        assert_eq!(seconds("7d"), Ok(604_800));
        for wrong in ["", "m", "5x", "1h30", "-5", "99999999999999999999d"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
