//! Commands that stay: `daemon`, `tray`, and the `demo`.

use clap::{Args, builder::PossibleValuesParser};

use crate::cli::{Outcome, failure::Failure, vault::KINDS};

#[derive(Debug, Args)]
pub struct DemoArgs {}

#[derive(Debug, Args)]
pub struct DaemonArgs {
    /// Where grants are kept: os, sealed, file or memory [default: what was used before]
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(KINDS),
        hide_possible_values = true)]
    vault: Option<String>,
}

#[derive(Debug, Args)]
pub struct TrayArgs {
    /// Where grants are kept: os, sealed, file or memory [default: what was used before]
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(KINDS),
        hide_possible_values = true)]
    vault: Option<String>,
}

pub fn demo(_args: &DemoArgs) -> Outcome {
    Err(Failure::internal("not built yet"))
}

pub fn daemon(args: &DaemonArgs) -> Outcome {
    let _ = &args.vault;
    Err(Failure::internal("not built yet"))
}

pub fn tray(args: &TrayArgs) -> Outcome {
    let _ = &args.vault;
    Err(Failure::internal("not built yet"))
}
