//! Relay certificates: an outside person, for use inside this organisation only.
//! Specification: `spec/certificates.md`, "Relay certificates".

use crate::serve::{Ca, failed};
use crate::setup::linted;
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::RelayCertificates;
use ssmax_api::keyserver::{CaRequest, RelayKeys};
use ssmax_chain::binding::normal_address;
use ssmax_hsm::KeyPurpose;
use ssmax_mail::address::Address;
use ssmax_pki::profile::{self, Basis, Validity};
use ssmax_pki::{Certificate, issue, relay};
use ssmax_store::query;
use ssmax_token::Random as _;
use time::{Duration, OffsetDateTime};

/// How long a relay signing certificate runs, so that old mail stays good: ten years.
const SIGNING_DAYS: i64 = 3650;

/// A cached certificate is given only while it still runs this long.
const FRESHNESS: Duration = Duration::days(30);

/// Characters of a common name at most (RFC 5280 appendix A.1).
const MAX_NAME_CHARS: usize = 64;

/// What a relay certificate is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Signing,
    Encryption,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Encryption => "encryption",
        }
    }
}

/// What a mailer shows: the name with who has checked it. A name that looks like an
/// address could be somebody else's, so an address stands alone and is the one that the
/// certificate is for (S/MIME BR 7.1.4.2.1).
fn common_name(address: &Address, name: &str, checker: &str) -> String {
    let note = format!(" (checked by {checker})");
    let text = address.to_string();
    // Another organisation's CA may allow what our lint does not, as variation selectors
    // in names: a mail is not refused for that.
    let is_kept = |c: &char| *c == ' ' || ssmax_pki::is_plain_character(*c);
    let name: String = name.replace('\u{3000}', " ").chars().filter(is_kept).collect();
    let name = name.trim();
    if name.is_empty() && text.chars().count() <= MAX_NAME_CHARS {
        return text;
    }
    if !name.contains(['@', '\u{ff20}', '\u{fe6b}']) {
        profile::relay_common_name(name, &note)
    } else if text.chars().count() <= MAX_NAME_CHARS {
        text
    } else {
        profile::relay_common_name("", &note)
    }
}

impl Ca {
    /// The pair for an address: cached, or issued now.
    pub(crate) async fn relay(
        &self,
        address: &str,
        name: &str,
        rsa: bool,
    ) -> Result<RelayCertificates, Problem> {
        let address = Address::parse(address).map_err(|_| Problem::Malformed)?;
        let keys: RelayKeys = self.ask_keyserver(&CaRequest::RelayKeys).await?;
        let submission = match (&keys.submission_rsa, rsa) {
            (Some(key), true) => key.as_slice(),
            _ => keys.submission.as_slice(),
        };
        let common_name = self.relay_name(&address, name);
        let signing = self.one(&address, &common_name, Kind::Signing, &keys.seal).await?;
        let encryption = self.one(&address, &common_name, Kind::Encryption, submission).await?;
        let chain = if self.is_inside(&address) {
            vec![&self.member_ca, &self.issuing_ca, &self.root]
        } else {
            vec![&self.seal_ca]
        };
        Ok(RelayCertificates {
            signing: signing.der().to_vec(),
            encryption: encryption.der().to_vec(),
            chain: chain.iter().map(|one| ByteBuf::from(one.der().to_vec())).collect(),
        })
    }

    /// The name in a relay certificate.
    pub(crate) fn relay_name(&self, address: &Address, name: &str) -> String {
        common_name(address, name, &self.settings.organisation.name)
    }

    pub(crate) fn is_inside(&self, address: &Address) -> bool {
        self.settings.organisation.has_domain(address.domain())
    }

    /// The certificate that is there: under this name, or else the last under any.
    pub(crate) async fn kept_relay(
        &self,
        address: &Address,
        common_name: Option<&str>,
        kind: Kind,
        spki: &[u8],
    ) -> Result<Option<Certificate>, Problem> {
        let kept: Option<(Vec<u8>,)> = query(
            "SELECT der FROM relay WHERE address = ?1 AND kind = ?2 AND key_id = ?3
             AND (?4 = '' OR common_name = ?4) AND not_after > ?5
             ORDER BY not_after DESC LIMIT 1",
        )
        .bind(normal_address(address))
        .bind(kind.word())
        .bind(relay::short_key_id(spki).as_slice())
        .bind(common_name.unwrap_or_default())
        .bind((OffsetDateTime::now_utc() + FRESHNESS).unix_timestamp())
        .fetch_optional(&self.database)
        .await
        .map_err(failed)?;
        kept.map(|(der,)| Certificate::from_der(&der).map_err(failed)).transpose()
    }

    /// The certificate under this name: kept, or issued now.
    pub(crate) async fn one(
        &self,
        address: &Address,
        common_name: &str,
        kind: Kind,
        spki: &[u8],
    ) -> Result<Certificate, Problem> {
        if let Some(kept) = self.kept_relay(address, Some(common_name), kind, spki).await? {
            return Ok(kept);
        }
        let (word, now) = (kind.word(), OffsetDateTime::now_utc());
        let key_id = relay::short_key_id(spki);
        let certificate = self.issue_relay(address, common_name, kind, spki, now).await?;
        query(
            "INSERT INTO relay (address, kind, key_id, common_name, der, not_after)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (address, kind, key_id, common_name)
             DO UPDATE SET der = excluded.der, not_after = excluded.not_after",
        )
        .bind(normal_address(address))
        .bind(word)
        .bind(key_id.as_slice())
        .bind(common_name)
        .bind(certificate.der())
        .bind(certificate.not_after().unix_timestamp())
        .execute(&self.database)
        .await
        .map_err(failed)?;
        tracing::info!(%address, kind = word, "a relay certificate is issued");
        Ok(certificate)
    }

    async fn issue_relay(
        &self,
        address: &Address,
        common_name: &str,
        kind: Kind,
        spki: &[u8],
        now: OffsetDateTime,
    ) -> Result<Certificate, Problem> {
        let inside = self.is_inside(address);
        let issuer = if inside { &self.member_ca } else { &self.seal_ca };
        let purpose = if inside { KeyPurpose::MemberCa } else { KeyPurpose::SealCa };
        let days = match kind {
            Kind::Signing => SIGNING_DAYS,
            Kind::Encryption => i64::from(self.settings.ca.relay_days),
        };
        let validity = Validity {
            not_before: now - Duration::minutes(5),
            not_after: (now + Duration::days(days) - Duration::hours(1)).min(issuer.not_after()),
        };
        let mut random = [0; 8];
        self.random.fill(&mut random);
        let serial = relay::serial(spki, random);
        self.intend(&serial, &address.to_string(), "relay").await?;
        let mut basis = Basis::new(spki, serial.clone(), validity);
        self.point(&mut basis, issuer);
        let text = address.to_string();
        let draft = match kind {
            Kind::Signing => profile::relay_signing(basis, &text, common_name),
            Kind::Encryption => profile::relay_encryption(basis, &text, common_name),
        };
        let key = self.keys.key(purpose, &ssmax_hsm::key_id(issuer.spki())).map_err(failed)?;
        let certificate =
            issue::issue(linted(draft).map_err(failed)?, issuer, key.as_ref()).map_err(failed)?;
        self.issued(&serial, &certificate).await?;
        Ok(certificate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_with_who_checked_it_and_an_address_alone() {
        let bob = Address::parse("bob@b.example").unwrap();
        assert_eq!(common_name(&bob, "鈴木 望夢", "A"), "鈴木 望夢 (checked by A)");
        assert_eq!(common_name(&bob, "葛\u{e0100}城 望夢", "A"), "葛城 望夢 (checked by A)");
        assert_eq!(common_name(&bob, "\u{e000}", "A"), "bob@b.example");
        assert_eq!(common_name(&bob, "ceo@b.example", "A"), "bob@b.example");
        assert_eq!(common_name(&bob, "ceo＠b.example", "A"), "bob@b.example");
        let long = Address::parse(&format!("{}@b.example", "x".repeat(60))).unwrap();
        assert_eq!(common_name(&long, "ceo@b.example", "A"), "(checked by A)");
    }
}
