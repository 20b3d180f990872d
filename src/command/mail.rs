//! `ssmax mail`: what a person does with a key when the mailer cannot.

mod attach;
pub(super) mod encrypt;
mod forward;
pub(super) mod learnt;
mod open;
mod rekey;
mod send;

use super::Context;
use super::decrypt;
use super::signing_key::SigningKeyArgs;
use super::verify;
use crate::complaint::{Complaint, Exit};
use ssmax_agent::sign::{SignFault, Signer, sign_with_header, with_date};
use ssmax_agent::submission::EnvelopeFault;
use ssmax_mail::header_protection::{Confidentiality, Mode};
use ssmax_primitives::SystemRandom;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;

/// Arguments of `ssmax mail`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Sign a message with a key, as its From.
    Sign(Sign),
    /// Encrypt a message to certificates.
    Encrypt(Box<encrypt::Encrypt>),
    /// Give a received message on, without some of its attachments.
    Forward(Box<forward::Forward>),
    /// Hand a message to the own mail server.
    Send(send::Send),
    /// Decrypt a message, judge it and show it.
    Open(open::Open),
    /// Have an own message wrapped anew by the keyserver, its content untouched.
    Rekey(rekey::Rekey),
}

#[derive(Debug, clap::Args)]
struct Sign {
    /// The message; `-` is standard input.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    #[command(flatten)]
    key: SigningKeyArgs,
    /// Certificates of the CAs above, to go along; may be given several times.
    #[arg(long, value_name = "CA.pem")]
    chain: Vec<PathBuf>,
    /// The certificate that answers shall be encrypted for.
    #[arg(long, value_name = "CERT.pem")]
    encryption_cert: Option<PathBuf>,
    /// Keep the subject under the signature only, for a message that will be encrypted.
    #[arg(long, conflicts_with = "no_header_protection")]
    hide_subject: bool,
    /// Do not repeat the header under the signature.
    #[arg(long)]
    no_header_protection: bool,
    /// Where to write the signed message. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Does what was asked for.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(match args.action {
        Action::Sign(args) => sign_mail(&args, context),
        Action::Encrypt(args) => encrypt::run(&args, context),
        Action::Forward(args) => forward::run(&args, context),
        Action::Send(args) => send::run(&args, context),
        Action::Open(args) => open::run(&args, context),
        Action::Rekey(args) => rekey::run(&args, context),
    })
}

fn sign_mail(args: &Sign, context: &Context) -> Result<ExitCode, Complaint> {
    // The PIN of a card is asked for last.
    let message = verify::mail(&args.file)?;
    let identity = args.key.load()?;
    let certificate = &identity.certificate;
    let chain = identity.chain(&args.chain)?;
    let encryption = match &args.encryption_cert {
        Some(path) => verify::certificates(path)?.into_iter().next(),
        None => None,
    };
    let has_issuer =
        chain.iter().any(|issuer| ssmax_pki::same_name(issuer.subject(), certificate.issuer()));
    if !has_issuer {
        verify::warn(context, &context.text("mail-no-chain", &[]));
    }
    let signer =
        Signer { key: &*identity.key, certificate, chain: &chain, encryption: encryption.as_ref() };
    let mode = match (args.no_header_protection, args.hide_subject) {
        (true, _) => None,
        (false, true) => Some(Mode::Cipher(Confidentiality::Baseline)),
        (false, false) => Some(Mode::Clear),
    };
    let now = OffsetDateTime::now_utc();
    let signed = with_date(message, now)
        .and_then(|message| sign_with_header(&message, &signer, mode, now, &SystemRandom))
        .map_err(|fault| sign_complaint(fault, &args.file))?;
    decrypt::write(args.out.as_deref(), &signed)?;
    Ok(ExitCode::SUCCESS)
}

fn sign_complaint(fault: SignFault, path: &Path) -> Complaint {
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        SignFault::Mail(fault) => of("not-a-mail").with("reason", fault.code()),
        SignFault::From(_) | SignFault::NotOneFrom => of("mail-not-one-from"),
        SignFault::OtherAddress => of("mail-other-address"),
        SignFault::NotForSigning => of("mail-not-for-signing"),
        SignFault::NotValidNow => of("mail-certificate-not-valid-now"),
        SignFault::SignedAlready => of("mail-signed-already"),
        SignFault::Header(fault) => of("mail-header-unprotected").with("reason", fault),
        fault => of("mail-signing-failed").with("reason", fault),
    }
}

fn envelope_complaint(fault: EnvelopeFault, path: &Path) -> Complaint {
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        EnvelopeFault::Mail(fault) => of("not-a-mail").with("reason", fault.code()),
        EnvelopeFault::Sender => of("mail-not-one-from"),
        EnvelopeFault::Recipients { field, fault } => {
            of("mail-recipients-unreadable").with("field", field).with("reason", fault.code())
        }
        _ => of("mail-no-recipient"),
    }
}

#[cfg(test)]
mod tests;
