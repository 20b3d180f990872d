//! `ssmax cert show`: what a certificate says, for people and for scripts.

use super::{Found, certificates, names, refusal};
use crate::command::Context;
use crate::command::verify::printable;
use crate::complaint::Complaint;
use serde_json::{Value, json};
use ssmax_pki::Certificate;
use ssmax_pki::lint::certificate::Standard;
use std::path::PathBuf;
use std::process::ExitCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Arguments of `ssmax cert show`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The certificates, PEM (also several) or DER; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let found = certificates(&args.file)?;
    let now = OffsetDateTime::now_utc();
    let facts: Vec<Value> = found.iter().map(|one| facts(one, now)).collect();
    context.print(&json!({ "certificates": facts }), || {
        let texts: Vec<String> = found.iter().map(|one| describe(one, now, context)).collect();
        texts.join("\n\n")
    });
    let is_good = found.iter().all(Result::is_ok);
    Ok(if is_good { ExitCode::SUCCESS } else { crate::complaint::Exit::Bad.into() })
}

/// The certificate for scripts.
pub(super) fn facts(found: &Found, now: OffsetDateTime) -> Value {
    let certificate = match found {
        Ok(certificate) => certificate,
        Err(error) => return json!({ "refused": error.code() }),
    };
    let (permitted, excluded) = certificate.name_constraints();
    let policies = certificate.policies();
    let proof = certificate
        .identity_proof()
        .map(|proof| json!({ "level": proof.level, "date": proof.date.to_string() }));
    json!({
        "subject": certificate.subject_text(),
        "common_name": certificate.common_name(),
        "addresses": certificate.emails(),
        "host_names": certificate.dns_names(),
        "other_names": certificate.other_names(),
        "organization": certificate.organization(),
        "organization_identifier": certificate.organization_identifier(),
        "issuer": certificate.issuer_text(),
        "serial": hex::encode(certificate.serial()),
        "not_before": time_text(certificate.not_before()),
        "not_after": time_text(certificate.not_after()),
        "days_left": days_left(certificate, now),
        "key": certificate.public_key().text(),
        "signature": names::signature(&certificate.signature_identifier()),
        "ca": certificate.is_ca(),
        "path_length": certificate.path_length(),
        "key_usage": certificate.key_usage().map(|usage| usage.names()),
        "extended_key_usage": usages(certificate),
        "policies": policies,
        "permitted": permitted,
        "excluded": excluded,
        "identity_proof": proof,
        "sha256": hex::encode(certificate.sha256()),
        "sha1": hex::encode(certificate.sha1()),
        "key_id": certificate.subject_key_id().map(hex::encode),
        "authority_key_id": certificate.authority_key_id().map(hex::encode),
        "crl_urls": certificate.crl_urls(),
        "ocsp_urls": certificate.ocsp_urls(),
        "ca_issuers_urls": certificate.ca_issuers_urls(),
        "smime_capabilities": capabilities(certificate),
        "profile": Standard::of(certificate).name(),
    })
}

/// The certificate for people. Every text in it was chosen by whoever made it.
pub(super) fn describe(found: &Found, now: OffsetDateTime, context: &Context) -> String {
    let certificate = match found {
        Ok(certificate) => certificate,
        Err(error) => {
            return context.text("cert-refused", &[("reason", &refusal(*error, context))]);
        }
    };
    let mut lines = Vec::new();
    let mut add = |id: &str, value: String| {
        if !value.is_empty() {
            let value = printable(&value).replace('\n', " ");
            lines.push(context.text(id, &[("value", &value)]));
        }
    };
    add("cert-subject", certificate.subject_text());
    add("cert-addresses", certificate.emails().join(", "));
    add("cert-hosts", certificate.dns_names().join(", "));
    add("cert-other-names", certificate.other_names().join(", "));
    let organization = [certificate.organization(), certificate.organization_identifier()];
    add("cert-organization", organization.into_iter().flatten().collect::<Vec<_>>().join(" "));
    add("cert-issuer", certificate.issuer_text());
    add("cert-serial", hex::encode(certificate.serial()));
    add("cert-validity", validity(certificate, now, context));
    add("cert-key", certificate.public_key().text());
    add("cert-signature", names::signature(&certificate.signature_identifier()));
    add("cert-authority", authority(certificate, context));
    let usage = certificate.key_usage().map(|usage| usage.names().join(", "));
    add("cert-key-usage", usage.unwrap_or_default());
    add("cert-extended-key-usage", usages(certificate).join(", "));
    let policies = certificate.policies();
    let policies = policies.iter().map(|policy| {
        let name = names::policy(policy, context);
        name.map_or_else(|| policy.clone(), |name| format!("{name} ({policy})"))
    });
    add("cert-policies", policies.collect::<Vec<_>>().join(", "));
    let (permitted, excluded) = certificate.name_constraints();
    add("cert-permitted", permitted.join(", "));
    add("cert-excluded", excluded.join(", "));
    if let Some(proof) = certificate.identity_proof() {
        let level = proof.level.to_string();
        let of = [("level", level.as_str()), ("date", &proof.date.to_string())];
        add("cert-identity-proof", context.text("cert-identity-proof-value", &of));
    }
    add("cert-sha256", colons(&certificate.sha256()));
    add("cert-sha1", colons(&certificate.sha1()));
    add("cert-key-id", certificate.subject_key_id().map(hex::encode).unwrap_or_default());
    add("cert-issuer-key-id", certificate.authority_key_id().map(hex::encode).unwrap_or_default());
    add("cert-crl", certificate.crl_urls().join(" "));
    add("cert-ocsp", certificate.ocsp_urls().join(" "));
    add("cert-ca-issuers", certificate.ca_issuers_urls().join(" "));
    add("cert-capabilities", capabilities(certificate).unwrap_or_default().join(", "));
    add("cert-profile", Standard::of(certificate).name());
    lines.join("\n")
}

fn validity(certificate: &Certificate, now: OffsetDateTime, context: &Context) -> String {
    let (from, until) = (time_text(certificate.not_before()), time_text(certificate.not_after()));
    let days = days_left(certificate, now);
    let left = if now < certificate.not_before() {
        context.text("cert-not-yet-valid", &[])
    } else if now > certificate.not_after() {
        context.text("cert-expired", &[("days", &days.unsigned_abs().to_string())])
    } else {
        context.text("cert-days-left", &[("days", &days.to_string())])
    };
    context.text("cert-validity-value", &[("from", &from), ("until", &until), ("left", &left)])
}

fn authority(certificate: &Certificate, context: &Context) -> String {
    match (certificate.is_ca(), certificate.path_length()) {
        (false, _) => String::new(),
        (true, None) => context.text("cert-authority-any", &[]),
        (true, Some(length)) => {
            context.text("cert-authority-length", &[("length", &length.to_string())])
        }
    }
}

fn usages(certificate: &Certificate) -> Vec<String> {
    certificate.extended_key_usages().iter().map(|usage| names::usage(usage)).collect()
}

/// What the holder's mailer can read, in its order; `None` without the extension.
fn capabilities(certificate: &Certificate) -> Option<Vec<String>> {
    let identifiers = certificate.smime_capability_identifiers()?;
    Some(identifiers.iter().map(|identifier| names::capability(identifier)).collect())
}

/// Whole days until the end; negative when it is past.
fn days_left(certificate: &Certificate, now: OffsetDateTime) -> i64 {
    (certificate.not_after() - now).whole_days()
}

fn time_text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

/// `AB:CD:..`, as programs show fingerprints.
fn colons(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().join(":")
}
