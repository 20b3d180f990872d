//! `ssmax config sample`: a commented `ssmax.toml` to start from.

use super::Context;
use crate::sample::{self, Sample};
use crate::{complaint::Complaint, files};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `ssmax config`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print a sample with every field, its unit and its default.
    Sample {
        /// The sample of a management organisation instead of a member's.
        #[arg(long)]
        authority: bool,
        /// Write it to a new file instead of standard output.
        #[arg(long, value_name = "FILE", default_value = "-", hide_default_value = true)]
        out: PathBuf,
    },
}

/// Prints the sample.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(print(args, context))
}

fn print(args: Args, context: &Context) -> Result<ExitCode, Complaint> {
    let Action::Sample { authority, out } = args.action;
    let sample = if authority { Sample::Authority } else { Sample::Member };
    files::write_document(&out, sample::text(sample, context.language).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
