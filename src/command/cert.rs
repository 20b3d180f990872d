//! `ssmax cert`: show, lint and verify certificates, offline; publish those of the own people.

mod lint;
mod names;
mod outside;
mod show;
mod smimea;
mod verify;

use super::Context;
use super::verify::{pem, read};
use crate::complaint::{Complaint, Exit};
use ssmax_pki::{Certificate, PkiError};
use std::path::Path;
use std::process::ExitCode;

/// The largest file of certificates that is read, in bytes.
const MAX_CERTIFICATES_BYTES: usize = 16 * 1024 * 1024;

/// Arguments of `ssmax cert`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show what certificates say.
    Show(show::Args),
    /// Check certificates against our profiles and the S/MIME Baseline Requirements.
    Lint(lint::Args),
    /// Find and check the path from a certificate to a trusted one.
    Verify(verify::Args),
    /// The people's certificates as records for the DNS zone (RFC 8162).
    Smimea(smimea::Args),
    /// Certificates of people outside: learnt from their signed mail, and which are used.
    Outside(outside::Args),
}

/// Runs it to its end.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(match args.what {
        What::Show(args) => show::run(&args, context),
        What::Lint(args) => lint::run(&args, context),
        What::Verify(args) => verify::run(&args, context),
        What::Smimea(args) => smimea::run(&args, context),
        What::Outside(args) => outside::run(&args, context),
    })
}

/// A certificate, or why it is refused although it is one.
type Found = Result<Certificate, PkiError>;

/// Reads certificates: every PEM block, or one in DER.
///
/// One that is refused for what stands in it is an answer; what is no certificate at
/// all is a complaint.
fn certificates(path: &Path) -> Result<Vec<Found>, Complaint> {
    let octets = read(path, MAX_CERTIFICATES_BYTES)?;
    let found = match pem(&octets) {
        Some(text) => Certificate::each_from_pem(text).unwrap_or_default(),
        None => vec![Certificate::from_der(&octets)],
    };
    let is_certificate = |one: &Found| one.as_ref().err().is_none_or(|error| error.is_refusal());
    if found.is_empty() || !found.iter().all(is_certificate) {
        return Err(
            Complaint::new(Exit::WrongUse, "not-a-certificate").with("path", path.display())
        );
    }
    Ok(found)
}

/// Why a certificate is refused, for people.
fn refusal(error: PkiError, context: &Context) -> String {
    context.text(&format!("cert-refusal-{}", error.code()), &[])
}

#[cfg(test)]
mod tests;
