//! What is to be changed so that Postfix does what is wanted, and what stands against it.

use super::postfix::Found;
use super::undo::Undo;
use super::wanted::{Parameter, Rule, SIZE, Service, Wanted};
use crate::complaint::{Complaint, Exit};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A place in main.cf or master.cf, as postconf names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Place {
    /// A parameter of main.cf.
    Parameter(String),
    /// A `-o` of a service.
    Option {
        /// `smtp/inet`.
        service: String,
        /// The parameter.
        name: String,
    },
    /// A whole service that is ours.
    Service(String),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) | Self::Service(name) => out.write_str(name),
            Self::Option { service, name } => write!(out, "{service}/{name}"),
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) place: Place,
    /// What stands there; `None` where nothing does.
    pub(super) before: Option<String>,
    pub(super) after: String,
}

impl Change {
    /// Whether what stands there now is what this change put there: a whole service is that
    /// only with all of its options, or what somebody added to it would go with it.
    pub(super) fn is_as_written(&self, found: &str) -> bool {
        match self.place {
            Place::Service(_) => canonical(found) == canonical(&self.after),
            _ => found == self.after,
        }
    }
}

/// All changes, and those that would take away what somebody else has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) changes: Vec<Change>,
    pub(super) conflicts: Vec<Change>,
}

impl Plan {
    /// What was there before us and is otherwise is a conflict, unless it may be replaced;
    /// what we wrote ourselves and nobody has touched since is not.
    pub(super) fn make(
        wanted: &Wanted,
        found: &Found,
        undo: Option<&Undo>,
        replace: bool,
    ) -> Result<Self, Complaint> {
        let mut plan = Self { changes: Vec::new(), conflicts: Vec::new() };
        let mut add = |change: Change, may_conflict: bool| {
            let ours = undo.is_some_and(|undo| undo.wrote(&change));
            if may_conflict && change.before.is_some() && !ours && !replace {
                plan.conflicts.push(change);
            } else {
                plan.changes.push(change);
            }
        };
        let size = mail_size(wanted, found);
        for parameter in &wanted.main {
            if !is_good(parameter, found, size) {
                let place = Place::Parameter(parameter.name.to_owned());
                let after = parameter.value.clone();
                add(Change { before: found.at(&place), place, after }, true);
            }
        }
        for service in &wanted.master {
            compare(service, found, undo, &mut add)?;
        }
        Ok(plan)
    }
}

fn compare(
    service: &Service,
    found: &Found,
    undo: Option<&Undo>,
    add: &mut impl FnMut(Change, bool),
) -> Result<(), Complaint> {
    let place = Place::Service(service.name.clone());
    let before = found.at(&place);
    let missing = || {
        let complaint = Complaint::new(Exit::Bad, "setup-no-service");
        complaint.with("service", &service.name)
    };
    match (before, service.line()) {
        (None, None) => return Err(missing()),
        (None, Some(after)) => add(Change { place, before: None, after }, false),
        // One that we made is ours as a whole.
        (Some(before), Some(after)) if undo.is_some_and(|undo| undo.made(&service.name)) => {
            if canonical(&before) != canonical(&after) {
                add(Change { place, before: Some(before), after }, false);
            }
        }
        (Some(_), columns) => {
            let is_other = columns.is_some() && !has_columns(service, found);
            if is_other {
                let after = columns.unwrap_or_default();
                let before = found.at(&place);
                add(Change { place, before, after }, true);
                return Ok(());
            }
            for (name, value) in &service.options {
                let place =
                    Place::Option { service: service.name.clone(), name: (*name).to_owned() };
                let before = found.at(&place);
                if !option_is_good(name, before.as_deref(), value) {
                    add(Change { place, before, after: value.clone() }, true);
                }
            }
        }
    }
    Ok(())
}

/// Whether a service that is there is the program that is wanted there. How many of it may
/// run, and whether in a chroot, is for whoever wrote it.
fn has_columns(service: &Service, found: &Found) -> bool {
    let wanted = service.columns.as_deref().and_then(|columns| columns.rsplit(' ').next());
    found.command(&service.name) == wanted
}

/// `receive_override_options` is a list, in which ours has to be; a milter of ours is last;
/// whoever takes smaller mails only may.
fn option_is_good(name: &str, found: Option<&str>, wanted: &str) -> bool {
    let Some(found) = found else { return false };
    let words = |text: &str| -> Vec<String> {
        text.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    match name {
        "receive_override_options" => words(wanted).iter().all(|one| words(found).contains(one)),
        SIZE => {
            let number = |text: &str| text.trim().parse::<u64>().ok().filter(|size| *size > 0);
            number(found).zip(number(wanted)).is_some_and(|(found, wanted)| found <= wanted)
        }
        "smtpd_milters" if !wanted.is_empty() => words(found).last() == words(wanted).last(),
        _ => words(found) == words(wanted),
    }
}

/// A service in one form: options in any order, with and without braces.
fn canonical(line: &str) -> (Vec<String>, Vec<String>) {
    let mut parts = line.split(" -o ");
    let columns = parts.next().unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let bare = |one: &str| {
        let one = one.trim();
        let inner = one.strip_prefix('{').and_then(|one| one.strip_suffix('}'));
        inner.unwrap_or(one).replace(", ", ",")
    };
    let mut options: Vec<String> = parts.map(bare).collect();
    options.sort();
    (columns, options)
}

/// What `message_size_limit` will be; `None` is no limit.
fn mail_size(wanted: &Wanted, found: &Found) -> Option<u64> {
    let parameter = wanted.main.iter().find(|one| one.name == SIZE)?;
    let number = |text: &str| text.parse::<u64>().ok();
    let size = if is_good(parameter, found, None) {
        number(found.value(parameter.name))
    } else {
        number(&parameter.value)
    };
    size.filter(|size| *size > 0)
}

fn is_good(parameter: &Parameter, found: &Found, mail_size: Option<u64>) -> bool {
    let value = found.value(parameter.name);
    let number = value.parse::<u64>().ok();
    match &parameter.rule {
        Rule::OneOf(good) => good.contains(&value),
        Rule::AtLeast(least) => number.is_some_and(|number| number == 0 || number >= *least),
        Rule::HoldsOneMail => number.is_some_and(|number| {
            number == 0 || mail_size.is_some_and(|mail_size| number >= mail_size)
        }),
        Rule::NoneOf(domains) => {
            !domains.iter().any(|domain| domain.eq_ignore_ascii_case(found.myorigin()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::setup::wanted::Services;
    use crate::config::Config;
    use std::path::Path;

    const CONFIG: &str = "state_dir = '/s'\nrun_dir = '/r'\n\
        [organisation]\nid = 'NTRJP-7000012050002'\nname = 'A'\ndomains = ['a.example']\n\
        [federation]\nauthority_url = 'https://authority.example'\n\
        [gateway]\nhost_name = 'g.a.example'\ninbound_lmtp = '127.0.0.1:10024'\n\
        next_hop = 'smtp://127.0.0.1:10025'\n";

    const MX: &str = "smtp inet n - y - - smtpd";

    fn config(more: &str) -> Config {
        Config::parse(&format!("{CONFIG}{more}"), Path::new("/etc/ssmax/ssmax.toml")).unwrap()
    }

    fn plan(more: &str, found: &Found) -> Result<Plan, Complaint> {
        let wanted = Wanted::of(&config(more), &Services::default(), Some(found))?;
        Plan::make(&wanted, found, None, false)
    }

    fn names(changes: &[Change]) -> Vec<String> {
        changes.iter().map(|change| change.place.to_string()).collect()
    }

    #[test]
    fn a_postfix_as_it_is_installed_lacks_all_of_it_and_contradicts_nothing() {
        let plan = plan("", &Found::of(&[], &[], &[MX])).unwrap();
        assert_eq!(
            names(&plan.changes),
            [
                "smtpd_forbid_bare_newline",
                "disable_mime_output_conversion",
                "message_size_limit",
                "mailbox_size_limit",
                "virtual_mailbox_limit",
                "smtp/inet/content_filter",
                "smtp/inet/receive_override_options",
                "ssmax/unix",
                "127.0.0.1:10025/inet",
            ]
        );
        assert_eq!(plan.changes[2].after, "190000000");
        assert_eq!(plan.conflicts, []);
    }

    #[test]
    fn what_somebody_else_has_decided_is_a_conflict_and_what_is_good_is_left() {
        let found = Found::of(
            &[
                ("content_filter", "smtp-amavis:[127.0.0.1]:10030"),
                ("message_size_limit", "20000000"),
                ("mailbox_size_limit", "0"),
                ("virtual_mailbox_limit", "300000000"),
                ("smtpd_forbid_bare_newline", "normalize"),
            ],
            &[
                ("smtp/inet/content_filter", "amavis:x"),
                ("smtp/inet/receive_override_options", "no_milters, no_address_mappings"),
            ],
            &[MX, "ssmax unix - - n - 10 pipe"],
        );
        let plan = plan("", &found).unwrap();
        assert_eq!(
            names(&plan.conflicts),
            ["message_size_limit", "content_filter", "smtp/inet/content_filter", "ssmax/unix"]
        );
        assert_eq!(
            names(&plan.changes),
            ["disable_mime_output_conversion", "127.0.0.1:10025/inet"]
        );
    }

    #[test]
    fn behind_postscreen_the_filter_is_that_of_smtpd() {
        let services = ["smtp inet n - y - 1 postscreen", "smtpd pass - - y - - smtpd"];
        let plan = plan("", &Found::of(&[], &[], &services)).unwrap();
        assert!(names(&plan.changes).contains(&"smtpd/pass/content_filter".to_owned()));
    }

    #[test]
    fn a_service_that_has_to_be_there_is_not_invented() {
        assert_eq!(plan("", &Found::default()).unwrap_err().name, "setup-no-service");
    }

    #[test]
    fn mail_is_not_handed_back_to_the_port_where_it_arrives() {
        let more = CONFIG.replace(":10025'", ":25'");
        let config = Config::parse(&more, Path::new("/etc/ssmax/ssmax.toml")).unwrap();
        let error = Wanted::of(&config, &Services::default(), None).unwrap_err();
        assert_eq!(error.name, "setup-circle");
    }

    #[test]
    fn the_milter_is_the_last_and_seen_from_within_a_chroot() {
        let more = "submission_lmtp = '127.0.0.1:10023'\n[submission]\n\
            milter = 'unix:/var/spool/postfix/ssmax/submission.sock'\n";
        let services = [MX, "submission inet n - y - - smtpd"];
        let found = Found::of(&[("smtpd_milters", "inet:127.0.0.1:8891")], &[], &services);
        let changes = plan(more, &found).unwrap().changes;
        let milters = changes
            .iter()
            .find(|one| one.place.to_string() == "submission/inet/smtpd_milters")
            .unwrap();
        assert_eq!(milters.after, "inet:127.0.0.1:8891, unix:ssmax/submission.sock");
        let outside = more.replace("/var/spool/postfix", "/run");
        assert_eq!(plan(&outside, &found).unwrap_err().name, "setup-milter-chroot");
        let spaced = more.replace("ssmax/", "s x/");
        assert_eq!(plan(&spaced, &found).unwrap_err().name, "setup-milter-path");
    }

    #[test]
    fn without_anything_for_an_mta_there_is_nothing_to_set_up() {
        let more = CONFIG.replace("inbound_lmtp = '127.0.0.1:10024'\n", "");
        let config = Config::parse(&more, Path::new("/etc/ssmax/ssmax.toml")).unwrap();
        let error = Wanted::of(&config, &Services::default(), None).unwrap_err();
        assert_eq!(error.name, "setup-nothing");
    }
}
