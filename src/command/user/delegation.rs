//! Who may write in whose name.

use super::ask;
use crate::command::{ConfigFile, Context};
use crate::complaint::Complaint;
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

/// Asks for something about two people; of a person who is not there only that one is named.
fn ask_for_both(
    config: &Config,
    request: &OfficerRequest,
    both: [&str; 2],
) -> Result<(), Complaint> {
    let complaint = match ask::<()>(config, request, &both.join(", ")) {
        Err(complaint) if complaint.name == "user-unknown" => complaint,
        answered => return answered,
    };
    let known: Vec<UserEntry> = ask(config, &OfficerRequest::ListUsers, "")?;
    let is_known = |name: &str| {
        let is_it = |address: &String| address.eq_ignore_ascii_case(name);
        known.iter().any(|one| one.active && (one.user == name || one.addresses.iter().any(is_it)))
    };
    let missing: Vec<&str> = both.into_iter().filter(|name| !is_known(name)).collect();
    // Who was registered between the two questions is missing from neither.
    if missing.is_empty() {
        return Err(complaint);
    }
    Err(Complaint::from_problem(Problem::NotFound, &missing.join(", ")))
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
