//! How well a sender has to be known: what own people need to write somewhere, and what is
//! asked of those who write here. Judged by what the ticket knows, never by the gateway.

use crate::ticket::OwnMail;
use serde::{Deserialize, Deserializer, de::Error as _};
use ssmax_api::ca::{AccountKind, KeyHolder};
use ssmax_api::keyserver::{Form, RecipientRoute, UserRecord};
use ssmax_chain::Reason;
use ssmax_chain::sealed_record::{SenderAssertion, SignedBy};
use ssmax_chain::statement::Statement;
use ssmax_mail::address::Address;
use std::collections::BTreeMap;

/// What stands for everybody whom no other entry names.
const EVERYBODY: &str = "*";

/// Who may have made a sender's signature, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signature {
    /// The key server, for who was logged in.
    Server,
    /// The person, with a key in a file.
    File,
    /// The person, with a card.
    Token,
}

impl From<KeyHolder> for Signature {
    fn from(holder: KeyHolder) -> Self {
        match holder {
            KeyHolder::Token => Self::Token,
            KeyHolder::File => Self::File,
            KeyHolder::Server => Self::Server,
        }
    }
}

/// The least that counts. What is not set asks for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Level {
    /// Authenticator assurance level of the login, 0 to 3.
    #[serde(deserialize_with = "level")]
    pub aal: u8,
    /// Identity assurance level of the proof at registration, 0 to 3.
    #[serde(deserialize_with = "level")]
    pub ial: u8,
    /// Who made the signature.
    pub signed_by: Option<Signature>,
}

/// What becomes of mail of others below the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Below {
    /// It is delivered, and `SSMAX-Result` says `level=below`.
    #[default]
    Mark,
    /// It is stopped: held for an officer or refused, as everything that is found after
    /// opening (`[gateway] inbound_after_opening`).
    Stop,
}

/// A level that others are expected to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expected {
    /// As in [`Level`].
    #[serde(deserialize_with = "level")]
    pub aal: u8,
    /// As in [`Level`].
    #[serde(deserialize_with = "level")]
    pub ial: u8,
    /// As in [`Level`].
    pub signed_by: Option<Signature>,
    /// What becomes of the rest.
    pub below: Below,
}

fn level<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    match u8::deserialize(from)? {
        level @ 0..=3 => Ok(level),
        _ => Err(D::Error::custom("a level is from 0 to 3")),
    }
}

/// Levels by address, by domain, or for everybody (`*`). The closest entry counts alone: one
/// for an address can ask for less than that of its domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels<T>(BTreeMap<String, T>);

impl<T> Default for Levels<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Levels<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut levels = BTreeMap::new();
        for (key, level) in BTreeMap::<String, T>::deserialize(from)? {
            let normal = normal_key(&key).ok_or_else(|| {
                D::Error::custom(format_args!("`{key}` is no address, no domain and not `*`"))
            })?;
            if levels.insert(normal, level).is_some() {
                return Err(D::Error::custom(format_args!("`{key}` stands here twice")));
            }
        }
        Ok(Self(levels))
    }
}

/// An entry as it is looked up: a misspelt one would never be found, and ask for nothing.
fn normal_key(key: &str) -> Option<String> {
    if key == EVERYBODY {
        return Some(key.to_owned());
    }
    if key.contains('@') {
        return Address::parse(key).ok().map(|address| address_key(&address));
    }
    let address = Address::parse(&format!("x@{key}")).ok()?;
    Some(address.domain().to_ascii_lowercase())
}

fn address_key(address: &Address) -> String {
    ssmax_chain::binding::directory_address(address)
}

impl<T> Levels<T> {
    /// The entry for an address.
    fn find(&self, address: &Address) -> Option<&T> {
        self.0
            .get(&address_key(address))
            .or_else(|| self.0.get(&address.domain().to_ascii_lowercase()))
            .or_else(|| self.0.get(EVERYBODY))
    }
}

impl Levels<Level> {
    /// Refuses the recipients for whom the sender is not known well enough, and gives the
    /// least signature that the others need. What machines write claims to be nobody's.
    pub(crate) fn refuse_below(
        &self,
        user: &UserRecord,
        statement: &Statement,
        form: Form,
        recipients: &[Address],
        routes: &mut [RecipientRoute],
    ) -> Option<Signature> {
        if user.kind == AccountKind::System {
            return None;
        }
        let best = best_signature(user, form);
        let mut needed = None;
        for (address, route) in recipients.iter().zip(routes) {
            let Some(level) = self.find(address) else { continue };
            if matches!(route, RecipientRoute::Refused { .. }) {
                continue;
            }
            let is_known =
                statement.aal >= level.aal && user.ial >= level.ial && level.signed_by <= best;
            if is_known {
                needed = needed.max(level.signed_by);
            } else {
                let recipient = address.to_string();
                *route = RecipientRoute::Refused { recipient, reason: Reason::SenderLevelTooLow };
            }
        }
        needed
    }
}

/// The best signature that a mail of this form can have. Which one it has is seen only when
/// it was verified ([`falls_short`]).
fn best_signature(user: &UserRecord, form: Form) -> Option<Signature> {
    let holders = user.signing.iter().map(|(holder, _)| *holder);
    let of_own = holders.filter(|holder| *holder != KeyHolder::Server).map(Signature::from).max();
    match form {
        Form::Unsigned | Form::System => Some(Signature::Server),
        _ if user.kind == AccountKind::Person => of_own,
        _ => Some(Signature::Server),
    }
}

/// Whether a verified signature is less than the ticket's recipients need.
pub(crate) fn falls_short(own: &OwnMail, holder: KeyHolder) -> bool {
    own.needs > Some(Signature::from(holder))
}

impl Levels<Expected> {
    /// What becomes of a mail whose sender is known less well than is expected; `None` if it
    /// is well. Reports and replies of machines are nobody's, and say so.
    pub(crate) fn below(&self, from: &Address, sender: &SenderAssertion) -> Option<Below> {
        let signature = match sender.signed_by {
            SignedBy::System if sender.auth == "system" => return None,
            SignedBy::System => None,
            SignedBy::Server => Some(Signature::Server),
            SignedBy::File => Some(Signature::File),
            SignedBy::Token => Some(Signature::Token),
        };
        let expected = self.find(from)?;
        let is_known = sender.aal >= expected.aal
            && sender.ial >= expected.ial
            && signature >= expected.signed_by;
        (!is_known).then_some(expected.below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demands(text: &str) -> Levels<Level> {
        toml::from_str(text).unwrap()
    }

    fn at(address: &str) -> Address {
        Address::parse(address).unwrap()
    }

    #[test]
    fn the_closest_entry_counts_alone() {
        let levels = demands(
            "'*' = { aal = 1 }\n'City.example' = { aal = 3 }\n'Mayor@city.example' = { ial = 2 }",
        );
        let aal = |address| levels.find(&at(address)).map(|level| (level.aal, level.ial));
        assert_eq!(aal("x@other.example"), Some((1, 0)));
        assert_eq!(aal("x@CITY.example"), Some((3, 0)));
        assert_eq!(aal("mayor@city.example"), Some((0, 2)));
        assert_eq!(aal("x@sub.city.example"), Some((1, 0)));
        assert_eq!(demands("").find(&at("x@city.example")), None);
    }

    #[test]
    fn what_would_never_be_found_is_refused() {
        for (bad, said) in [
            ("'city example' = { aal = 1 }", "no address"),
            ("'@city.example' = { aal = 1 }", "no address"),
            ("'' = { aal = 1 }", "no address"),
            ("'city.example' = { aal = 4 }", "from 0 to 3"),
            ("'city.example' = { all = 1 }", "unknown field"),
            ("'city.example' = { signed_by = 'system' }", "unknown variant"),
            ("'city.example' = {}\n'CITY.example' = {}", "twice"),
        ] {
            let fault = toml::from_str::<Levels<Level>>(bad).unwrap_err().to_string();
            assert!(fault.contains(said), "{bad}: {fault}");
        }
        assert!(toml::from_str::<Levels<Expected>>("'*' = { below = 'drop' }").is_err());
    }

    fn assertion(aal: u8, ial: u8, signed_by: SignedBy, auth: &str) -> SenderAssertion {
        SenderAssertion {
            si: ssmax_chain::Digest::of(b"si"),
            cert: ssmax_chain::Digest::of(b"cert"),
            proof: "in-person".into(),
            ial,
            auth: auth.into(),
            aal,
            signed_by,
            on_behalf: None,
        }
    }

    #[test]
    fn others_are_below_by_login_proof_or_signature() {
        let expected: Levels<Expected> = toml::from_str(
            "'bank.example' = { aal = 2, ial = 1, signed_by = 'file', below = 'stop' }",
        )
        .unwrap();
        let below = |aal, ial, by, auth| {
            expected.below(&at("clerk@bank.example"), &assertion(aal, ial, by, auth))
        };
        assert_eq!(below(2, 1, SignedBy::File, "password-otp"), None);
        assert_eq!(below(3, 3, SignedBy::Token, "client-certificate"), None);
        assert_eq!(below(1, 1, SignedBy::File, "password"), Some(Below::Stop));
        assert_eq!(below(2, 0, SignedBy::File, "password-otp"), Some(Below::Stop));
        assert_eq!(below(2, 1, SignedBy::Server, "password-otp"), Some(Below::Stop));
        assert_eq!(below(0, 0, SignedBy::System, "system"), None);
        assert_eq!(below(0, 0, SignedBy::System, "list"), Some(Below::Stop));
        let elsewhere = assertion(0, 0, SignedBy::Server, "password");
        assert_eq!(expected.below(&at("x@b.example"), &elsewhere), None);
    }
}
