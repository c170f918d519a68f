//! The `tokentray` program: everything is in the library's `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tokentray::cli::run()
}
