//! Name constraints (RFC 5280 4.2.1.10), for the alternative names and the subject.

use der::asn1::Ia5String;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;

use crate::extensions::Constraints;
use crate::name::{CanonicalName, attribute_texts};
use crate::{Certificate, address, oid};

/// The most comparisons of a name with a subtree for one pair of certificates. A
/// thousand names below a thousand subtrees would be a million; nobody issues that.
const MAX_COMPARISONS: usize = 250_000;

/// How a certificate breaks the name constraints of a CA above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameFault {
    /// A name lies in none of the permitted subtrees of its type.
    NotPermitted,
    /// A name lies in an excluded subtree.
    Excluded,
    /// A constraint is of a type, or has bounds, that we do not process. RFC 5280
    /// 4.2.1.10 asks to process such a constraint or to reject the certificate.
    Unsupported,
    /// More names and constraints than are compared.
    TooMany,
}

/// Checks every name of `certificate` against the constraints in `ca`, a certificate
/// above it. Without constraints everything is permitted.
pub(crate) fn check(ca: &Certificate, certificate: &Certificate) -> Result<(), NameFault> {
    let Some(constraints) = &ca.extensions().name_constraints else {
        return Ok(());
    };
    let excluded = subtrees(&constraints.excluded)?;
    let permitted = subtrees(&constraints.permitted)?;
    let names = names_of(certificate);
    if names.len().saturating_mul(excluded.len() + permitted.len()) > MAX_COMPARISONS {
        return Err(NameFault::TooMany);
    }
    for name in &names {
        // A name of a form that no constraint we process can speak about has no kind:
        // nothing constrains it.
        let Some(kind) = name.kind() else { continue };
        let mut excluding = excluded.iter().filter(|base| base.kind() == kind);
        if excluding.any(|base| name.is_unreadable() || name.may_lie_within(base)) {
            return Err(NameFault::Excluded);
        }
        let mut permitting = permitted.iter().filter(|base| base.kind() == kind).peekable();
        if permitting.peek().is_some() && !permitting.any(|base| name.is_within(base)) {
            return Err(NameFault::NotPermitted);
        }
    }
    Ok(())
}

/// Whether the constraints of `ca` are all of types that are processed, whatever
/// names follow.
pub(crate) fn are_supported(constraints: &Constraints) -> bool {
    subtrees(&constraints.permitted).is_ok() && subtrees(&constraints.excluded).is_ok()
}

/// The types of names that are processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Email,
    Dns,
    Directory,
    Uri,
    Ip,
}

/// The base of one subtree, ready to compare.
enum Base {
    /// A mailbox, a host (`a.example`) or everything below one (`.a.example`).
    Mailbox(String),
    Host(String),
    Below(String),
    Dns(String),
    Directory(CanonicalName),
    UriHost(String),
    UriBelow(String),
    /// Address and mask, of one length.
    Ip(Vec<u8>, Vec<u8>),
}

/// One name of the certificate, ready to compare.
enum Presented {
    /// An address and its domain as A-labels; `None` when it is no address.
    Email(String, Option<String>),
    Dns(String),
    Directory(CanonicalName),
    /// The host of a URI; `None` when it has none.
    Uri(Option<String>),
    Ip(Vec<u8>),
    Unsupported,
}

fn subtrees(list: &[GeneralSubtree]) -> Result<Vec<Base>, NameFault> {
    list.iter()
        .map(|subtree| {
            // RFC 5280 4.2.1.10: "minimum MUST be zero, and maximum MUST be absent."
            if subtree.minimum != 0 || subtree.maximum.is_some() {
                return Err(NameFault::Unsupported);
            }
            Base::new(&subtree.base)
        })
        .collect()
}

impl Base {
    fn new(base: &GeneralName) -> Result<Self, NameFault> {
        match base {
            GeneralName::Rfc822Name(text) => Self::email(text),
            GeneralName::DnsName(text) => {
                let text = text.as_str().to_ascii_lowercase();
                // The empty base is every name; a leading dot is outside the RFC and
                // read in opposite ways by different programs.
                let usable = text.is_empty() || address::is_host_name(&text);
                usable.then_some(Self::Dns(text)).ok_or(NameFault::Unsupported)
            }
            GeneralName::DirectoryName(name) => Ok(Self::Directory(CanonicalName::from_name(name))),
            GeneralName::UniformResourceIdentifier(text) => {
                let text = text.as_str().to_ascii_lowercase();
                match text.strip_prefix('.') {
                    Some(below) if address::is_domain(below) => {
                        Ok(Self::UriBelow(below.to_owned()))
                    }
                    None if address::is_domain(&text) => Ok(Self::UriHost(text)),
                    _ => Err(NameFault::Unsupported),
                }
            }
            GeneralName::IpAddress(octets) => {
                let octets = octets.as_bytes();
                match octets.len() {
                    8 | 32 => {
                        let (network, mask) = octets.split_at(octets.len() / 2);
                        Ok(Self::Ip(network.to_vec(), mask.to_vec()))
                    }
                    _ => Err(NameFault::Unsupported),
                }
            }
            _ => Err(NameFault::Unsupported),
        }
    }

    fn email(text: &Ia5String) -> Result<Self, NameFault> {
        let text = text.as_str();
        if text.contains('@') {
            let usable = address::is_ascii_mailbox(text);
            return usable.then(|| Self::Mailbox(text.to_owned())).ok_or(NameFault::Unsupported);
        }
        let lower = text.to_ascii_lowercase();
        match lower.strip_prefix('.') {
            Some(below) if address::is_domain(below) => Ok(Self::Below(below.to_owned())),
            None if address::is_domain(&lower) => Ok(Self::Host(lower)),
            _ => Err(NameFault::Unsupported),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Mailbox(_) | Self::Host(_) | Self::Below(_) => Kind::Email,
            Self::Dns(_) => Kind::Dns,
            Self::Directory(_) => Kind::Directory,
            Self::UriHost(_) | Self::UriBelow(_) => Kind::Uri,
            Self::Ip(..) => Kind::Ip,
        }
    }
}

impl Presented {
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Email(..) => Some(Kind::Email),
            Self::Dns(_) => Some(Kind::Dns),
            Self::Directory(_) => Some(Kind::Directory),
            Self::Uri(_) => Some(Kind::Uri),
            Self::Ip(_) => Some(Kind::Ip),
            Self::Unsupported => None,
        }
    }

    /// Whether no subtree of its kind can be compared with this name. Such a name is
    /// outside everything permitted, and inside everything excluded (RFC 5280
    /// 4.2.1.10 says so for a URI without a host: "MUST reject the certificate").
    fn is_unreadable(&self) -> bool {
        matches!(self, Self::Email(_, None) | Self::Uri(None))
    }

    /// Whether every host that the name stands for is in the subtree.
    fn is_within(&self, base: &Base) -> bool {
        match (self, base) {
            (Self::Email(email, _), Base::Mailbox(mailbox)) => {
                address::same_mailbox(email, mailbox)
            }
            (Self::Email(_, Some(domain)), Base::Host(host)) => domain == host,
            (Self::Email(_, Some(domain)), Base::Below(above)) => is_below(domain, above),
            (Self::Dns(name), Base::Dns(domain)) => {
                // RFC 5280 4.2.1.10: any number of labels may be added on the left.
                domain.is_empty() || name == domain || is_below(name, domain)
            }
            (Self::Directory(name), Base::Directory(subtree)) => name.is_within(subtree),
            (Self::Uri(Some(host)), Base::UriHost(wanted)) => host == wanted,
            (Self::Uri(Some(host)), Base::UriBelow(domain)) => is_below(host, domain),
            (Self::Ip(octets), Base::Ip(network, mask)) => {
                octets.len() == network.len()
                    && octets
                        .iter()
                        .zip(network)
                        .zip(mask)
                        .all(|((octet, network), mask)| octet & mask == network & mask)
            }
            _ => false,
        }
    }

    /// Whether some host that the name stands for is in the subtree: a wildcard above
    /// an excluded host covers that host.
    fn may_lie_within(&self, base: &Base) -> bool {
        let covers = match (self, base) {
            (Self::Dns(name), Base::Dns(domain)) => {
                name.strip_prefix("*.").is_some_and(|above| is_below(domain, above))
            }
            _ => false,
        };
        covers || self.is_within(base)
    }
}

/// Every name that constraints may speak about.
fn names_of(certificate: &Certificate) -> Vec<Presented> {
    let extensions = certificate.extensions();
    let mut names = Vec::new();
    // RFC 5280 6.1.3 (b): an empty subject is no name.
    if !certificate.subject_name().is_empty() {
        names.push(Presented::Directory(certificate.subject_name().clone()));
    }
    // RFC 9598 6: constraints on rfc822Name apply to SmtpUTF8Mailbox as well.
    names.extend(extensions.emails.iter().cloned().map(email_of));
    // RFC 5280 4.2.1.10: constraints apply to emailAddress in the subject where there
    // is no rfc822Name. We apply them always: some mailers still read that attribute.
    for email in attribute_texts(certificate.subject_parsed(), oid::EMAIL_ADDRESS) {
        names.push(email_of(email));
    }
    for name in &extensions.alternative_names {
        names.push(match name {
            // Among the e-mail addresses already.
            GeneralName::Rfc822Name(_) => continue,
            GeneralName::OtherName(other)
                if other.type_id.to_string() == oid::SMTP_UTF8_MAILBOX =>
            {
                continue;
            }
            GeneralName::DnsName(text) => Presented::Dns(text.as_str().to_ascii_lowercase()),
            GeneralName::DirectoryName(name) => {
                Presented::Directory(CanonicalName::from_name(name))
            }
            GeneralName::UniformResourceIdentifier(text) => Presented::Uri(uri_host(text.as_str())),
            GeneralName::IpAddress(octets) => Presented::Ip(octets.as_bytes().to_vec()),
            _ => Presented::Unsupported,
        });
    }
    names
}

fn email_of(email: String) -> Presented {
    let domain = address::split(&email).and_then(|(_, domain)| address::ascii_domain(domain));
    Presented::Email(email, domain)
}

/// Whether `host` is at least one label below `domain`; both in lower case.
fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .and_then(|rest| rest.strip_suffix('.'))
        .is_some_and(|sub| !sub.is_empty())
}

/// The host of `scheme://[user@]host[:port]/...` in lower case. `None` for a URI
/// without one, or with an IP address in its place.
fn uri_host(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let is_number = host.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.');
    (address::is_domain(host) && !is_number).then(|| host.to_ascii_lowercase())
}
