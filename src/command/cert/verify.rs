//! `ssmax cert verify`: whether to believe a certificate.

use super::{Found, certificates, refusal};
use crate::command::Context;
use crate::command::verify::{all, ocsp_responses, printable, revocation_lists};
use crate::complaint::{Complaint, Exit};
use serde_json::json;
use ssmax_pki::Certificate;
use ssmax_pki::path::{self, Limits, PathFault, PathInput, Revocation, validate};
use std::path::PathBuf;
use std::process::ExitCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Arguments of `ssmax cert verify`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The certificate in question, PEM or DER; others in the same file may lie on the
    /// way.
    #[arg(value_name = "LEAF")]
    leaf: PathBuf,
    /// Certificates that may lie on the way; may be given several times.
    #[arg(long, value_name = "FILE")]
    intermediate: Vec<PathBuf>,
    /// Certificates to trust; may be given several times.
    #[arg(long, value_name = "FILE", required = true)]
    trust: Vec<PathBuf>,
    /// Revocation lists, also deltas; may be given several times.
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// OCSP responses; may be given several times.
    #[arg(long, value_name = "FILE")]
    ocsp: Vec<PathBuf>,
    /// The moment for which to judge, as 2026-01-02T03:04:05Z. Default: now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// What the key is to be used for.
    #[arg(
        long,
        value_name = "PURPOSE",
        default_value = "any",
        hide_default_value = true,
        hide_possible_values = true
    )]
    purpose: Purpose,
}

/// What the key is to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Purpose {
    Signing,
    Encryption,
    Any,
}

impl From<Purpose> for path::Purpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Signing => Self::EmailSigning,
            Purpose::Encryption => Self::EmailEncryption,
            Purpose::Any => Self::Any,
        }
    }
}

pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let mut given = certificates(&args.leaf)?.into_iter();
    let leaf = given.next().unwrap_or(Err(ssmax_pki::PkiError::Malformed));
    let beside: Vec<Found> = given.collect();
    // A refused certificate leads nowhere, and those on the way are trusted for nothing.
    let mut intermediates: Vec<Certificate> = beside.into_iter().flatten().collect();
    for path in &args.intermediate {
        intermediates.extend(certificates(path)?.into_iter().flatten());
    }
    let mut anchors = Vec::new();
    for path in &args.trust {
        for found in certificates(path)? {
            anchors.push(found.map_err(|_| {
                Complaint::new(Exit::WrongUse, "not-a-certificate").with("path", path.display())
            })?);
        }
    }
    let crls = all(&args.crl, revocation_lists)?;
    let ocsp = all(&args.ocsp, ocsp_responses)?;
    let at = match &args.at {
        None => OffsetDateTime::now_utc(),
        Some(text) => OffsetDateTime::parse(text, &Rfc3339)
            .map_err(|_| Complaint::new(Exit::WrongUse, "time-unreadable").with("value", text))?,
    };
    let leaf = match leaf {
        Ok(leaf) => leaf,
        Err(error) => {
            return Ok(say(context, error.code(), || {
                context.text("cert-refused", &[("reason", &refusal(error, context))])
            }));
        }
    };
    let has_sources = !crls.is_empty() || !ocsp.is_empty();
    let answer = validate(&PathInput {
        leaf: &leaf,
        intermediates: &intermediates,
        anchors: &anchors,
        crls: &crls,
        ocsp: &ocsp,
        at,
        purpose: args.purpose.into(),
        limits: Limits::default(),
        revocation: if has_sources { Revocation::RequireLeaf } else { Revocation::Skip },
    });
    Ok(match answer {
        Ok(path) => {
            let reason = if has_sources { VALID } else { VALID_UNASKED };
            say(context, reason, || way(&path, reason, context))
        }
        Err(fault) => say(context, fault.code(), || describe(fault, context)),
    })
}

/// Valid, and the state of the certificate is known.
pub(super) const VALID: &str = "valid";
/// Valid, and nobody asked whether the certificate is revoked.
pub(super) const VALID_UNASKED: &str = "valid-revocation-not-checked";

fn say(context: &Context, reason: &str, human: impl FnOnce() -> String) -> ExitCode {
    let is_valid = reason == VALID || reason == VALID_UNASKED;
    let verdict = if is_valid { "valid" } else { "invalid" };
    context.print(&json!({ "verdict": verdict, "reason": reason }), || {
        let word = context.text(&format!("cert-verdict-{verdict}"), &[]);
        format!("{word}: {}", human())
    });
    if is_valid { ExitCode::SUCCESS } else { Exit::Bad.into() }
}

/// The way from the certificate to the trusted one.
fn way(path: &path::Path, reason: &str, context: &Context) -> String {
    let mut lines = vec![context.text(&format!("cert-reason-{reason}"), &[])];
    let subjects = path.certificates.iter().map(Certificate::subject_text);
    lines.extend(subjects.map(|subject| format!("  {}", printable(&subject).replace('\n', " "))));
    lines.join("\n")
}

fn describe(fault: PathFault, context: &Context) -> String {
    let text = context.text(&format!("cert-reason-{}", fault.code()), &[]);
    match fault {
        PathFault::Revoked { since, .. } => {
            let since = since.format(&Rfc3339).unwrap_or_default();
            context.text("cert-reason-since", &[("reason", &text), ("since", &since)])
        }
        _ => text,
    }
}
