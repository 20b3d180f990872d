//! What people type: the global flags, the language, and what is said about wrong use.

use crate::command::{Command, Context};
use crate::complaint::{Complaint, Exit};
use crate::help;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _};
use ssmax_texts::Language;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

/// Safe and secure mail between organisations.
#[derive(Debug, clap::Parser)]
#[command(name = "ssmax", version, disable_help_subcommand = true, subcommand_required = true)]
pub(crate) struct Cli {
    /// Language of all texts: ja or en. Default: the environment's (LANG).
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = language)]
    lang: Option<Language>,
    /// Print facts as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// Reads the command line of this process.
///
/// # Errors
/// The exit code, when help was asked for (0) or the line was not understood (2); what
/// there is to say has been said.
pub(crate) fn parse() -> Result<(Command, Context), ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let language = language_of(&arguments);
    let parsed = help::localised(Cli::command(), language)
        .try_get_matches_from(&arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => Ok((cli.command, Context { language, json: cli.json })),
        Err(error) => Err(explain(&error, &arguments, language)),
    }
}

fn language(name: &str) -> Result<Language, String> {
    Language::parse(name).ok_or_else(|| name.to_owned())
}

/// The language, before anything else is understood: wrong use is explained in it too.
fn language_of(arguments: &[OsString]) -> Language {
    let mut flag = None;
    let mut rest = arguments.iter().filter_map(|argument| argument.to_str());
    while let Some(argument) = rest.next() {
        match argument.strip_prefix("--lang") {
            Some("") => flag = rest.next(),
            Some(value) => flag = value.strip_prefix('=').or(flag),
            None => {}
        }
    }
    Language::choose(flag, |name| std::env::var(name).ok())
}

fn explain(error: &clap::Error, arguments: &[OsString], language: Language) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Exit::WrongUse.into()
        }
        _ => complaint(error, arguments, language).report(&Context { language, json: false }),
    }
}

/// What is wrong with the line, in our words.
fn complaint(error: &clap::Error, arguments: &[OsString], language: Language) -> Complaint {
    let of = |kind| said(error.get(kind));
    let say = |id: &str, arguments: &[(&str, &str)]| ssmax_texts::text(language, id, arguments);
    let argument = of(ContextKind::InvalidArg);
    let value = of(ContextKind::InvalidValue);
    let what = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            return unknown_command(&of(ContextKind::InvalidSubcommand), error);
        }
        ErrorKind::ValueValidation if argument.starts_with("--lang") => {
            return Complaint::new(Exit::WrongUse, "lang-unknown").with("name", value);
        }
        ErrorKind::UnknownArgument => match of(ContextKind::SuggestedArg) {
            nearest if nearest.is_empty() => {
                say("cli-usage-unknown-argument", &[("argument", &argument)])
            }
            nearest => say(
                "cli-usage-unknown-argument-near",
                &[("argument", &argument), ("nearest", &nearest)],
            ),
        },
        ErrorKind::MissingRequiredArgument => {
            say("cli-usage-missing-argument", &[("arguments", &argument)])
        }
        ErrorKind::MissingSubcommand => say("cli-usage-missing-command", &[]),
        ErrorKind::InvalidValue if value.is_empty() => {
            say("cli-usage-missing-value", &[("argument", &argument)])
        }
        ErrorKind::InvalidValue => {
            let known = of(ContextKind::ValidValue);
            say(
                "cli-usage-value-known",
                &[("argument", &argument), ("value", &value), ("known", &known)],
            )
        }
        ErrorKind::ValueValidation => {
            say("cli-usage-value", &[("argument", &argument), ("value", &value)])
        }
        ErrorKind::ArgumentConflict => {
            let other = of(ContextKind::PriorArg);
            let repeated = other.is_empty() || other == argument;
            let id = if repeated { "cli-usage-repeated" } else { "cli-usage-conflict" };
            say(id, &[("argument", &argument), ("other", &other)])
        }
        ErrorKind::InvalidUtf8 => say("cli-usage-utf8", &[]),
        _ => say("cli-usage-other", &[("argument", &argument)]),
    };
    Complaint::new(Exit::WrongUse, "usage")
        .with("what", what)
        .with("command", command_of(arguments))
}

fn unknown_command(name: &str, error: &clap::Error) -> Complaint {
    let nearest = match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::Strings(names)) => names.last().cloned(),
        Some(ContextValue::String(name)) => Some(name.clone()),
        _ => None,
    };
    let id = if nearest.is_some() { "unknown-command" } else { "unknown-command-far" };
    Complaint::new(Exit::WrongUse, id)
        .with("name", name)
        .with("nearest", nearest.unwrap_or_default())
}

fn said(value: Option<&ContextValue>) -> String {
    match value {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// The command that was meant, as far as it exists: `ssmax user add`.
fn command_of(arguments: &[OsString]) -> String {
    let root = Cli::command();
    let mut command = &root;
    let mut said = String::from("ssmax");
    for word in arguments.iter().skip(1).filter_map(|argument: &OsString| OsStr::to_str(argument)) {
        if let Some(next) = command.find_subcommand(word) {
            said = format!("{said} {word}");
            command = next;
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_flag_chooses_the_language_wherever_it_stands() {
        for line in ["ssmax --lang ja serve", "ssmax serve --lang=ja", "ssmax serve --lang ja"] {
            assert_eq!(language_of(&arguments(line)), Language::Ja, "{line}");
        }
        assert_eq!(language_of(&arguments("ssmax --lang en serve")), Language::En);
    }

    #[test]
    fn advice_names_the_command_that_was_meant() {
        assert_eq!(command_of(&arguments("ssmax user add --nmae x")), "ssmax user add");
        assert_eq!(command_of(&arguments("ssmax --json sreve")), "ssmax");
    }

    #[test]
    fn every_kind_of_wrong_use_is_explained_in_japanese() {
        use ErrorKind as K;
        for (line, kind) in [
            ("ssmax sreve", K::InvalidSubcommand),
            ("ssmax zzzz", K::InvalidSubcommand),
            ("ssmax --lang xx check", K::ValueValidation),
            ("ssmax user add --nmae x", K::UnknownArgument),
            ("ssmax user add --zzzz x", K::UnknownArgument),
            ("ssmax org install", K::MissingRequiredArgument),
            ("ssmax --json", K::MissingSubcommand),
            ("ssmax check --config", K::InvalidValue),
            ("ssmax serve --role king", K::InvalidValue),
            ("ssmax user delegate --from a --to b --days x", K::ValueValidation),
            ("ssmax mail encrypt x --attachments --split", K::ArgumentConflict),
            ("ssmax check --json --json", K::ArgumentConflict),
            ("ssmax check --json=1", K::TooManyValues),
        ] {
            let arguments = arguments(line);
            let error = help::localised(Cli::command(), Language::Ja)
                .try_get_matches_from(&arguments)
                .unwrap_err();
            assert_eq!(error.kind(), kind, "{line}");
            let complaint = complaint(&error, &arguments, Language::Ja);
            for said in [complaint.what(Language::Ja), complaint.to_do(Language::Ja)] {
                assert!(!help::is_english(&said) && !said.is_empty(), "{line}: {said}");
            }
        }
    }

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
