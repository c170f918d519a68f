//! How a command fails: what is wrong, why, and the exact command that helps.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use crate::{
    api::problem::{Code, Problem},
    cli::output::plain,
    paths::PathsError,
};

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    Problem(Box<Problem>),
    /// Standard output or input failed.
    Stream(io::Error),
}

impl Failure {
    /// What was typed, or came on standard input, is wrong.
    pub fn usage(detail: impl Into<String>, hint: &str) -> Self {
        Problem::new(Code::InvalidRequest, detail)
            .with_hint(hint)
            .into()
    }

    /// Something in this process failed that should not.
    pub fn internal(detail: impl Into<String>) -> Self {
        Problem::new(Code::Internal, detail)
            .with_hint("tokentray doctor")
            .into()
    }

    /// Writes it to standard error and returns the exit code.
    pub fn report(self, json: bool) -> ExitCode {
        let problem = match self {
            Self::Problem(problem) => *problem,
            // The reader of our output had enough: nothing is wrong.
            Self::Stream(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return ExitCode::SUCCESS;
            }
            Self::Stream(error) => {
                Problem::new(Code::Internal, format!("standard input or output: {error}"))
            }
        };
        let text = if json {
            serde_json::to_string(&problem).unwrap_or_default() + "\n"
        } else {
            words(&problem)
        };
        // Where standard error is gone, the exit code has to say it all.
        let _ = io::stderr().lock().write_all(text.as_bytes());
        ExitCode::from(problem.exit_code())
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Stream(error)
    }
}

impl From<PathsError> for Failure {
    fn from(error: PathsError) -> Self {
        Self::usage(error.to_string(), "tokentray --help")
    }
}

/// The problem for a person: `error:`, then what is known about why, then the way out.
fn words(problem: &Problem) -> String {
    let mut lines = vec![format!("error: {}", plain(&problem.detail))];
    if let Some(cause) = problem.cause {
        let what_follows = problem
            .verdict
            .map(|verdict| format!(" ({verdict})"))
            .unwrap_or_default();
        lines.push(format!("  cause: {cause}{what_follows}"));
    }
    if let Some(seconds) = problem.retry_after_s {
        lines.push(format!("  again in {seconds} s"));
    }
    if let Some(hint) = &problem.hint {
        lines.push(format!("  hint: {}", plain(hint)));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cause::Cause;

    #[test]
    fn a_failure_says_what_why_and_what_helps() {
        let problem = Problem::new(Code::ReauthRequired, "\u{1b}[31mwork must sign in again")
            .with_cause(Cause::RefreshTokenRevoked)
            .with_hint("tokentray sign-in work");
        insta::assert_snapshot!(words(&problem), @r"
        error: [31mwork must sign in again
          cause: refresh_token_revoked (sign_in)
          hint: tokentray sign-in work
        ");
    }
}
