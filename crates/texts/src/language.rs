/// A language in which every sentence exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Japanese.
    Ja,
    /// English.
    En,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::Ja, Self::En];

    /// The language of the environment: the first of `LC_ALL`, `LC_MESSAGES` and
    /// `LANG` that is set and not empty decides (POSIX.1-2024, XBD 8.2). English when
    /// none is set, or it names a language that we do not have.
    #[must_use]
    pub fn from_env() -> Self {
        Self::choose(None, |name| std::env::var(name).ok())
    }

    /// The language that `--lang` names, else the one of the environment, as in
    /// [`Language::from_env`]. A `--lang` that [`Language::parse`] does not know is to
    /// be refused before; here it counts as not given.
    #[must_use]
    pub fn choose(flag: Option<&str>, environment: impl Fn(&str) -> Option<String>) -> Self {
        if let Some(language) = flag.and_then(Self::parse) {
            return language;
        }
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(environment)
            .find(|locale| !locale.is_empty())
            .and_then(|locale| Self::parse(&locale))
            .unwrap_or(Self::En)
    }

    /// The language of a name such as `ja`, `ja-JP` or `ja_JP.UTF-8`; case does not
    /// matter. `None` for other languages, and for `C` and `POSIX`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let code = name.split(['_', '-', '.', '@']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| code.eq_ignore_ascii_case(language.code()))
    }

    /// The language's code in ISO 639-1, also the name of its folder in `i18n/`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(flag: Option<&str>, environment: &[(&str, &str)]) -> Language {
        Language::choose(flag, |name| {
            environment.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_flag_wins_over_the_environment() {
        assert_eq!(chosen(Some("en"), &[("LC_ALL", "ja_JP.UTF-8")]), Language::En);
        assert_eq!(chosen(Some("ja"), &[("LANG", "en_US.UTF-8")]), Language::Ja);
        assert_eq!(chosen(Some("xx"), &[("LANG", "ja_JP.UTF-8")]), Language::Ja);
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let japanese = "ja_JP.UTF-8";
        assert_eq!(chosen(None, &[("LANG", japanese)]), Language::Ja);
        assert_eq!(chosen(None, &[("LC_MESSAGES", "en_US"), ("LANG", japanese)]), Language::En);
        assert_eq!(chosen(None, &[("LC_ALL", japanese), ("LC_MESSAGES", "en_US")]), Language::Ja);
        assert_eq!(chosen(None, &[("LC_ALL", ""), ("LANG", japanese)]), Language::Ja);
        assert_eq!(chosen(None, &[("LC_ALL", "C"), ("LANG", japanese)]), Language::En);
    }

    #[test]
    fn without_a_known_language_it_is_english() {
        for locale in ["", "C", "POSIX", "C.UTF-8", "de_DE.UTF-8", "jam_JM", "_", "日本語"] {
            assert_eq!(chosen(None, &[("LANG", locale)]), Language::En, "{locale}");
        }
        assert_eq!(chosen(None, &[]), Language::En);
    }

    #[test]
    fn names_are_read_in_every_common_form() {
        for name in ["ja", "JA", "ja-JP", "ja_JP", "ja_JP.UTF-8", "ja.eucJP", "ja@x"] {
            assert_eq!(Language::parse(name), Some(Language::Ja), "{name}");
        }
        assert_eq!(Language::parse("en_GB.UTF-8"), Some(Language::En));
        assert_eq!(Language::parse("j"), None);
    }
}
