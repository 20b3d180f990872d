//! `ssmax manual` and `ssmax completions`: what a package installs beside the program.
//!
//! The pages say what `--help` says, in the same two languages, and `ssmax.toml(5)` what
//! the sample says: nothing is written twice.

use super::Context;
use crate::cli::Cli;
use crate::complaint::{Complaint, Exit};
use crate::{files, help, sample};
use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};
use ssmax_texts::{Language, text};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `ssmax manual`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder, as /usr/share/man or /usr/share/man/ja; it gets man1 and man5.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Arguments of `ssmax completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionArgs {
    /// The shell.
    shell: Shell,
}

/// Writes the pages.
pub(crate) fn run(args: &Args, context: &Context) -> ExitCode {
    context.end(write(&args.dir, context.language))
}

/// Prints the completions.
pub(crate) fn completions(args: &CompletionArgs, context: &Context) -> ExitCode {
    let mut script = Vec::new();
    let mut command = help::localised(Cli::command(), context.language);
    clap_complete::generate(args.shell, &mut command, "ssmax", &mut script);
    context.end(files::write_document(Path::new("-"), &script).map(|()| ExitCode::SUCCESS))
}

fn write(dir: &Path, language: Language) -> Result<ExitCode, Complaint> {
    let mut pages = Vec::new();
    let mut root = help::localised(Cli::command(), language);
    root.build();
    collect(&root, "ssmax", language, &mut pages);
    pages.push(("man5/ssmax.toml.5".to_owned(), settings(language)));
    for (name, page) in pages {
        let path = dir.join(name);
        write_page(&path, &page)
            .map_err(|error| Complaint::from_io(&path, error.kind(), Exit::Unavailable))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write_page(path: &Path, page: &str) -> std::io::Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    std::fs::write(path, page)
}

/// The page of a command and of those below it.
fn collect(
    command: &clap::Command,
    name: &str,
    language: Language,
    pages: &mut Vec<(String, String)>,
) {
    pages.push((format!("man1/{name}.1"), page(command.clone(), name, language)));
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        collect(sub, &format!("{name}-{}", sub.get_name()), language, pages);
    }
}

fn page(command: clap::Command, name: &str, language: Language) -> String {
    let page = Man::new(command).title(name).source(source());
    let mut out = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = page.render(&mut out);
    let headed = String::from_utf8_lossy(&out)
        .lines()
        .map(|line| {
            line.strip_prefix(".SH ").map_or(line.to_owned(), |head| heading(head, language))
        })
        .collect::<Vec<_>>()
        .join("\n");
    headed + "\n"
}

/// A heading of a page, which the generator knows in English only.
fn heading(english: &str, language: Language) -> String {
    let id = match english.trim_matches('"') {
        "NAME" => "manual-name",
        "SYNOPSIS" => "manual-synopsis",
        "DESCRIPTION" => "manual-description",
        "EXTRA" => "manual-example",
        "VERSION" => "manual-version",
        other => return format!(".SH \"{}\"", other.to_uppercase()),
    };
    format!(".SH \"{}\"", text(language, id, &[]))
}

fn source() -> String {
    format!("ssmax {}", env!("CARGO_PKG_VERSION"))
}

/// `ssmax.toml(5)`: every section and setting of both samples.
fn settings(language: Language) -> String {
    let say = |id: &str| text(language, id, &[]);
    let mut page = Roff::new();
    page.control("TH", ["ssmax.toml", "5", "", &source(), ""]);
    page.control("SH", [say("manual-name").as_str()]);
    page.text([roman(format!("ssmax.toml - {}", say("manual-settings")))]);
    page.control("SH", [say("manual-description").as_str()]);
    for line in [say("manual-settings-paths"), say("manual-settings-marks")] {
        page.text([roman(line)]);
        page.control("PP", []);
    }
    for sample in [sample::Sample::Member, sample::Sample::Authority] {
        for section in sample::sections(sample) {
            if !section.name.is_empty() {
                page.control("SH", [format!("[{}]", section.name).as_str()]);
                page.text([roman(one_line(&section.text(language)))]);
            }
            for field in section.fields() {
                page.control("TP", []);
                let mark = if field.required { " *" } else { "" };
                page.text([
                    bold(field.name.to_owned()),
                    roman(" = "),
                    italic(field.value.to_owned()),
                    roman(mark),
                ]);
                page.text([roman(one_line(&field.text(language)))]);
            }
        }
    }
    page.render()
}

/// Lines of a comment as running text.
fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_visible_command_has_a_page_in_both_languages() {
        for (language, name, heading) in
            [(Language::En, "NAME", "EXAMPLE"), (Language::Ja, "名前", "例")]
        {
            let mut pages = Vec::new();
            let mut root = help::localised(Cli::command(), language);
            root.build();
            collect(&root, "ssmax", language, &mut pages);
            assert!(pages.len() > 40, "{}", pages.len());
            for (file, page) in pages {
                assert!(page.contains(&format!(".SH \"{name}\"")), "{file}: {page}");
                assert!(page.contains(&format!(".SH \"{heading}\"")), "{file}: {page}");
                assert!(!page.contains("help-"), "{file}: {page}");
            }
        }
    }

    #[test]
    fn the_page_of_the_settings_has_them_all() {
        for language in Language::ALL {
            let page = settings(language).replace("\\-", "-");
            for section in sample::sections(sample::Sample::Member) {
                for field in section.fields() {
                    assert!(page.contains(field.name), "{}", field.name);
                }
            }
        }
    }
}
