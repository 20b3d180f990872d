//! Bearer tokens (RFC 6750): random, shown once, and known here by their SHA-256. So the
//! settings hold nothing that opens anything.

use serde::{Deserialize, Deserializer, de};
use ssmax_primitives::{constant_time_eq, sha256};
use ssmax_token::Random;

/// Octets of a token before it is written in hexadecimal digits.
const OCTETS: usize = 32;

/// What stands in front, so that a token that has leaked is found by who looks for it.
const PREFIX: &str = "ssmax_scim_";

/// A token by which somebody may ask.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Whose it is, for the log.
    pub name: String,
    /// SHA-256 of the token, in hexadecimal digits.
    #[serde(deserialize_with = "digest")]
    pub sha256: [u8; 32],
}

fn digest<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(from)?;
    let octets = hex::decode(text).ok().and_then(|octets| octets.try_into().ok());
    octets.ok_or_else(|| de::Error::custom("sha256 has 64 hexadecimal digits"))
}

/// A new token and its SHA-256, in hexadecimal digits.
#[must_use]
pub fn new_token(random: &dyn Random) -> (String, String) {
    let mut octets = [0; OCTETS];
    random.fill(&mut octets);
    let token = format!("{PREFIX}{}", hex::encode(octets));
    let digest = hex::encode(sha256(token.as_bytes()));
    (token, digest)
}

/// Whose token is in an Authorization field, if it is anybody's.
pub(crate) fn holder<'a>(field: Option<&str>, tokens: &'a [Token]) -> Option<&'a Token> {
    let (scheme, token) = field?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let given = sha256(token.trim().as_bytes());
    // Each is looked at, however early one fits.
    tokens.iter().fold(
        None,
        |found, one| {
            if constant_time_eq(&one.sha256, &given) { Some(one) } else { found }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_primitives::SystemRandom;

    #[test]
    fn a_token_is_known_by_its_digest_alone() {
        let (token, digest) = new_token(&SystemRandom);
        assert_ne!(new_token(&SystemRandom).0, token);
        let text = format!("name = 'entra'\nsha256 = '{digest}'");
        let tokens: Vec<Token> = vec![toml::from_str(&text).unwrap()];
        let name = |field: &str| holder(Some(field), &tokens).map(|token| token.name.clone());
        assert_eq!(name(&format!("Bearer {token}")).as_deref(), Some("entra"));
        assert_eq!(name(&format!("bearer  {token} ")).as_deref(), Some("entra"));
        for other in [
            "Bearer",
            "Bearer ",
            "",
            &token,
            &format!("Basic {token}"),
            &format!("Bearer {token}0"),
            &format!("Bearer {digest}"),
        ] {
            assert_eq!(name(other), None, "{other}");
        }
        assert!(holder(None, &tokens).is_none());
        for bad in ["", "00", &"g".repeat(64)] {
            let text = format!("name = 'x'\nsha256 = '{bad}'");
            assert!(toml::from_str::<Token>(&text).is_err());
        }
    }
}
