//! Addresses with ports in settings: what is wrong with one is said, and not only that
//! something is.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressFault {
    /// Nothing follows the address, or an IPv6 address is not in brackets.
    #[error("no port")]
    NoPort,
    /// The port is no number.
    #[error("the port is not a number")]
    PortNotNumber,
    /// There is no such port.
    #[error("the port is not from 1 to 65535")]
    PortOutOfRange,
    /// The port is 0, by which the system would choose another one at each start.
    #[error("port 0")]
    PortZero,
    /// What stands before the port is no IP address.
    #[error("not an IP address")]
    NotIp,
    /// The address can be reached from other hosts.
    #[error("not a loopback address")]
    NotLoopback,
}

/// In front of what is wrong; between the two, the address as written.
const OPENING: &str = "address `";
const CLOSING: &str = "`: ";

impl AddressFault {
    const ALL: [Self; 6] = [
        Self::NoPort,
        Self::PortNotNumber,
        Self::PortOutOfRange,
        Self::PortZero,
        Self::NotIp,
        Self::NotLoopback,
    ];

    /// The error of a field that has this address.
    pub fn of<E: de::Error>(self, address: &str) -> E {
        E::custom(format_args!("{OPENING}{address}{CLOSING}{self}"))
    }

    /// Address and fault out of such an error's sentence.
    pub(super) fn told(message: &str) -> Option<(&str, Self)> {
        let (address, said) = message.strip_prefix(OPENING)?.rsplit_once(CLOSING)?;
        let fault = Self::ALL.into_iter().find(|fault| fault.to_string() == said)?;
        Some((address, fault))
    }
}

/// `ADDRESS:PORT`; an IPv6 address is in brackets. Port 0 is one here.
///
/// # Errors
/// Each [`AddressFault`] but [`AddressFault::PortZero`] and [`AddressFault::NotLoopback`].
pub fn parse(text: &str) -> Result<SocketAddr, AddressFault> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    // An IPv6 address alone has colons too.
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && text.parse::<IpAddr>().is_err() => (host, port),
        _ => return Err(AddressFault::NoPort),
    };
    if host.starts_with('[') && !host.ends_with(']') {
        return Err(AddressFault::NoPort);
    }
    if !port.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(AddressFault::PortNotNumber);
    }
    if port.parse::<u16>().is_err() {
        return Err(AddressFault::PortOutOfRange);
    }
    Err(AddressFault::NotIp)
}

/// For `deserialize_with`: an address to listen on, at a port that others know.
///
/// # Errors
/// Those of the deserializer, with an [`AddressFault`].
pub fn fixed<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    match parse(&text) {
        Ok(address) if address.port() == 0 => Err(AddressFault::PortZero.of(&text)),
        Ok(address) => Ok(address),
        Err(fault) => Err(fault.of(&text)),
    }
}

/// As [`fixed`], for a field that may be left out.
///
/// # Errors
/// As [`fixed`].
pub fn fixed_if_set<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    fixed(from).map(Some)
}

/// As [`fixed`], where port 0 has a use: the ready file tells which one it became.
///
/// # Errors
/// As [`fixed`].
pub fn any_port<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text).map_err(|fault| fault.of(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_an_address_is_named() {
        use AddressFault as F;
        for (text, fault) in [
            ("127.0.0.1", F::NoPort),
            ("127.0.0.1:", F::NoPort),
            ("2525", F::NoPort),
            ("", F::NoPort),
            ("::1", F::NoPort),
            ("[::1]", F::NoPort),
            ("127.0.0.1:x", F::PortNotNumber),
            ("127.0.0.1:25 25", F::PortNotNumber),
            ("127.0.0.1:-1", F::PortNotNumber),
            ("127.0.0.1:65536", F::PortOutOfRange),
            ("127.0.0.1:99999999999999999999", F::PortOutOfRange),
            ("localhost:25", F::NotIp),
            ("127.0.0.256:25", F::NotIp),
            (":25", F::NotIp),
            ("[::g]:25", F::NotIp),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
        for good in ["127.0.0.1:25", "[::1]:25", "0.0.0.0:0"] {
            assert_eq!(parse(good).unwrap().to_string(), good);
        }
    }

    #[test]
    fn an_error_carries_address_and_fault() {
        for fault in AddressFault::ALL {
            let error: serde_json::Error = fault.of("a`: port 0");
            let told = error.to_string();
            assert_eq!(AddressFault::told(&told), Some(("a`: port 0", fault)));
        }
        assert_eq!(AddressFault::told("address `x`: something else"), None);
        assert_eq!(AddressFault::told("x"), None);
    }
}
