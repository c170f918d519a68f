//! The display's clipboard, as any other program of the session meets it (`xclip`). Knows nothing of
//! who put what there. Surprising: whoever copies must stay alive to be asked for it, so a copying
//! `xclip` goes on in the background and ends with the session.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use super::session::Session;

#[derive(Clone, Copy, Debug)]
pub struct Clipboard<'s>(pub &'s Session);

impl Clipboard<'_> {
    /// The text on it; empty where there is none.
    pub fn text(self) -> String {
        let out = self.xclip("-out").output().expect("xclip starts");
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    /// Copies a text.
    pub fn copy(self, text: &str) {
        let mut copying = self
            .xclip("-in")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("xclip starts");
        let mut input = copying.stdin.take().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        drop(input);
        assert!(copying.wait().unwrap().success());
    }

    fn xclip(self, way: &str) -> Command {
        let mut command = self.0.command("xclip");
        command.args(["-selection", "clipboard", way]);
        command
    }
}
