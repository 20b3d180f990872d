//! `ssmax audit`: the keyserver's log, whether it was changed, and whether it fits what
//! the gateway did.

use super::{ConfigFile, Context, block_on, verify};
use crate::complaint::{Complaint, Exit};
use crate::files;
use crate::part::{Part, perform};
use serde_json::{Value, json};
use ssmax_gateway::{Outside, TicketFate};
use ssmax_keyserver::{AuditFault, AuditReport, TicketTrace};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;

/// The largest file with a head, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// How long a mail may be on its way before its fate is missed: tickets end after fifteen
/// minutes, and a transmission may take its time behind that.
const UNDER_WAY: time::Duration = time::Duration::hours(1);

/// What hands out a mail that has passed. A passed mail of the chain needs one of them.
/// Mail to somebody outside is encrypted, mail of a list made anew.
const HANDING_OUT: [&str; 8] = [
    "sign-hop",
    "seal",
    "encrypt-to",
    "rewrap-to",
    "preserve",
    "encrypt-outside",
    "sign-post",
    "encrypt-post",
];

/// Arguments of `ssmax audit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Check the keyserver's log, and compare it with the gateway's journal.
    Verify(Verify),
    /// Print where the log stands, signed, to be kept elsewhere.
    Head {
        /// Where to write it. Default: standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        config: ConfigFile,
    },
}

#[derive(Debug, clap::Args)]
struct Verify {
    /// A head that was kept elsewhere: the log must still hold what it held then.
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

/// Does what was asked for.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(match args.action {
        Action::Verify(args) => verify_log(&args, context),
        Action::Head { out, config } => print_head(out.as_deref(), &config, context),
    })
}

fn print_head(
    out: Option<&Path>,
    config: &ConfigFile,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    let config = config.load()?;
    let head: Option<(String, Vec<u8>)> = block_on(perform(&config, Part::AuditHead))?;
    let (head, signature) = head.ok_or_else(|| Complaint::new(Exit::Bad, "audit-empty"))?;
    let text = json!({ "head": head, "signature": hex::encode(signature) }).to_string() + "\n";
    match out {
        Some(path) => {
            files::write_document(path, text.as_bytes())?;
            let path = path.display().to_string();
            context.print(&json!({ "files": [path] }), || {
                context.text("cli-file-written", &[("path", &path)])
            });
        }
        None => files::say(text.trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}

/// A head as [`print_head`] writes it.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    head: String,
    signature: String,
}

fn read_head(path: &Path) -> Result<(String, Vec<u8>), Complaint> {
    let octets = verify::read(path, MAX_HEAD_BYTES)?;
    let unreadable =
        || Complaint::new(Exit::WrongUse, "audit-head-unreadable").with("path", path.display());
    let kept: Kept = serde_json::from_slice(&octets).map_err(|_| unreadable())?;
    let signature = hex::decode(&kept.signature).map_err(|_| unreadable())?;
    Ok((kept.head, signature))
}

fn verify_log(args: &Verify, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let outside = args.head.as_deref().map(read_head).transpose()?;
    let (fates, report): (Option<Vec<TicketFate>>, AuditReport) = block_on(async {
        // The journal first: what it tells has long been in the log.
        let fates = perform(&config, Part::TicketFates).await?;
        Ok((fates, perform(&config, Part::VerifyAudit(outside)).await?))
    })?;
    let setting = config.gateway().ok().map(|gateway| gateway.gateway.outside);
    let clear = setting.is_none_or(|outside| matches!(outside, Outside::Clear | Outside::Hold));
    let left_out = match (&fates, setting) {
        (None, _) => Some(LeftOut::Journal),
        (Some(_), None) => Some(LeftOut::InClear),
        _ => None,
    };
    let differences = match &fates {
        Some(fates) => compare(fates, &report.tickets, OffsetDateTime::now_utc(), clear),
        None => Vec::new(),
    };
    let verdict = Verdict::of(&report, &differences, left_out);
    context.print(&facts(&report, &differences, verdict, left_out), || {
        let mut lines: Vec<String> =
            report.faults.iter().map(|fault| fault_text(fault, context)).collect();
        lines.extend(differences.iter().map(|one| one.text(context)));
        let (rows, heads) = (report.rows.to_string(), report.heads.to_string());
        let tickets = report.tickets.len().to_string();
        let arguments = [("rows", rows.as_str()), ("heads", &heads), ("tickets", &tickets)];
        lines.push(context.text(verdict.text(), &arguments));
        lines.extend(left_out.map(|one| context.text(one.text(), &[])));
        lines.join("\n")
    });
    Ok(match verdict {
        Verdict::Good => ExitCode::SUCCESS,
        Verdict::Bad => Exit::Bad.into(),
        Verdict::NotReconciled => Exit::Unavailable.into(),
    })
}

/// What was not compared, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    /// There is no journal here: nothing says what the gateway did.
    Journal,
    /// No `[gateway]` here says what becomes of mail to outside: what left in clear looks
    /// like what may leave so.
    InClear,
}

impl LeftOut {
    fn text(self) -> &'static str {
        match self {
            Self::Journal => "audit-left-out-journal",
            Self::InClear => "audit-left-out-in-clear",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::InClear => "in-clear",
        }
    }
}

/// How it came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    Bad,
    /// Nothing is wrong with the log, and nothing was compared with it.
    NotReconciled,
}

impl Verdict {
    fn of(report: &AuditReport, differences: &[Difference], left_out: Option<LeftOut>) -> Self {
        if !report.faults.is_empty() || !differences.is_empty() {
            Self::Bad
        } else if left_out == Some(LeftOut::Journal) {
            Self::NotReconciled
        } else {
            Self::Good
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Good => "audit-good",
            Self::Bad => "audit-bad",
            Self::NotReconciled => "audit-log-alone",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::NotReconciled => "not-reconciled",
        }
    }
}

/// Where log and journal do not fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// A recipient got a mail for which the log knows no ticket.
    NoTicket(String),
    /// ... whose ticket got no verdict of pass.
    NoPass(String),
    /// ... that no operation of the keyserver gave out.
    NotGivenOut(String),
    /// A ticket with copies for other members, of which no journal tells.
    NoFate(String),
}

impl Difference {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::NoTicket(mail) => ("audit-no-ticket", mail),
            Self::NoPass(mail) => ("audit-no-pass", mail),
            Self::NotGivenOut(mail) => ("audit-not-given-out", mail),
            Self::NoFate(ticket) => ("audit-no-fate", ticket),
        }
    }

    fn text(&self, context: &Context) -> String {
        let (id, what) = self.parts();
        let what = verify::printable(what);
        context.text(id, &[("what", &what)])
    }

    fn json(&self) -> Value {
        let (id, what) = self.parts();
        json!({ "difference": id.trim_start_matches("audit-"), "what": what })
    }
}

fn compare(
    fates: &[TicketFate],
    tickets: &BTreeMap<String, TicketTrace>,
    now: OffsetDateTime,
    leaves_in_clear: bool,
) -> Vec<Difference> {
    let mut differences = BTreeSet::new();
    for fate in fates.iter().filter(|fate| fate.fate == "passed") {
        let mail = fate.message_id.clone();
        let Some(trace) = fate.ticket.as_ref().and_then(|ticket| tickets.get(ticket)) else {
            differences.insert(Difference::NoTicket(mail));
            continue;
        };
        let has = |op: &str| trace.done.iter().any(|done| done == op);
        // What an officer released passed against the verdict; an ESP checks signatures only,
        // and hands on what comes in without looking into it.
        let judged = trace.verdict.as_deref() == Some("pass")
            || ["tolerate", "verified"].iter().any(|op| has(op))
            || (has("preserve") && trace.verdict.is_none());
        if !judged {
            differences.insert(Difference::NoPass(mail.clone()));
        }
        // What came in clear from outside is delivered as it is, and what goes there in
        // clear needs nothing of the key server.
        let in_clear = has("admit-outside") || (leaves_in_clear && !has("rewrap"));
        if !in_clear && !HANDING_OUT.iter().any(|op| has(op)) {
            differences.insert(Difference::NotGivenOut(mail));
        }
    }
    let known: BTreeSet<&String> = fates.iter().filter_map(|fate| fate.ticket.as_ref()).collect();
    let oldest = (now - UNDER_WAY).unix_timestamp();
    for (name, trace) in tickets {
        let copied = trace.done.iter().any(|done| done == "rewrap");
        if copied && trace.at < oldest && !known.contains(name) {
            differences.insert(Difference::NoFate(name.clone()));
        }
    }
    differences.into_iter().collect()
}

fn facts(
    report: &AuditReport,
    differences: &[Difference],
    verdict: Verdict,
    left_out: Option<LeftOut>,
) -> Value {
    json!({
        "verdict": verdict.code(),
        "not_reconciled": left_out.map(LeftOut::code),
        "rows": report.rows,
        "first": report.first,
        "last": report.last,
        "heads": report.heads,
        "tickets": report.tickets.len(),
        "faults": report.faults,
        "differences": differences.iter().map(Difference::json).collect::<Vec<_>>(),
    })
}

fn fault_text(fault: &AuditFault, context: &Context) -> String {
    let text = |id: &str, seq: &u64| context.text(id, &[("seq", &seq.to_string())]);
    match fault {
        AuditFault::Altered { seq } => text("audit-altered", seq),
        AuditFault::Missing { seq } => text("audit-missing", seq),
        AuditFault::ChainBroken { seq } => text("audit-chain-broken", seq),
        AuditFault::HeadForged { seq } => text("audit-head-forged", seq),
        AuditFault::HeadDiffers { seq } => text("audit-head-differs", seq),
        AuditFault::CutOff { seq, last } => {
            context.text("audit-cut-off", &[("seq", &seq.to_string()), ("last", &last.to_string())])
        }
        AuditFault::Unsigned { seq } => text("audit-unsigned", seq),
        _ => text("audit-altered", &0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_texts::Language;

    fn fate(fate: &str, ticket: Option<&str>) -> TicketFate {
        TicketFate {
            at: 0,
            message_id: "<1@a.example>".to_owned(),
            fate: fate.to_owned(),
            ticket: ticket.map(str::to_owned),
        }
    }

    fn tickets(done: &[&str], verdict: Option<&str>) -> BTreeMap<String, TicketTrace> {
        let trace = TicketTrace {
            at: 0,
            done: done.iter().map(|&op| op.to_owned()).collect(),
            verdict: verdict.map(str::to_owned),
        };
        BTreeMap::from([("t".to_owned(), trace)])
    }

    fn compared(fates: &[TicketFate], tickets: &BTreeMap<String, TicketTrace>) -> Vec<Difference> {
        compare(fates, tickets, OffsetDateTime::UNIX_EPOCH + time::Duration::days(1), false)
    }

    #[test]
    fn a_mail_passes_by_ticket_verdict_and_signature_or_seal() {
        let passed = [fate("passed", Some("t"))];
        let mail = || "<1@a.example>".to_owned();
        for op in HANDING_OUT {
            let tickets = tickets(&["admit-outbound", "verdict", "rewrap", op], Some("pass"));
            assert_eq!(compared(&passed, &tickets), []);
        }
        let outside = tickets(&["admit-outside", "verdict"], Some("pass"));
        assert_eq!(compared(&passed, &outside), []);
        let unsigned = tickets(&["admit-outbound", "verdict", "rewrap"], Some("pass"));
        assert_eq!(compared(&passed, &unsigned), [Difference::NotGivenOut(mail())]);
        let clear = tickets(&["admit-outbound", "verdict"], Some("pass"));
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::days(1);
        assert_eq!(compare(&passed, &clear, at, true), []);
        assert_eq!(compare(&passed, &clear, at, false), [Difference::NotGivenOut(mail())]);
        assert_eq!(compare(&passed, &unsigned, at, true), [Difference::NotGivenOut(mail())]);
        for verdict in [None, Some("hold")] {
            let other = tickets(&["admit-outside", "verdict"], verdict);
            assert_eq!(compared(&passed, &other), [Difference::NoPass(mail())]);
        }
        for ticket in [None, Some("other")] {
            let fates = [fate("passed", ticket)];
            assert_eq!(compared(&fates, &outside), [Difference::NoTicket(mail())]);
        }
        assert_eq!(compared(&[fate("refused", None)], &outside), []);
    }

    #[test]
    fn copies_without_a_fate_are_named_once_they_are_overdue() {
        let tickets = tickets(&["admit-outbound", "verdict", "rewrap"], Some("pass"));
        let at = |hours: i64| OffsetDateTime::UNIX_EPOCH + time::Duration::minutes(hours * 60 + 1);
        assert_eq!(compare(&[], &tickets, at(1), false), [Difference::NoFate("t".to_owned())]);
        assert_eq!(compare(&[], &tickets, at(0), false), []);
        assert_eq!(compare(&[fate("refused", Some("t"))], &tickets, at(1), false), []);
    }

    #[test]
    fn without_a_journal_a_good_log_is_no_good_answer_and_a_bad_one_is_bad() {
        let good = AuditReport::default();
        let mut bad = good.clone();
        bad.faults.push(AuditFault::Altered { seq: 1 });
        let of = |report, left_out| Verdict::of(report, &[], left_out);
        assert_eq!(of(&good, None), Verdict::Good);
        assert_eq!(of(&good, Some(LeftOut::InClear)), Verdict::Good);
        assert_eq!(of(&good, Some(LeftOut::Journal)), Verdict::NotReconciled);
        assert_eq!(of(&bad, Some(LeftOut::Journal)), Verdict::Bad);
        for one in [LeftOut::Journal, LeftOut::InClear] {
            assert!(ssmax_texts::has(one.text()));
        }
        assert!(ssmax_texts::has(Verdict::NotReconciled.text()));
    }

    #[test]
    fn every_finding_has_its_text() {
        for language in Language::ALL {
            let context = Context { language, json: false };
            for fault in [
                AuditFault::Altered { seq: 7 },
                AuditFault::Missing { seq: 7 },
                AuditFault::ChainBroken { seq: 7 },
                AuditFault::HeadForged { seq: 7 },
                AuditFault::HeadDiffers { seq: 7 },
                AuditFault::CutOff { seq: 7, last: 5 },
                AuditFault::Unsigned { seq: 7 },
            ] {
                let text = fault_text(&fault, &context);
                assert!(text.contains('7') && !text.contains("{$"), "{text}");
            }
            for difference in [
                Difference::NoTicket("x".into()),
                Difference::NoPass("x".into()),
                Difference::NotGivenOut("x".into()),
                Difference::NoFate("x".into()),
            ] {
                let text = difference.text(&context);
                assert!(ssmax_texts::has(difference.parts().0) && text.contains('x'), "{text}");
            }
        }
    }
}
