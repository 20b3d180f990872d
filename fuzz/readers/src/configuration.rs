//! The configuration file, as an administrator may have broken it.
//!
//! Property: an error names a line that the file has.

use std::path::Path;

use serde::Deserialize;
use ssmax_daemon::config::{ConfigError, parse};
use ssmax_gateway::{FederationConfig, GatewayConfig};
use ssmax_inspector::InspectorConfig;

use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1000;

/// The sections of roles that hold no key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read matters")]
struct Sections {
    federation: Option<FederationConfig>,
    inspector: Option<InspectorConfig>,
    gateway: Option<GatewayConfig>,
}

/// Reads the octets as a configuration.
pub fn run(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let Err(error) = parse::<Sections>(&text, Path::new("ssmax.toml")) else { return };
    let _ = error.to_string();
    let line = match &error {
        ConfigError::UnknownField { line, .. }
        | ConfigError::UnknownValue { line, .. }
        | ConfigError::MissingField { line, .. }
        | ConfigError::Invalid { line, .. } => *line,
        _ => return,
    };
    let lines = text.split('\n').count();
    assert!((1..=lines).contains(&line), "an error in line {line} of {lines}");
}
