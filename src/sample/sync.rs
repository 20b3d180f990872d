//! `[sync]`: the directory that tells of people.

use super::{Field::Optional, Field::Set, Section};

/// What is read, and as whom.
pub(super) const SYNC: Section = (
    "sync",
    &[
        Set("url", "\"ldaps://dc1.a.example\""),
        Optional("tls_ca", "\"/etc/ssl/certs/ca-certificates.crt\""),
        Optional("plaintext", "false"),
        Set("bind_dn", "\"cn=ssmax,ou=services,dc=a,dc=example\""),
        Set("password_file", "\"/etc/ssmax/unlock/sync\""),
        Set("base", "\"ou=people,dc=a,dc=example\""),
        Optional("schema", "\"inetorgperson\""),
        Optional("filter", "\"(objectClass=inetOrgPerson)\""),
        Optional("leave_percent", "5"),
        Optional("leave_people", "1"),
    ],
);

/// Which attributes mean what.
pub(super) const ATTRIBUTES: Section = (
    "sync.attributes",
    &[
        Optional("number", "[\"employeeNumber\"]"),
        Optional("name", "[\"displayName\", \"cn\"]"),
        Optional("kana", "[\"displayName;lang-ja;phonetic\", \"cn;lang-ja;phonetic\"]"),
        Optional("english", "[\"displayName;lang-en\", \"cn;lang-en\"]"),
        Optional("address", "[\"mail\"]"),
        Optional("aliases", "[\"mail\"]"),
        Optional("department", "[\"ou\", \"departmentNumber\"]"),
    ],
);

/// What the directory may answer.
pub(super) const LIMITS: Section = (
    "sync.limits",
    &[
        Optional("page_entries", "500"),
        Optional("max_entries", "200000"),
        Optional("max_answer_bytes", "1048576"),
        Optional("max_bytes", "1073741824"),
        Optional("max_values", "200"),
        Optional("answer_seconds", "30"),
        Optional("seconds", "600"),
    ],
);
