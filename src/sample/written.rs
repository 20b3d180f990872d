//! The sample as a file, and its sections for those who write something else out of them.

use super::Field::{Optional, Set};
use super::{AUTHORITY, Field, MEMBER, OFF, Sample, Section};
use ssmax_texts::Language;
use std::fmt::Write as _;

/// A section, for those who write something else than the sample out of it.
pub(crate) struct SectionView {
    /// As in the file; that of the first section is empty.
    pub(crate) name: &'static str,
    fields: &'static [Field],
}

/// A setting, likewise.
pub(crate) struct FieldView {
    /// As in the file.
    pub(crate) name: &'static str,
    /// An example, or the default.
    pub(crate) value: &'static str,
    /// Whether it has to be set.
    pub(crate) required: bool,
    id: String,
}

impl SectionView {
    /// What it is about.
    pub(crate) fn text(&self, language: Language) -> String {
        ssmax_texts::text(language, &section_id(self.name), &[])
    }

    /// Its settings, in their order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = FieldView> {
        self.fields.iter().map(|field| {
            let id = field_id(self.name, field);
            match field {
                Set(name, value) => FieldView { name, value, required: true, id },
                Optional(name, value) => FieldView { name, value, required: false, id },
            }
        })
    }
}

impl FieldView {
    /// What it means.
    pub(crate) fn text(&self, language: Language) -> String {
        ssmax_texts::text(language, &self.id, &[])
    }
}

/// The sections of a sample, in their order.
pub(crate) fn sections(sample: Sample) -> impl Iterator<Item = SectionView> {
    sample.parts().1.iter().map(|(name, fields)| SectionView { name, fields })
}

impl Sample {
    /// The text at the head, and the sections.
    fn parts(self) -> (&'static str, &'static [Section]) {
        match self {
            Self::Member => ("sample-head-member", MEMBER),
            Self::Authority => ("sample-head-authority", AUTHORITY),
        }
    }
}

/// The sample as a file.
pub(crate) fn text(sample: Sample, language: Language) -> String {
    let (head, sections) = sample.parts();
    let mut file = comment(language, head);
    for (section, fields) in sections {
        if !section.is_empty() {
            // Writing to a String cannot fail.
            let off = if is_off(section) { "#" } else { "" };
            let about = comment(language, &section_id(section));
            let _ = write!(file, "\n{about}{off}[{section}]\n");
        }
        for field in *fields {
            file.push_str(&comment(language, &field_id(section, field)));
            let _ = match field {
                Set(name, value) if !is_off(section) => writeln!(file, "{name} = {value}"),
                Set(name, value) | Optional(name, value) => writeln!(file, "#{name} = {value}"),
            };
        }
    }
    file
}

/// Whether a section, or the one that it is a table of, is not to be there as long as
/// nobody wants what it turns on.
fn is_off(section: &str) -> bool {
    OFF.iter().any(|off| {
        section.strip_prefix(off).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// A text as comment lines.
fn comment(language: Language, id: &str) -> String {
    let text = ssmax_texts::text(language, id, &[]);
    text.lines().map(|line| format!("# {line}\n")).collect()
}

fn section_id(section: &str) -> String {
    format!("sample-{}", section.replace('.', "-"))
}

fn field_id(section: &str, field: &Field) -> String {
    let section = if section.is_empty() { "top" } else { section };
    // A table whose names are rules or domains has one text for all of them.
    if field.name().starts_with('"') {
        return format!("{}-entry", section_id(section));
    }
    format!("{}-{}", section_id(section), field.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Role};
    use ssmax_daemon::config::ConfigError;
    use std::path::Path;

    const SAMPLES: [(Sample, &[Section]); 2] =
        [(Sample::Member, MEMBER), (Sample::Authority, AUTHORITY)];

    /// Every field set: the `#` before those that need not be is taken away.
    fn with_all_fields(file: &str) -> String {
        let uncommented = |line: &str| match line.strip_prefix('#') {
            Some(field) if !field.starts_with(' ') => field.to_owned(),
            _ => line.to_owned(),
        };
        file.lines().map(|line| uncommented(line) + "\n").collect()
    }

    #[test]
    fn the_sample_is_a_configuration_with_and_without_what_is_optional() {
        for (sample, _) in SAMPLES {
            for language in Language::ALL {
                let file = text(sample, language);
                for file in [with_all_fields(&file), file] {
                    Config::parse(&file, Path::new("/etc/ssmax/ssmax.toml"))
                        .unwrap_or_else(|complaint| panic!("{complaint:?}\n{file}"));
                }
            }
        }
    }

    #[test]
    fn what_turns_a_role_on_is_commented_out_until_somebody_wants_it() {
        for language in Language::ALL {
            let file = text(Sample::Member, language);
            let config = Config::parse(&file, Path::new("/etc/ssmax/ssmax.toml")).unwrap();
            assert_eq!(config.roles(), [Role::Keyserver, Role::Ca, Role::Inspector, Role::Gateway]);
            let all = with_all_fields(&file);
            let config = Config::parse(&all, Path::new("/etc/ssmax/ssmax.toml")).unwrap();
            assert_eq!(config.roles().len(), 9);
        }
    }

    /// The types say which fields they know when they meet one that they do not.
    fn known_fields(file: &str, section: &str) -> Vec<String> {
        let stray = "no-such-field = 1\n";
        let with_stray = if section.is_empty() {
            format!("{stray}{file}")
        } else {
            file.replacen(&format!("[{section}]\n"), &format!("[{section}]\n{stray}"), 1)
        };
        match Config::read(&with_stray, Path::new("ssmax.toml")) {
            Err(ConfigError::UnknownField { known, .. }) => known,
            other => panic!("[{section}]: {other:?}"),
        }
    }

    #[test]
    fn the_sample_has_every_field_that_is_read_and_no_other() {
        for (sample, sections) in SAMPLES {
            let file = with_all_fields(&text(sample, Language::En));
            for (section, fields) in sections {
                if fields.iter().all(|field| field.name().starts_with('"')) {
                    continue;
                }
                let mut known = known_fields(&file, section);
                // Tables have a section of their own in the sample.
                known.retain(|name| {
                    let inner =
                        if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
                    let member = MEMBER.iter().chain(AUTHORITY).any(|(one, _)| *one == inner);
                    !member
                });
                known.sort();
                let mut shown: Vec<_> =
                    fields.iter().map(|field| field.name().to_owned()).collect();
                shown.sort();
                assert_eq!(shown, known, "[{section}]");
            }
        }
    }

    #[test]
    fn everything_in_the_sample_is_explained() {
        for (_, sections) in SAMPLES {
            for (section, fields) in sections {
                assert!(section.is_empty() || ssmax_texts::has(&section_id(section)), "{section}");
                for field in *fields {
                    let id = field_id(section, field);
                    assert!(ssmax_texts::has(&id), "{id}");
                }
            }
        }
    }
}
