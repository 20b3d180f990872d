//! Help in the reader's language, with an example for each command.
//!
//! The texts are `help-COMMAND` and `help-COMMAND-ARGUMENT` (words of a command joined
//! by `-`), or `help-any-ARGUMENT` for what many commands have. Without a text, clap
//! shows the documentation comment.

use clap::builder::Resettable;
use clap::{Arg, ArgAction, Command};
use ssmax_texts::{Language, has, text};

/// One working line for each command.
const EXAMPLES: &[(&str, &str)] = &[
    ("ssmax bench", "ssmax bench cms --seconds 1"),
    (
        "ssmax bench cms",
        "ssmax bench cms --seconds 1 --sizes 1k,50k,25m --keys p256,rsa3072 --json",
    ),
    ("ssmax bench rewrap", "ssmax bench rewrap --sizes 1k,1m,25m --json"),
    ("ssmax bench call", "ssmax bench call --sizes 1k,100k,10m --json"),
    ("ssmax bench inspect", "ssmax bench inspect --clamav unix:/run/clamav/clamd.ctl"),
    ("ssmax bench mail", "ssmax bench mail --mails 300 --rounds 5 --sizes 10k,100k --json"),
    ("ssmax bench members", "ssmax bench members --members 1000,100000 --json"),
    ("ssmax setup scim", "ssmax setup scim --name entra"),
    ("ssmax", "ssmax check --config ssmax.toml"),
    ("ssmax demo", "ssmax demo --dir demo --stay"),
    ("ssmax serve", "ssmax serve --config ssmax.toml"),
    ("ssmax check", "ssmax check --config ssmax.toml --json"),
    ("ssmax config", "ssmax config sample --out ssmax.toml"),
    ("ssmax config sample", "ssmax config sample --out ssmax.toml"),
    ("ssmax authority", "ssmax authority members --config ssmax.toml"),
    ("ssmax authority init", "ssmax authority init --config ssmax.toml"),
    (
        "ssmax authority admit",
        "ssmax authority admit application.json --out admission.json --config ssmax.toml",
    ),
    (
        "ssmax authority renew",
        "ssmax authority renew renewal.json --out admission.json --config ssmax.toml",
    ),
    (
        "ssmax authority suspend",
        "ssmax authority suspend NTRJP-7000012050002 --reason incident-2026-0017",
    ),
    ("ssmax authority watch", "ssmax authority watch NTRJP-7000012050002 --reason audit-overdue"),
    ("ssmax authority reinstate", "ssmax authority reinstate NTRJP-7000012050002"),
    ("ssmax authority expel", "ssmax authority expel NTRJP-7000012050002 --reason rules-broken"),
    ("ssmax authority members", "ssmax authority members --json"),
    ("ssmax authority publish", "ssmax authority publish /var/www/ssmax"),
    ("ssmax org", "ssmax org status --config ssmax.toml"),
    ("ssmax org init", "ssmax org init --out application.json --config ssmax.toml"),
    (
        "ssmax org install",
        "ssmax org install admission.json --root-sha256 4f2a...c9 --config ssmax.toml",
    ),
    ("ssmax org rotate", "ssmax org rotate --out renewal.json --config ssmax.toml"),
    ("ssmax org status", "ssmax org status --json"),
    ("ssmax org transport", "ssmax org transport status --config ssmax.toml"),
    (
        "ssmax org transport request",
        "ssmax org transport request --role gateway --host gw1.a.example --out request.json",
    ),
    (
        "ssmax org transport issue",
        "ssmax org transport issue request.json --key-sha256 4f2a...c9 --out answer.json",
    ),
    (
        "ssmax org transport install",
        "ssmax org transport install answer.json --ca-sha256 9b01...7e",
    ),
    ("ssmax org transport status", "ssmax org transport status --json"),
    ("ssmax user", "ssmax user list --config ssmax.toml"),
    (
        "ssmax user add",
        "ssmax user add 10234 --name \"山田 花子\" --address hanako@a.example --proof in-person \
         --password-file password.txt",
    ),
    (
        "ssmax user add-role",
        "ssmax user add-role reports --kind system --name \"Mail system\" \
         --address mailer-daemon@a.example",
    ),
    ("ssmax user import", "ssmax user import people.csv --dry-run"),
    ("ssmax user sync", "ssmax user sync --dry-run"),
    ("ssmax user delegate", "ssmax user delegate --from boss@a.example --to 10234 --days 90"),
    ("ssmax user undelegate", "ssmax user undelegate --from boss@a.example --to 10234"),
    ("ssmax user delegations", "ssmax user delegations --json"),
    ("ssmax user list", "ssmax user list --json"),
    ("ssmax user export", "ssmax user export hanako@a.example --out hanako --p12 --signing-key"),
    ("ssmax user renew", "ssmax user renew 10234 --csr request.pem --lost --out hanako"),
    ("ssmax user secret", "ssmax user secret 10234 --proof in-person"),
    ("ssmax user invite", "ssmax user invite 10234 --code"),
    ("ssmax user otp", "ssmax user otp 10234 --proof in-person"),
    ("ssmax user revoke", "ssmax user revoke 10234"),
    ("ssmax hold", "ssmax hold list --config ssmax.toml"),
    ("ssmax journey", "ssmax journey '<20261201.1@a.example>' --config ssmax.toml"),
    ("ssmax status", "ssmax status --json"),
    ("ssmax setup", "ssmax setup postfix --config ssmax.toml"),
    ("ssmax setup postfix", "ssmax setup postfix --write --config-dir /etc/postfix"),
    ("ssmax setup mailers", "ssmax setup mailers --server directory.a.example:3636 --out mailers"),
    ("ssmax explain", "ssmax explain SSMAX-1302"),
    ("ssmax hold list", "ssmax hold list --all --json"),
    (
        "ssmax hold show",
        "ssmax hold show 4f2a90c1d3e5b867 --content --for reviewer.pem --key hanako.p12 --out held.eml",
    ),
    (
        "ssmax hold release",
        "ssmax hold release 4f2a90c1d3e5b867 --mail 9c56cc51b374c3ba --key hanako.p12 \
             --password-file password",
    ),
    (
        "ssmax hold delete",
        "ssmax hold delete 4f2a90c1d3e5b867 --mail 9c56cc51b374c3ba --reason \"no business mail\" --key hanako.p12 \
             --password-file password",
    ),
    (
        "ssmax mail forward",
        "ssmax mail forward got.eml --key hanako.p12 --password-file password.txt \
         --trust seal-ca.pem --to taro.pem --drop salaries.xlsx --out send.eml",
    ),
    ("ssmax manual", "ssmax manual --lang ja /usr/local/share/man/ja"),
    ("ssmax completions", "ssmax completions bash"),
    ("ssmax trace", "ssmax trace show trace.json"),
    (
        "ssmax trace propose",
        "ssmax trace propose 0190a6e0-0000-7000-8000-000000000001 --case 2026-17 \
         --reason \"malware was sent\" --key key.pem --cert signing.pem",
    ),
    ("ssmax trace show", "ssmax trace show trace.json"),
    ("ssmax trace approve", "ssmax trace approve trace.json --key key.pem --cert signing.pem"),
    (
        "ssmax trace identify",
        "ssmax trace identify trace.json --key key.pem --cert signing.pem --config ssmax.toml",
    ),
    ("ssmax archive", "ssmax archive show request.json old.eml"),
    (
        "ssmax archive propose",
        "ssmax archive propose --owner bob@a.example --for 10234 --reason \"he has left\" \
         --key key.pem --cert signing.pem --out request.json old.eml",
    ),
    ("ssmax archive show", "ssmax archive show request.json old.eml"),
    (
        "ssmax archive approve",
        "ssmax archive approve request.json --key key.pem --cert signing.pem",
    ),
    (
        "ssmax archive rewrap",
        "ssmax archive rewrap request.json --key key.pem --cert signing.pem --config ssmax.toml \
         --out opened old.eml",
    ),
    ("ssmax card", "ssmax card list --pkcs11 pkcs11:?module-path=/usr/lib/opensc-pkcs11.so"),
    ("ssmax card list", "ssmax card list --pkcs11 pkcs11:?module-path=/usr/lib/opensc-pkcs11.so"),
    (
        "ssmax card make",
        "ssmax card make --pkcs11 'pkcs11:token=Hanako;object=mail?module-path=/usr/lib/opensc-pkcs11.so' --address hanako@a.example --out request.pem",
    ),
    (
        "ssmax card install",
        "ssmax card install signing-token.pem --pkcs11 'pkcs11:token=Hanako;object=mail?module-path=/usr/lib/opensc-pkcs11.so'",
    ),
    ("ssmax backup", "ssmax backup --out /srv/backup/2026-12-01"),
    ("ssmax restore", "ssmax restore /srv/backup/2026-12-01 --role keyserver"),
    (
        "ssmax store",
        "ssmax store move --role gateway --to postgresql:///ssmax?host=/run/postgresql",
    ),
    (
        "ssmax store move",
        "ssmax store move --role gateway --to postgresql:///ssmax?host=/run/postgresql --json",
    ),
    ("ssmax audit", "ssmax audit verify --config ssmax.toml"),
    ("ssmax audit verify", "ssmax audit verify --head head.json --config ssmax.toml"),
    ("ssmax audit head", "ssmax audit head --out head.json --config ssmax.toml"),
    ("ssmax verify", "ssmax verify mail.eml --trust root.pem --json"),
    ("ssmax cert", "ssmax cert show hanako.pem"),
    ("ssmax cert show", "ssmax cert show hanako.pem --json"),
    ("ssmax cert lint", "ssmax cert lint hanako.pem --profile user-signing"),
    (
        "ssmax cert verify",
        "ssmax cert verify hanako.pem --intermediate chain.pem --trust root.pem --crl member.crl",
    ),
    (
        "ssmax cert smimea",
        "ssmax cert smimea --domain a.example --out smimea.zone --config ssmax.toml",
    ),
    ("ssmax cert outside", "ssmax cert outside list bob@ --state learnt"),
    ("ssmax cert outside learn", "ssmax cert outside learn mail.eml --trust public-ca.pem"),
    ("ssmax cert outside import", "ssmax cert outside import bob.pem --address bob@x.example"),
    ("ssmax cert outside list", "ssmax cert outside list bob@ --state learnt --json"),
    ("ssmax cert outside show", "ssmax cert outside show 4f2a90c1d3e5b867"),
    ("ssmax cert outside approve", "ssmax cert outside approve 4f2a90c1d3e5b867 --replace"),
    ("ssmax cert outside reject", "ssmax cert outside reject 4f2a90c1d3e5b867"),
    ("ssmax decrypt", "ssmax decrypt mail.eml --key encryption-key.pem --cert encryption.pem"),
    (
        "ssmax rewrap",
        "ssmax rewrap mail.eml --key encryption-key.pem --to bob.pem carol.pem --out rewrapped.eml",
    ),
    ("ssmax scan", "ssmax scan mail.eml --direction outbound --config ssmax.toml --json"),
    ("ssmax mail", "ssmax mail open mail.eml --key encryption-key.pem --trust seal-ca.pem"),
    (
        "ssmax mail sign",
        "ssmax mail sign draft.eml --key key.pem --cert signing.pem --chain chain.pem \
         --out signed.eml",
    ),
    ("ssmax mail encrypt", "ssmax mail encrypt signed.eml --to bob.pem --out sealed.eml"),
    (
        "ssmax mail send",
        "ssmax mail send sealed.eml --server mail.a.example:587 --ca ca.pem \
         --user hanako@a.example --password-file password.txt",
    ),
    ("ssmax mail open", "ssmax mail open mail.eml --key encryption-key.pem --trust seal-ca.pem"),
    (
        "ssmax mail rekey",
        "ssmax mail rekey old.eml --key key.pem --cert signing.pem --config ssmax.toml --out new.eml",
    ),
];

/// The command line with all its help in `language`.
pub(crate) fn localised(root: Command, language: Language) -> Command {
    speak(root.disable_help_flag(true), "ssmax", language)
}

/// `path` is the command as it is typed.
fn speak(command: Command, path: &str, language: Language) -> Command {
    let say = |id: &str| text(language, id, &[]);
    let key = path.strip_prefix("ssmax ").unwrap_or("ssmax").replace(' ', "-");
    let mut command = command
        .help_template(template(language))
        .subcommand_help_heading(say("help-heading-commands"))
        .subcommand_value_name(say("help-heading-command"))
        .disable_help_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .help(say("help-any-help"))
                .help_heading(say("help-heading-options")),
        )
        .mut_args(|argument| argument_help(argument, &key, language))
        .mut_subcommands(|sub| {
            let path = format!("{path} {}", sub.get_name());
            speak(sub, &path, language)
        });
    if let Some(about) = known(&format!("help-{key}"), language) {
        command = command.about(about).long_about(Resettable::Reset);
    }
    if let Some(example) = example(path) {
        command = command.after_help(format!("{}\n  {example}", say("cli-example")));
    }
    if path == "ssmax" {
        command = command.disable_version_flag(true).arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help(say("help-any-version"))
                .help_heading(say("help-heading-options")),
        );
    }
    command
}

fn argument_help(argument: Arg, key: &str, language: Language) -> Arg {
    let id = argument.get_id().as_str().to_owned();
    let heading =
        if argument.is_positional() { "help-heading-arguments" } else { "help-heading-options" };
    let argument = argument.help_heading(text(language, heading, &[]));
    let own = known(&format!("help-{key}-{id}"), language);
    let Some(help) = own.or_else(|| known(&format!("help-any-{id}"), language)) else {
        return argument;
    };
    // What clap would add of itself is English.
    let told = help + &default(&argument, language) + &values(&argument, language);
    let takes_one = takes_a_value(&argument);
    let argument = argument.help(told).long_help(Resettable::Reset);
    if takes_one { argument.hide_default_value(true).hide_possible_values(true) } else { argument }
}

fn takes_a_value(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Set | ArgAction::Append)
}

/// What holds when the argument is left out, where its help does not say so.
fn default(argument: &Arg, language: Language) -> String {
    let defaults = argument.get_default_values();
    let is_empty = defaults.iter().all(|value| value.is_empty());
    if !takes_a_value(argument) || is_empty || argument.is_hide_default_value_set() {
        return String::new();
    }
    let shown: Vec<_> = defaults.iter().map(|value| value.to_string_lossy()).collect();
    text(language, "help-default", &[("value", &shown.join(","))])
}

/// The values that can be given, where its help does not say so.
fn values(argument: &Arg, language: Language) -> String {
    let possible = argument.get_possible_values();
    if !takes_a_value(argument) || possible.is_empty() || argument.is_hide_possible_values_set() {
        return String::new();
    }
    let shown: Vec<&str> = possible.iter().map(|value| value.get_name()).collect();
    text(language, "help-values", &[("values", &shown.join(", "))])
}

fn known(id: &str, language: Language) -> Option<String> {
    has(id).then(|| text(language, id, &[]))
}

fn example(path: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(command, _)| *command == path).map(|(_, example)| *example)
}

fn template(language: Language) -> String {
    let usage = text(language, "help-heading-usage", &[]);
    format!("{{about-with-newline}}\n{usage}: {{usage}}\n\n{{all-args}}{{after-help}}")
}

/// Whether a line of Japanese output says something in English: prose without any
/// Japanese, what clap adds by itself, or several English words in a row. Commands,
/// options, names of values and lists of values are the same in every language.
#[cfg(test)]
pub(crate) fn is_english(line: &str) -> bool {
    const OF_CLAP: [&str; 4] = ["[default", "[possible", "[aliases", "Usage:"];
    if OF_CLAP.iter().any(|words| line.contains(words)) {
        return true;
    }
    let is_word = |word: &str| {
        let word = word.trim_end_matches([':', '.']);
        word.len() > 1 && word.bytes().all(|octet| octet.is_ascii_alphabetic())
    };
    // A command that can be typed goes on to the end of the line.
    let prose = line.split("ssmax ").next().unwrap_or_default();
    let words: Vec<&str> = prose.split_whitespace().collect();
    let is_japanese = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    if prose.contains(is_japanese) {
        return words.windows(3).any(|three| three.iter().all(|word| is_word(word)));
    }
    words.iter().any(|word| is_word(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory as _;

    /// Every command with its path, the root first.
    fn walk(command: &Command, path: &str, visit: &mut dyn FnMut(&Command, &str)) {
        visit(command, path);
        for sub in command.get_subcommands() {
            walk(sub, &format!("{path} {}", sub.get_name()), visit);
        }
    }

    #[test]
    fn every_command_and_argument_is_explained_in_both_languages() {
        let mut missing = Vec::new();
        let mut commands = 0;
        walk(&Cli::command(), "ssmax", &mut |command, path| {
            commands += 1;
            let key = path.strip_prefix("ssmax ").unwrap_or("ssmax").replace(' ', "-");
            if !has(&format!("help-{key}")) {
                missing.push(format!("help-{key}"));
            }
            for argument in command.get_arguments() {
                let id = argument.get_id();
                if !has(&format!("help-{key}-{id}")) && !has(&format!("help-any-{id}")) {
                    missing.push(format!("help-{key}-{id}"));
                }
            }
        });
        assert!(commands > 10);
        assert!(missing.is_empty(), "texts are missing: {missing:?}");
    }

    #[test]
    fn every_command_has_an_example_that_can_be_typed() {
        walk(&Cli::command(), "ssmax", &mut |_, path| {
            let example = example(path).unwrap_or_else(|| panic!("no example for {path}"));
            assert!(example.starts_with(path), "{example}");
            let words = split(example);
            if let Err(error) = Cli::command().try_get_matches_from(&words) {
                panic!("{example}: {error}");
            }
        });
    }

    #[test]
    fn every_example_belongs_to_a_command() {
        let mut paths = Vec::new();
        walk(&Cli::command(), "ssmax", &mut |_, path| paths.push(path.to_owned()));
        for (path, _) in EXAMPLES {
            assert!(paths.iter().any(|known| known == path), "{path}");
        }
    }

    #[test]
    fn help_in_japanese_is_japanese_throughout() {
        let mut root = localised(Cli::command(), Language::Ja);
        root.build();
        let (mut english, mut lines) = (Vec::new(), 0);
        walk(&root, "ssmax", &mut |command, path| {
            let mut command = command.clone();
            for help in [command.render_help(), command.render_long_help()] {
                for line in help.to_string().lines() {
                    lines += 1;
                    if is_english(line) {
                        english.push(format!("{path}: {line}"));
                    }
                }
            }
        });
        assert!(lines > 1000, "{lines}");
        assert!(english.is_empty(), "{english:#?}");
    }

    #[test]
    fn what_clap_says_of_itself_is_found_to_be_english() {
        for line in [
            "  Print help",
            "      --days <DAYS>  日数 [default: 365]",
            "  値 [possible values: a, b]",
            "          Possible values:",
            "          - gateway: Mail in and out",
            "error: the following required arguments were not provided:",
            "Usage: ssmax user add <USER>",
            "注意: a similar argument exists",
        ] {
            assert!(is_english(line), "{line}");
        }
        for line in [
            "  ssmax mail open mail.eml --key encryption-key.pem",
            "使い方: ssmax user add [OPTIONS] --name <NAME> <USER>",
            "      --dir <DIR>  作るフォルダ（省略時: demo）",
            "  -h, --help",
            "",
        ] {
            assert!(!is_english(line), "{line}");
        }
    }

    /// Words as a shell splits them, double quotation marks included.
    fn split(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for character in line.chars() {
            match character {
                '"' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                other => words.last_mut().unwrap().push(other),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }
}
