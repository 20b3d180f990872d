//! `ssmax bench`: the figures that were promised, side by side with what they are
//! compared with, in one run.

mod call;
mod cms;
mod inspect;
mod mail;
mod members;
mod ours;
mod peer;
mod report;
mod rewrap;

use super::Context;
use std::process::ExitCode;

/// Arguments of `ssmax bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Sign, verify, encrypt, decrypt and rewrap beside libcrypto.
    Cms(cms::Args),
    /// Change recipients, beside decrypting and encrypting anew.
    Rewrap(rewrap::Args),
    /// Have mails inspected, with ClamAV and without.
    Inspect(inspect::Args),
    /// Have one role ask another, on one host and over TLS.
    Call(call::Args),
    /// Send mails through Postfix and the gateway, beside Postfix with other things.
    Mail(mail::Args),
    /// Load and ask member lists of many members, and bring them forward.
    Members(members::Args),
}

/// Measures. Missing a goal is a finding, not a failure: only what could not be measured
/// ends otherwise than with 0.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    match args.what {
        What::Cms(args) => context.end(cms::run(&args, context)),
        What::Rewrap(args) => context.end(rewrap::run(args, context)),
        What::Inspect(args) => context.end(inspect::run(&args, context)),
        What::Call(args) => context.end(call::run(&args, context)),
        What::Mail(args) => context.end(mail::run(&args, context)),
        What::Members(args) => context.end(members::run(&args, context)),
    }
}
