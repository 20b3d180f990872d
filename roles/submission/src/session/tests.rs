use super::*;
use ssmax_primitives::SoftwareKey;
use ssmax_token::{KeyAlgorithm, KeyPair as _};

const OFFER: &[u8] = b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff";
const LOGIN: &[u8] = b"DM{auth_type}\0PLAIN\0{auth_authen}\0alice\0";
const FROM: &[u8] = b"LFrom\0 alice@a.example\0";

struct Key(SoftwareKey);

impl Stating for Key {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000)
    }

    fn nonce(&self) -> [u8; 16] {
        [0xab; 16]
    }

    fn sign(&self, statement: &Statement) -> Result<SignedStatement, TokenError> {
        statement.sign(&self.0)
    }
}

/// A key that is away.
struct NoKey;

impl Stating for NoKey {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH
    }

    fn nonce(&self) -> [u8; 16] {
        [0; 16]
    }

    fn sign(&self, _: &Statement) -> Result<SignedStatement, TokenError> {
        Err(TokenError::Unavailable)
    }
}

fn config(more: &str) -> SubmissionConfig {
    toml::from_str(&format!("milter = 'unix:/m'\n{more}")).unwrap()
}

fn key() -> Key {
    Key(SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap())
}

/// What is said to each frame.
fn said(config: &SubmissionConfig, key: &impl Stating, frames: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut session = Session::new(config);
    let mut take = |frame: &&[u8]| match session.take(frame, key).unwrap() {
        Said::Replies(replies) => replies.octets().to_vec(),
        Said::End => b"the end".to_vec(),
    };
    frames.iter().map(&mut take).collect()
}

/// The replies in an answer, without their lengths.
fn frames(mut octets: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Some((length, rest)) = octets.split_first_chunk::<4>() {
        let (frame, behind) = rest.split_at(u32::from_be_bytes(*length) as usize);
        frames.push(frame.to_vec());
        octets = behind;
    }
    frames
}

const GO_ON: &[u8] = b"\0\0\0\x01c";

#[test]
fn a_submission_is_stated_and_what_the_client_wrote_in_its_place_goes() {
    let (config, key) = (config(""), key());
    let told = said(
        &config,
        &key,
        &[
            OFFER,
            LOGIN,
            b"M<alice@a.example>\0",
            b"DR{rcpt_addr}\0bob@b.example\0",
            b"R<bob@b.example>\0",
            b"R<dave@b.example>\0NOTIFY=NEVER\0",
            FROM,
            b"LSSMAX-Statement\0 forged\0",
            b"LSubject\0 hello\0",
            b"Lssmax-statement\0 forged too\0",
            b"Bwords\r\n",
            b"DEi\0QUEUE\0",
            b"E",
            b"Q",
        ],
    );
    let [negotiated, rest @ ..] = told.as_slice() else { panic!() };
    assert!(negotiated.starts_with(b"\0\0\0\x48O\0\0\0\x06"), "{}", negotiated.escape_ascii());
    let silent: &[u8] = b"";
    let (middle, [end, last]) = rest.split_at(11) else { panic!() };
    assert_eq!(
        middle,
        [silent, GO_ON, silent, GO_ON, GO_ON, silent, silent, silent, silent, silent, silent]
    );
    assert_eq!(last, b"the end");
    let end = frames(end);
    assert_eq!(end[0], b"m\0\0\0\x02SSMAX-Statement\0\0");
    assert_eq!(end[1], b"m\0\0\0\x01SSMAX-Statement\0\0");
    // What the mailer has left out, so that nobody behind the statement adds it.
    assert!(end[2].starts_with(b"i\0\0\0\0Date\0 Fri, 04 Oct 2024 00:00:00 +0000\0"));
    assert!(end[3].starts_with(b"i\0\0\0\0Message-ID\0 <"));
    assert_eq!((end[5].as_slice(), end.len()), (&b"c"[..], 6));
    let value = end[4].strip_prefix(b"i\0\0\0\0SSMAX-Statement\0").unwrap();
    let value = value.strip_suffix(b"\0").unwrap();
    let signed = statement_field::read_value(value).unwrap();
    let statement = signed.open(key.0.spki(), key.now()).unwrap();
    assert_eq!(
        statement,
        Statement {
            v: 1,
            user: "alice".into(),
            aal: 1,
            method: "sasl-plain".into(),
            from: "alice@a.example".into(),
            mail_from: "alice@a.example".into(),
            recipients: vec!["bob@b.example".into(), "dave@b.example".into()],
            body: statement.body,
            at: key.now(),
            nonce: "ab".repeat(16),
            source: None,
        }
    );
}

#[test]
fn the_level_follows_the_mechanism() {
    let config = config("mechanisms = { EXTERNAL = 3 }");
    let key = key();
    let login = b"D\x4d{auth_type}\0EXTERNAL\0{auth_authen}\0alice\0";
    let told = said(&config, &key, &[OFFER, login, b"M<>\0", b"R<b@b.example>\0", FROM, b"E"]);
    let end = frames(&told[5]);
    let value = &end[2][b"i\0\0\0\0SSMAX-Statement\0".len()..end[2].len() - 1];
    let statement = statement_field::read_value(value).unwrap().open(key.0.spki(), key.now());
    let statement = statement.unwrap();
    assert_eq!((statement.aal, statement.method.as_str()), (3, "sasl-external"));
}

/// What is stated of a mail whose client the MTA tells of with these macros.
fn stated(config: &SubmissionConfig, key: &Key, macros: &[u8]) -> Statement {
    let told = said(config, key, &[OFFER, macros, b"M<>\0", b"R<b@b.example>\0", FROM, b"E"]);
    let end = frames(&told[5]);
    let value = &end[2][b"i\0\0\0\0SSMAX-Statement\0".len()..end[2].len() - 1];
    statement_field::read_value(value).unwrap().open(key.0.spki(), key.now()).unwrap()
}

#[test]
fn a_certificate_of_the_issuer_that_counts_is_a_login() {
    let key = key();
    let counting = config("certificates = { issuer = 'Clients (A)', aal = 3 }");
    // Postfix writes both in xtext.
    let alice: &[u8] = b"DM{cert_subject}\0alice+2Bx@a.example\0{cert_issuer}\0Clients +28A+29\0";
    let statement = stated(&counting, &key, alice);
    assert_eq!((statement.user.as_str(), statement.aal), ("alice+x@a.example", 3));
    assert_eq!(statement.method, "client-certificate");
    // A login counts before a certificate.
    let both = [b"DM{auth_type}\0PLAIN\0{auth_authen}\0bob\0", &alice[2..]].concat();
    let statement = stated(&counting, &key, &both);
    assert_eq!((statement.user.as_str(), statement.aal), ("bob", 1));
    let refused = |config: &SubmissionConfig, macros: &[u8]| {
        let told = said(config, &key, &[OFFER, macros, b"M<a@a.example>\0"]);
        assert!(frames(&told[2])[0].starts_with(b"y530 "), "{}", macros.escape_ascii());
    };
    refused(&config(""), alice);
    for bad in [
        &b"DM{cert_subject}\0alice\0{cert_issuer}\0Clients (B)\0"[..],
        b"DM{cert_subject}\0alice\0{cert_issuer}\0\0",
        b"DM{cert_subject}\0alice\0",
        b"DM{cert_subject}\0\0{cert_issuer}\0Clients (A)\0",
        b"DM{cert_subject}\0alice +\0{cert_issuer}\0Clients (A)\0",
        b"DM{cert_subject}\0alice+2\0{cert_issuer}\0Clients (A)\0",
        b"DM{cert_subject}\0alice+0A\0{cert_issuer}\0Clients (A)\0",
    ] {
        refused(&counting, bad);
    }
}

#[test]
fn without_a_login_mail_is_refused_or_passes_without_a_word() {
    let refused = b"y530 5.7.0 SSMAX-1003: No login where one is needed\0";
    let key = key();
    let told = said(&config(""), &key, &[OFFER, b"DM", b"M<a@a.example>\0"]);
    assert_eq!(frames(&told[2]), [refused]);
    let without_mechanism = b"DM{auth_authen}\0alice\0";
    let told = said(&config(""), &key, &[OFFER, without_mechanism, b"M<a@a.example>\0"]);
    assert_eq!(frames(&told[2]), [refused]);
    let mail = [OFFER, b"DM", b"M<a@a.example>\0", b"R<b@b.example>\0"];
    let content = [b"LSSMAX-Statement\0 x\0".as_slice(), b"LSubject\0 no From\0", b"Bx\r\n", b"E"];
    let all = [&mail[..], &content[..]].concat();
    let told = said(&config("unauthenticated = 'pass'"), &key, &all);
    assert_eq!(frames(&told[7]), [&b"m\0\0\0\x01SSMAX-Statement\0\0"[..], b"c"]);
}

#[test]
fn a_login_counts_for_one_mail_of_one_client() {
    let key = key();
    let config = config("");
    let mail: &[u8] = b"M<alice@a.example>\0";
    for between in [&b"A"[..], b"DM"] {
        let told = said(&config, &key, &[OFFER, LOGIN, between, mail]);
        assert!(told[3].starts_with(b"\0\0\0"), "{}", told[3].escape_ascii());
        assert!(frames(&told[3])[0].starts_with(b"y530 "), "{}", between.escape_ascii());
    }
    // Another client on the same connection begins anew.
    let told = said(&config, &key, &[OFFER, LOGIN, b"K", OFFER, mail]);
    assert!(frames(&told[4])[0].starts_with(b"y530 "));
    let told = said(&config, &key, &[OFFER, LOGIN, mail, FROM, b"E", mail]);
    assert!(frames(&told[5])[0].starts_with(b"y530 "));
}

#[test]
fn what_cannot_be_stated_is_refused_by_number() {
    let key = key();
    let config = config("");
    let refusal = |frames_in: &[&[u8]]| {
        let told = said(&config, &key, &[&[OFFER, LOGIN], frames_in].concat());
        let last = frames(told.last().unwrap());
        String::from_utf8(last[0][1..last[0].len() - 1].to_vec()).unwrap()
    };
    let mail: &[u8] = b"M<alice@a.example>\0";
    let to: &[u8] = b"R<b@b.example>\0";
    assert!(refusal(&[b"M<alice>\0"]).starts_with("550 5.7.1 SSMAX-1102: "));
    assert!(refusal(&[mail, b"R<bob>\0"]).starts_with("553 5.1.3 SSMAX-1005: "));
    assert!(refusal(&[mail, to, b"E"]).starts_with("550 5.7.1 SSMAX-1101: "));
    assert!(refusal(&[mail, to, FROM, FROM, b"E"]).starts_with("550 5.7.1 SSMAX-1101: "));
    let twice: &[u8] = b"LSubject\0 a\0";
    assert!(refusal(&[mail, to, FROM, twice, twice, b"E"]).starts_with("550 5.6.0 SSMAX-1002: "));
}

#[test]
fn too_many_recipients_are_sent_to_in_another_mail() {
    let key = key();
    let config = config("limits = { max_recipients = 1 }");
    let told =
        said(&config, &key, &[OFFER, LOGIN, b"M<>\0", b"R<a@b.example>\0", b"R<b@b.example>\0"]);
    assert_eq!(told[3], GO_ON);
    assert_eq!(frames(&told[4]), [b"y452 4.5.3 too many recipients for one mail\0"]);
}

#[test]
fn a_key_that_is_away_and_a_field_that_is_too_large_put_the_mail_off() {
    let mail = [OFFER, LOGIN, b"M<>\0", b"R<b@b.example>\0", FROM, b"E"];
    let told = said(&config(""), &NoKey, &mail);
    assert_eq!(told[5], b"\0\0\0\x01t");
    let without_recipients = [OFFER, LOGIN, b"M<>\0", FROM, b"E"];
    let told = said(&config("limits = { max_field_bytes = 100 }"), &key(), &without_recipients);
    assert_eq!(told[4], b"\0\0\0\x01t");
}

#[test]
fn a_command_out_of_its_place_ends_the_connection() {
    let config = config("");
    let key = key();
    let fault = |frames: &[&[u8]]| {
        let mut session = Session::new(&config);
        let (last, before) = frames.split_last().unwrap();
        for frame in before {
            session.take(frame, &key).unwrap();
        }
        session.take(last, &key).unwrap_err()
    };
    for frames in [
        &[LOGIN][..],
        &[b"M<>\0"],
        &[OFFER, OFFER],
        &[OFFER, b"R<b@b.example>\0"],
        &[OFFER, FROM],
        &[OFFER, b"Bx"],
        &[OFFER, b"E"],
        &[OFFER, LOGIN, b"M<>\0", b"M<>\0"],
        &[OFFER, LOGIN, b"M<>\0", b"A", b"E"],
        &[OFFER, b"K", b"M<>\0"],
    ] {
        assert_eq!(fault(frames), SessionFault::Place);
    }
    assert_eq!(fault(&[b"X"]), SessionFault::Command(CommandFault::Unknown));
    let old = b"O\0\0\0\x02\0\0\x01\xff\0\x1f\xff\xff";
    assert_eq!(fault(&[old]), SessionFault::Negotiation(NegotiationFault::Version(2)));
}

#[test]
fn what_was_not_negotiated_away_is_answered() {
    let key = key();
    let offer = b"O\0\0\0\x06\0\0\0\x11\0\x10\0\0";
    let told = said(
        &config(""),
        &key,
        &[offer, b"Chost\0", b"Hhelo\0", LOGIN, b"M<>\0", b"T", FROM, b"N", b"Bx\r\n", b"Ex\r\n"],
    );
    for at in [1, 2, 4, 5, 6, 7, 8] {
        assert_eq!(told[at], GO_ON, "{at}");
    }
    assert_eq!(frames(&told[9]).len(), 4);
}
