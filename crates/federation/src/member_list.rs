//! The member list as it is published, and what can be asked of it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::check::{Limits, check};
use crate::domain;
use crate::fault::ListFault;
use crate::ijson;

/// Every member of the federation at one moment. Spec "member list", section 2.
///
/// A reader ignores names that it does not know, so that a later version of the
/// federation can add facts; an unknown *value* of a known name refuses the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberList {
    /// Counts the changes of `members`; re-issuing an unchanged list keeps it. From 1.
    pub version: u64,
    /// When this issue was signed (UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub issued: OffsetDateTime,
    /// From when on this issue is no longer accepted as news (UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
    /// The members, in no particular order.
    pub members: Vec<Member>,
}

/// One member: an organisation, or a provider that serves individuals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// `NTRJP-` and the corporate number; in certificates the organizationIdentifier.
    pub id: String,
    /// What the member is, and with that whether it may inspect mail.
    pub kind: Kind,
    /// What people call it.
    pub names: Names,
    /// 法人番号: thirteen digits, the first of them a check digit.
    pub corporate_number: String,
    /// Mail domains, in the form of [`domain::normalise`]. No other member has them.
    pub domains: Vec<String>,
    /// SHA-256 (lower-case hex, of the DER) of each certificate that counts as the
    /// member's: organisation signing, organisation encryption, member CA.
    pub certificates: Vec<String>,
    /// How the member stands now.
    pub standing: Standing,
    /// The last assessment, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// Mail address that takes incident reports.
    pub incident_contact: String,
    /// What the member's gateway can read and wishes.
    pub capabilities: Capabilities,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An organisation: answers for its users, may inspect their mail.
    Organisation,
    /// A provider for individuals: the same role, but never inspects.
    Esp,
}

impl Kind {
    /// The word in the list: `organisation`, `esp`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Esp => "esp",
        }
    }

    /// The kind of a word in the list; `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Organisation, Self::Esp].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A member's names. At least one of `ja` and `en` is not empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Japanese name.
    #[serde(default)]
    pub ja: String,
    /// Reading in kana.
    #[serde(default)]
    pub kana: String,
    /// English name.
    #[serde(default)]
    pub en: String,
}

impl Names {
    /// The name that certificates show as O and CN: English when there is one, as many
    /// mailers show nothing else right.
    #[must_use]
    pub fn formal(&self) -> &str {
        if self.en.is_empty() { &self.ja } else { &self.en }
    }
}

/// How a member stands, since when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The standing itself.
    pub state: StandingState,
    /// Since when (UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Reason code, at most 128 octets; empty for a member without a story.
    #[serde(default)]
    pub reason: String,
}

/// The four standings (送信組織の信頼性).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StandingState {
    /// Nothing held against it.
    Good,
    /// Under observation: mail passes and the recipient is told.
    Watched,
    /// Mail from it is put off (4.7.x) until it is reinstated.
    Suspended,
    /// Out for good: mail from it is refused (5.7.x).
    Expelled,
}

impl StandingState {
    /// Whether mail from and to such a member passes now.
    #[must_use]
    pub fn exchanges_mail(self) -> bool {
        matches!(self, Self::Good | Self::Watched)
    }

    /// The word in the list: `good`, `watched`, `suspended`, `expelled`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Watched => "watched",
            Self::Suspended => "suspended",
            Self::Expelled => "expelled",
        }
    }

    /// The standing of a word in the list; `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Good, Self::Watched, Self::Suspended, Self::Expelled]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// The outcome of an assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// 0 (worst) to 100.
    pub score: u8,
    /// When it was made (UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub assessed: OffsetDateTime,
    /// Reason codes, the weightiest first.
    #[serde(default)]
    pub reasons: Vec<String>,
}

/// What a member's gateway can read and how strictly it wishes to be protected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// In which form mail that came in clear is encrypted for this member.
    pub fresh_form: FreshForm,
    /// What becomes of mail that names one of its domains and has no hop record.
    pub enforce: Enforce,
    /// Content ciphers it reads, the best liked first, as `aes256-gcm`.
    pub ciphers: Vec<String>,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            fresh_form: FreshForm::WrappedGcm,
            enforce: Enforce::None,
            ciphers: ["aes256-gcm", "aes128-gcm", "aes256-cbc"].map(str::to_owned).into(),
        }
    }
}

/// The form of mail that is encrypted anew for a member. Spec "re-encryption".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FreshForm {
    /// AES-256-GCM around the whole message as message/rfc822.
    WrappedGcm,
    /// AES-256-CBC around the signed entity, which stock mailers read; an ESP needs it,
    /// since nobody there may open the wrapping.
    MailCbc,
}

/// What a member asks others to do with mail in its name that carries no hop record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforce {
    /// Show it as suspicious at best.
    None,
    /// Treat it as forged.
    Refuse,
}

impl MemberList {
    /// Reads the list from I-JSON and checks its structure ([`check`]). The signature is
    /// not this function's matter: see [`crate::signed::open`].
    ///
    /// # Errors
    /// [`ListFault::Json`] and the faults of [`check`].
    pub fn from_json(text: &[u8], limits: &Limits) -> Result<Self, ListFault> {
        let list: Self = ijson::read(text, limits.max_bytes)?;
        check(&list, limits)?;
        Ok(list)
    }

    /// The list as JSON. The same list gives the same octets.
    ///
    /// # Errors
    /// [`ListFault::Unwritable`] for a time that RFC 3339 cannot say (a year past 9999).
    pub fn to_json(&self) -> Result<Vec<u8>, ListFault> {
        serde_json::to_vec(self).map_err(|_| ListFault::Unwritable)
    }

    /// The member of an id, compared exactly. Walks the list; [`crate::Directory`] looks up.
    #[must_use]
    pub fn member(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    /// The member to whom a mail domain belongs, in any spelling of the domain. A
    /// subdomain belongs to nobody unless it is listed itself.
    #[must_use]
    pub fn member_of_domain(&self, domain: &str) -> Option<&Member> {
        let domain = domain::normalise(domain)?;
        self.members.iter().find(|member| member.domains.contains(&domain))
    }
}

impl Member {
    /// Whether `domain`, in any spelling, is one of the member's.
    #[must_use]
    pub fn has_domain(&self, domain: &str) -> bool {
        domain::normalise(domain).is_some_and(|domain| self.domains.contains(&domain))
    }

    /// Whether the certificate of this SHA-256 is listed as the member's.
    #[must_use]
    pub fn lists_certificate(&self, sha256: &[u8; 32]) -> bool {
        self.certificates.contains(&hex::encode(sha256))
    }
}
