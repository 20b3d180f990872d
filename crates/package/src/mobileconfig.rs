//! Configuration profiles of Apple's devices: keys and anchors, put in with one tap.
//!
//! Payloads as in Apple's "Device Management Profile" reference: `com.apple.security.root`,
//! `.pkcs1` and `.pkcs12`, within `Configuration`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssmax_pki::Certificate;
use ssmax_token::Random;
use std::fmt::Write as _;

/// What a profile is made of.
pub struct Profile<'a> {
    /// What the device shows it as.
    pub name: &'a str,
    /// Whose it is.
    pub organisation: &'a str,
    /// The own domain, and the person's address: the profile's name is made of them, so that
    /// a newer one takes the place of the one before.
    pub domain: &'a str,
    /// See [`Profile::domain`].
    pub address: &'a str,
    /// CAs that are their own roots: trusted once the profile is in.
    pub roots: &'a [Certificate],
    /// Other CAs.
    pub intermediates: &'a [Certificate],
    /// The person's keys ([`crate::pkcs12::write`]). The device asks for the password.
    pub keys: &'a [u8],
}

/// The profile as a property list in XML.
#[must_use]
pub fn profile(profile: &Profile<'_>, random: &dyn Random) -> String {
    let labels = profile.domain.rsplit('.').collect::<Vec<_>>().join(".");
    let local: String = profile
        .address
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() { char } else { '-' })
        .collect();
    let identifier = format!("{labels}.ssmax.{local}");
    let mut payloads = String::new();
    let cas = [("root", profile.roots), ("pkcs1", profile.intermediates)];
    let cas = cas.into_iter().flat_map(|(kind, cas)| cas.iter().map(move |ca| (kind, ca)));
    for (number, (kind, ca)) in cas.enumerate() {
        payloads += &payload(
            &format!("com.apple.security.{kind}"),
            &format!("{identifier}.ca-{number}"),
            &ca.common_name().unwrap_or_default(),
            &format!("ca-{number}.cer"),
            ca.der(),
            random,
        );
    }
    payloads += &payload(
        "com.apple.security.pkcs12",
        &format!("{identifier}.keys"),
        profile.address,
        "keys.p12",
        profile.keys,
        random,
    );
    let organisation = ("PayloadOrganization", profile.organisation);
    let head = entries("Configuration", &identifier, profile.name, organisation, random);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n{head}\
         <key>PayloadContent</key>\n<array>\n{payloads}</array>\n</dict>\n</plist>\n"
    )
}

fn payload(
    kind: &str,
    identifier: &str,
    name: &str,
    file: &str,
    content: &[u8],
    random: &dyn Random,
) -> String {
    let file = ("PayloadCertificateFileName", file);
    let entries = entries(kind, identifier, name, file, random);
    let data = STANDARD.encode(content);
    format!("<dict>\n{entries}<key>PayloadContent</key>\n<data>{data}</data>\n</dict>\n")
}

fn entries(
    kind: &str,
    identifier: &str,
    name: &str,
    more: (&str, &str),
    random: &dyn Random,
) -> String {
    let mut out = "<key>PayloadVersion</key>\n<integer>1</integer>\n".to_owned();
    for (key, value) in [
        ("PayloadType", kind),
        ("PayloadIdentifier", identifier),
        ("PayloadUUID", &uuid(random)),
        ("PayloadDisplayName", name),
        more,
    ] {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "<key>{key}</key>\n<string>{}</string>", escaped(value));
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // No place in XML 1.0, nor in a name that somebody reads.
            unseen if ssmax_mail::is_unseen(unseen) => {}
            other => out.push(other),
        }
    }
    out
}

/// RFC 9562 5.4.
fn uuid(random: &dyn Random) -> String {
    let mut octets = [0; 16];
    random.fill(&mut octets);
    octets[6] = octets[6] & 0x0f | 0x40;
    octets[8] = octets[8] & 0x3f | 0x80;
    let mut out = String::with_capacity(36);
    for (at, octet) in octets.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let _ = write!(out, "{octet:02X}");
    }
    out
}
