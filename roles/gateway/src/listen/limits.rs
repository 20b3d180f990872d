//! What one client, and all clients together, may ask of a listener.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Bounds of a listener. Each is a setting; the defaults suit a gateway behind an MTA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest mail in octets, as it is after dot-unstuffing. Beyond: 552 5.3.4.
    /// Default 100 MB.
    pub max_mail_bytes: usize,
    /// Most recipients of one mail. Beyond: 452 4.5.3, RFC 5321 4.5.3.1.10. Default 1000.
    pub max_recipients: usize,
    /// Longest command line in octets with its CRLF. Beyond: 500 5.5.6. Default 1000: the
    /// 512 of RFC 5321 4.5.3.1.4 and room for the extensions' parameters.
    pub max_line_bytes: usize,
    /// Longest line of an AUTH exchange in octets. Default 12,288, RFC 4954 section 4.
    pub max_auth_line_bytes: usize,
    /// Longest line of a mail in octets with its CRLF. Beyond: 550 5.6.0. Default 1 MiB:
    /// real mail is full of lines over the 1000 of RFC 5321 4.5.3.1.6, and refusing them
    /// would refuse ordinary people.
    pub max_data_line_bytes: usize,
    /// Octets of mail that all sessions of this listener hold in memory together.
    /// Beyond: 452 4.3.1. Default 400 MB.
    pub max_buffered_bytes: usize,
    /// Connections at the same time. Beyond: 421 4.3.2. Default 500.
    pub max_connections: usize,
    /// Connections from one address, or one IPv6 /64, at the same time. Beyond:
    /// 421 4.7.0. Default 100: an MTA in front brings all its mail from one address.
    pub max_connections_per_address: usize,
    /// Commands answered with 4xx or 5xx before the session ends with 421. Default 20.
    pub max_errors: u32,
    /// Commands one after the other that bring no mail forward (NOOP, RSET, VRFY, EHLO)
    /// before each counts as an error. Default 100.
    pub max_idle_commands: u32,
    /// Failed AUTH attempts before the session ends with 421. Default 3.
    pub max_auth_attempts: u32,
    /// Failed AUTH attempts from one address, or one IPv6 /64, in an hour. Beyond: 421
    /// 4.7.0. Default 100.
    pub failed_logins_per_hour: u32,
    /// Time for one command line to arrive whole, and for a reply to be taken. Default
    /// 300 s, RFC 5321 4.5.3.2.7.
    #[serde(with = "seconds", rename = "command_timeout_seconds")]
    pub command_timeout: Duration,
    /// Longest silence within a mail's content. Default 180 s, RFC 5321 4.5.3.2.5.
    #[serde(with = "seconds", rename = "data_timeout_seconds")]
    pub data_timeout: Duration,
    /// Octets per second that the content must arrive with, counted from its beginning
    /// and after `data_grace`. Default 512.
    pub min_data_bytes_per_second: u64,
    /// How long the content may be slower than that. Default 60 s.
    #[serde(with = "seconds", rename = "data_grace_seconds")]
    pub data_grace: Duration,
    /// Time for a TLS handshake. Default 30 s.
    #[serde(with = "seconds", rename = "tls_timeout_seconds")]
    pub tls_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_mail_bytes: 100_000_000,
            max_recipients: 1000,
            max_line_bytes: 1000,
            max_auth_line_bytes: 12_288,
            max_data_line_bytes: 1024 * 1024,
            max_buffered_bytes: 400_000_000,
            max_connections: 500,
            max_connections_per_address: 100,
            max_errors: 20,
            max_idle_commands: 100,
            max_auth_attempts: 3,
            failed_logins_per_hour: 100,
            command_timeout: Duration::from_secs(300),
            data_timeout: Duration::from_secs(180),
            min_data_bytes_per_second: 512,
            data_grace: Duration::from_secs(60),
            tls_timeout: Duration::from_secs(30),
        }
    }
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(time.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_change_what_they_name_and_leave_the_rest() {
        let limits: Limits =
            toml::from_str("max_recipients = 5\ncommand_timeout_seconds = 7").unwrap();
        assert_eq!(limits.max_recipients, 5);
        assert_eq!(limits.command_timeout, Duration::from_secs(7));
        assert_eq!(limits.max_mail_bytes, Limits::default().max_mail_bytes);
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(toml::from_str::<Limits>("max_recipient = 5").is_err());
    }

    #[test]
    fn settings_are_written_as_they_are_read() {
        let limits = Limits { max_errors: 3, ..Limits::default() };
        let text = toml::to_string(&limits).unwrap();
        assert_eq!(toml::from_str::<Limits>(&text).unwrap(), limits);
    }
}
