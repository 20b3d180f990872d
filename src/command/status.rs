//! `ssmax status`: how the roles of this host are, as they say it themselves.

use super::{ConfigFile, Context, block_on};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::words;
use serde_json::{Map, Value, json};
use ssmax_metrics::{Part, Snapshot};
use std::fmt::Write as _;
use std::process::ExitCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Arguments of `ssmax status`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigFile,
}

/// Tells it.
pub(crate) fn run(args: &Args, context: &Context) -> ExitCode {
    context.end(tell(args, context))
}

/// A role, and what it says if it runs.
type Said = (Role, Option<Snapshot>);

fn tell(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let said = block_on(ask_all(&config))?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let state = state(&said);
    let roles: Map<String, Value> = said
        .iter()
        .map(|(role, snapshot)| (role.as_str().to_owned(), facts(snapshot.as_ref(), now)))
        .collect();
    context.print(&json!({ "state": state.word(), "roles": roles }), || {
        let mut text = String::new();
        for (role, snapshot) in &said {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}", told(*role, snapshot.as_ref(), now, context));
        }
        text + &context.text(&format!("status-{}", state.word()), &[])
    });
    Ok(state.exit())
}

async fn ask_all(config: &Config) -> Result<Vec<Said>, Complaint> {
    let mut said = Vec::new();
    for role in config.roles() {
        // One that does not answer is one that does not run, whatever the reason.
        let snapshot = ssmax_daemon::watch::ask(config.run_dir(), role.as_str()).await.ok();
        said.push((role, snapshot));
    }
    Ok(said)
}

/// How it is altogether.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    Bad,
    NotRunning,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::NotRunning => "not-running",
        }
    }

    fn exit(self) -> ExitCode {
        match self {
            Self::Good => ExitCode::SUCCESS,
            Self::Bad => Exit::Bad.into(),
            Self::NotRunning => Exit::Unavailable.into(),
        }
    }
}

/// Also what a role can do without is bad: somebody has to look.
fn state(said: &[Said]) -> State {
    let fault = |part: &Part| part.fault.is_some();
    if said.iter().any(|(_, snapshot)| snapshot.is_none()) {
        State::NotRunning
    } else if said.iter().flat_map(|(_, snapshot)| snapshot).any(|one| one.parts.iter().any(fault))
    {
        State::Bad
    } else {
        State::Good
    }
}

fn moment(at: i64) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(at).ok()?.format(&Rfc3339).ok()
}

/// A gauge or counter as a whole number.
#[allow(clippy::cast_possible_truncation, reason = "counts and moments, exact below 2^53")]
fn number(snapshot: &Snapshot, name: &str, labels: &[&str]) -> Option<i64> {
    snapshot.number(name, labels).filter(|value| value.is_finite()).map(|value| value as i64)
}

/// Days that are left of each certificate.
fn certificates(snapshot: &Snapshot, now: i64) -> Vec<(String, i64)> {
    snapshot
        .samples("ssmax_certificate_expiry_timestamp_seconds")
        .filter_map(|sample| {
            let name = sample.labels.first()?.clone();
            let ends = number(snapshot, "ssmax_certificate_expiry_timestamp_seconds", &[&name])?;
            Some((name, (ends - now).div_euclid(86_400)))
        })
        .collect()
}

fn standing(snapshot: &Snapshot) -> Option<String> {
    snapshot.samples("ssmax_member_standing").next()?.labels.first().cloned()
}

fn facts(snapshot: Option<&Snapshot>, now: i64) -> Value {
    let Some(said) = snapshot else { return json!({ "running": false }) };
    let parts: Map<String, Value> = said
        .parts
        .iter()
        .map(|part| (part.name.clone(), json!(part.fault.as_deref().unwrap_or("ok"))))
        .collect();
    let certificates: Map<String, Value> =
        certificates(said, now).into_iter().map(|(name, days)| (name, json!(days))).collect();
    let mut facts = json!({
        "running": true, "ready": said.is_ready(), "since": moment(said.started),
        "pid": said.pid, "version": said.version, "parts": parts,
        "certificate_days": certificates,
    });
    let issued = number(said, "ssmax_member_list_issued_timestamp_seconds", &[]);
    let last = |direction| {
        number(said, "ssmax_last_mail_timestamp_seconds", &[direction]).and_then(moment)
    };
    let oldest = number(said, "ssmax_held_oldest_timestamp_seconds", &[]).and_then(moment);
    for (name, value) in [
        ("list_version", json!(number(said, "ssmax_member_list_version", &[]))),
        ("list_age_seconds", json!(issued.map(|issued| now - issued))),
        ("standing", json!(standing(said))),
        ("held_mails", json!(number(said, "ssmax_held_mails", &[]))),
        ("held_since", json!(oldest)),
        ("last_inbound", json!(last("inbound"))),
        ("last_outbound", json!(last("outbound"))),
        ("tickets_open", json!(tickets(said))),
        ("clamav", json!(number(said, "ssmax_clamav_up", &[]).map(|up| up == 1))),
    ] {
        if let (Some(facts), false) = (facts.as_object_mut(), value.is_null()) {
            facts.insert(name.to_owned(), value);
        }
    }
    facts
}

fn tickets(snapshot: &Snapshot) -> Option<i64> {
    let of = |origin| number(snapshot, "ssmax_tickets_open", &[origin]);
    Some(of("own")? + of("member")? + of("outside")?)
}

fn told(role: Role, snapshot: Option<&Snapshot>, now: i64, context: &Context) -> String {
    let name = context.text(role.text(), &[]);
    let mut text = String::new();
    let mut line = |id: &str, arguments: &[(&str, &str)]| {
        let _ = writeln!(text, "{}", context.text(id, arguments));
    };
    let Some(said) = snapshot else {
        line("status-role-absent", &[("role", &name)]);
        return text;
    };
    let since = moment(said.started).unwrap_or_default();
    let head = [("role", &*name), ("since", &since), ("version", &said.version)];
    line(if said.is_ready() { "status-role-ready" } else { "status-role-not-ready" }, &head);
    for part in &said.parts {
        if let Some(fault) = &part.fault {
            let (part, fault) = (word(context, "part", &part.name), word(context, "fault", fault));
            line("status-part-bad", &[("part", &part), ("fault", &fault)]);
        }
    }
    if let Some(version) = number(said, "ssmax_member_list_version", &[]) {
        let issued = number(said, "ssmax_member_list_issued_timestamp_seconds", &[]);
        let minutes = issued.map_or(0, |issued| (now - issued) / 60).to_string();
        line("status-list", &[("version", &version.to_string()), ("minutes", &minutes)]);
    }
    if let Some(standing) = standing(said) {
        let standing = words::word(context, "standing", &standing);
        line("status-standing", &[("standing", &standing)]);
    }
    let days: Vec<String> = certificates(said, now)
        .iter()
        .map(|(name, days)| format!("{} {days}", words::word(context, "certificate", name)))
        .collect();
    if !days.is_empty() {
        line("status-certificates", &[("days", &days.join(", "))]);
    }
    if let Some(held) = number(said, "ssmax_held_mails", &[]) {
        let oldest = number(said, "ssmax_held_oldest_timestamp_seconds", &[]).and_then(moment);
        let none = context.text("status-none", &[]);
        let (held, oldest) = (held.to_string(), oldest.unwrap_or_else(|| none.clone()));
        line("status-held", &[("count", &held), ("oldest", &oldest)]);
        let last = |direction| {
            let at = number(said, "ssmax_last_mail_timestamp_seconds", &[direction]);
            at.and_then(moment).unwrap_or_else(|| none.clone())
        };
        let (inbound, outbound) = (last("inbound"), last("outbound"));
        line("status-last", &[("inbound", &inbound), ("outbound", &outbound)]);
    }
    if let Some(tickets) = tickets(said) {
        line("status-tickets", &[("count", &tickets.to_string())]);
    }
    if number(said, "ssmax_clamav_up", &[]) == Some(1) {
        line("status-clamav", &[]);
    }
    text
}

/// A part's or a fault's name in the reader's language; of another version, as it came.
fn word(context: &Context, kind: &str, name: &str) -> String {
    let id = format!("status-{kind}-{name}");
    if ssmax_texts::has(&id) { context.text(&id, &[]) } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(parts: Vec<Part>) -> Snapshot {
        let (role, version) = ("gateway".to_owned(), "1".to_owned());
        Snapshot { role, version, pid: 1, started: 0, parts, families: vec![] }
    }

    #[test]
    fn who_does_not_run_counts_more_than_what_is_bad() {
        let good = (Role::Ca, Some(snapshot(vec![Part::needed("store", None)])));
        let told = (Role::Gateway, Some(snapshot(vec![Part::told("standing", Some("x"))])));
        let absent = (Role::Keyserver, None);
        assert_eq!(state(std::slice::from_ref(&good)), State::Good);
        assert_eq!(state(&[good.clone(), told.clone()]), State::Bad);
        assert_eq!(state(&[good, told, absent]), State::NotRunning);
    }

    #[test]
    fn every_part_and_every_fault_has_its_word() {
        for part in [
            "store",
            "objects",
            "keyserver",
            "inspector",
            "ca",
            "keys",
            "certificates",
            "tls-certificate",
            "member-list",
            "standing",
            "clamav",
            "role",
        ] {
            assert!(ssmax_texts::has(&format!("status-part-{part}")), "{part}");
        }
        for fault in [
            "unreachable",
            "not-writable",
            "not-readable",
            "unusable",
            "expired",
            "missing",
            "stale",
            "outdated",
            "not-good",
            "not-listed",
            "slow",
        ] {
            assert!(ssmax_texts::has(&format!("status-fault-{fault}")), "{fault}");
        }
    }
}
