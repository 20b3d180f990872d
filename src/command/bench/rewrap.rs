//! `ssmax bench rewrap`: changing the recipients of a ciphertext beside decrypting and
//! encrypting it, and that its key work does not depend on its size.

use super::cms::{self, Key, Operation, Size, seconds, size};
use crate::command::Context;
use crate::complaint::Complaint;
use std::process::ExitCode;
use std::time::Duration;

/// What is measured: both ways to the same end.
const OPERATIONS: [Operation; 4] =
    [Operation::Encrypt, Operation::Decrypt, Operation::Rewrap, Operation::RewrapKey];

/// Arguments of `ssmax bench rewrap`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Processor time for each line of the table, in seconds.
    #[arg(long, value_name = "N", default_value = "1", value_parser = seconds)]
    seconds: Duration,
    /// Sizes of the content.
    #[arg(long, value_name = "SIZES", default_value = "1k,1m,25m", value_delimiter = ',',
        value_parser = size)]
    sizes: Vec<Size>,
    /// Keys: rsa2048, rsa3072, p256.
    #[arg(
        long,
        value_name = "KEYS",
        default_value = "rsa2048,rsa3072,p256",
        value_delimiter = ',',
        hide_possible_values = true
    )]
    keys: Vec<Key>,
}

/// Measures and reports.
pub(super) fn run(args: Args, context: &Context) -> Result<ExitCode, Complaint> {
    let Args { seconds, sizes, keys } = args;
    cms::run_some(&OPERATIONS, &cms::Args { seconds, sizes, keys }, context)
}
