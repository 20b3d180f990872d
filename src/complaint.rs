//! What went wrong, as a sentence and a way out in the reader's language.

use crate::command::Context;
use ssmax_texts::Language;
use std::io::ErrorKind;
use std::process::ExitCode;

/// How a command ends when it does not end well: the exit codes are a promise to
/// scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 1: there is an answer, and it is a bad one: refused, not verified, found.
    Bad,
    /// 2: wrong use, or something that cannot be read.
    WrongUse,
    /// 3: something needed is not there or does not answer.
    Unavailable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Bad => 1,
            Exit::WrongUse => 2,
            Exit::Unavailable => 3,
        })
    }
}

/// What went wrong: the name of a pair of texts `err-NAME` and `rec-NAME`, what stands
/// in them, and how the command ends because of it.
///
/// It knows no language, so that functions can return it without knowing their reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The name of the texts, without `err-`; also the stable code in JSON.
    pub(crate) name: &'static str,
    /// How the command ends.
    pub(crate) exit: Exit,
    arguments: Vec<(&'static str, Argument)>,
    /// The text that says what to do, where it is not the one of this name.
    advice: Option<String>,
}

/// What stands for a variable of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Argument {
    /// As it is.
    Plain(String),
    /// The text of this name, in the reader's language.
    Text(&'static str),
}

impl Complaint {
    /// The complaint of this name.
    pub(crate) fn new(exit: Exit, name: &'static str) -> Self {
        Self { name, exit, arguments: Vec::new(), advice: None }
    }

    /// One that another process has reported already.
    pub(crate) fn told(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// The same with a value for the variable `name` of its texts.
    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.arguments.push((name, Argument::Plain(value.to_string())));
        self
    }

    /// The same with the text `id` for the variable `name` of its texts.
    pub(crate) fn with_text(mut self, name: &'static str, id: &'static str) -> Self {
        self.arguments.push((name, Argument::Text(id)));
        self
    }

    /// The same with what the operating system said as the `reason` of its texts.
    pub(crate) fn because(self, kind: ErrorKind) -> Self {
        match io_text(kind) {
            Some(id) => self.with_text("reason", id),
            None => self.with("reason", kind),
        }
    }

    /// The same with the text `id` for what to do about it.
    pub(crate) fn advised(mut self, id: String) -> Self {
        self.advice = Some(id);
        self
    }

    /// What happened.
    pub(crate) fn what(&self, language: Language) -> String {
        self.text(language, "err")
    }

    /// What to do about it; empty when there is no advice.
    pub(crate) fn to_do(&self, language: Language) -> String {
        if let Some(id) = &self.advice {
            ssmax_texts::text(language, id, &[])
        } else if ssmax_texts::has(&format!("rec-{}", self.name)) {
            self.text(language, "rec")
        } else {
            String::new()
        }
    }

    /// Says it on standard error: what happened, then what to do.
    pub(crate) fn report(&self, context: &Context) -> ExitCode {
        if self.name.is_empty() {
            return self.exit.into();
        }
        let language = context.language;
        let what = self.what(language);
        eprintln!("{}", ssmax_texts::text(language, "cli-error", &[("what", &what)]));
        let to_do = self.to_do(language);
        if !to_do.is_empty() {
            eprintln!("{}", ssmax_texts::text(language, "cli-to-do", &[("what", &to_do)]));
        }
        self.exit.into()
    }

    fn text(&self, language: Language, kind: &str) -> String {
        let arguments: Vec<(&str, String)> = self
            .arguments
            .iter()
            .map(|(name, argument)| match argument {
                Argument::Plain(value) => (*name, value.clone()),
                Argument::Text(id) => (*name, ssmax_texts::text(language, id, &[])),
            })
            .collect();
        let arguments: Vec<(&str, &str)> =
            arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ssmax_texts::text(language, &format!("{kind}-{}", self.name), &arguments)
    }
}

/// The text for what the operating system said, for all that happens to files and
/// connections.
fn io_text(kind: ErrorKind) -> Option<&'static str> {
    use ErrorKind as K;
    Some(match kind {
        K::NotFound => "io-not-found",
        K::PermissionDenied => "io-permission-denied",
        K::ConnectionRefused => "io-connection-refused",
        K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe => "io-connection-reset",
        K::HostUnreachable | K::NetworkUnreachable | K::NotConnected => "io-unreachable",
        K::AddrInUse => "io-address-in-use",
        K::AddrNotAvailable => "io-address-unavailable",
        K::AlreadyExists => "io-exists",
        K::TimedOut => "io-timed-out",
        K::NotADirectory => "io-not-a-folder",
        K::IsADirectory => "io-a-folder",
        K::ReadOnlyFilesystem => "io-read-only",
        K::StorageFull | K::QuotaExceeded => "io-full",
        K::InvalidInput | K::InvalidData => "io-invalid",
        K::UnexpectedEof => "io-cut-short",
        K::Interrupted => "io-interrupted",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_says_what_happened_and_what_to_do_in_both_languages() {
        let complaint =
            Complaint::new(Exit::Unavailable, "file-missing").with("path", "ssmax.toml");
        assert_eq!(complaint.what(Language::En), "ssmax.toml is not there");
        assert!(complaint.to_do(Language::En).starts_with("Check the name"));
        assert_eq!(complaint.what(Language::Ja), "ssmax.tomlがありません");
    }

    /// The string literals that follow `opening` in a source without white space.
    fn literals<'a>(source: &'a str, opening: &'a str) -> impl Iterator<Item = &'a str> {
        source
            .split(opening)
            .skip(1)
            .filter_map(|rest| rest.strip_prefix('"')?.split_once('"'))
            .map(|(literal, _)| literal)
    }

    fn sources(dir: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(text.split_whitespace().collect());
            }
        }
    }

    #[test]
    fn what_the_operating_system_says_is_said_in_the_readers_language() {
        for kind in [ErrorKind::ConnectionRefused, ErrorKind::NotFound, ErrorKind::AddrInUse] {
            let complaint = Complaint::new(Exit::Unavailable, "failed").because(kind);
            let said = complaint.what(Language::Ja);
            assert!(!said.contains(&kind.to_string()) && !said.contains("io-"), "{said}");
            let id = io_text(kind).unwrap();
            assert!(said.contains(&ssmax_texts::text(Language::Ja, id, &[])), "{said}");
        }
    }

    #[test]
    fn every_complaint_in_the_sources_has_its_text() {
        let mut found = Vec::new();
        sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        let (mut missing, mut count) = (Vec::new(), 0);
        for source in &found {
            let complaints = ["Bad", "WrongUse", "Unavailable"]
                .map(|exit| format!("new(Exit::{exit},"))
                .into_iter()
                .flat_map(|opening| {
                    literals(source, &opening).map(str::to_owned).collect::<Vec<_>>()
                });
            for name in complaints {
                count += 1;
                if !ssmax_texts::has(&format!("err-{name}")) {
                    missing.push(name);
                }
            }
            // Put together, or this very line would be found.
            let says = ["context", "text("].join(".");
            for id in literals(source, &says) {
                count += 1;
                if !ssmax_texts::has(id) {
                    missing.push(id.to_owned());
                }
            }
        }
        assert!(count > 60, "{count}");
        assert!(missing.is_empty(), "texts are missing: {missing:?}");
    }
}
