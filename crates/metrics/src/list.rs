//! Every metric, declared once. `docs/metrics.md` is made from this list and compared
//! with it, and so are the dashboard and the alert rules.
//!
//! Names follow Prometheus: the unit at the end (`seconds`, `bytes`), `_total` for what
//! only grows, moments in seconds since 1970. Each sample has a label `role` besides those
//! that stand here.

use crate::family::{Counter, Gauge, Histogram, Metric};

/// A mail's way takes milliseconds where nothing is looked into, seconds where much is, and
/// is given up after a minute and a half.
pub const STAGE_BUCKETS: &[f64] =
    &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

macro_rules! metrics {
    ($($(#[$doc:meta])* $kind:ident $name:ident ($($argument:expr),* $(,)?): $type:ty;)*) => {
        $($(#[$doc])* pub static $name: $type = <$type>::new($($argument),*);)*
        /// All of them, in the order in which they are written.
        pub static ALL: &[&dyn Metric] = &[$(&$name),*];
    };
}

metrics! {
    /// Of every role.
    gauge UP("ssmax_up", &[], "1 when the role answered just now, else 0."): Gauge;
    /// Of every role.
    gauge BUILD_INFO("ssmax_build_info", &["version"], "1; the version that runs."): Gauge<1>;
    /// Of every role.
    gauge START("ssmax_start_timestamp_seconds", &[], "When the process started."): Gauge;
    /// Of every role.
    gauge READY("ssmax_ready", &["part"], "1 when what the role needs can be relied on, else 0."): Gauge<1>;
    /// Of every role.
    gauge MEMORY("ssmax_resident_memory_bytes", &[], "Memory that the process holds, without its workers."): Gauge;
    /// Of every role.
    gauge OPEN_FILES("ssmax_open_files", &[], "Files and connections that the process has open."): Gauge;
    /// Of every role.
    counter LOG_EVENTS("ssmax_log_events_total", &["level"], "Warnings and errors in the log."): Counter<1>;
    /// Of every role that asks others.
    counter DEPENDENCY_FAILURES("ssmax_dependency_failures_total", &["dependency"], "Requests to something the role needs that were not answered."): Counter<1>;
    /// Of every role with a store.
    gauge STORE_BYTES("ssmax_store_bytes", &["store"], "Octets of a store on the disk."): Gauge<1>;
    /// Of every role with certificates.
    gauge CERTIFICATE_EXPIRY("ssmax_certificate_expiry_timestamp_seconds", &["certificate"], "When an own certificate ends; of several the one that ends last."): Gauge<1>;
    /// Of keyserver, gateway and authority.
    gauge LIST_VERSION("ssmax_member_list_version", &[], "The version of the member list in force."): Gauge;
    /// Of keyserver, gateway and authority.
    gauge LIST_ISSUED("ssmax_member_list_issued_timestamp_seconds", &[], "When the list in force was signed."): Gauge;
    /// Of keyserver, gateway and authority.
    gauge LIST_STATUS_EXPIRY("ssmax_member_list_status_expiry_timestamp_seconds", &[], "Until when the standings in the list in force are good."): Gauge;
    /// Of the gateway.
    gauge LIST_FETCHED("ssmax_member_list_fetched_timestamp_seconds", &[], "When the authority last gave a list that was believed."): Gauge;
    /// Of keyserver and gateway.
    gauge STANDING("ssmax_member_standing", &["standing"], "1 for how the own organisation stands."): Gauge<1>;
    /// Of the supervisor.
    counter RESTARTS("ssmax_restarts_total", &["child"], "Starts of a role after it had ended by itself."): Counter<1>;
    /// Of gateway and directory.
    gauge SESSIONS_OPEN("ssmax_sessions_open", &["listener"], "Clients that are connected."): Gauge<1>;
    /// Of gateway and directory.
    counter SESSIONS("ssmax_sessions_total", &["listener", "result"], "Clients that connected: served or turned away."): Counter<2>;
    /// Of the gateway.
    counter MAILS("ssmax_mails_total", &["direction", "outcome"], "Mails that came, by what became of them; mixed where recipients differ."): Counter<2>;
    /// Of the gateway.
    counter RECIPIENTS("ssmax_recipients_total", &["direction", "outcome", "stage", "reason"], "Recipients of mails by what became of them, with the number of the reason in spec/reasons.tsv; none where it passed."): Counter<4>;
    /// Of the gateway.
    counter MAIL_BYTES("ssmax_mail_bytes_total", &["direction"], "Octets of the mails that came."): Counter<1>;
    /// Of the gateway.
    counter REPLIES("ssmax_replies_total", &["direction", "class"], "Replies to mails by their first digit, one for each recipient."): Counter<2>;
    /// Of the gateway.
    counter AFTER_OPENING("ssmax_refused_after_opening_total", &["direction"], "Recipients whose mail was stopped after a key had been used for it."): Counter<1>;
    /// Of the gateway.
    histogram STAGE_SECONDS("ssmax_stage_seconds", &["direction", "stage"], STAGE_BUCKETS, "How long a stage of a mail took."): Histogram<2>;
    /// Of the gateway.
    gauge LAST_MAIL("ssmax_last_mail_timestamp_seconds", &["direction"], "When the last mail got its fate."): Gauge<1>;
    /// Of the gateway.
    gauge HELD("ssmax_held_mails", &[], "Mails that wait for an officer."): Gauge;
    /// Of the gateway.
    gauge HELD_BYTES("ssmax_held_bytes", &[], "Octets of the mails that wait for an officer."): Gauge;
    /// Of the gateway.
    gauge HELD_OLDEST("ssmax_held_oldest_timestamp_seconds", &[], "When the mail was put in that has waited longest; absent when none waits."): Gauge;
    /// Of the gateway.
    gauge JOURNAL_ROWS("ssmax_journal_rows", &[], "Fates that the journal tells."): Gauge;
    /// Of the keyserver.
    gauge TICKETS_OPEN("ssmax_tickets_open", &["origin"], "Tickets that are open."): Gauge<1>;
    /// Of the keyserver.
    counter OPERATIONS("ssmax_keyserver_operations_total", &["operation", "result"], "Requests as the audit log has them."): Counter<2>;
    /// Of every role with keys.
    counter KEY_OPERATIONS("ssmax_private_key_operations_total", &["purpose", "operation", "result"], "Uses of private keys."): Counter<3>;
    /// Of the inspector.
    counter INSPECTIONS("ssmax_inspections_total", &["outcome"], "Mails that a worker looked into."): Counter<1>;
    /// Of the inspector.
    histogram INSPECTION_SECONDS("ssmax_inspection_seconds", &["outcome"], STAGE_BUCKETS, "How long a worker took, without the wait for a place."): Histogram<1>;
    /// Of the inspector.
    gauge WORKERS("ssmax_workers_running", &[], "Workers that run."): Gauge;
    /// Of the inspector.
    gauge WORKERS_LIMIT("ssmax_workers_limit", &[], "Workers that may run at a time."): Gauge;
    /// Of the inspector.
    counter WORKER_KILLS("ssmax_worker_kills_total", &["cause"], "Workers that ended without an answer: past their time, out of memory, or otherwise."): Counter<1>;
    /// Of the inspector.
    gauge CLAMAV_UP("ssmax_clamav_up", &[], "1 when clamd takes a connection, else 0; absent where it is not used."): Gauge;
    /// Of the CA.
    counter LOGINS("ssmax_logins_total", &["result"], "Logins of own people that the CA was asked about."): Counter<1>;
    /// Of the CA.
    counter ISSUED("ssmax_certificates_issued_total", &["kind"], "Certificates that the CA was asked for and gave."): Counter<1>;
    /// Of the submission milter.
    counter STATEMENTS("ssmax_statements_total", &["result"], "Statements on who had logged in at the MTA."): Counter<1>;
    /// Of the directory.
    counter DIRECTORY_REQUESTS("ssmax_directory_requests_total", &["operation", "result"], "Answers to mailers by their result code."): Counter<2>;
    /// Of the enrolment page.
    counter ENROL_REQUESTS("ssmax_enrol_requests_total", &["page", "status"], "Answers to browsers."): Counter<2>;
    /// Of the authority.
    gauge MEMBERS("ssmax_members", &["standing"], "Members by how they stand."): Gauge<1>;
    /// Of the authority.
    counter PUBLISHED("ssmax_authority_requests_total", &["document", "status"], "Answers to members."): Counter<2>;
    /// Of the SCIM service.
    counter SCIM_REQUESTS("ssmax_scim_requests_total", &["status"], "Answers to identity providers."): Counter<1>;
    /// Of the watch.
    counter WATCH_REQUESTS("ssmax_watch_requests_total", &["path", "status"], "Answers over HTTP."): Counter<2>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Kind;
    use std::collections::BTreeSet;

    #[test]
    fn names_follow_prometheus_and_none_is_declared_twice() {
        let mut names = BTreeSet::new();
        for metric in ALL {
            let one = metric.described();
            let plain = |text: &str| {
                !text.is_empty() && text.bytes().all(|b| b == b'_' || b.is_ascii_lowercase())
            };
            assert!(plain(one.name) && one.name.starts_with("ssmax_"), "{}", one.name);
            assert_eq!(one.name.ends_with("_total"), one.kind == Kind::Counter, "{}", one.name);
            assert!(names.insert(one.name), "{} is declared twice", one.name);
            assert!(one.help.ends_with('.') && !one.help.contains('|'), "{}", one.name);
            for label in one.labels {
                assert!(plain(label) && *label != "role" && *label != "le", "{label}");
            }
            assert!(one.buckets.is_sorted(), "{}", one.name);
            assert_eq!(one.buckets.is_empty(), one.kind != Kind::Histogram, "{}", one.name);
        }
        assert!(names.len() > 30);
    }
}
