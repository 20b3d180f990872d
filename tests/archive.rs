//! `ssmax archive` as officers type it, at a member whose roles are processes: mail whose
//! owner has lost the key is read by OpenSSL again, its content untouched, and the owner
//! is told.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_chain::attachments::take_apart;
use ssmax_cms::enveloped::{Enveloped, RecipientId, RecipientKind};
use ssmax_mail::{Entity, Limits, TransferEncoding};
use ssmax_smime::rewrap::Apart;
use ssmax_support::site::Site;
use ssmax_support::site::desk::{Desk, mails};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const ROLES: [&str; 4] = ["keyserver", "ca", "inspector", "gateway"];

/// How long a mail may take on a busy machine; notices are fetched every ten seconds, and
/// a minute later if something was in the way.
const PATIENCE: Duration = Duration::from_secs(180);

/// Two attachments, each encrypted by itself.
const ATTACHED: &str = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_one\"\r\n\r\n\
    --=_one\r\nContent-Type: text/plain\r\n\r\nSee the files.\r\n\
    --=_one\r\nContent-Type: text/plain; name=\"a.txt\"\r\n\
    Content-Disposition: attachment; filename=\"a.txt\"\r\n\r\nThe first file.\r\n\
    --=_one\r\nContent-Type: text/plain; name=\"b.txt\"\r\n\
    Content-Disposition: attachment; filename=\"b.txt\"\r\n\r\nThe second file.\r\n--=_one--\r\n";

fn parsed(octets: &[u8]) -> Entity<'_> {
    ssmax_mail::parse(octets, &Limits::default()).unwrap()
}

fn subject(octets: &[u8]) -> String {
    let mail = parsed(octets);
    mail.header().one("Subject").unwrap().map(|field| field.decoded()).unwrap_or_default()
}

/// The tails of all that is encrypted in a mail.
fn tails(octets: &[u8]) -> Vec<[u8; 32]> {
    match take_apart(&parsed(octets)).unwrap() {
        Some(attached) => attached.files.iter().map(Enveloped::tail).collect(),
        None => vec![Apart::of(octets).unwrap().enveloped().tail()],
    }
}

/// The CMS objects of a mail.
fn objects(octets: &[u8]) -> Vec<Vec<u8>> {
    let mail = parsed(octets);
    let parts: Vec<&Entity<'_>> = match take_apart(&mail).unwrap() {
        Some(_) => mail.children()[1..].iter().collect(),
        None => vec![&mail],
    };
    assert!(parts.iter().all(|part| part.transfer_encoding() == TransferEncoding::Base64));
    parts.iter().map(|part| part.decoded_body().unwrap()).collect()
}

/// Whether the archive's copy of a mail is for its RSA key.
fn archived_by_rsa(octets: &[u8]) -> bool {
    let object = objects(octets).remove(0);
    let enveloped = Enveloped::parse(&object, &ssmax_cms::Limits::default()).unwrap();
    let [_, archive] = enveloped.recipients() else { panic!("{:?}", enveloped.recipients()) };
    assert!(matches!(archive.identifiers(), [RecipientId::KeyId(_)]));
    matches!(archive.kind(), RecipientKind::KeyTransOaep(_))
}

/// alice's mails whose subject says this, when there are so many.
fn arrived(desk: &Desk<'_>, person: &str, about: &str) -> Vec<u8> {
    let start = Instant::now();
    loop {
        let found: Vec<Vec<u8>> = mails_of(desk, person)
            .iter()
            .map(|path| fs::read(path).unwrap())
            .filter(|octets| subject(octets).contains(about))
            .collect();
        if let [one] = found.as_slice() {
            return one.clone();
        }
        assert!(found.is_empty(), "{} mails about {about}", found.len());
        assert!(start.elapsed() < PATIENCE, "no mail about {about}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn mails_of(desk: &Desk<'_>, person: &str) -> Vec<PathBuf> {
    let dir = desk.maildir(person);
    if dir.exists() { mails(&dir) } else { vec![] }
}

/// The site with two officers and somebody who is told beside the owner.
fn site() -> Site {
    let site = Site::new();
    let config = site.member_config();
    let keep = "allow_plaintext_auth = true\nattachments = \"keep\"";
    let config = config.replacen("allow_plaintext_auth = true", keep, 1);
    let archive = "\n[keyserver.archive]\nofficers = [\"olga\", \"oscar\"]\n\
                   notice = \"privacy@a.example\"\n";
    site.write("a/ssmax.toml", &(config + archive));
    site
}

/// Somebody with a signing key in a file.
fn enrol(site: &Site, desk: &Desk<'_>, person: &str) {
    desk.openssl(&format!("ecparam -name prime256v1 -genkey -noout -out {person}.key"));
    desk.openssl(&format!("req -new -key {person}.key -subj /CN={person} -out {person}.csr"));
    let (request, address) = (desk.name(&format!("{person}.csr")), format!("{person}@a.example"));
    let line = ["add", person, "--name", person, "--address", &address, "--proof", "in-person"];
    site.member("user", &[&line[..], &["--csr", &request, "--out", person]].concat()).ends(0);
}

/// alice loses her key and gets another one, in the folder `new`.
fn lose_the_key(site: &Site, desk: &Desk<'_>) {
    desk.openssl("ecparam -name prime256v1 -genkey -noout -out lost.key");
    desk.openssl("req -new -key lost.key -subj /CN=alice -out lost.csr");
    let line = ["renew", "alice", "--lost", "--csr", &desk.name("lost.csr"), "--out", "renewed"];
    site.member("user", &line).ends(0);
    site.member("user", &["export", "alice@a.example", "--out", &desk.name("new")]).ends(0);
}

/// What OpenSSL opens with alice's new key.
fn opened_by_openssl(desk: &Desk<'_>, object: &[u8]) -> Option<Vec<u8>> {
    fs::write(desk.path("object"), object).unwrap();
    let output = Command::new("openssl")
        .args(["cms", "-decrypt", "-inform", "DER", "-in", &desk.name("object")])
        .args(["-inkey", &desk.name("new/encryption-key.pem")])
        .args(["-recip", &desk.name("new/encryption.pem")])
        .output()
        .unwrap();
    output.status.success().then_some(output.stdout)
}

#[test]
fn mail_whose_key_is_gone_is_read_again_by_the_word_of_two_officers_and_the_owner_is_told() {
    journey(&site());
}

#[test]
fn check_says_when_officers_are_too_few_or_nobody_is_told() {
    let site = Site::new();
    let config = site.member_config();
    for (section, results) in [
        ("", vec![]),
        ("officers = [\"olga\", \"olga\"]", vec!["warning"]),
        ("officers = [\"olga\", \"oscar\"]", vec!["ok", "warning"]),
        ("officers = [\"olga\", \"oscar\"]\nnotice = \"privacy@a.example\"", vec!["ok"]),
    ] {
        site.write("a/ssmax.toml", &format!("{config}\n[keyserver.archive]\n{section}\n"));
        let facts = site.member("check", &["--json"]).json();
        let checks = facts["checks"].as_array().unwrap();
        let about = checks.iter().filter(|check| check["name"] == "keyserver.archive");
        let found: Vec<&str> = about.map(|check| check["result"].as_str().unwrap()).collect();
        assert_eq!(found, results, "{section}");
    }
}

#[test]
fn check_refuses_officers_who_could_not_sign() {
    let site = site();
    let config = fs::read_to_string(site.path("a/ssmax.toml")).unwrap();
    let (one, two) = ("[\"carol@a.example\"]", "[\"olga@a.example\", \"carol@a.example\"]");
    assert!(config.contains(one), "{config}");
    site.write("a/ssmax.toml", &config.replacen(one, two, 1));
    site.join();
    let refused = || {
        let facts = site.member("check", &["--json"]).json();
        let checks = facts["checks"].as_array().unwrap().clone();
        let named = |name: &str| {
            checks
                .iter()
                .filter(|check| check["name"] == name && check["result"] == "error")
                .map(|check| check["what"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        (named("keyserver.reviewers"), named("keyserver.archive"))
    };
    let says = |found: &[String], name: &str| {
        assert!(matches!(found, [one] if one.contains(name)), "{name}: {found:?}");
    };
    // Nobody is registered yet: that is no fault of the settings.
    assert_eq!(refused(), (vec![], vec![]));
    let _authority = site.serve("authority", &[], &["authority"]);
    let _member = site.serve("a", &[], &ROLES);
    let desk = Desk::new(&site);
    enrol(&site, &desk, "olga");
    // carol signs by the key server alone, oscar is not there.
    let line = ["add", "carol", "--name", "carol", "--address", "carol@a.example"];
    let more = ["--proof", "in-person", "--server-key", "--device-secret", "--out", "carol"];
    site.member("user", &[&line[..], &more].concat()).ends(0);
    let (reviewers, officers) = refused();
    says(&reviewers, "carol@a.example");
    says(&officers, "oscar");
    enrol(&site, &desk, "oscar");
    assert_eq!(refused().1, Vec::<String>::new());
    site.member("user", &["revoke", "olga"]).ends(0);
    let (reviewers, officers) = refused();
    assert_eq!((reviewers.len(), officers.len()), (2, 1), "{reviewers:?} {officers:?}");
}

#[test]
fn archive_keys_in_a_token_open_mail_too() {
    const NAME: &str = "archive_keys_in_a_token_open_mail_too";
    let Some(module) = module() else { return };
    // SoftHSM reads once in a process where its tokens are: the roles take it over from here.
    if std::env::var_os(TOKEN_TEST).is_none() {
        return run_again_with_a_token(NAME);
    }
    let site = site();
    let config = fs::read_to_string(site.path("a/ssmax.toml")).unwrap();
    let token = format!(
        "\n[keyserver.pkcs11]\nmodule = \"{module}\"\ntoken_label = \"{LABEL}\"\n\
         pin_file = \"pin\"\n"
    );
    let config = config.replacen("[keyserver]\n", "[keyserver]\nbackend = \"pkcs11\"\n", 1);
    site.write("a/ssmax.toml", &(config + &token));
    site.write("a/pin", PIN);
    fs::set_permissions(site.path("a/pin"), fs::Permissions::from_mode(0o600)).unwrap();
    journey(&site);
    let status = site.member("org", &["status", "--json"]).json();
    let keys = status["keys"].as_array().unwrap();
    let archive = keys.iter().filter(|key| key["purpose"] == "archive");
    let homes: Vec<&str> = archive.map(|key| key["home"].as_str().unwrap()).collect();
    assert_eq!(homes, ["token", "token"]);
}

/// Says to this test that it runs with a token.
const TOKEN_TEST: &str = "SSMAX_TEST_ARCHIVE_TOKEN";
const LABEL: &str = "ssmax-archive";
const PIN: &str = "5678-geheim";

/// The module of SoftHSM, which only a developer's machine may lack.
fn module() -> Option<String> {
    let places = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
    ];
    let found = places.into_iter().find(|place| PathBuf::from(place).exists());
    assert!(found.is_some() || std::env::var("CI").is_err(), "softhsm2 is missing in CI");
    found.map(str::to_owned)
}

fn run_again_with_a_token(name: &str) {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    fs::create_dir(at("tokens")).unwrap();
    let conf = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        at("tokens").display()
    );
    fs::write(at("softhsm2.conf"), conf).unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", LABEL, "--so-pin", "12345678", "--pin", PIN])
        .env("SOFTHSM2_CONF", at("softhsm2.conf"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env("SOFTHSM2_CONF", at("softhsm2.conf"))
        .env(TOKEN_TEST, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success(), "{said}{}", String::from_utf8_lossy(&again.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

/// alice gets a mail for an EC key and one for an RSA key, and loses both.
fn journey(site: &Site) {
    site.join();
    let _authority = site.serve("authority", &[], &["authority"]);
    let _member = site.serve("a", &[], &ROLES);
    let desk = Desk::new(site);
    for officer in ["olga", "oscar"] {
        enrol(site, &desk, officer);
    }
    let role = ["add-role", "reports", "--kind", "system", "--name", "Mail system"];
    let role = [&role[..], &["--address", "mailer-daemon@a.example"]].concat();
    site.member("user", &role).ends(0);
    desk.learn_from_first_mail();

    let text = "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nThe offer is 100.\r\n";
    desk.send(&desk.encrypted("whole", text)).ends(0);
    let whole = arrived(&desk, "alice", "whole");
    site.member("user", &["renew", "alice", "--rsa"]).ends(0);
    desk.send(&with_files(site, &desk)).ends(0);
    let attached = arrived(&desk, "alice", "files");
    for (octets, rsa) in [(&whole, false), (&attached, true)] {
        assert_eq!(archived_by_rsa(octets), rsa);
    }
    for (name, octets) in [("whole.eml", &whole), ("files.eml", &attached)] {
        fs::write(desk.path(name), octets).unwrap();
    }
    lose_the_key(site, &desk);
    for object in [objects(&whole), objects(&attached)].concat() {
        assert_eq!(opened_by_openssl(&desk, &object), None);
    }

    let (request, first, second) =
        (desk.name("request.json"), desk.name("whole.eml"), desk.name("files.eml"));
    let signer = |officer: &str| {
        let certificate = site.path(&format!("{officer}/signing-file.pem"));
        [
            "--key".to_owned(),
            desk.name(&format!("{officer}.key")),
            "--cert".to_owned(),
            certificate.display().to_string(),
        ]
    };
    let archive = |officer: Option<&str>, words: &[&str]| {
        let key = officer.map(signer).into_iter().flatten().collect::<Vec<_>>();
        let mut line = vec!["archive"];
        line.extend(words);
        line.extend(key.iter().map(String::as_str));
        site.ssmax(&line)
    };
    let words = ["propose", "--owner", "alice@a.example", "--for", "alice", "--reason"];
    let words = [&words[..], &["the card is lost", "--out", &request, &first, &second]].concat();
    // A folder is named as a whole, with what was never encrypted in it.
    let plain = desk.name("plain.eml");
    fs::write(desk.path("plain.eml"), "From: x@a.example\r\nSubject: x\r\n\r\nx\r\n").unwrap();
    let said = archive(Some("olga"), &[&words[..words.len() - 2], &[&plain]].concat()).ends(2);
    assert!(said.err.contains("is not encrypted"), "{}", said.err);
    let mut with_plain = words.clone();
    with_plain.insert(words.len() - 2, &plain);
    let said = archive(Some("olga"), &with_plain).ends(1);
    assert!(said.err.contains("left out: 1 (") && said.err.contains("plain.eml"), "{}", said.err);
    assert!(said.out.contains("2 mails, 3 encrypted parts"), "{}", said.out);
    let said = archive(Some("olga"), &words).ends(0);
    assert!(said.out.contains("2 mails, 3 encrypted parts"), "{}", said.out);

    let out = desk.name("opened");
    let rewrap = ["rewrap", &request, "--config", "a/ssmax.toml", "--out", &out, &first, &second];
    archive(Some("olga"), &rewrap).ends(2);
    let said = archive(Some("olga"), &["approve", &request]).ends(2);
    assert!(said.err.contains("approved"), "{}", said.err);
    assert!(said.out.contains("the card is lost"), "it is said before it is signed: {}", said.out);
    let said = archive(None, &["show", &request, &first, &plain]).ends(0);
    assert!(said.err.contains("left out: 1 ("), "{}", said.err);
    for word in ["alice@a.example", "the card is lost", "olga@a.example", "Subject", "1 of 2"] {
        let shown = said.out.contains(word) || word == "Subject" && said.out.contains("whole");
        assert!(shown, "{word} is not in {}", said.out);
    }
    let said = archive(Some("oscar"), &["approve", &request, &first, &second]).ends(0);
    assert!(said.out.contains("2 of 2 messages"), "{}", said.out);
    let other = mails_of(&desk, "taro").pop().unwrap().display().to_string();
    archive(None, &["show", &request, &other]).ends(1);
    let less = ["rewrap", &request, "--config", "a/ssmax.toml", "--out", &out, &first];
    archive(Some("oscar"), &less).ends(2);

    // Neither of these uses the request up.
    fs::create_dir(desk.path("two")).unwrap();
    let namesake = desk.name("two/whole.eml");
    fs::write(desk.path("two/whole.eml"), &whole).unwrap();
    let said = archive(Some("oscar"), &[&rewrap[..], &[&namesake]].concat()).ends(2);
    assert!(said.err.contains("one file"), "{}", said.err);
    let blocked = desk.name("whole.eml");
    let blocked =
        ["rewrap", &request, "--config", "a/ssmax.toml", "--out", &blocked, &first, &second];
    assert_ne!(archive(Some("oscar"), &blocked).exit, 0);
    archive(Some("oscar"), &[&rewrap[..], &[&plain]].concat()).ends(1);
    let again = desk.name("again");
    let again = ["rewrap", &request, "--config", "a/ssmax.toml", "--out", &again, &first, &second];
    let said = archive(Some("oscar"), &again).ends(1);
    assert!(said.err.contains("used before"), "{}", said.err);

    let read = |name: &str| fs::read(desk.path(&format!("opened/{name}"))).unwrap();
    let (new_whole, new_attached) = (read("whole.eml"), read("files.eml"));
    assert_eq!(tails(&new_whole), tails(&whole));
    assert_eq!(tails(&new_attached), tails(&attached));
    assert_eq!(tails(&attached).len(), 2);
    let opened = |octets: &[u8]| -> Vec<String> {
        let objects = objects(octets).into_iter();
        objects
            .map(|object| opened_by_openssl(&desk, &object).unwrap())
            .map(|content| String::from_utf8_lossy(&content).into_owned())
            .collect()
    };
    assert!(opened(&new_whole)[0].contains("The offer is 100."));
    let files = opened(&new_attached);
    assert!(files[0].contains("The first file.") && files[1].contains("The second file."));

    told(site, &desk);
    let said = site.member("audit", &["verify", "--json"]).ends(0);
    assert_eq!(said.json()["verdict"], "good", "{}", said.out);
}

/// taro signs a mail and encrypts its files one by one.
fn with_files(site: &Site, desk: &Desk<'_>) -> String {
    let mail = format!(
        "From: taro@a.example\r\nTo: alice@a.example\r\nSubject: files\r\n\
         Message-ID: <files.1@a.example>\r\nDate: Mon, 30 Nov 2026 00:00:00 +0000\r\n{ATTACHED}"
    );
    fs::write(desk.path("draft.eml"), mail).unwrap();
    let of = |file: &str| site.path(&format!("taro/{file}")).display().to_string();
    let (draft, known, out) = (desk.name("draft.eml"), desk.name("known.json"), desk.name("f.eml"));
    let line = ["mail", "encrypt", &draft, "--attachments", "--known", &known, "--out", &out];
    let (key, certificate, chain) =
        (desk.name("taro.key"), of("signing-file.pem"), of("chain.pem"));
    let sign = ["--sign-key", &key, "--sign-cert", &certificate, "--sign-chain", &chain];
    site.ssmax(&[&line[..], &sign].concat()).ends(0);
    out
}

/// alice has a sealed mail of the organisation's own, for her new key; whoever has no
/// certificate is told in clear.
fn told(site: &Site, desk: &Desk<'_>) {
    let about = "Mail of a mailbox was opened";
    let in_clear = arrived(desk, "privacy", about);
    let text = String::from_utf8(parsed(&in_clear).decoded_body().unwrap()).unwrap();
    says_all(&text);

    let sealed = arrived(desk, "alice", about);
    let content = opened_by_openssl(desk, &objects(&sealed)[0]).unwrap();
    let signed = parsed(&content);
    assert!(signed.content_type().is("multipart", "signed"));
    let text = String::from_utf8(signed.children()[0].decoded_body().unwrap()).unwrap();
    says_all(&text);
    fs::write(desk.path("notice.eml"), &sealed).unwrap();
    let (mail, key) = (desk.name("notice.eml"), desk.name("new/encryption-key.pem"));
    let (cert, trust) = (desk.name("new/encryption.pem"), desk.name("new/chain.pem"));
    let line = ["mail", "open", &mail, "--key", &key, "--cert", &cert, "--trust", &trust];
    site.ssmax(&[&line[..], &["--out", &desk.name("notice-opened.eml")]].concat()).ends(0);
}

fn says_all(text: &str) {
    let (ja, en) = text.split_once("\n--\n").or_else(|| text.split_once("\r\n--\r\n")).unwrap();
    for part in [ja, en] {
        for said in [
            "alice <alice@a.example>",
            "olga <olga@a.example>",
            "oscar <oscar@a.example>",
            "the card is lost",
        ] {
            assert!(part.contains(said), "{said} is not in {part}");
        }
    }
    assert!(en.contains("Mails: 2 (encrypted parts: 3)"), "{en}");
}
