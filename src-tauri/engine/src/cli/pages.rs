//! `tokentray man` and `tokentray completions`: made from the same definitions as `--help`.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::{Cli, Outcome};

#[derive(Debug, Args)]
#[command(after_help = "Example: tokentray completions bash > \
    ~/.local/share/bash-completion/completions/tokentray")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub fn completions(args: &CompletionsArgs) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tokentray", &mut text);
    io::stdout().lock().write_all(&text)?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Args)]
#[command(after_help = "Example: tokentray man --folder ~/.local/share/man/man1")]
pub struct ManArgs {
    /// Write a page for each command into this folder, in place of one page to standard output
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

pub fn man(args: &ManArgs) -> Outcome {
    if let Some(folder) = &args.folder {
        fs::create_dir_all(folder)?;
        clap_mangen::generate_to(Cli::command(), folder)?;
    } else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut text)?;
        io::stdout().lock().write_all(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}
