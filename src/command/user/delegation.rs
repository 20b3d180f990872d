//! Who may write in whose name.

use super::ask;
use crate::command::{ConfigFile, Context};
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use serde_json::json;
use ssmax_api::Problem;
use ssmax_api::ca::{OfficerRequest, UserEntry};
use ssmax_api::keyserver::Delegation;
use std::process::ExitCode;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// Arguments of `ssmax user delegate`.
#[derive(Debug, clap::Args)]
pub(super) struct Delegate {
    /// In whose name: the user id or an address of a person or of a shared mailbox.
    #[arg(long, value_name = "OWNER")]
    from: String,
    /// Who writes: the user id or an address.
    #[arg(long, value_name = "PERSON")]
    to: String,
    /// For how long, in days; at most 825.
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    days: u16,
    #[command(flatten)]
    config: ConfigFile,
}

/// Arguments of `ssmax user undelegate`.
#[derive(Debug, clap::Args)]
pub(super) struct Undelegate {
    /// In whose name: the user id or an address.
    #[arg(long, value_name = "OWNER")]
    from: String,
    /// Who could write: the user id or an address.
    #[arg(long, value_name = "PERSON")]
    to: String,
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) fn delegate(args: &Delegate, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let end = OffsetDateTime::now_utc() + Duration::days(i64::from(args.days));
    let (owner, actor) = (args.from.clone(), args.to.clone());
    let request = OfficerRequest::Delegate { owner, actor, until: end.unix_timestamp() };
    ask_for_both(&config, &request, [&args.from, &args.to])?;
    let end = day(end.unix_timestamp());
    context.print(&json!({ "from": args.from, "to": args.to, "until": end }), || {
        let facts = [("from", args.from.as_str()), ("to", &args.to), ("until", &end)];
        context.text("cli-user-delegated", &facts)
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn undelegate(args: &Undelegate, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let (owner, actor) = (args.from.clone(), args.to.clone());
    let request = OfficerRequest::EndDelegation { owner, actor };
    ask_for_both(&config, &request, [&args.from, &args.to])?;
    context.print(&json!({ "from": args.from, "to": args.to }), || {
        context.text("cli-user-undelegated", &[("from", &args.from), ("to", &args.to)])
    });
    Ok(ExitCode::SUCCESS)
}

/// Asks for something about two people; of a person who is not there, or no longer, only that
/// one is named.
fn ask_for_both(
    config: &Config,
    request: &OfficerRequest,
    both: [&str; 2],
) -> Result<(), Complaint> {
    let complaint = match ask::<()>(config, request, &both.join(", ")) {
        Err(complaint) if matches!(complaint.name, "user-unknown" | "user-revoked") => complaint,
        Err(complaint) if complaint.name == "user-malformed" => {
            return Err(Complaint::new(Exit::Bad, "delegation-unfit"));
        }
        answered => return answered,
    };
    let [from, to] = both;
    let known: Vec<UserEntry> = ask(config, &OfficerRequest::ListUsers, "")?;
    let missing = |problem, among: fn(&UserEntry, &str) -> bool| {
        let is_missing = |name: &&str| !known.iter().any(|one| among(one, name));
        let missing: Vec<&str> = both.into_iter().filter(is_missing).collect();
        (!missing.is_empty()).then(|| Complaint::from_problem(problem, &missing.join(", ")))
    };
    Err(missing(Problem::NotFound, was_ever)
        .or_else(|| missing(Problem::Ended, |one, name| one.active && was_ever(one, name)))
        // Both are here; it is the delegation that is not.
        .unwrap_or_else(|| match request {
            OfficerRequest::EndDelegation { .. } => {
                Complaint::new(Exit::Bad, "delegation-unknown").with("from", from).with("to", to)
            }
            _ => complaint,
        }))
}

/// Whether a person has or had this user id or address.
fn was_ever(person: &UserEntry, name: &str) -> bool {
    let former = person.former.iter().map(|one| &one.address);
    person.user == name
        || person.addresses.iter().chain(former).any(|one| one.eq_ignore_ascii_case(name))
}

pub(super) fn list(file: &ConfigFile, context: &Context) -> Result<ExitCode, Complaint> {
    let config = file.load()?;
    let found: Vec<Delegation> = ask(&config, &OfficerRequest::ListDelegations, "")?;
    let facts: Vec<_> = found
        .iter()
        .map(|one| json!({ "from": one.owner, "to": one.actor, "until": day(one.until) }))
        .collect();
    context.print(&json!({ "delegations": facts }), || {
        let line = |one: &Delegation| {
            let until = day(one.until);
            let facts = [("from", one.owner.as_str()), ("to", &one.actor), ("until", &until)];
            context.text("cli-user-delegated", &facts)
        };
        let count = found.len().to_string();
        let mut said: Vec<String> = found.iter().map(line).collect();
        said.push(context.text("cli-count-delegations", &[("count", &count)]));
        said.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// A moment as people and programs read it.
fn day(seconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}
