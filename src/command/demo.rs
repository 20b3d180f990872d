//! `ssmax demo`: the main job on embedded defaults.

use super::{Context, block_on};
use crate::demo::{self, Plan};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `ssmax demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder to make, or to use again.
    #[arg(long, value_name = "DIR", default_value = "demo")]
    dir: PathBuf,
    /// Stay up afterwards, for trying by hand.
    #[arg(long)]
    stay: bool,
    /// Keep the keys of two organisations in SoftHSM.
    #[arg(long)]
    hsm: bool,
    /// Leave a role that has ended alone instead of starting it again.
    #[arg(long)]
    no_restart: bool,
}

/// Runs the demonstration.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    let plan = Plan { dir: args.dir, stay: args.stay, no_restart: args.no_restart, hsm: args.hsm };
    if let Err(complaint) = demo::set_out(&plan) {
        return context.end(Err(complaint));
    }
    context.end(block_on(demo::run(&plan, context)))
}
