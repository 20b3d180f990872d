//! `ssmax scan`: what the inspector finds in a message or a file.

use super::{Context, INSPECT_WORKER, block_on, verify};
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use serde_json::{Value, json};
use ssmax_api::inspector::ScanFile;
use ssmax_inspection::{Direction, Finding, Outcome, Verdict};
use ssmax_inspector::{InspectorConfig, ScanError, Settings, scan};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Arguments of `ssmax scan`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The message or file; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose rules count: those for mail that leaves or for mail that arrives. Default:
    /// both.
    #[arg(long, value_name = "DIRECTION", hide_possible_values = true)]
    direction: Option<Way>,
    /// A configuration whose `[inspector]` counts: policy, limits, ClamAV. Default: the
    /// built-in policy and limits, without ClamAV.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The two words for a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Way {
    /// Mail that leaves.
    Outbound,
    /// Mail that arrives.
    Inbound,
}

impl From<Way> for Direction {
    fn from(way: Way) -> Self {
        match way {
            Way::Outbound => Self::Outbound,
            Way::Inbound => Self::Inbound,
        }
    }
}

/// Looks into the file: 0 when it would pass, 1 when it would be held or blocked.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(look(&args, context))
}

fn look(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let settings = settings(args.config.as_deref())?;
    let octets = verify::read(&args.file, verify::MAX_MAIL_BYTES)?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file =
        ScanFile { name, direction: args.direction.map(Direction::from), octets: Arc::new(octets) };
    let verdict = block_on(async { Ok(scan(&settings, file).await) })?
        .map_err(|error| complaint(error, &settings))?;
    context.print(&facts(&verdict), || describe(&verdict, context));
    Ok(if verdict.outcome == Outcome::Pass { ExitCode::SUCCESS } else { Exit::Bad.into() })
}

/// Those of the configuration, or the defaults; the worker is this program.
fn settings(config: Option<&Path>) -> Result<Settings, Complaint> {
    match config {
        Some(path) => Config::load(path)?.inspector(),
        None => Ok(Settings {
            verify_only: false,
            run_dir: PathBuf::new(),
            transport: ssmax_transport::Transport::local(),
            inspector: InspectorConfig::default(),
            worker: vec![PathBuf::from("/proc/self/exe"), PathBuf::from(INSPECT_WORKER)],
        }),
    }
}

fn complaint(error: ScanError, settings: &Settings) -> Complaint {
    match (error, &settings.inspector.clamav) {
        (ScanError::Clamd, Some(address)) => {
            Complaint::new(Exit::Unavailable, "clamd-unreachable").with("address", address)
        }
        (ScanError::TimedOut, _) => Complaint::new(Exit::Unavailable, "scan-timed-out")
            .with("seconds", settings.inspector.worker_seconds),
        _ => Complaint::new(Exit::Unavailable, "scan-failed"),
    }
}

fn facts(verdict: &Verdict) -> Value {
    let finding = |one: &Finding| json!({ "rule": one.rule, "part": one.part, "what": one.what });
    let findings: Vec<Value> = verdict.findings.iter().map(finding).collect();
    json!({ "verdict": verdict.outcome, "findings": findings })
}

fn describe(verdict: &Verdict, context: &Context) -> String {
    let word = |outcome| match outcome {
        Outcome::Pass => context.text("cli-verdict-pass", &[]),
        Outcome::Hold => context.text("cli-verdict-hold", &[]),
        Outcome::Block => context.text("cli-verdict-block", &[]),
    };
    let mut lines = vec![context.text("scan-verdict", &[("verdict", &word(verdict.outcome))])];
    for finding in &verdict.findings {
        lines.push(context.text(
            "scan-finding",
            &[
                ("outcome", &word(finding.outcome)),
                ("meaning", &meaning(&finding.rule, context)),
                ("rule", &finding.rule),
                ("part", &verify::printable(&finding.part)),
                ("what", &verify::printable(&finding.what)),
            ],
        ));
    }
    lines.join("\n")
}

/// What a rule is about, in the reader's words; its own name if it has none.
pub(crate) fn meaning(rule: &str, context: &Context) -> String {
    let id = format!("finding-{}", rule.replace('.', "-"));
    if ssmax_texts::has(&id) { context.text(&id, &[]) } else { rule.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_inspection::Policy;

    #[test]
    fn every_rule_says_in_both_languages_what_it_is_about() {
        let mut rules = 0;
        for (rule, _, _) in Policy::default().effective() {
            rules += 1;
            for language in ssmax_texts::Language::ALL {
                let context = Context { language, json: false };
                assert_ne!(meaning(rule, &context), rule, "{rule}");
            }
        }
        assert!(rules > 20, "{rules}");
    }
}
