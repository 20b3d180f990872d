//! `ssmax user sync`: joins, changes and leavings of an LDAP directory or Active Directory.

mod settings;
mod told;

pub(crate) use settings::SyncConfig;

use super::ask;
use super::import::say::{self, Sums};
use super::import::{carry_out, may_leave};
use crate::command::{ConfigFile, Context, block_on};
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use crate::files;
use serde_json::json;
use ssmax_api::Problem;
use ssmax_api::ca::{
    AccountKind, Change, Missing, OfficerRequest, Outcome, Person, Registered, difference,
};
use ssmax_chain::binding::directory_address;
use ssmax_ldap::message::Entry;
use ssmax_ldap::{Login, ReadError, Step, Wanted, believing};
use ssmax_mail::address::Address;
use std::collections::{BTreeSet, HashMap};
use std::process::ExitCode;
use std::time::Instant;
use told::{Fault, Told, What};

/// Who tells of these people (`ssmax_api::ca::SOURCES`).
const SOURCE: &str = "ldap";

/// The most octets of the file of CAs.
const MAX_CA_OCTETS: u64 = 4 << 20;

/// How many faults are told one by one.
const MAX_SHOWN: usize = 100;

/// Arguments of `ssmax user sync`.
#[derive(Debug, clap::Args)]
pub(super) struct Sync {
    /// Say what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// So many may leave, although they are more than `[sync]` lets.
    #[arg(long, value_name = "PEOPLE")]
    allow_leave: Option<usize>,
    /// Who was revoked and is in the directory comes back under the same number, with all
    /// old mail.
    #[arg(long)]
    again: bool,
    /// Give addresses that were another person's, once they have rested.
    #[arg(long)]
    former_address: bool,
    #[command(flatten)]
    config: ConfigFile,
}

/// What there is to do.
struct Plan {
    changes: Vec<Change>,
    /// Who comes back and was not asked for.
    returning: Vec<String>,
    /// People who are so already.
    unchanged: usize,
    faults: Vec<Fault>,
}

/// Does it.
pub(super) fn run(args: &Sync, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let organisation = config.organisation()?;
    if organisation.is_esp() {
        return Err(Complaint::new(Exit::WrongUse, "esp-imports-nobody"));
    }
    let section = config.sync()?;
    let attributes = section.attributes();
    let entries = read(section)?;
    let told = Told::of(&entries, &attributes, organisation);
    if told.people.is_empty() {
        return Err(Complaint::new(Exit::Bad, "sync-nobody")
            .with("base", &section.base)
            .with("entries", entries.len()));
    }
    let (numberless, elsewhere) = (told.numberless, told.elsewhere);
    let current: Vec<Registered> = ask(&config, &OfficerRequest::ListPeople, "")?;
    let plan = plan(told, &current, args.again);
    show_faults(&plan.faults, context);
    check_leaving(&plan, &current, section, args.allow_leave)?;
    let facts = json!({
        "entries": entries.len(),
        "without_number": numberless,
        "addresses_elsewhere": elsewhere,
    });
    if args.dry_run {
        show_plan(&plan, &current, facts, context);
        return Ok(plan.end(0));
    }
    apply(&plan, &config, args, facts, context)
}

fn read(section: &SyncConfig) -> Result<Vec<Entry>, Complaint> {
    let wanted = Wanted {
        base: section.base.clone(),
        filter: section.entries().ok_or_else(|| Complaint::new(Exit::WrongUse, "failed"))?,
        attributes: section.attributes().all(),
    };
    let path = &section.tls_ca;
    let pem = ssmax_store::files::read_public_up_to(path, MAX_CA_OCTETS)?;
    let tls = believing(&pem).ok_or_else(|| {
        Complaint::new(Exit::WrongUse, "sync-tls-ca").with("path", path.display())
    })?;
    let password = files::read_password(&section.password_file)?;
    let login = Login { name: section.bind_dn.clone(), password };
    let server = section.server();
    let limits = section.limits();
    block_on(async {
        ssmax_ldap::read(&server, tls, &login, &wanted, &limits).await.map_err(|error| {
            complaint(&error).with("server", format!("{}:{}", server.host, server.port))
        })
    })
}

fn complaint(error: &ReadError) -> Complaint {
    let away = |name| Complaint::new(Exit::Unavailable, name);
    match error {
        ReadError::Unreachable(kind) => away("sync-unreachable").because(*kind),
        ReadError::Untrusted(reason) => away("sync-untrusted").with("reason", reason),
        ReadError::Plaintext => Complaint::new(Exit::WrongUse, "sync-plaintext"),
        ReadError::Slow => away("sync-slow"),
        ReadError::Refused { step: Step::Bind, code: 49 } => away("sync-login"),
        ReadError::Refused { step: Step::StartTls, code } => {
            away("sync-start-tls").with("code", code)
        }
        ReadError::Refused { code, .. } => away("sync-refused").with("code", code),
        ReadError::Part(code) => away("sync-part").with("code", code),
        ReadError::PartOfValues(name) => away("sync-part-of-values").with("attribute", name),
        ReadError::TooMuch(limit) => away("sync-too-much").with("limit", limit),
        other => away("sync-malformed").with("reason", other),
    }
}

fn plan(told: Told, current: &[Registered], again: bool) -> Plan {
    let known: HashMap<&str, &Registered> =
        current.iter().map(|one| (one.person.user.as_str(), one)).collect();
    let here = |user: &str| {
        let is_here = |one: &&Registered| one.active && one.kind == AccountKind::Person;
        known.get(user).copied().filter(is_here)
    };
    let mut faults = told.faults;
    let mut desired = Vec::with_capacity(told.people.len());
    for (mut person, mains) in told.people {
        if let Some(now) = here(&person.user) {
            keep(&mut person, &mains, &now.person);
        }
        desired.push(person);
    }
    let mut changes = difference(current, &desired, Missing::Leaves { source: SOURCE });
    let is_unclear = |user: &str| {
        let addresses = known.get(user).map(|one| one.person.addresses.as_slice());
        let mut normal = addresses.unwrap_or_default().iter().map(|one| looked_up(one));
        normal.find_map(|one| told.unclear.get(&one))
    };
    let faulty: BTreeSet<String> = faults.iter().filter_map(|one| one.number.clone()).collect();
    // An entry with a fault, or one that has lost its number, is about somebody: nobody
    // leaves because of it.
    changes.retain(|change| {
        let Change::Leave { user } = change else { return true };
        if told.disabled.contains(user) {
            return true;
        }
        if faulty.contains(user) {
            return false;
        }
        let Some(entry) = is_unclear(user) else { return true };
        if !faults.iter().any(|one| one.entry == *entry) {
            let number = Some(user.clone());
            faults.push(Fault { entry: entry.clone(), number, what: What::NoNumber });
        }
        false
    });
    let leaving: BTreeSet<&str> = changes.iter().map(Change::user).collect();
    // The directory says of them by name that they are away, whoever registered them.
    let more: Vec<Change> = told
        .disabled
        .iter()
        .filter(|user| here(user).is_some() && !leaving.contains(user.as_str()))
        .map(|user| Change::Leave { user: user.clone() })
        .collect();
    changes.splice(0..0, more);
    let mut plan = Plan { changes: Vec::new(), returning: Vec::new(), unchanged: 0, faults };
    let mut touched = 0;
    for change in changes {
        touched += usize::from(!matches!(change, Change::Leave { .. }));
        match change {
            Change::Return(person) if !again => plan.returning.push(person.user),
            change => plan.changes.push(change),
        }
    }
    plan.unchanged = desired.len().saturating_sub(touched);
    plan
}

/// What an entry does not say stays as it is; and of several addresses that may be the main
/// one, the one that is.
fn keep(person: &mut Person, mains: &BTreeSet<String>, now: &Person) {
    for (said, kept) in [
        (&mut person.kana, &now.kana),
        (&mut person.english, &now.english),
        (&mut person.department, &now.department),
    ] {
        if said.is_none() {
            said.clone_from(kept);
        }
    }
    let main = now.addresses.first().map(|one| looked_up(one)).unwrap_or_default();
    if mains.contains(&main)
        && let Some(place) = person.addresses.iter().position(|one| looked_up(one) == main)
        && let Some(first) = person.addresses.get_mut(..=place)
    {
        first.rotate_right(1);
    }
}

fn looked_up(text: &str) -> String {
    Address::parse(text).map_or_else(|_| text.to_lowercase(), |one| directory_address(&one))
}

/// A directory in which somebody moved a branch must not end everybody's rights.
fn check_leaving(
    plan: &Plan,
    current: &[Registered],
    section: &SyncConfig,
    allowed: Option<usize>,
) -> Result<(), Complaint> {
    let is_leave = |change: &&Change| matches!(change, Change::Leave { .. });
    let leaving = plan.changes.iter().filter(is_leave).count();
    let here = current.iter().filter(|one| one.active && one.person.source == SOURCE).count();
    let allowed = allowed.unwrap_or_default().max(section.leave_people);
    if may_leave(leaving, here, section.leave_percent, Some(allowed)) {
        return Ok(());
    }
    Err(Complaint::new(Exit::Bad, "sync-leaving")
        .with("leaving", leaving)
        .with("people", here)
        .with("percent", section.leave_percent))
}

fn apply(
    plan: &Plan,
    config: &Config,
    args: &Sync,
    mut facts: serde_json::Value,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    let begun = Instant::now();
    let mut sums = Sums { unchanged: plan.unchanged, ..Sums::default() };
    let changes: Vec<&Change> = plan.changes.iter().collect();
    let problems = carry_out(&changes, args.former_address, config, &mut sums, context)?;
    let mut refused: Vec<(&str, Problem)> = Vec::new();
    for (change, problem) in plan.changes.iter().zip(problems) {
        refused.extend(problem.map(|problem| (change.user(), problem)));
    }
    refused.extend(plan.returning.iter().map(|user| (user.as_str(), Problem::Ended)));
    for (user, problem) in &refused {
        let why = context.text(say::problem_text(*problem), &[("user", user)]);
        eprintln!("{}", context.text("sync-left-out", &[("user", user), ("why", &why)]));
    }
    let took = begun.elapsed();
    let refusals: Vec<_> =
        refused.iter().map(|(user, problem)| json!({ "user": user, "problem": problem })).collect();
    add(
        &mut facts,
        &json!({
            "joined": sums.joined,
            "changed": sums.changed,
            "left": sums.left,
            "returned": sums.returned,
            "unchanged": sums.unchanged,
            "certificates": sums.certificates,
            "refused": refusals,
            "faults": plan.faults.len(),
            "seconds": took.as_secs_f64(),
        }),
    );
    context.print(&facts, || say::summary(&sums, refused.len(), &[], took, context));
    Ok(plan.end(refused.len()))
}

impl Plan {
    /// How the command ends, so that a timer's unit shows that something is left to do.
    fn end(&self, refused: usize) -> ExitCode {
        if self.faults.is_empty() && refused == 0 { ExitCode::SUCCESS } else { Exit::Bad.into() }
    }
}

fn add(facts: &mut serde_json::Value, more: &serde_json::Value) {
    if let (Some(facts), Some(more)) = (facts.as_object_mut(), more.as_object()) {
        facts.extend(more.clone());
    }
}

fn show_plan(plan: &Plan, current: &[Registered], mut facts: serde_json::Value, context: &Context) {
    let known: HashMap<&str, &Registered> =
        current.iter().map(|one| (one.person.user.as_str(), one)).collect();
    let mut sums = Sums { unchanged: plan.unchanged, ..Sums::default() };
    let (mut changes, mut said) = (Vec::new(), Vec::new());
    for change in &plan.changes {
        let known = known.get(change.user()).copied();
        sums.count(change, Outcome::Done { certificates: say::certificates(change, known) });
        changes.push(say::fact(change, known));
        said.push(say::change_line(change, known, context));
    }
    let returning = plan.returning.iter();
    said.extend(returning.map(|user| context.text("import-needs-again", &[("user", user)])));
    add(
        &mut facts,
        &json!({
            "dry_run": true,
            "changes": changes,
            "unchanged": plan.unchanged,
            "needs_again": plan.returning,
            "certificates": sums.certificates,
            "faults": plan.faults.len(),
        }),
    );
    context.print(&facts, || {
        let number = |count: usize| count.to_string();
        said.push(context.text(
            "import-would",
            &[
                ("joined", &number(sums.joined)),
                ("changed", &number(sums.changed)),
                ("left", &number(sums.left)),
                ("returned", &number(sums.returned)),
                ("unchanged", &number(sums.unchanged)),
                ("refused", &number(plan.returning.len())),
                ("certificates", &number(sums.certificates)),
            ],
        ));
        said.join("\n")
    });
}

fn show_faults(faults: &[Fault], context: &Context) {
    for fault in faults.iter().take(MAX_SHOWN) {
        let what = context.text(fault_text(fault.what), &[]);
        // A directory's word, shown as one line.
        let entry: String = fault.entry.chars().filter(|one| !one.is_control()).collect();
        eprintln!("{}", context.text("sync-fault", &[("entry", &entry), ("what", &what)]));
    }
    if faults.len() > MAX_SHOWN {
        let more = (faults.len() - MAX_SHOWN).to_string();
        eprintln!("{}", context.text("import-fault-more", &[("count", &more)]));
    }
}

fn fault_text(what: What) -> &'static str {
    use ssmax_api::ca::RecordFault;
    match what {
        What::Text => "sync-fault-text",
        What::Control => "sync-fault-control",
        What::Address => "sync-fault-address",
        What::Twice => "sync-fault-twice",
        What::NoNumber => "sync-fault-no-number",
        What::Record(RecordFault::User) => "import-fault-user",
        What::Record(RecordFault::Name) => "import-fault-name",
        What::Record(RecordFault::Addresses) => "sync-fault-addresses",
        What::Record(_) => "sync-fault-field",
    }
}

#[cfg(test)]
mod tests;
