//! What a candidate hands in to join the federation, and what it gets back.
//!
//! Both are JSON files that people carry, made and read offline: the candidate's keys
//! stay in its key server, and the authority never sees more than public keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ijson::{self, JsonFault};
use crate::member_list::{Capabilities, Kind, Names};

/// Octets of an application or an admission at most. Three requests, a few keys and a
/// few hundred domains need a tenth of it.
pub const MAX_BYTES: usize = 256 * 1024;

/// A candidate's application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// `NTRJP-` and the corporate number ([`crate::member_id`]).
    pub id: String,
    /// What the candidate is.
    pub kind: Kind,
    /// Its names; [`Names::formal`] goes into the certificates.
    pub names: Names,
    /// 法人番号, thirteen digits.
    pub corporate_number: String,
    /// Its mail domains, in the form of [`crate::domain::normalise`].
    pub domains: Vec<String>,
    /// Mail address for incident reports.
    pub incident_contact: String,
    /// What its gateway reads and wishes.
    pub capabilities: Capabilities,
    /// PKCS#10 request (DER; base64 in JSON) of the organisation signing key.
    #[serde(with = "base64_der")]
    pub organisation_signing_request: Vec<u8>,
    /// SubjectPublicKeyInfo (DER; base64 in JSON) of each federation encryption key: EC
    /// P-256, and so unable to sign a request. One or more, the current one first.
    #[serde(with = "base64_ders")]
    pub federation_encryption_keys: Vec<Vec<u8>>,
    /// PKCS#10 request (DER; base64 in JSON) of the member CA key.
    #[serde(with = "base64_der")]
    pub member_ca_request: Vec<u8>,
}

/// The authority's answer: what a member needs to know of the federation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// The member's id.
    pub id: String,
    /// Version of the first member list that names the member.
    pub list_version: u64,
    /// Organisation signing certificate, PEM.
    pub organisation_signing: String,
    /// Organisation encryption certificates, PEM, in the order of the keys applied with.
    pub organisation_encryption: Vec<String>,
    /// Member CA certificate, PEM.
    pub member_ca: String,
    /// The authority's issuing CA, PEM: between the above and the root.
    pub issuing_ca: String,
    /// The federation's root, PEM. The member compares its SHA-256 with what it was told
    /// on another way.
    pub root: String,
    /// Where the member list is published, `https://...`, without a final slash.
    pub authority_url: String,
    /// What that address' TLS certificate is verified with, PEM.
    pub tls_ca: String,
}

impl Application {
    /// Reads an application. Its facts are checked by the authority, not here.
    ///
    /// # Errors
    /// [`JsonFault`], also for an unknown name: what the authority does not understand it
    /// must not seem to have granted.
    pub fn from_json(text: &[u8]) -> Result<Self, JsonFault> {
        ijson::read(text, MAX_BYTES)
    }

    /// The application as indented JSON, for people to look through before signing off.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers and enums only: nothing here can fail to be written.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl Admission {
    /// Reads an admission.
    ///
    /// # Errors
    /// [`JsonFault`].
    pub fn from_json(text: &[u8]) -> Result<Self, JsonFault> {
        ijson::read(text, MAX_BYTES)
    }

    /// The admission as indented JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

pub(crate) mod base64_der {
    use super::{Deserialize, Deserializer, Engine, STANDARD, Serializer};
    use serde::de::Error;

    pub(crate) fn serialize<S: Serializer>(der: &[u8], out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&STANDARD.encode(der))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(text)?).map_err(D::Error::custom)
    }
}

pub(crate) mod base64_ders {
    use super::{Deserialize, Deserializer, Engine, STANDARD, Serializer};
    use serde::de::Error;

    pub(crate) fn serialize<S: Serializer>(ders: &[Vec<u8>], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(ders.iter().map(|der| STANDARD.encode(der)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        texts: D,
    ) -> Result<Vec<Vec<u8>>, D::Error> {
        (Vec::<String>::deserialize(texts)?.iter())
            .map(|text| STANDARD.decode(text).map_err(D::Error::custom))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application() -> Application {
        Application {
            id: "NTRJP-7000012050002".into(),
            kind: Kind::Organisation,
            names: Names {
                ja: "国税庁".into(), kana: "コクゼイチョウ".into(), en: "NTA".into()
            },
            corporate_number: "7000012050002".into(),
            domains: vec!["a.example".into()],
            incident_contact: "abuse@a.example".into(),
            capabilities: Capabilities::default(),
            organisation_signing_request: vec![0x30, 0],
            federation_encryption_keys: vec![vec![0x30, 0], vec![1, 2, 3, 255]],
            member_ca_request: vec![],
        }
    }

    #[test]
    fn an_application_survives_its_file() {
        let text = application().to_json();
        assert_eq!(Application::from_json(text.as_bytes()), Ok(application()));
        assert!(text.contains("\"MAA=\""), "{text}");
    }

    #[test]
    fn what_the_authority_does_not_understand_refuses_the_application() {
        let text = application().to_json().replacen('{', "{\"discount\":true,", 1);
        assert!(matches!(Application::from_json(text.as_bytes()), Err(JsonFault::Shape { .. })));
    }

    #[test]
    fn an_application_with_a_name_twice_is_refused() {
        let text = application().to_json().replacen('{', "{\"id\":\"NTRJP-0\",", 1);
        assert_eq!(Application::from_json(text.as_bytes()), Err(JsonFault::DuplicateName));
    }

    #[test]
    fn an_application_may_have_the_limit_and_not_one_octet_more() {
        let mut text = application().to_json().into_bytes();
        text.resize(MAX_BYTES, b' ');
        assert_eq!(Application::from_json(&text), Ok(application()));
        text.push(b' ');
        assert_eq!(Application::from_json(&text), Err(JsonFault::TooLarge));
    }
}
