//! `ssmax cert smimea`: the certificates of a domain's people as records for its DNS zone
//! (RFC 8162), by way of the running CA.

use crate::command::user::ask;
use crate::command::{ConfigFile, Context};
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use crate::files;
use serde_json::json;
use ssmax_api::ca::{OfficerRequest, PublishedCertificate};
use ssmax_mail::address::Address;
use ssmax_pki::{Certificate, smimea};
use std::path::PathBuf;
use std::process::ExitCode;
use time::OffsetDateTime;

/// Arguments of `ssmax cert smimea`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The mail domain; to be told where the member has several.
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Where to write the records, as a new file (default: standard output).
    #[arg(long, value_name = "FILE", default_value = "-", hide_default_value = true)]
    out: PathBuf,
    /// How long resolvers may keep a record, in seconds, 60 to 604800.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600,
          value_parser = clap::value_parser!(u32).range(60..=604_800))]
    ttl: u32,
    /// At a member that inspects: publish people's own certificates, although what is
    /// encrypted with them is not inspected.
    #[arg(long)]
    uninspected: bool,
    #[command(flatten)]
    config: ConfigFile,
}

/// A person in the zone.
struct Published {
    address: String,
    certificate: Certificate,
}

/// Who stands in the zone, and who does not.
#[derive(Default)]
struct Found {
    published: Vec<Published>,
    /// Addresses without a certificate that could be used now.
    without: Vec<String>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let organisation = config.organisation()?;
    if !organisation.is_esp() && !args.uninspected {
        return Err(Complaint::new(Exit::WrongUse, "smimea-uninspected"));
    }
    let domain = domain(args, &organisation.domains)?;
    let found = found(&config, &domain)?;
    files::write_document(&args.out, zone(&found, &domain, args.ttl).as_bytes())?;
    let is_file = args.out.as_os_str() != "-";
    if is_file {
        tell(args, &found, &domain, context);
    } else {
        // Standard output is the zone.
        for address in &found.without {
            files::note(context.text("smimea-without", &[("address", address)]));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The domain of the zone, in A-labels.
fn domain(args: &Args, own: &[String]) -> Result<String, Complaint> {
    let wanted = match (&args.domain, own) {
        (Some(wanted), _) => wanted,
        (None, [only]) => only,
        (None, _) => {
            return Err(Complaint::new(Exit::WrongUse, "smimea-which-domain")
                .with("domains", own.join(", ")));
        }
    };
    let wanted = ascii_domain(wanted);
    if own.iter().any(|own| ascii_domain(own) == wanted) {
        Ok(wanted)
    } else {
        let complaint = Complaint::new(Exit::WrongUse, "smimea-other-domain");
        Err(complaint.with("domain", wanted).with("domains", own.join(", ")))
    }
}

fn ascii_domain(domain: &str) -> String {
    Address::new("x", domain).map_or_else(|_| domain.to_owned(), |one| one.ascii_domain())
}

/// Asks the CA for all addresses, and sorts those of the domain.
fn found(config: &Config, domain: &str) -> Result<Found, Complaint> {
    let now = OffsetDateTime::now_utc();
    let mut found = Found::default();
    let mut after = String::new();
    loop {
        let request = OfficerRequest::Published { after: after.clone() };
        let page: Vec<PublishedCertificate> = ask(config, &request, "")?;
        let Some(last) = page.last() else { return Ok(found) };
        after.clone_from(&last.address);
        for one in page {
            sort(one, domain, now, &mut found)?;
        }
    }
}

fn sort(
    one: PublishedCertificate,
    domain: &str,
    now: OffsetDateTime,
    found: &mut Found,
) -> Result<(), Complaint> {
    let is_here = |address: &Address| address.ascii_domain() == domain;
    if !Address::parse(&one.address).is_ok_and(|address| is_here(&address)) {
        return Ok(());
    }
    let certificate = one.certificate.map(|der| Certificate::from_der(&der)).transpose()?;
    let runs = |one: &Certificate| one.not_before() <= now && now <= one.not_after();
    match certificate.filter(runs) {
        Some(certificate) => {
            found.published.push(Published { address: one.address, certificate });
        }
        None => found.without.push(one.address),
    }
    Ok(())
}

impl Published {
    /// The local parts by which this person is asked for: as people type it, and as it stands
    /// in the certificate, since whoever asks changes no letter's case.
    fn local_parts(&self) -> Vec<String> {
        let in_certificate = self.certificate.emails();
        let spelt = in_certificate.iter().filter(|one| one.to_lowercase() == self.address);
        let all = spelt.map(String::as_str).chain([self.address.as_str()]);
        let mut locals: Vec<String> =
            all.filter_map(|one| Some(Address::parse(one).ok()?.local().to_owned())).collect();
        locals.sort();
        locals.dedup();
        locals
    }
}

/// The records, for the zone of the domain to include.
fn zone(found: &Found, domain: &str, ttl: u32) -> String {
    let mut text = format!("$ORIGIN {}\n", smimea::origin(domain));
    for one in &found.published {
        for local in one.local_parts() {
            text.push_str(&smimea::record(&local, ttl, &one.certificate));
        }
    }
    text
}

fn tell(args: &Args, found: &Found, domain: &str, context: &Context) {
    let people: Vec<_> = found
        .published
        .iter()
        .map(|one| {
            let names: Vec<String> = one
                .local_parts()
                .iter()
                .map(|local| format!("{}.{}", smimea::label(local), smimea::origin(domain)))
                .collect();
            let sha256 = hex::encode(one.certificate.sha256());
            json!({ "address": one.address, "names": names, "sha256": sha256 })
        })
        .collect();
    let facts = json!({
        "domain": domain, "file": args.out, "published": people, "without": found.without,
    });
    context.print(&facts, || {
        let (count, path) = (found.published.len().to_string(), args.out.display().to_string());
        let mut said = vec![context.text("smimea-written", &[("count", &count), ("path", &path)])];
        let without = found.without.iter();
        said.extend(without.map(|one| context.text("smimea-without", &[("address", one)])));
        said.join("\n")
    });
}
