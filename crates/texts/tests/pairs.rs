//! Every sentence exists in both languages, says the same things, and can be said.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, Resource};
use ssmax_texts::{FILES, Language, text};

type Variables = BTreeSet<String>;

/// Ids and variables of one file; a fault in it fails the test with the place.
fn sentences(place: &str, source: &'static str) -> BTreeMap<String, Variables> {
    let resource: Resource<&str> = fluent_syntax::parser::parse(source)
        .unwrap_or_else(|(_, faults)| panic!("{place}: {faults:?}"));
    let mut sentences = BTreeMap::new();
    for entry in &resource.body {
        let Entry::Message(message) = entry else {
            assert!(!matches!(entry, Entry::Junk { .. }), "{place}: {entry:?}");
            continue;
        };
        let id = message.id.name;
        let value = message.value.as_ref();
        let value = value.unwrap_or_else(|| panic!("{place}: {id} says nothing"));
        assert!(message.attributes.is_empty(), "{place}: {id} has attributes, which nothing reads");
        let mut variables = Variables::new();
        collect(value, &mut variables);
        let before = sentences.insert(id.to_owned(), variables);
        assert!(before.is_none(), "{place}: {id} stands there twice");
    }
    sentences
}

fn collect(pattern: &Pattern<&str>, variables: &mut Variables) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            collect_expression(expression, variables);
        }
    }
}

fn collect_expression(expression: &Expression<&str>, variables: &mut Variables) {
    match expression {
        Expression::Inline(inline) => collect_inline(inline, variables),
        Expression::Select { selector, variants } => {
            collect_inline(selector, variables);
            for variant in variants {
                collect(&variant.value, variables);
            }
        }
    }
}

fn collect_inline(inline: &InlineExpression<&str>, variables: &mut Variables) {
    match inline {
        InlineExpression::VariableReference { id } => drop(variables.insert(id.name.to_owned())),
        InlineExpression::Placeable { expression } => collect_expression(expression, variables),
        InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        other => panic!("only variables and literals are looked into here, not {other:?}"),
    }
}

#[test]
fn both_languages_have_the_same_sentences_with_the_same_variables() {
    assert!(!FILES.is_empty());
    for (name, japanese, english) in FILES {
        let japanese = sentences(&format!("ja/{name}"), japanese);
        let english = sentences(&format!("en/{name}"), english);
        let ids = |sentences: &BTreeMap<String, Variables>| -> BTreeSet<String> {
            sentences.keys().cloned().collect()
        };
        let only: Vec<_> = ids(&japanese).symmetric_difference(&ids(&english)).cloned().collect();
        assert!(only.is_empty(), "{name}: in one language only: {only:?}");
        for (id, variables) in &japanese {
            assert_eq!(variables, &english[id], "{name}: {id}");
        }
    }
}

#[test]
fn no_id_is_in_two_files() {
    let mut homes = BTreeMap::new();
    for (name, _, english) in FILES {
        for id in sentences(name, english).into_keys() {
            let other = homes.insert(id.clone(), name);
            assert_eq!(other, None, "{id} is in {name} too");
        }
    }
}

#[test]
fn every_sentence_can_be_said_with_all_its_arguments() {
    for (name, _, english) in FILES {
        for (id, variables) in sentences(name, english) {
            for value in ["1", "2", "値"] {
                let args: Vec<_> = variables.iter().map(|name| (name.as_str(), value)).collect();
                for language in Language::ALL {
                    let said = text(language, &id, &args);
                    assert!(said != id && !said.trim().is_empty(), "{language}: {id}");
                    assert!(!said.contains("{$") && !said.contains("{ $"), "{language}: {said}");
                    let marks = ['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];
                    assert!(!said.contains(marks), "{language}: {said}");
                }
            }
        }
    }
}

#[test]
fn what_to_do_is_never_said_without_what_happened() {
    let all: BTreeSet<_> =
        FILES.iter().flat_map(|(name, _, english)| sentences(name, english).into_keys()).collect();
    for id in &all {
        if let Some(rest) = id.strip_prefix("rec-") {
            assert!(all.contains(&format!("err-{rest}")), "{id} has no err-{rest}");
        }
    }
}

#[test]
fn every_file_is_built_in_and_is_there_in_both_languages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../i18n");
    let built_in: BTreeSet<String> =
        FILES.iter().map(|(name, _, _)| format!("{name}.ftl")).collect();
    for language in Language::ALL {
        let files: BTreeSet<String> = std::fs::read_dir(folder.join(language.code()))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".ftl"))
            .collect();
        assert_eq!(files, built_in, "{language}");
    }
}

#[test]
fn japanese_sentences_are_japanese() {
    let is_japanese =
        |character: char| matches!(character, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    let mut checked = 0;
    for (name, _, english) in FILES {
        for (id, variables) in sentences(name, english) {
            let args: Vec<_> = variables.iter().map(|name| (name.as_str(), "x")).collect();
            let said = text(Language::Ja, &id, &args);
            checked += 1;
            assert!(said.chars().any(is_japanese), "{id}: {said}");
        }
    }
    assert!(checked > 50);
}
