//! `ssmax setup mailers`: what the computers of an organisation's people are given so that a
//! stock Thunderbird believes its two anchors, asks the directory, and encrypts by itself.
//!
//! The files lie as they do in Thunderbird's own folder. Its policies may set nothing of the
//! directory (only names that begin as in its own list), so that stands in a file of defaults.

use crate::command::{ConfigFile, Context, block_on};
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use crate::member;
use crate::part::{Part, perform};
use serde_json::{Value, json};
use ssmax_pki::Certificate;
use ssmax_store::files::{create_public_dir, read_public, write_public};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The port of LDAP with TLS from the start.
const PORT: u16 = 636;

/// Where Thunderbird looks for certificates that a policy names.
const CERTIFICATES: &str = "distribution/certificates";
const POLICIES: &str = "distribution/policies.json";
const DEFAULTS: &str = "defaults/pref/organisation.js";

/// What the directory is called in the preferences.
const SERVER: &str = "ldap_2.servers.organisation";

/// Arguments of `ssmax setup mailers`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where mailers reach the directory: HOST or HOST:PORT, with TLS from the start.
    #[arg(long, value_name = "HOST[:PORT]")]
    server: String,
    /// What the directory's certificate is believed by, PEM, if mailers do not know it.
    #[arg(long = "anchor", value_name = "FILE.pem")]
    anchors: Vec<PathBuf>,
    /// The folder to write to.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    config: ConfigFile,
}

/// Writes the files.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let (host, port) = host_and_port(&args.server).ok_or_else(|| {
        Complaint::new(Exit::WrongUse, "setup-mailers-server").with("server", &args.server)
    })?;
    let mut certificates = anchors(&config)?;
    for (number, path) in (1..).zip(&args.anchors) {
        let pem = read_public(path)?;
        let certificate = Certificate::from_pem(&String::from_utf8_lossy(&pem))
            .map_err(|_| Complaint::new(Exit::WrongUse, "setup-mailers-anchor"))
            .map_err(|complaint| complaint.with("path", path.display()))?;
        certificates.push((format!("directory-ca-{number}.pem"), certificate));
    }
    let mut files: Vec<(String, String)> = certificates
        .iter()
        .map(|(name, certificate)| (format!("{CERTIFICATES}/{name}"), certificate.to_pem()))
        .collect();
    let names: Vec<&str> = certificates.iter().map(|(name, _)| name.as_str()).collect();
    files.push((POLICIES.to_owned(), policies(&names)));
    let organisation = config.organisation()?;
    let base = config
        .directory()
        .map_or_else(|_| ssmax_directory::base_of(organisation), |settings| settings.base());
    let uri = format!("ldaps://{host}:{port}/{base}??sub?(objectclass=*)");
    files.push((DEFAULTS.to_owned(), defaults(&organisation.name, &uri)));
    for folder in ["distribution", CERTIFICATES, "defaults", "defaults/pref"] {
        create_public_dir(&args.out)?;
        create_public_dir(&args.out.join(folder))?;
    }
    for (name, text) in &files {
        write_public(&args.out.join(name), text.as_bytes())?;
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let facts = json!({ "dir": args.out, "files": names, "uri": uri });
    context.print(&facts, || written(&args.out, &names, context));
    Ok(ExitCode::SUCCESS)
}

fn written(dir: &Path, names: &[&str], context: &Context) -> String {
    let dir = dir.display().to_string();
    let mut lines = vec![context.text("setup-mailers-written", &[("dir", &dir)])];
    lines.extend(names.iter().map(|name| format!("  {name}")));
    lines.push(context.text("setup-mailers-next", &[]));
    lines.join("\n")
}

/// The two anchors of every mailer: for mail from others, and for people's own certificates.
fn anchors(config: &Config) -> Result<Vec<(String, Certificate)>, Complaint> {
    let admission = member::installed(config)?;
    let admission = admission.ok_or_else(|| Complaint::new(Exit::Unavailable, "not-admitted"))?;
    let seal_ca: Vec<u8> = block_on(perform(config, Part::SealCa))?;
    Ok(vec![
        ("seal-ca.pem".to_owned(), Certificate::from_der(&seal_ca)?),
        ("member-ca.pem".to_owned(), Certificate::from_pem(&admission.member_ca)?),
    ])
}

/// Host and port, from a name, an IPv4 address, or an IPv6 address in brackets.
fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (text, PORT),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match bare {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.');
            !host.is_empty() && host.bytes().all(plain)
        }
    };
    (is_host && port != 0).then_some((host, port))
}

fn policies(certificates: &[&str]) -> String {
    let encrypts = json!({ "Value": true, "Status": "default" });
    let policies = json!({ "policies": {
        "Certificates": { "Install": certificates },
        "Preferences": { "mail.e2ee.auto_enable": encrypts },
    }});
    // Of strings and booleans nothing can fail to be written.
    serde_json::to_string_pretty(&policies).unwrap_or_default() + "\n"
}

fn defaults(organisation: &str, uri: &str) -> String {
    let lines: [(&str, Value); 7] = [
        ("ldap_2.autoComplete.useDirectory", json!(true)),
        ("ldap_2.autoComplete.directoryServer", json!(SERVER)),
        (&format!("{SERVER}.description"), json!(organisation)),
        (&format!("{SERVER}.dirType"), json!(0)),
        (&format!("{SERVER}.filename"), json!("organisation.sqlite")),
        (&format!("{SERVER}.maxHits"), json!(20)),
        (&format!("{SERVER}.uri"), json!(uri)),
    ];
    lines.iter().map(|(name, value)| format!("pref(\"{name}\", {value});\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_and_a_port() {
        for (text, expected) in [
            ("directory.a.example", Some(("directory.a.example", 636))),
            ("directory.a.example:3636", Some(("directory.a.example", 3636))),
            ("192.0.2.1:3636", Some(("192.0.2.1", 3636))),
            ("[2001:db8::1]", Some(("[2001:db8::1]", 636))),
            ("[2001:db8::1]:3636", Some(("[2001:db8::1]", 3636))),
            ("2001:db8::1", None),
            ("ldaps://directory.a.example", None),
            ("directory.a.example:0", None),
            ("directory.a.example:x", None),
            ("a\"b", None),
            ("", None),
        ] {
            assert_eq!(host_and_port(text), expected, "{text}");
        }
    }

    #[test]
    fn names_are_written_as_mailers_read_them() {
        let text = defaults("A \"株式会社\"", "ldaps://a/dc=a");
        assert!(text.contains("description\", \"A \\\"株式会社\\\"\");\n"), "{text}");
        assert!(text.contains("pref(\"ldap_2.servers.organisation.dirType\", 0);\n"), "{text}");
    }
}
