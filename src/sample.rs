//! The commented sample of `ssmax.toml`: every field, in the order of the types that
//! read it. What a field means stands in `i18n/` as `sample-SECTION-FIELD`.

mod sync;
mod written;

pub(crate) use written::{sections, text};

/// Whose sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sample {
    /// A member's: keyserver, CA, inspector, gateway.
    Member,
    /// A management organisation's.
    Authority,
}

/// One field of the sample.
enum Field {
    /// Has to be set; the value is an example.
    Set(&'static str, &'static str),
    /// Need not be set; the value is the default, or an example where there is none.
    Optional(&'static str, &'static str),
}
use Field::{Optional, Set};

impl Field {
    fn name(&self) -> &'static str {
        match self {
            Set(name, _) | Optional(name, _) => name,
        }
    }
}

/// A section with the fields in it; the first of a file has no name.
type Section = (&'static str, &'static [Field]);

const TOP: Section = (
    "",
    &[
        Set("state_dir", "\"/var/lib/ssmax\""),
        Set("run_dir", "\"/run/ssmax\""),
        Optional("log", "\"info\""),
        Optional("log_format", "\"text\""),
    ],
);

/// Sections that turn something on by being there.
const OFF: [&str; 6] = ["submission", "directory", "enrol", "scim", "sync", "watch"];

const WATCH: Section = (
    "watch",
    &[
        Optional("listen", "\"127.0.0.1:9464\""),
        Optional("max_connections", "16"),
        Optional("seconds", "15"),
    ],
);

const MEMBER: &[Section] = &[
    TOP,
    (
        "organisation",
        &[
            Set("id", "\"NTRJP-7000012050002\""),
            Optional("kind", "\"organisation\""),
            Set("name", "\"Example Organisation\""),
            Optional("name_ja", "\"例示機構\""),
            Optional("name_kana", "\"レイジキコウ\""),
            Set("domains", "[\"a.example\"]"),
            Set("incident_contact", "\"abuse@a.example\""),
        ],
    ),
    (
        "federation",
        &[
            Set("authority_url", "\"https://authority.example:8443\""),
            Optional("tls_ca", "\"/var/lib/ssmax/federation/tls-ca.pem\""),
            Optional("root", "\"/var/lib/ssmax/federation/root.pem\""),
            Optional("poll_seconds", "30"),
            Optional("fresh_form", "\"wrapped-gcm\""),
            Optional("enforce", "\"none\""),
        ],
    ),
    (
        "transport",
        &[
            Optional("keyserver", "\"tls://keys.a.example:7701\""),
            Optional("ca", "\"tls://ca.a.example:7702\""),
            Optional("inspector", "[\"tls://i1.a.example:7703\", \"tls://i2.a.example:7703\"]"),
            Optional(
                "denied",
                "[\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"]",
            ),
            Optional("denied_file", "\"/etc/ssmax/denied\""),
            Optional("handshake_seconds", "10"),
            Optional("max_handshakes", "256"),
            Optional("max_handshakes_per_host", "64"),
            Optional("transfer_seconds", "30"),
            Optional("transfer_octets_per_second", "262144"),
        ],
    ),
    (
        "keyserver",
        &[
            Set("unlock_file", "\"/etc/ssmax/unlock/keyserver\""),
            Optional("backend", "\"file\""),
            Optional("max_private_operations", "4"),
            Optional("allow_pkcs1_decryption", "false"),
            Optional("sign_for_users", "false"),
            Optional("gateway_logins", "false"),
            Optional("outside_certificates", "\"/etc/ssmax/outside\""),
            Optional("outside_certificates_seconds", "10"),
            Optional("reviewers", "[\"officer@a.example\"]"),
            Optional("rewrap_own_per_day", "2000"),
            Optional("audit_days", "1830"),
            Optional("listen", "\"10.0.0.1:7701\""),
        ],
    ),
    (
        "keyserver.state",
        &[
            Optional(
                "url",
                "\"postgresql://ssmax_keyserver@db.a.example/ssmax?sslmode=verify-full&sslrootcert=/etc/ssmax/db-ca.pem\"",
            ),
            Optional("password_file", "\"/etc/ssmax/unlock/keyserver.db\""),
            Optional("connections", "8"),
        ],
    ),
    (
        "keyserver.demands",
        &[Optional("\"city.example\"", "{ signed_by = \"token\", aal = 2, ial = 2 }")],
    ),
    (
        "keyserver.expects",
        &[Optional(
            "\"bank.example\"",
            "{ signed_by = \"file\", aal = 2, ial = 1, below = \"mark\" }",
        )],
    ),
    (
        "keyserver.archive",
        &[
            Optional("officers", "[\"10234\", \"10777\", \"10901\"]"),
            Optional("notice", "\"privacy@a.example\""),
            Optional("parts_per_request", "200"),
            Optional("parts_per_day", "2000"),
            Optional("request_hours", "72"),
        ],
    ),
    (
        "keyserver.trace",
        &[
            Optional("officers", "[\"10234\", \"10777\", \"10901\"]"),
            Optional("notice", "\"privacy@a.example\""),
            Optional("request_hours", "72"),
            Optional("requests_per_day", "20"),
            Optional("hop_days", "1830"),
        ],
    ),
    (
        "keyserver.limits",
        &[
            Optional("mails_per_hour", "1000"),
            Optional("recipients_per_hour", "10000"),
            Optional("member_mails_per_hour", "50000"),
            Optional("member_mails_at_once", "2000"),
            Optional("opened_refusals_per_hour", "20"),
        ],
    ),
    (
        "keyserver.pkcs11",
        &[
            Set("module", "\"/usr/lib/softhsm/libsofthsm2.so\""),
            Set("token_label", "\"ssmax\""),
            Set("pin_file", "\"/etc/ssmax/unlock/keyserver.pin\""),
        ],
    ),
    (
        "ca",
        &[
            Set("unlock_file", "\"/etc/ssmax/unlock/ca\""),
            Optional("backend", "\"file\""),
            Optional("user_days", "730"),
            Optional("relay_days", "400"),
            Optional("directory_relays_per_hour", "10000"),
            Optional("device_secret_aal", "1"),
            Optional("address_quarantine_days", "180"),
            Optional("registration_days", "1830"),
            Optional("relay_kept_days", "400"),
            Optional("listen", "\"10.0.0.2:7702\""),
            Optional("transport_days", "90"),
        ],
    ),
    (
        "ca.publish",
        &[
            Set("url", "\"http://pki.a.example\""),
            Optional("ocsp", "true"),
            Optional("listen", "\"10.0.0.2:8080\""),
            Optional("directory", "\"/srv/pki\""),
            Optional("crl_hours", "96"),
            Optional("ocsp_minutes", "60"),
            Optional("max_connections", "64"),
            Optional("seconds", "10"),
            Optional("max_request_bytes", "4096"),
            Optional("answers_per_second", "200"),
        ],
    ),
    (
        "ca.login",
        &[
            Optional("code_drift_steps", "1"),
            Optional("wrong_codes", "5"),
            Optional("wrong_codes_minutes", "15"),
            Optional("certificates", "false"),
            Optional("card_aal", "3"),
            Optional("key_file_aal", "1"),
            Optional("invitation_hours", "72"),
            Optional("invitation_tries", "5"),
        ],
    ),
    (
        "ca.state",
        &[
            Optional(
                "url",
                "\"postgresql://ssmax_ca@db.a.example/ssmax?sslmode=verify-full&sslrootcert=/etc/ssmax/db-ca.pem\"",
            ),
            Optional("password_file", "\"/etc/ssmax/unlock/ca.db\""),
            Optional("connections", "8"),
        ],
    ),
    (
        "ca.pkcs11",
        &[
            Set("module", "\"/usr/lib/softhsm/libsofthsm2.so\""),
            Set("token_label", "\"ssmax\""),
            Set("pin_file", "\"/etc/ssmax/unlock/ca.pin\""),
        ],
    ),
    (
        "inspector",
        &[
            Optional("workers", "4"),
            Optional("worker_seconds", "60"),
            Optional("worker_mebibytes", "1024"),
            Optional("clamav", "\"unix:/run/clamav/clamd.ctl\""),
            Optional("clamav_seconds", "20"),
            Optional("clamav_bytes", "100000000"),
            Optional("clamd_conf", "\"/etc/clamav/clamd.conf\""),
            Optional("listen", "\"10.0.0.3:7703\""),
        ],
    ),
    (
        "inspector.policy",
        &[Optional("\"leak.my-number\"", "{ outbound = \"block\", inbound = \"pass\" }")],
    ),
    (
        "inspector.limits",
        &[
            Optional("expanded_bytes", "200000000"),
            Optional("archive_depth", "8"),
            Optional("archive_entries", "10000"),
            Optional("text_bytes", "100000000"),
            Optional("message_depth", "10"),
            Optional("findings", "100"),
        ],
    ),
    (
        "gateway",
        &[
            Set("host_name", "\"ssmax.a.example\""),
            Optional("submission", "\"127.0.0.1:2587\""),
            Optional("submission_lmtp", "\"127.0.0.1:10023\""),
            Optional("inbound_smtp", "\"0.0.0.0:2525\""),
            Optional("inbound_lmtp", "\"127.0.0.1:2424\""),
            Optional("tls_certificate", "\"/etc/ssmax/tls/certificate.pem\""),
            Optional("tls_key", "\"/etc/ssmax/tls/key.pem\""),
            Optional("allow_plaintext_auth", "false"),
            Optional("client_certificates", "false"),
            Set("next_hop", "\"smtp://127.0.0.1:10025\""),
            Optional("dsn", "false"),
            Optional("route_ca", "\"/etc/ssmax/tls/route-ca.pem\""),
            Optional("inbound_after_opening", "\"hold\""),
            Optional("outbound_after_opening", "\"refuse\""),
            Optional("ambiguous", "\"rebuild\""),
            Optional("outside", "\"reject\""),
            Optional("delivery", "\"seal\""),
            Optional("attachments", "\"whole\""),
            Optional("max_held_mebibytes", "10240"),
            Optional("journal_days", "30"),
            Optional("max_list_members", "200"),
            Optional("max_submission_bytes", "72310656"),
        ],
    ),
    (
        "gateway.state",
        &[
            Optional(
                "url",
                "\"postgresql://ssmax_gateway@db.a.example/ssmax?sslmode=verify-full&sslrootcert=/etc/ssmax/db-ca.pem\"",
            ),
            Optional("password_file", "\"/etc/ssmax/unlock/gateway.db\""),
            Optional("connections", "8"),
        ],
    ),
    (
        "gateway.objects",
        &[
            Optional("url", "\"s3://held-mail/a.example\""),
            Optional("endpoint", "\"https://s3.a.example\""),
            Optional("region", "\"us-east-1\""),
            Optional("credentials_file", "\"/etc/ssmax/unlock/gateway.objects\""),
            Optional("ca_file", "\"/etc/ssl/certs/ca-certificates.crt\""),
            Optional("timeout_seconds", "15"),
            Optional("orphan_hours", "24"),
        ],
    ),
    (
        "gateway.lists",
        &[Optional(
            "\"team@a.example\"",
            "{ members = [\"hanako@a.example\"], reply_to = \"sender\" }",
        )],
    ),
    ("gateway.redirects", &[Optional("\"former@a.example\"", "\"former@b.example\"")]),
    (
        "gateway.hold",
        &[
            Optional("days", "14"),
            Optional("notify", "\"recipient\""),
            Optional("max_mails", "10000"),
        ],
    ),
    (
        "gateway.volume",
        &[
            Optional("recipients_per_hour", "500"),
            Optional("recipients_per_day", "2000"),
            Optional("exempt", "[\"1002\"]"),
        ],
    ),
    (
        "gateway.system",
        &[
            Optional("lmtp", "\"127.0.0.1:10026\""),
            Optional("smtp", "\"127.0.0.1:10027\""),
            Optional("report_address", "\"mailer-daemon@a.example\""),
            Optional("reply_address", "\"auto-reply@a.example\""),
        ],
    ),
    ("gateway.system.sources", &[Optional("\"192.0.2.7\"", "\"scanner@a.example\"")]),
    ("gateway.routes", &[Optional("\"b.example\"", "\"smtp+tls://mx.b.example:25\"")]),
    (
        "gateway.limits",
        &[
            Optional("max_mail_bytes", "100000000"),
            Optional("max_recipients", "1000"),
            Optional("max_line_bytes", "1000"),
            Optional("max_auth_line_bytes", "12288"),
            Optional("max_data_line_bytes", "1048576"),
            Optional("max_buffered_bytes", "400000000"),
            Optional("max_connections", "500"),
            Optional("max_connections_per_address", "100"),
            Optional("max_errors", "20"),
            Optional("max_idle_commands", "100"),
            Optional("max_auth_attempts", "3"),
            Optional("failed_logins_per_hour", "100"),
            Optional("command_timeout_seconds", "300"),
            Optional("data_timeout_seconds", "180"),
            Optional("min_data_bytes_per_second", "512"),
            Optional("data_grace_seconds", "60"),
            Optional("tls_timeout_seconds", "30"),
        ],
    ),
    (
        "submission",
        &[
            Set("milter", "\"unix:/var/spool/postfix/ssmax/submission.sock\""),
            Optional("access", "\"group\""),
            Optional("peers", "[\"postfix\"]"),
            Optional("unauthenticated", "\"refuse\""),
            Optional("aal", "1"),
        ],
    ),
    ("submission.mechanisms", &[Optional("\"EXTERNAL\"", "2")]),
    ("submission.certificates", &[Set("issuer", "\"Example Client CA\""), Optional("aal", "2")]),
    (
        "submission.limits",
        &[
            Optional("max_connections", "500"),
            Optional("max_frame_bytes", "262144"),
            Optional("max_header_bytes", "262144"),
            Optional("max_recipients", "1000"),
            Optional("max_field_bytes", "48000"),
            Optional("idle_seconds", "7200"),
        ],
    ),
    (
        "directory",
        &[
            Optional("ldap", "\"127.0.0.1:3389\""),
            Optional("ldaps", "\"0.0.0.0:3636\""),
            Optional("tls_certificate", "\"/etc/ssmax/tls/directory.pem\""),
            Optional("tls_key", "\"/etc/ssmax/tls/directory.key.pem\""),
            Optional("allow_plaintext", "false"),
            Optional("networks", "[\"192.0.2.0/24\"]"),
            Optional("base", "\"dc=a,dc=example\""),
            Optional("internal", "\"relay\""),
        ],
    ),
    (
        "directory.limits",
        &[
            Optional("max_connections", "1000"),
            Optional("max_connections_per_address", "100"),
            Optional("requests_per_second", "20"),
            Optional("max_request_bytes", "16384"),
            Optional("max_filter_depth", "8"),
            Optional("max_filter_terms", "256"),
            Optional("max_addresses", "50"),
            Optional("min_letters", "2"),
            Optional("max_suggestions", "20"),
            Optional("suggestions_per_hour", "5000"),
            Optional("failed_binds_per_hour", "100"),
            Optional("idle_seconds", "60"),
            Optional("tls_timeout_seconds", "10"),
            Optional("answer_seconds", "5"),
        ],
    ),
    (
        "enrol",
        &[
            Set("listen", "\"0.0.0.0:8444\""),
            Set("url", "\"https://enrol.a.example:8444\""),
            Set("tls_certificate", "\"/etc/ssmax/tls/enrol.pem\""),
            Set("tls_key", "\"/etc/ssmax/tls/enrol.key.pem\""),
        ],
    ),
    (
        "enrol.limits",
        &[
            Optional("max_connections", "100"),
            Optional("max_connections_per_address", "20"),
            Optional("failures_per_hour", "20"),
            Optional("max_form_bytes", "16384"),
            Optional("request_seconds", "15"),
            Optional("max_packages", "100"),
            Optional("package_minutes", "10"),
        ],
    ),
    (
        "scim",
        &[
            Optional("listen", "\"0.0.0.0:8447\""),
            Optional("tls_certificate", "\"/etc/ssmax/tls/scim.pem\""),
            Optional("tls_key", "\"/etc/ssmax/tls/scim.key.pem\""),
            Optional("allow_plaintext", "false"),
            Optional("url", "\"https://scim.a.example\""),
            Optional("number", "\"employeeNumber\""),
            Optional("proof", "\"hr-record\""),
            Optional("tokens", "[]"),
        ],
    ),
    (
        "scim.limits",
        &[
            Optional("max_connections", "64"),
            Optional("max_request_bytes", "262144"),
            Optional("max_results", "200"),
            Optional("requests_per_second", "50"),
            Optional("failed_logins_per_hour", "100"),
            Optional("request_seconds", "10"),
            Optional("answer_seconds", "60"),
            Optional("connection_seconds", "600"),
        ],
    ),
    sync::SYNC,
    sync::ATTRIBUTES,
    sync::LIMITS,
    WATCH,
];

const AUTHORITY: &[Section] = &[
    TOP,
    (
        "authority",
        &[
            Set("name", "\"Example Federation\""),
            Set("url", "\"https://authority.example:8443\""),
            Optional("listen", "\"127.0.0.1:8443\""),
            Set("unlock_file", "\"/etc/ssmax/unlock/authority\""),
            Optional("reissue_seconds", "3600"),
            Optional("list_hours", "24"),
            Optional("max_connections", "256"),
            Optional("request_seconds", "10"),
            Optional("connection_seconds", "120"),
        ],
    ),
    (
        "authority.state",
        &[
            Optional(
                "url",
                "\"postgresql://ssmax_authority@db.example/ssmax?sslmode=verify-full&sslrootcert=/etc/ssmax/db-ca.pem\"",
            ),
            Optional("password_file", "\"/etc/ssmax/unlock/authority.db\""),
            Optional("connections", "8"),
        ],
    ),
    WATCH,
];
