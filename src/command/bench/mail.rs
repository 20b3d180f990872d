//! `ssmax bench mail`: mails a second through Postfix and the gateway, beside Postfix
//! alone, with a filter that only copies, and with a milter that signs by DKIM; what a
//! mail costs in processor time, and how much memory each role took at most.
//!
//! [`needs`] looks for the programs, [`lane`] names what is measured, [`member`] founds two
//! organisations, [`mta`] is the Postfix between everything, [`peers`] are sink, filter and
//! milter, [`round`] sends and measures, [`cost`] reads what a process has used, [`report`]
//! says which goals are met.

mod cost;
mod lane;
mod member;
mod mta;
mod needs;
mod peers;
mod place;
mod report;
mod round;

use super::cms::{Size, size};
use crate::command::{Context, block_on};
use crate::complaint::{Complaint, Exit};
use lane::Lane;
use report::{Report, Series};
use round::Course;
use ssmax_daemon::Stop;
use std::io::IsTerminal as _;
use std::process::ExitCode;

/// The most mails of one round, and the most rounds.
const MAX_MAILS: u32 = 100_000;
const MAX_ROUNDS: u32 = 99;

/// The most mails at once: Postfix takes 50 connections of one client, and smtp-sink 256.
const MAX_SESSIONS: u32 = 50;

/// Arguments of `ssmax bench mail`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Mails in each round of each line.
    #[arg(long, value_name = "N", default_value_t = 300,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_MAILS)))]
    pub(super) mails: u32,
    /// How often the lines take turns.
    #[arg(long, value_name = "N", default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_ROUNDS)))]
    pub(super) rounds: u32,
    /// Connections that hand in at the same time.
    #[arg(long, value_name = "N", default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SESSIONS)))]
    pub(super) sessions: u32,
    /// Sizes of the mails.
    #[arg(long, value_name = "SIZES", default_value = "10k,100k", value_delimiter = ',',
        value_parser = size)]
    pub(super) sizes: Vec<Size>,
    /// The PostgreSQL database that A's two gateways share. Default: a journal each.
    #[arg(long, value_name = "URL")]
    pub(super) database: Option<String>,
}

/// Measures and reports.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    needs::look()?;
    let report = block_on(async {
        // What was started ends with this future, and so it does on Ctrl-C.
        let stop = Stop::on_signals().map_err(failed)?;
        tokio::select! {
            report = measure(args, context) => report,
            () = stop.stopped() => Err(Complaint::new(Exit::Unavailable, "bench-mail-stopped")),
        }
    })?;
    context.print(&report.json(), || report.table(context));
    Ok(ExitCode::SUCCESS)
}

async fn measure(args: &Args, context: &Context) -> Result<Report, Complaint> {
    let course = Course::start(args, context).await?;
    let mut report = Report::new(args, course.version());
    for (index, size) in args.sizes.iter().enumerate() {
        let progress = Progress { context, done: index, total: args.sizes.len(), args };
        progress.show(0, &size.name);
        course.warm(size).await?;
        let mut all: Vec<Series> = Lane::ALL.map(Series::new).into();
        for round in 0..args.rounds {
            let hop_mails = course.hop_mails(size, args.mails).await?;
            for series in &mut all {
                let operation = format!("{} {}", size.name, series.lane.name());
                progress.show(round, &operation);
                series.rounds.push(course.round(series.lane, size, &hop_mails).await?);
            }
        }
        report.add(size, &all, course.peaks());
    }
    report.tried_again = course.tried_again();
    Progress::clear();
    Ok(report)
}

/// Where it stands, on a terminal.
struct Progress<'a> {
    context: &'a Context,
    args: &'a Args,
    done: usize,
    total: usize,
}

impl Progress<'_> {
    fn show(&self, round: u32, operation: &str) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let rounds = self.args.rounds as usize;
        let percent = (self.done * rounds + round as usize) * 100 / (self.total * rounds).max(1);
        let percent = percent.to_string();
        let arguments = [("percent", percent.as_str()), ("operation", operation)];
        // Erases the line, and stays on it.
        eprint!("\r\x1b[K{}", self.context.text("bench-progress", &arguments));
    }

    fn clear() {
        if std::io::stderr().is_terminal() {
            eprint!("\r\x1b[K");
        }
    }
}

/// What is needed did not work.
fn failed(error: impl std::fmt::Display) -> Complaint {
    Complaint::new(Exit::Unavailable, "failed").with("reason", error)
}
