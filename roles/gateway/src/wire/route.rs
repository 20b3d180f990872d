//! Where mail for a domain goes.

use std::{collections::BTreeMap, fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

/// One place that takes mail, written like a URL.
///
/// | written | meaning |
/// |---|---|
/// | `smtp://host:port` | SMTP, without TLS; port 25 if left out |
/// | `smtp+tls://host:port` | SMTP with STARTTLS required and verified |
/// | `lmtp://host:port` | LMTP over TCP; port 24 if left out |
/// | `lmtp:///path/socket` | LMTP over a UNIX socket |
/// | `maildir:/path/{domain}/{local}` | a Maildir per recipient |
/// | `reject` | mail for these recipients is refused |
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Route {
    /// SMTP to a host and port.
    Smtp {
        /// A host name or an IP address, an IPv6 one without its brackets.
        host: String,
        /// The TCP port.
        port: u16,
        /// Whether STARTTLS is required and the certificate verified.
        tls: bool,
    },
    /// LMTP to a host and port.
    Lmtp {
        /// A host name or an IP address, an IPv6 one without its brackets.
        host: String,
        /// The TCP port.
        port: u16,
    },
    /// LMTP to a UNIX socket, by its absolute path.
    LmtpSocket(PathBuf),
    /// A Maildir. The absolute path may hold `{domain}` and `{local}`.
    Maildir(String),
    /// No delivery: each recipient is refused with 550 5.7.1.
    Reject,
}

/// Why a text is not a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteFault {
    /// It starts with none of the known schemes.
    #[error("a route is smtp://, smtp+tls://, lmtp://, maildir: or reject")]
    Scheme,
    /// The host is missing or holds characters that no host name has.
    #[error("the route's host is not a host name or address")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("the route's port is not a number from 1 to 65535")]
    Port,
    /// A path must be absolute and without `..`.
    #[error("the route's path is not absolute, or goes upward")]
    Path,
    /// Only `{domain}` and `{local}` can stand in a Maildir's path.
    #[error("a Maildir's path may hold {{domain}} and {{local}}, no other braces")]
    Placeholder,
    /// A routing table names a domain that is not one.
    #[error("a routing table entry is not a domain")]
    Domain,
    /// A routing table names a domain twice, once perhaps in its xn-- form.
    #[error("a routing table names a domain twice")]
    DuplicateDomain,
}

impl FromStr for Route {
    type Err = RouteFault;

    fn from_str(text: &str) -> Result<Self, RouteFault> {
        if text == "reject" {
            return Ok(Self::Reject);
        }
        if let Some(rest) = text.strip_prefix("smtp://") {
            let (host, port) = host_and_port(rest, 25)?;
            return Ok(Self::Smtp { host, port, tls: false });
        }
        if let Some(rest) = text.strip_prefix("smtp+tls://") {
            let (host, port) = host_and_port(rest, 25)?;
            return Ok(Self::Smtp { host, port, tls: true });
        }
        if let Some(rest) = text.strip_prefix("lmtp://") {
            if rest.starts_with('/') {
                return Ok(Self::LmtpSocket(absolute(rest)?.into()));
            }
            let (host, port) = host_and_port(rest, 24)?;
            return Ok(Self::Lmtp { host, port });
        }
        if let Some(template) = text.strip_prefix("maildir:") {
            let left = absolute(template)?.replace("{domain}", "").replace("{local}", "");
            if left.contains(['{', '}']) {
                return Err(RouteFault::Placeholder);
            }
            return Ok(Self::Maildir(template.to_owned()));
        }
        Err(RouteFault::Scheme)
    }
}

impl TryFrom<String> for Route {
    type Error = RouteFault;

    fn try_from(text: String) -> Result<Self, RouteFault> {
        text.parse()
    }
}

impl From<Route> for String {
    fn from(route: Route) -> Self {
        route.to_string()
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |host: &str, port: u16| match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        };
        match self {
            Self::Smtp { host, port, tls: false } => write!(f, "smtp://{}", at(host, *port)),
            Self::Smtp { host, port, tls: true } => write!(f, "smtp+tls://{}", at(host, *port)),
            Self::Lmtp { host, port } => write!(f, "lmtp://{}", at(host, *port)),
            Self::LmtpSocket(path) => write!(f, "lmtp://{}", path.display()),
            Self::Maildir(template) => write!(f, "maildir:{template}"),
            Self::Reject => f.write_str("reject"),
        }
    }
}

fn host_and_port(text: &str, default_port: u16) -> Result<(String, u16), RouteFault> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(RouteFault::Host)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| RouteFault::Host)?;
            let port = match rest {
                "" => None,
                _ => Some(rest.strip_prefix(':').ok_or(RouteFault::Port)?),
            };
            (host, port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_host_octet = |octet: u8| octet.is_ascii_alphanumeric() || b".-_:".contains(&octet);
    if host.is_empty() || !host.bytes().all(is_host_octet) {
        return Err(RouteFault::Host);
    }
    let port = match port {
        None => default_port,
        Some(digits) if digits.bytes().all(|octet| octet.is_ascii_digit()) => {
            digits.parse().map_err(|_| RouteFault::Port)?
        }
        Some(_) => return Err(RouteFault::Port),
    };
    if port == 0 { Err(RouteFault::Port) } else { Ok((host.to_owned(), port)) }
}

fn absolute(path: &str) -> Result<&str, RouteFault> {
    let upward = path.split('/').any(|part| part == "..");
    if !path.starts_with('/') || upward || path.contains('\0') {
        return Err(RouteFault::Path);
    }
    Ok(path)
}

/// The routing table: a route per domain, and one for all others.
///
/// A domain matches itself only, not its subdomains, and is compared in its A-label
/// form, so `例え.example` and its `xn--` spelling are one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routes {
    by_domain: BTreeMap<String, Route>,
    next_hop: Route,
}

impl Routes {
    /// A table of `[gateway.routes]` entries, domain to route, and the next hop for
    /// every other domain.
    ///
    /// # Errors
    /// [`RouteFault::Domain`] and [`RouteFault::DuplicateDomain`].
    pub fn new(
        entries: impl IntoIterator<Item = (String, Route)>,
        next_hop: Route,
    ) -> Result<Self, RouteFault> {
        let mut by_domain = BTreeMap::new();
        for (domain, route) in entries {
            let domain = a_labels(&domain).ok_or(RouteFault::Domain)?;
            if by_domain.insert(domain, route).is_some() {
                return Err(RouteFault::DuplicateDomain);
            }
        }
        Ok(Self { by_domain, next_hop })
    }

    /// The route for a recipient's address. One without a domain (`postmaster`), or with
    /// a domain that has no A-label form, goes to the next hop, which knows its own
    /// domains better than we do.
    pub fn route(&self, recipient: &str) -> &Route {
        recipient
            .rsplit_once('@')
            .and_then(|(_, domain)| a_labels(domain))
            .and_then(|domain| self.by_domain.get(&domain))
            .unwrap_or(&self.next_hop)
    }
}

/// The domain in lower case and A-labels, or `None` if it is not a domain.
fn a_labels(domain: &str) -> Option<String> {
    idna::domain_to_ascii_strict(domain).ok().filter(|domain| !domain.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_back_alike() {
        for text in [
            "smtp://mx.example:25",
            "smtp://127.0.0.1:2525",
            "smtp://[::1]:2525",
            "smtp+tls://mx.example:587",
            "lmtp://localhost:24",
            "lmtp:///run/dovecot/lmtp",
            "maildir:/var/mail/{domain}/{local}",
            "reject",
        ] {
            let route: Route = text.parse().unwrap();
            assert_eq!(route.to_string(), text);
        }
        assert_eq!("smtp://h".parse::<Route>().unwrap().to_string(), "smtp://h:25");
        assert_eq!("lmtp://h".parse::<Route>().unwrap().to_string(), "lmtp://h:24");
        assert_eq!("smtp://[::1]".parse::<Route>().unwrap().to_string(), "smtp://[::1]:25");
    }

    #[test]
    fn what_is_not_a_route_says_why() {
        for (text, fault) in [
            ("", RouteFault::Scheme),
            ("http://x", RouteFault::Scheme),
            ("Reject", RouteFault::Scheme),
            ("smtp://", RouteFault::Host),
            ("smtp://:25", RouteFault::Host),
            ("smtp://a b:25", RouteFault::Host),
            ("smtp://user@h:25", RouteFault::Host),
            ("smtp://[::1:25", RouteFault::Host),
            ("smtp://[::x]:25", RouteFault::Host),
            ("smtp://h:0", RouteFault::Port),
            ("smtp://h:65536", RouteFault::Port),
            ("smtp://h:+25", RouteFault::Port),
            ("smtp://h:", RouteFault::Port),
            ("smtp://::1", RouteFault::Host),
            ("smtp://[::1]25", RouteFault::Port),
            ("maildir:mail", RouteFault::Path),
            ("maildir:/mail/../etc", RouteFault::Path),
            ("maildir:/mail/{user}", RouteFault::Placeholder),
            ("lmtp:///run/../x", RouteFault::Path),
        ] {
            assert_eq!(text.parse::<Route>(), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_domain_takes_its_own_route_and_all_others_the_next_hop() {
        let b: Route = "lmtp://b:24".parse().unwrap();
        let next: Route = "smtp://next:25".parse().unwrap();
        let routes = Routes::new(
            [("B.Example".into(), b.clone()), ("例え.example".into(), b.clone())],
            next.clone(),
        )
        .unwrap();
        for mine in ["x@b.example", "x@B.EXAMPLE", "\"a@c\"@b.example", "x@例え.example"] {
            assert_eq!(routes.route(mine), &b, "{mine}");
        }
        assert_eq!(routes.route("x@xn--r8jz45g.example"), &b);
        for other in
            ["x@sub.b.example", "x@example", "postmaster", "", "x@[192.0.2.1]", "x@b.example."]
        {
            assert_eq!(routes.route(other), &next, "{other}");
        }
    }

    #[test]
    fn a_table_with_a_domain_twice_is_refused() {
        let entry = |domain: &str| (domain.to_owned(), Route::Reject);
        let twice =
            Routes::new([entry("例え.example"), entry("xn--r8jz45g.example")], Route::Reject);
        assert_eq!(twice, Err(RouteFault::DuplicateDomain));
        let bad = Routes::new([entry("not a domain")], Route::Reject);
        assert_eq!(bad, Err(RouteFault::Domain));
    }
}
