use std::net::IpAddr;

use hyper::Uri;
use rustls::pki_types::ServerName;

use crate::error::FetchError;

/// Port of `https` where the address names none (RFC 9110 4.2.2).
const HTTPS_PORT: u16 = 443;

/// Where the authority listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    /// Host name or IP address, without the brackets of IPv6.
    pub(crate) host: String,
    /// TCP port.
    pub(crate) port: u16,
    /// Host and port as the address has them, for the `Host` field.
    pub(crate) authority: String,
}

impl Location {
    /// Reads `https://HOST[:PORT]`, with or without a final slash; anything more (a path,
    /// a query, a user) would be silently lost, so it is refused.
    pub(crate) fn parse(url: &str) -> Result<Self, FetchError> {
        let uri: Uri = url.parse().map_err(|_| FetchError::BadUrl)?;
        let authority = uri.authority().ok_or(FetchError::BadUrl)?;
        let bare = uri.path() == "/" && uri.query().is_none() && !url.contains('#');
        if uri.scheme_str() != Some("https") || !bare || authority.as_str().contains('@') {
            return Err(FetchError::BadUrl);
        }
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        // A colon without a number (RFC 3986 3.2.3 allows it) is more likely a slip.
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => HTTPS_PORT,
            _ => authority.port_u16().filter(|port| *port != 0).ok_or(FetchError::BadUrl)?,
        };
        let location = Self { host: host.to_owned(), port, authority: authority.to_string() };
        location.server_name().map(|_| location.clone())
    }

    /// The name that the server's certificate must have. Our profiles certify names and
    /// no addresses; the loopback address of this very host goes by `localhost`
    /// (RFC 6761 6.3), so that a demonstration needs no resolver.
    pub(crate) fn server_name(&self) -> Result<ServerName<'static>, FetchError> {
        let loopback = self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let name = if loopback { "localhost" } else { &self.host };
        ServerName::try_from(name.to_owned()).map_err(|_| FetchError::BadUrl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_and_port(url: &str) -> Option<(String, u16)> {
        Location::parse(url).ok().map(|location| (location.host, location.port))
    }

    #[test]
    fn host_and_port_are_read() {
        for (url, host, port) in [
            ("https://ssmax.example", "ssmax.example", 443),
            ("https://ssmax.example:8443/", "ssmax.example", 8443),
            ("https://127.0.0.1:9", "127.0.0.1", 9),
            ("https://[::1]:9", "::1", 9),
            ("https://[::1]", "::1", 443),
        ] {
            assert_eq!(host_and_port(url), Some((host.to_owned(), port)), "{url}");
        }
    }

    #[test]
    fn the_loopback_address_is_known_by_its_name() {
        for (url, name) in [
            ("https://127.0.0.1:9", "localhost"),
            ("https://[::1]:9", "localhost"),
            ("https://192.0.2.1", "192.0.2.1"),
            ("https://ssmax.example", "ssmax.example"),
        ] {
            let found = Location::parse(url).unwrap().server_name().unwrap();
            assert_eq!(found.to_str(), name, "{url}");
        }
    }

    #[test]
    fn anything_but_an_https_host_is_refused() {
        for url in [
            "",
            "ssmax.example",
            "/v1/list",
            "http://ssmax.example",
            "https://",
            "https://ssmax.example/lists",
            "https://ssmax.example/?x",
            "https://ssmax.example/#x",
            "https://user@ssmax.example",
            "https://ssmax.example:",
            "https://ssmax.example:0",
            "https://ssmax.example:99999",
            "https://ssmax_.example:x",
            "https://ssmax.example\r\nX: y",
        ] {
            assert_eq!(Location::parse(url), Err(FetchError::BadUrl), "{url:?}");
        }
    }
}
