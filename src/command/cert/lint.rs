//! `ssmax cert lint`: what is wrong with a certificate.

use super::{Found, certificates, refusal};
use crate::command::Context;
use crate::command::verify::printable;
use crate::complaint::{Complaint, Exit};
use serde_json::{Value, json};
use ssmax_pki::lint::certificate::{Report, Severity, Standard, check};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `ssmax cert lint`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The certificates, PEM (also several) or DER; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What to hold them to, such as user-signing or sponsor-strict. Default: what they
    /// look like.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// One certificate: its report, or why it is refused as a whole.
struct Linted {
    subject: String,
    report: Result<Report, ssmax_pki::PkiError>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let standard = match &args.profile {
        None => None,
        Some(name) => Some(Standard::parse(name).ok_or_else(|| {
            Complaint::new(Exit::WrongUse, "profile-unknown")
                .with("name", name)
                .with("known", Standard::names().join(", "))
        })?),
    };
    let linted: Vec<Linted> =
        certificates(&args.file)?.iter().map(|found| lint(found, standard)).collect();
    let passes = linted.iter().all(Linted::passes);
    let verdict = if passes { "pass" } else { "fail" };
    let facts: Vec<Value> = linted.iter().map(Linted::facts).collect();
    context.print(&json!({ "verdict": verdict, "certificates": facts }), || {
        linted.iter().map(|one| one.describe(context)).collect::<Vec<_>>().join("\n\n")
    });
    Ok(if passes { ExitCode::SUCCESS } else { Exit::Bad.into() })
}

fn lint(found: &Found, standard: Option<Standard>) -> Linted {
    match found {
        Ok(certificate) => {
            Linted { subject: certificate.subject_text(), report: Ok(check(certificate, standard)) }
        }
        Err(error) => Linted { subject: String::new(), report: Err(*error) },
    }
}

impl Linted {
    fn passes(&self) -> bool {
        self.report.as_ref().is_ok_and(|report| !report.has_error())
    }

    fn facts(&self) -> Value {
        let (profile, findings) = match &self.report {
            Ok(report) => {
                let findings = report.findings.iter().map(|finding| {
                    json!({
                        "requirement": finding.requirement,
                        "section": finding.section,
                        "severity": word(finding.severity),
                    })
                });
                (Some(report.standard.name()), findings.collect::<Vec<_>>())
            }
            // Refused as a whole: one finding, and nobody can say against what else.
            Err(error) => {
                let finding = json!({
                    "requirement": error.code(),
                    "section": "RFC 5280 4",
                    "severity": word(Severity::Error),
                });
                (None, vec![finding])
            }
        };
        json!({ "subject": self.subject, "profile": profile, "findings": findings })
    }

    fn describe(&self, context: &Context) -> String {
        let report = match &self.report {
            Ok(report) => report,
            Err(error) => {
                return context.text("cert-refused", &[("reason", &refusal(*error, context))]);
            }
        };
        let subject = printable(&self.subject).replace('\n', " ");
        let held = [("subject", subject.as_str()), ("profile", &report.standard.name())];
        let mut lines = vec![context.text("cert-lint-held", &held)];
        for finding in &report.findings {
            let severity = context.text(&format!("cert-lint-{}", word(finding.severity)), &[]);
            let what = context.text(&text_of(finding.requirement), &[]);
            let section = finding.section;
            lines.push(format!("  {severity}: {what} [{}, {section}]", finding.requirement));
        }
        if report.findings.is_empty() {
            lines.push(context.text("cert-lint-nothing", &[]));
        }
        lines.join("\n")
    }
}

/// The name of the text about a requirement.
pub(super) fn text_of(requirement: &str) -> String {
    format!("cert-lint-{}", requirement.replace('_', "-"))
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
