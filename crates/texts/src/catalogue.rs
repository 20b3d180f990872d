use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::Language;

macro_rules! file {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../i18n/ja/", $name, ".ftl")),
            include_str!(concat!("../../../i18n/en/", $name, ".ftl")),
        )
    };
}

/// The files of `i18n/`: name without ending, Japanese text, English text. A file that
/// is added there is added here; a test finds one that was forgotten.
pub const FILES: &[(&str, &str, &str)] = &[
    file!("admin"),
    file!("archive"),
    file!("bench"),
    file!("card"),
    file!("cert"),
    file!("check"),
    file!("cli"),
    file!("demo"),
    file!("enrol"),
    file!("help"),
    file!("hold"),
    file!("import"),
    file!("mail"),
    file!("reasons"),
    file!("sample"),
    file!("setup"),
    file!("sync"),
    file!("trace"),
    file!("transport"),
    file!("verify"),
    file!("watching"),
    file!("words"),
];

/// The sentence `id` in `language`, its variables filled from `args`.
///
/// A whole number among the arguments chooses between singular and plural; everything
/// is shown as it was given, without marks around it. A sentence that a language lacks
/// is given in English, one that does not exist as its id: a person then still has
/// something to search for. A variable without an argument is shown as `{$name}`.
#[must_use]
pub fn text(language: Language, id: &str, args: &[(&str, &str)]) -> String {
    let args: FluentArgs<'_> = args.iter().map(|&(name, value)| (name, argument(value))).collect();
    format(bundle(language), id, &args)
        .or_else(|| format(bundle(Language::En), id, &args))
        .unwrap_or_else(|| id.to_owned())
}

/// Whether there is a sentence `id` in every language, for tests of those who use it.
#[must_use]
pub fn has(id: &str) -> bool {
    let exists = |language| {
        bundle(language).get_message(id).is_some_and(|message| message.value().is_some())
    };
    Language::ALL.into_iter().all(exists)
}

type Bundle = FluentBundle<FluentResource>;

fn bundle(language: Language) -> &'static Bundle {
    static JA: LazyLock<Bundle> =
        LazyLock::new(|| bundle_of(Language::Ja, FILES.iter().map(|&(_, japanese, _)| japanese)));
    static EN: LazyLock<Bundle> =
        LazyLock::new(|| bundle_of(Language::En, FILES.iter().map(|&(_, _, english)| english)));
    match language {
        Language::Ja => &JA,
        Language::En => &EN,
    }
}

fn bundle_of(language: Language, sources: impl Iterator<Item = &'static str>) -> Bundle {
    // The locale decides the plural rules; both codes are well-formed.
    let locale: LanguageIdentifier = language.code().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![locale]);
    // The marks of direction that Fluent puts around each argument would be copied
    // with addresses and file names, and show on terminals.
    bundle.set_use_isolating(false);
    for source in sources {
        // Tests refuse files with faults; should one get here, its good part is used.
        let resource =
            FluentResource::try_new(source.to_owned()).unwrap_or_else(|(partial, _)| partial);
        let _ = bundle.add_resource(resource);
    }
    bundle
}

fn format(bundle: &Bundle, id: &str, args: &FluentArgs<'_>) -> Option<String> {
    let pattern = bundle.get_message(id)?.value()?;
    let mut faults = Vec::new();
    Some(bundle.format_pattern(pattern, Some(args), &mut faults).into_owned())
}

/// A number only where it is shown as it was written: not `007`, `+1` or `1e3`.
fn argument(value: &str) -> FluentValue<'_> {
    const EXACT_DIGITS: usize = 15;
    let is_number = value.len() <= EXACT_DIGITS
        && value.bytes().all(|octet| octet.is_ascii_digit())
        && (value == "0" || !value.starts_with('0'))
        && !value.is_empty();
    if is_number { FluentValue::try_number(value) } else { FluentValue::from(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english(source: &'static str) -> Bundle {
        bundle_of(Language::En, std::iter::once(source))
    }

    fn formatted(source: &'static str, args: &[(&str, &str)]) -> String {
        let args = args.iter().map(|&(name, value)| (name, argument(value))).collect();
        format(&english(source), "a", &args).unwrap()
    }

    #[test]
    fn arguments_stand_in_the_sentence_without_marks() {
        assert_eq!(formatted("a = from { $who }.", &[("who", "あ@例.jp")]), "from あ@例.jp.");
    }

    #[test]
    fn an_argument_is_never_taken_for_a_placeable() {
        assert_eq!(formatted("a = { $x }", &[("x", "{ $y } \\u0041")]), "{ $y } \\u0041");
    }

    #[test]
    fn numbers_choose_singular_or_plural_and_keep_their_form() {
        let source = "a = { $n ->\n    [one] { $n } mail\n   *[other] { $n } mails\n }";
        for (number, said) in [
            ("1", "1 mail"),
            ("2", "2 mails"),
            ("0", "0 mails"),
            ("1000000", "1000000 mails"),
            ("007", "007 mails"),
            ("999999999999999", "999999999999999 mails"),
            ("12345678901234567890", "12345678901234567890 mails"),
            ("1.50", "1.50 mails"),
            ("", " mails"),
        ] {
            assert_eq!(formatted(source, &[("n", number)]), said);
        }
    }

    #[test]
    fn a_missing_argument_is_shown_by_its_name() {
        assert_eq!(formatted("a = from { $who }.", &[]), "from {$who}.");
    }

    #[test]
    fn a_sentence_that_does_not_exist_is_its_id() {
        for language in Language::ALL {
            assert_eq!(text(language, "no-such-sentence", &[("x", "1")]), "no-such-sentence");
            assert_eq!(text(language, "", &[]), "");
        }
        assert!(!has("no-such-sentence") && has("cli-error"));
    }

    #[test]
    fn a_sentence_in_one_language_only_is_given_in_that() {
        let japanese = bundle_of(Language::Ja, std::iter::once("b = い"));
        let args = FluentArgs::new();
        assert_eq!(format(&japanese, "a", &args), None);
        assert_eq!(format(&english("a = A"), "a", &args), Some("A".to_owned()));
    }

    #[test]
    fn sentences_are_read_from_many_threads_at_once() {
        let threads: Vec<_> = (0..8)
            .map(|_| std::thread::spawn(|| text(Language::Ja, "cli-error", &[("what", "x")])))
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), "エラー: x");
        }
    }
}
