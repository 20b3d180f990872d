//! `ssmax journey`: one mail's whole story on this member, from the gateway's journal and
//! the keyserver's audit log. Content is in neither.

use super::{ConfigFile, Context, block_on, verify};
use crate::complaint::{Complaint, Exit};
use crate::config::Role;
use crate::part::{Part, perform};
use crate::words;
use serde_json::{Value, json};
use ssmax_gateway::JourneyRow;
use ssmax_keyserver::TicketRow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The longest name of a mail, in octets: a Message-ID's field has at most 998.
const MAX_NAME_BYTES: usize = 998;

/// Arguments of `ssmax journey`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The Message-ID, a hop, the MTA's queue id, or the gateway's name for the mail.
    name: String,
    #[command(flatten)]
    config: ConfigFile,
}

/// Tells it.
pub(crate) fn run(args: &Args, context: &Context) -> ExitCode {
    context.end(tell(args, context))
}

fn tell(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    if args.name.is_empty() || args.name.len() > MAX_NAME_BYTES {
        return Err(Complaint::new(Exit::WrongUse, "journey-name").with("max", MAX_NAME_BYTES));
    }
    // No mail has such a name, and whoever reads the answer would not see what was asked.
    if args.name.chars().any(verify::is_control) {
        return Err(Complaint::new(Exit::WrongUse, "journey-name-characters"));
    }
    // The key server may be on another host: then its part of the story is told there.
    let has_log = config.roles().contains(&Role::Keyserver);
    let (rows, log): (Vec<JourneyRow>, Option<Vec<TicketRow>>) = block_on(async {
        let rows: Vec<JourneyRow> = perform(&config, Part::Journey(args.name.clone())).await?;
        let tickets: BTreeSet<String> = rows.iter().filter_map(|row| row.ticket.clone()).collect();
        let log = match has_log {
            true => {
                let tickets = tickets.into_iter().collect();
                Some(perform(&config, Part::TicketRows(tickets)).await?)
            }
            false => None,
        };
        Ok((rows, log))
    })?;
    if rows.is_empty() {
        return Err(Complaint::new(Exit::Bad, "journey-unknown").with("name", &args.name));
    }
    let arrivals = arrivals(&rows);
    let facts: Vec<Value> = arrivals.iter().map(|arrival| facts(arrival, log.as_deref())).collect();
    context.print(&json!({ "arrivals": facts }), || {
        let told: Vec<String> =
            arrivals.iter().map(|arrival| told(arrival, log.as_deref(), context)).collect();
        told.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// The fates of each time that the mail came or was taken up again.
fn arrivals(rows: &[JourneyRow]) -> Vec<Vec<&JourneyRow>> {
    let mut arrivals: Vec<Vec<&JourneyRow>> = Vec::new();
    for row in rows {
        let same = |known: &Vec<&JourneyRow>| {
            known.first().is_some_and(|first| first.mail == row.mail && row.mail.is_some())
        };
        match arrivals.iter_mut().find(|known| same(known)) {
            Some(known) => known.push(row),
            None => arrivals.push(vec![row]),
        }
    }
    arrivals
}

/// "accept 3 authenticate 12" in pairs.
fn stages(text: &str) -> Vec<(&str, u64)> {
    let words: Vec<&str> = text.split(' ').collect();
    words
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [stage, took] => Some((*stage, took.parse().ok()?)),
            _ => None,
        })
        .collect()
}

fn moment(at: i64) -> String {
    OffsetDateTime::from_unix_timestamp(at)
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_default()
}

fn of_ticket<'a>(
    ticket: Option<&'a String>,
    log: Option<&'a [TicketRow]>,
) -> impl Iterator<Item = &'a TicketRow> {
    log.unwrap_or_default().iter().filter(move |row| Some(&row.ticket) == ticket)
}

fn facts(arrival: &[&JourneyRow], log: Option<&[TicketRow]>) -> Value {
    let Some(first) = arrival.first() else { return Value::Null };
    let mut verdict = first.verdict.as_deref().unwrap_or_default().split(' ');
    let outcome = verdict.next().filter(|word| !word.is_empty());
    let recipients: Vec<Value> = arrival
        .iter()
        .map(|row| {
            json!({
                "recipient": row.recipient, "at": moment(row.at), "fate": row.fate,
                "stage": row.stage, "reason": row.reason, "hop": row.hop,
                "to_org": row.to_org, "reply": row.reply,
            })
        })
        .collect();
    let operations: Vec<Value> = of_ticket(first.ticket.as_ref(), log)
        .map(|row| {
            json!({ "seq": row.seq, "at": moment(row.at), "operation": row.op,
                "about": row.about, "result": row.result })
        })
        .collect();
    json!({
        "message_id": first.message_id, "mail": first.mail, "queue_id": first.queue_id,
        "ticket": first.ticket, "direction": first.direction, "listener": first.listener,
        "login": first.login, "mail_from": first.mail_from, "size_bytes": first.bytes,
        "rebuilt": first.rebuilt,
        "inspection": outcome.map(|outcome| {
            json!({ "outcome": outcome, "rules": verdict.collect::<Vec<_>>() })
        }),
        "stages": stages(&first.stages).iter()
            .map(|(stage, took)| json!({ "stage": stage, "ms": took }))
            .collect::<Vec<_>>(),
        "recipients": recipients,
        "key_operations": log.map(|_| operations),
    })
}

fn told(arrival: &[&JourneyRow], log: Option<&[TicketRow]>, context: &Context) -> String {
    let Some(first) = arrival.first() else { return String::new() };
    let (at, none) = (moment(first.at), context.text("journey-none", &[]));
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| none.clone());
    let direction = context.text(&format!("journey-{}", first.direction), &[]);
    let mut text = String::new();
    let mut line = |id: &str, arguments: &[(&str, &str)]| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", visible(&context.text(id, arguments)));
    };
    let head = [("at", &*at), ("direction", &direction), ("id", &first.message_id)];
    line("journey-head", &head);
    let bytes = first.bytes.map_or_else(|| none.clone(), |bytes| bytes.to_string());
    match &first.listener {
        Some(listener) => line(
            "journey-arrival",
            &[
                ("listener", listener),
                ("login", &or_none(&first.login)),
                ("sender", &first.mail_from),
                ("bytes", &bytes),
            ],
        ),
        None => line("journey-taken-up", &[("sender", &first.mail_from)]),
    }
    let (mail, queue, ticket) =
        (or_none(&first.mail), or_none(&first.queue_id), or_none(&first.ticket));
    line("journey-names", &[("mail", &mail), ("queue", &queue), ("ticket", &ticket)]);
    if first.rebuilt {
        line("journey-rebuilt", &[]);
    }
    let stages: Vec<String> = stages(&first.stages)
        .iter()
        .map(|(stage, took)| format!("{} {took} ms", words::word(context, "stage", stage)))
        .collect();
    if !stages.is_empty() {
        line("journey-stages", &[("stages", &stages.join(", "))]);
    }
    if let Some(verdict) = &first.verdict {
        line("journey-inspection", &[("verdict", &words::verdict(context, verdict))]);
    }
    for row in of_ticket(first.ticket.as_ref(), log) {
        // A verdict is a word; what else it may be about are digests and names.
        let about = row.about.as_ref().map(|about| words::word(context, "outcome", about));
        let (at, op) = (moment(row.at), words::word(context, "operation", &row.op));
        let (about, result) = (or_none(&about), words::result(context, &row.result));
        let of_row = [("at", &*at), ("op", &op), ("about", &about), ("result", &result)];
        line("journey-operation", &of_row);
    }
    for row in arrival {
        let fate = context.text(&format!("journey-fate-{}", row.fate), &[]);
        line(
            "journey-recipient",
            &[("recipient", &row.recipient), ("fate", &fate), ("reply", &row.reply)],
        );
        if let (Some(stage), Some(reason)) = (&row.stage, &row.reason) {
            let stage = words::word(context, "stage", stage);
            let reason = words::reason_of(context, reason);
            line("journey-reason", &[("stage", &stage), ("reason", &reason)]);
        }
        if let Some(hop) = &row.hop {
            match &row.to_org {
                Some(to_org) => line("journey-copy", &[("hop", hop), ("org", to_org)]),
                None => line("journey-copy-here", &[("hop", hop)]),
            }
        }
    }
    text
}

/// What strangers wrote must not move a terminal's cursor, nor begin a line.
fn visible(text: &str) -> String {
    verify::printable(text).replace('\n', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_come_in_pairs_and_what_is_none_is_left_out() {
        assert_eq!(stages("accept 3 inspect 240"), [("accept", 3), ("inspect", 240)]);
        assert_eq!(stages(""), []);
        assert_eq!(stages("accept"), []);
        assert_eq!(stages("accept x"), []);
    }

    #[test]
    fn control_characters_of_a_message_id_are_not_printed() {
        assert_eq!(visible("<a\x1b[2J@b>\r\n"), "<a\u{fffd}[2J@b>\u{fffd}\u{fffd}");
    }
}
