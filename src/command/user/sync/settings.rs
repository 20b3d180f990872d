//! `[sync]`: where the directory is, and which of its attributes mean what.

use serde::{Deserialize, Deserializer};
use ssmax_ldap::filter::{Filter, is_description};
use ssmax_ldap::{Limits, Server, Tls};
use std::path::PathBuf;
use std::time::Duration;

/// Where Debian keeps the list of the CAs that it believes.
const SYSTEM_CAS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// How a directory calls what it says of people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Schema {
    /// RFC 2798.
    #[default]
    #[serde(rename = "inetorgperson")]
    InetOrgPerson,
    /// Microsoft's.
    #[serde(rename = "active-directory")]
    ActiveDirectory,
}

/// The section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncConfig {
    /// `ldaps://HOST[:PORT]`, or `ldap://HOST[:PORT]` with StartTLS.
    #[serde(deserialize_with = "server")]
    pub(super) url: Server,
    /// The CAs that its certificate may come from, PEM. Default: the system's.
    #[serde(default = "system_cas")]
    pub(crate) tls_ca: PathBuf,
    /// Whether `ldap://` on this very host goes without TLS. Default false.
    #[serde(default)]
    pub(super) plaintext: bool,
    /// As whom is read.
    pub(super) bind_dn: String,
    /// A file with the password on its first line, for its owner only.
    pub(crate) password_file: PathBuf,
    /// The name below which people are.
    pub(super) base: String,
    /// Default `inetorgperson`.
    #[serde(default)]
    pub(super) schema: Schema,
    /// Which entries are people (RFC 4515). Default: by the schema.
    #[serde(default, deserialize_with = "filter")]
    pub(super) filter: Option<Filter>,
    /// More than this part of those who came from the directory do not leave at once.
    /// Default 5.
    #[serde(default = "leave_percent", deserialize_with = "percent")]
    pub(super) leave_percent: u8,
    /// So many may, also where they are more than that part. Default 1.
    #[serde(default = "leave_people")]
    pub(super) leave_people: usize,
    /// Which attributes mean what. Default: by the schema.
    #[serde(default)]
    pub(super) attributes: AttributeConfig,
    /// What the directory may answer.
    #[serde(default)]
    pub(super) limits: LimitConfig,
}

/// `[sync.attributes]`: for each field the attributes that may have it, of which the first
/// counts that an entry has; `sn+givenName` is both, with a space.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributeConfig {
    #[serde(default, deserialize_with = "described")]
    number: Option<Vec<String>>,
    #[serde(default, deserialize_with = "described")]
    name: Option<Vec<String>>,
    #[serde(default, deserialize_with = "described")]
    kana: Option<Vec<String>>,
    #[serde(default, deserialize_with = "described")]
    english: Option<Vec<String>>,
    #[serde(default, deserialize_with = "described")]
    address: Option<Vec<String>>,
    #[serde(default, deserialize_with = "described")]
    aliases: Option<Vec<String>>,
    #[serde(default, deserialize_with = "described")]
    department: Option<Vec<String>>,
}

/// `[sync.limits]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitConfig {
    page_entries: u32,
    max_entries: usize,
    max_answer_bytes: usize,
    max_bytes: usize,
    max_values: usize,
    answer_seconds: u64,
    seconds: u64,
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            page_entries: 500,
            max_entries: 200_000,
            max_answer_bytes: 1 << 20,
            max_bytes: 1 << 30,
            max_values: 200,
            answer_seconds: 30,
            seconds: 600,
        }
    }
}

/// The attributes, all said.
#[derive(Debug, Clone)]
pub(super) struct Attributes {
    pub(super) number: Vec<String>,
    pub(super) name: Vec<String>,
    pub(super) kana: Vec<String>,
    pub(super) english: Vec<String>,
    pub(super) address: Vec<String>,
    pub(super) aliases: Vec<String>,
    pub(super) department: Vec<String>,
    /// Which one has the flag that an account is disabled, in Active Directory.
    pub(super) control: Option<&'static str>,
}

impl SyncConfig {
    /// Where, and with TLS unless it is left out.
    pub(super) fn server(&self) -> Server {
        let mut server = self.url.clone();
        if self.plaintext && server.tls == Tls::Start {
            server.tls = Tls::Never;
        }
        server
    }

    pub(super) fn entries(&self) -> Option<Filter> {
        let by_schema = match self.schema {
            Schema::InetOrgPerson => "(objectClass=inetOrgPerson)",
            // Not those who are disabled only: that an account is disabled is a word about it.
            Schema::ActiveDirectory => "(&(objectCategory=person)(objectClass=user))",
        };
        self.filter.clone().or_else(|| Filter::parse(by_schema).ok())
    }

    pub(super) fn limits(&self) -> Limits {
        let set = &self.limits;
        Limits {
            page_entries: set.page_entries.clamp(1, 100_000),
            entries: set.max_entries,
            answer_octets: set.max_answer_bytes,
            octets: set.max_bytes,
            values: set.max_values,
            silence: Duration::from_secs(set.answer_seconds),
            whole: Duration::from_secs(set.seconds),
        }
    }

    pub(super) fn attributes(&self) -> Attributes {
        let is_windows = self.schema == Schema::ActiveDirectory;
        let of = |set: &Option<Vec<String>>, rfc: &[&str], windows: &[&str]| {
            let by_schema = if is_windows { windows } else { rfc };
            set.clone().unwrap_or_else(|| by_schema.iter().map(ToString::to_string).collect())
        };
        let set = &self.attributes;
        let addresses = ["proxyAddresses", "mail"];
        Attributes {
            number: of(&set.number, &["employeeNumber"], &["employeeID", "employeeNumber"]),
            name: of(&set.name, &["displayName", "cn"], &["displayName", "sn+givenName", "cn"]),
            kana: of(
                &set.kana,
                &["displayName;lang-ja;phonetic", "cn;lang-ja;phonetic"],
                &["msDS-PhoneticDisplayName", "msDS-PhoneticLastName+msDS-PhoneticFirstName"],
            ),
            english: of(&set.english, &["displayName;lang-en", "cn;lang-en"], &[]),
            address: of(&set.address, &["mail"], &addresses),
            aliases: of(&set.aliases, &["mail"], &addresses),
            department: of(&set.department, &["ou", "departmentNumber"], &["department"]),
            control: is_windows.then_some("userAccountControl"),
        }
    }
}

impl Attributes {
    /// All that the directory is asked for, each once.
    pub(super) fn all(&self) -> Vec<String> {
        let fields = [
            &self.number,
            &self.name,
            &self.kana,
            &self.english,
            &self.address,
            &self.aliases,
            &self.department,
        ];
        let named = fields.into_iter().flatten().flat_map(|one| one.split('+'));
        let mut all: Vec<String> = named.chain(self.control).map(str::to_owned).collect();
        all.sort();
        all.dedup();
        all
    }
}

fn system_cas() -> PathBuf {
    PathBuf::from(SYSTEM_CAS)
}

fn leave_percent() -> u8 {
    5
}

fn leave_people() -> usize {
    1
}

fn percent<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    let percent = u8::deserialize(from)?;
    if percent <= 100 { Ok(percent) } else { Err(serde::de::Error::custom("more than 100")) }
}

fn server<'de, D: Deserializer<'de>>(from: D) -> Result<Server, D::Error> {
    String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
}

fn filter<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Filter>, D::Error> {
    Filter::parse(&String::deserialize(from)?).map(Some).map_err(serde::de::Error::custom)
}

fn described<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    let names = Vec::<String>::deserialize(from)?;
    let is_known = |name: &String| name.split('+').all(is_description);
    if names.iter().all(is_known) {
        Ok(Some(names))
    } else {
        Err(serde::de::Error::custom("not the name of an attribute"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    const SECTION: &str = "url = 'ldap://127.0.0.1'\nbind_dn = 'cn=a'\npassword_file = 'p'\n\
        base = 'o=A'\n";

    fn with(more: &str) -> Result<SyncConfig, String> {
        let mut text = SECTION.to_owned();
        let _ = write!(text, "{more}");
        toml::from_str(&text).map_err(|fault| fault.message().to_owned())
    }

    #[test]
    fn without_a_word_tls_is_spoken_and_one_person_may_leave() {
        let config = with("").unwrap();
        assert_eq!(config.server().tls, Tls::Start);
        assert_eq!((config.leave_percent, config.leave_people), (5, 1));
        assert_eq!(config.tls_ca, PathBuf::from(SYSTEM_CAS));
        assert_eq!(config.entries(), Some(Filter::parse("(objectClass=inetOrgPerson)").unwrap()));
        let limits = config.limits();
        assert_eq!((limits.page_entries, limits.entries, limits.values), (500, 200_000, 200));
        assert_eq!((limits.answer_octets, limits.octets), (1_048_576, 1_073_741_824));
        assert_eq!(limits.silence, Duration::from_secs(30));
        assert_eq!(limits.whole, Duration::from_secs(600));
        assert_eq!(with("plaintext = true").unwrap().server().tls, Tls::Never);
    }

    #[test]
    fn what_is_set_is_used() {
        let config = with(
            "schema = 'active-directory'\nfilter = '(cn=*)'\nleave_percent = 0\nleave_people = 3\n\
             [attributes]\nkana = ['a+b']\n[limits]\npage_entries = 0\nmax_entries = 1\n\
             max_answer_bytes = 2\nmax_bytes = 3\nmax_values = 4\nanswer_seconds = 5\nseconds = 6",
        )
        .unwrap();
        assert_eq!(config.entries(), Some(Filter::parse("(cn=*)").unwrap()));
        let attributes = config.attributes();
        assert_eq!(attributes.kana, ["a+b"]);
        assert_eq!(attributes.number, ["employeeID", "employeeNumber"]);
        let asked = attributes.all();
        assert!(
            asked.contains(&"b".to_owned()) && asked.contains(&"userAccountControl".to_owned())
        );
        let limits = config.limits();
        assert_eq!((limits.page_entries, limits.entries, limits.answer_octets), (1, 1, 2));
        assert_eq!((limits.octets, limits.values), (3, 4));
        assert_eq!(
            (limits.silence, limits.whole),
            (Duration::from_secs(5), Duration::from_secs(6))
        );
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for bad in [
            "filter = 'cn=a'",
            "leave_percent = 101",
            "schema = 'x500'",
            "[attributes]\nname = ['c n']",
            "[attributes]\nnickname = ['a']",
            "[limits]\nmax_entrys = 5",
        ] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }
}
