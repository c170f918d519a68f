//! `tokentray vault move` and `tokentray unlock`.

use std::process::ExitCode;

use clap::{Subcommand, builder::PossibleValuesParser};
use serde_json::json;

use crate::cli::{Outcome, blocking::Asker, output};

/// The kinds of vault, as they are typed.
pub const KINDS: [&str; 4] = ["os", "sealed", "file", "memory"];

#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Move every grant to another kind of vault
    #[command(after_help = "\
Kinds:
  os      each grant is an item of the system's keychain
  sealed  sealed files; the keychain holds their key
  file    sealed files; a passphrase or a key file opens them, for machines without a keychain
  memory  nothing outlives the engine: for trying things out")]
    Move {
        /// os, sealed, file or memory
        #[arg(value_parser = PossibleValuesParser::new(KINDS), hide_possible_values = true)]
        kind: String,
    },
}

pub fn vault(command: &VaultCommand) -> Outcome {
    let VaultCommand::Move { kind } = command;
    Asker::from_env()?.send::<()>("POST", "/v1/vault/move", Some(&json!({ "to": kind })))?;
    output::note(&format!("The grants are kept in the vault {kind:?} now."));
    Ok(ExitCode::SUCCESS)
}

pub fn unlock() -> Outcome {
    Asker::from_env()?.send::<()>("POST", "/v1/vault/unlock", None)?;
    output::note("The keychain is unlocked.");
    Ok(ExitCode::SUCCESS)
}
