//! A launch agent of the user: loaded at the next login, changed without `launchctl`.

use std::{fs, io::ErrorKind, path::PathBuf};

use super::{Autostart, AutostartError};

const LABEL: &str = "org.tokentray.Tokentray";

fn file(autostart: &Autostart) -> PathBuf {
    let folder = autostart.home.join("LaunchAgents");
    folder.join(format!("{LABEL}.plist"))
}

pub(super) fn is_enabled(autostart: &Autostart) -> bool {
    file(autostart).is_file()
}

pub(super) fn enable(autostart: &Autostart) -> Result<(), AutostartError> {
    let path = file(autostart);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, entry(autostart)?)?;
    Ok(())
}

pub(super) fn disable(autostart: &Autostart) -> Result<(), AutostartError> {
    match fs::remove_file(file(autostart)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

pub(super) fn mend(autostart: &Autostart) -> Result<bool, AutostartError> {
    let Ok(text) = fs::read_to_string(file(autostart)) else {
        return Ok(false);
    };
    if text == entry(autostart)? {
        return Ok(false);
    }
    enable(autostart)?;
    Ok(true)
}

fn entry(autostart: &Autostart) -> Result<String, AutostartError> {
    let program = autostart.program().to_str().ok_or(AutostartError::Path)?;
    let words: String = std::iter::once(program)
        .chain(autostart.arguments.iter().map(String::as_str))
        .map(|word| format!("    <string>{}</string>\n", escaped(word)))
        .collect();
    Ok(format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>{LABEL}</string>
  <key>ProgramArguments</key>
  <array>
{words}  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>ProcessType</key>
  <string>Interactive</string>
</dict>
</plist>
"#
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
