//! How a sender logged in and signed, as the recipient's side is told it; and what becomes
//! of mail where that is less than is asked for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test"
)]

use serde_bytes::ByteBuf;
use ssmax_api::ca::{
    KeyHolder, NewCode, NewSecret, NewUser, OfficerRequest, RenewCode, RenewSecret, RenewUser,
};
use ssmax_api::gateway::HeldState;
use ssmax_keyserver::{Expected, Level, Levels};
use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use ssmax_support::federation::Federation;
use ssmax_support::mails::{Mail, mail, text};
use ssmax_support::member::{Member, Role};
use ssmax_support::person::{Person, ask_officer, look_up, officer};
use ssmax_support::{officer as reviewer, smtp};
use ssmax_token::KeyAlgorithm;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

const PASSWORD: &str = "correct horse battery";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_recipient_is_told_the_level_and_less_than_is_asked_for_is_stopped() {
    if may_skip("curl") || may_skip("openssl") {
        return;
    }
    let mut federation = Federation::start().await;
    let tls = with_client_certificates(&mut federation).await;
    passwords_and_codes(&federation).await;
    certificates(&federation, &tls).await;
    a_level_is_demanded(&mut federation, &tls).await;
    a_level_is_expected(&mut federation).await;
}

/// Whether a program that is needed is missing, where that is no fault.
fn may_skip(program: &str) -> bool {
    let missing = Command::new(program).arg("--help").output().is_err();
    assert!(!missing || std::env::var_os("CI").is_none(), "{program} is missing");
    if missing {
        println!("skipped: {program} is missing");
    }
    missing
}

/// Starts the CA and gateway of A anew: clients are asked for certificates.
async fn with_client_certificates(federation: &mut Federation) -> PathBuf {
    let tls = federation.dir.path().join("tls");
    ssmax_support::site::private_dir(&tls);
    openssl(
        &tls,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout server.key \
         -out server.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost",
    );
    let a = &mut federation.a;
    a.stop(Role::Gateway).await;
    a.stop(Role::Ca).await;
    a.ca.ca.login.certificates = true;
    a.ca.ca.login.wrong_codes = 3;
    a.gateway.gateway.tls_certificate = Some(tls.join("server.pem"));
    a.gateway.gateway.tls_key = Some(tls.join("server.key"));
    a.gateway.gateway.client_certificates = true;
    a.start(Role::Ca).await;
    a.start(Role::Gateway).await;
    tls
}

fn openssl(dir: &Path, arguments: &str) {
    let output =
        Command::new("openssl").args(arguments.split_whitespace()).current_dir(dir).output();
    let output = output.expect("openssl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What B's gateway says of a mail to bob, on one line.
fn result(federation: &Federation, mail: &Mail) -> String {
    let octets = delivered(&federation.b, &federation.bob, mail).expect("the mail is there");
    let text = String::from_utf8_lossy(&octets).replace("\r\n ", " ");
    text.lines().find(|line| line.starts_with("SSMAX-Result:")).unwrap().to_owned()
}

fn delivered(member: &Member, recipient: &Person, mail: &Mail) -> Option<Vec<u8>> {
    std::fs::read_dir(member.maildir(&recipient.address))
        .ok()?
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .find(|octets| String::from_utf8_lossy(octets).contains(&mail.message_id))
}

fn to_bob(federation: &Federation, sender: &Person) -> Mail {
    mail(&sender.address, &federation.bob.address, &text()).signed_by(sender)
}

/// A code as an authenticator application makes it from the URI, some half minutes off.
fn code(uri: &str, steps: i64) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (_, rest) = uri.split_once("?secret=").unwrap();
    let (letters, _) = rest.split_once('&').unwrap();
    let bits: String =
        letters.chars().map(|letter| format!("{:05b}", ALPHABET.find(letter).unwrap())).collect();
    let octet = |at: usize| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap();
    let secret: Vec<u8> = (0..bits.len() / 8).map(octet).collect();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let step = i64::try_from(now / 30).unwrap() + steps;
    let mac = ssmax_primitives::hmac_sha1(&secret, &step.to_be_bytes());
    let at = usize::from(mac[19] & 15);
    let number = u32::from_be_bytes(mac[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Enough of a half minute for what comes next.
async fn early_in_a_step() {
    loop {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        if now.as_secs() % 30 < 15 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn begin_codes(member: &Member, user: &str) -> String {
    let request = RenewCode { user: user.to_owned(), proof: "in-person".to_owned(), end: false };
    let new: NewCode = officer(member, &OfficerRequest::RenewCode(request)).await;
    new.uri.unwrap()
}

async fn passwords_and_codes(federation: &Federation) {
    let (a, alice) = (&federation.a, &federation.alice);
    let sends = async |secret: &str, expected: &str| {
        let mail = to_bob(federation, alice);
        let login = Some((alice.address.as_str(), secret));
        let to = &federation.bob.address;
        let reply = smtp::send(a.submission, login, &alice.address, to, &mail.octets).await;
        assert!(reply.starts_with("250 "), "{reply}");
        let result = result(federation, &mail);
        assert!(result.contains(expected), "{result}");
        assert!(!result.contains("level="), "{result}");
    };
    let refused = async |secret: &str| {
        let reply = smtp::log_in(a.submission, (&alice.address, secret)).await;
        assert!(reply.starts_with("535 5.7.8 "), "{reply}");
    };
    sends(&alice.secret, "signed-by=file; auth=device-secret; aal=2; proof=in-person; ial=2").await;
    // Codes stand behind a password.
    let early = RenewCode { user: "alice".into(), proof: "in-person".into(), end: false };
    let early = ask_officer::<NewCode>(a, &OfficerRequest::RenewCode(early)).await;
    assert_eq!(early, Err(ssmax_api::Problem::Malformed));
    let request = RenewSecret {
        user: "alice".to_owned(),
        proof: "in-person".to_owned(),
        password: Some(PASSWORD.to_owned()),
    };
    officer::<NewSecret>(a, &OfficerRequest::RenewSecret(request)).await;
    sends(PASSWORD, "signed-by=file; auth=password; aal=1; proof=in-person; ial=2").await;
    let weak = RenewCode { user: "alice".into(), proof: "e-mail".into(), end: false };
    let weak = ask_officer::<NewCode>(a, &OfficerRequest::RenewCode(weak)).await;
    assert_eq!(weak, Err(ssmax_api::Problem::ProofTooWeak));
    let uri = begin_codes(a, "alice").await;
    early_in_a_step().await;
    refused(PASSWORD).await;
    let now = format!("{PASSWORD}{}", code(&uri, 0));
    sends(&now, "signed-by=file; auth=password-otp; aal=2; proof=in-person; ial=2").await;
    // A code counts once, and so does no earlier one; the next one does, for clocks differ.
    refused(&now).await;
    refused(&format!("{PASSWORD}{}", code(&uri, -1))).await;
    let next = format!("{PASSWORD}{}", code(&uri, 1));
    assert!(smtp::log_in(a.submission, (&alice.address, &next)).await.starts_with("235 "));
    // Behind a wrong password nobody uses up the tries; behind the right one three are all.
    let uri = begin_codes(a, "alice").await;
    early_in_a_step().await;
    for _ in 0..4 {
        refused("wrong password 123456").await;
    }
    for _ in 0..3 {
        refused(&format!("{PASSWORD}{}", code(&uri, 7))).await;
    }
    refused(&format!("{PASSWORD}{}", code(&uri, 0))).await;
    // The mailer's own secret is another one.
    assert!(smtp::log_in(a.submission, (&alice.address, &alice.secret)).await.starts_with("235 "));
    let end = RenewCode { user: "alice".into(), proof: "in-person".into(), end: true };
    let ended: NewCode = officer(a, &OfficerRequest::RenewCode(end)).await;
    assert_eq!(ended.uri, None);
    assert!(smtp::log_in(a.submission, (&alice.address, PASSWORD)).await.starts_with("235 "));
}

/// Sends by curl with a client certificate; gives what it says, and whether it was taken.
fn curl(
    tls: &Path,
    member: &Member,
    identity: (&SoftwareKey, &Certificate),
    named: &str,
    mail: &Mail,
    recipient: &str,
) -> (bool, String) {
    let from = identity.1.emails().remove(0);
    std::fs::write(tls.join("client.key"), identity.0.to_pem().as_bytes()).unwrap();
    std::fs::write(tls.join("client.pem"), identity.1.to_pem()).unwrap();
    std::fs::write(tls.join("mail"), &mail.octets).unwrap();
    let port = member.submission.port();
    let output = Command::new("curl")
        .args(["-sv", "--ssl-reqd", "--cacert", "server.pem", "--cert", "client.pem"])
        .args(["--key", "client.key", "--login-options", "AUTH=EXTERNAL", "--user"])
        .arg(format!("{named}:"))
        .args(["--connect-to", &format!("localhost:{port}:127.0.0.1:{port}")])
        .arg(format!("smtp://localhost:{port}/mailer.example"))
        .args(["--mail-from", &from, "--mail-rcpt", recipient, "-T", "mail"])
        .current_dir(tls)
        .output()
        .expect("curl runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A card of this person, as far as the CA knows.
async fn card(member: &Member, user: &str, lost: bool) -> (SoftwareKey, Certificate) {
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let asked = ssmax_pki::request::create(&key, user, None).unwrap();
    let request = RenewUser {
        user: user.to_owned(),
        token_key_request: Some(ByteBuf::from(asked)),
        lost,
        ..RenewUser::default()
    };
    let new: NewUser = officer(member, &OfficerRequest::RenewUser(request)).await;
    let (_, der) = new.signing.iter().find(|(holder, _)| *holder == KeyHolder::Token).unwrap();
    (key, Certificate::from_der(der).unwrap())
}

async fn certificates(federation: &Federation, tls: &Path) {
    let (a, alice, carol) = (&federation.a, &federation.alice, &federation.carol);
    let bob = &federation.bob.address;
    // A key in a file.
    let mail = to_bob(federation, alice);
    let (key, certificate) = &alice.signing;
    let (taken, said) = curl(tls, a, (key, certificate), "", &mail, bob);
    assert!(taken && said.contains("AUTH EXTERNAL"), "{said}");
    let seen = result(federation, &mail);
    let expected = "signed-by=file; auth=client-certificate; aal=1; proof=in-person; ial=2";
    assert!(seen.contains(expected), "{seen}");
    // Whom the client says to be has to be its owner.
    let mail = to_bob(federation, alice);
    assert!(curl(tls, a, (key, certificate), &alice.address, &mail, bob).0);
    let (taken, said) = curl(tls, a, (key, certificate), &carol.address, &mail, bob);
    assert!(!taken && said.contains("535 5.7.8"), "{said}");
    // An encryption certificate, one of another member and a made-up one are no login.
    let (key, certificate) = &alice.encryption;
    assert!(!curl(tls, a, (key, certificate), "", &mail, bob).0);
    let (key, certificate) = &federation.bob.signing;
    assert!(!curl(tls, a, (key, certificate), "", &mail, bob).0);
    // A card, for the login and for the signature.
    let (key, certificate) = card(a, "carol", false).await;
    let mail = signed_with(federation, carol, &key, &certificate);
    let (taken, said) = curl(tls, a, (&key, &certificate), "", &mail, bob);
    assert!(taken, "{said}");
    let seen = result(federation, &mail);
    let expected = "signed-by=token; auth=client-certificate; aal=3; proof=in-person; ial=2";
    assert!(seen.contains(expected), "{seen}");
    // A lost card logs nobody in.
    card(a, "carol", true).await;
    let (taken, said) = curl(tls, a, (&key, &certificate), "", &mail, bob);
    assert!(!taken && said.contains("535 5.7.8"), "{said}");
}

fn signed_with(
    federation: &Federation,
    sender: &Person,
    key: &SoftwareKey,
    certificate: &Certificate,
) -> Mail {
    let key = SoftwareKey::from_pkcs8(&key.to_pkcs8()).unwrap();
    let person = Person {
        address: sender.address.clone(),
        secret: sender.secret.clone(),
        signing: (key, certificate.clone()),
        encryption: (
            SoftwareKey::from_pkcs8(&sender.encryption.0.to_pkcs8()).unwrap(),
            sender.encryption.1.clone(),
        ),
        chain: sender.chain.clone(),
    };
    to_bob(federation, &person)
}

fn levels<T: serde::de::DeserializeOwned>(json: serde_json::Value) -> Levels<T> {
    serde_json::from_value(json).unwrap()
}

async fn demand(federation: &mut Federation, json: serde_json::Value) {
    let a = &mut federation.a;
    a.stop(Role::Keyserver).await;
    a.keyserver.keyserver.demands = levels::<Level>(json);
    a.start(Role::Keyserver).await;
}

/// Sends from A with a device secret, which counts as level 2 there.
async fn send(federation: &Federation, sender: &Person, to: &str, mail: &Mail) -> String {
    let login = Some((sender.address.as_str(), sender.secret.as_str()));
    smtp::send(federation.a.submission, login, &sender.address, to, &mail.octets).await
}

async fn a_level_is_demanded(federation: &mut Federation, tls: &Path) {
    let bob = federation.bob.address.clone();
    for level in [
        serde_json::json!({ "aal": 3 }),
        serde_json::json!({ "ial": 3 }),
        serde_json::json!({ "signed_by": "token" }),
    ] {
        demand(federation, serde_json::json!({ "b.example": level })).await;
        let mail = to_bob(federation, &federation.alice);
        let reply = send(federation, &federation.alice, &bob, &mail).await;
        assert!(reply.starts_with("550 5.7.1 SSMAX-1116: "), "{level}: {reply}");
        // Encrypted mail is refused before a key is used, with the same number.
        let relay = look_up(&federation.a, &bob).await;
        let mail = mail.encrypted_for(&relay);
        let reply = send(federation, &federation.alice, &bob, &mail).await;
        assert!(reply.starts_with("550 5.7.1 SSMAX-1116: "), "{level}: {reply}");
        // One address is exempt.
        let exempt = serde_json::json!({ "b.example": level, "bob@b.example": {} });
        demand(federation, exempt).await;
        let mail = to_bob(federation, &federation.alice);
        let reply = send(federation, &federation.alice, &bob, &mail).await;
        assert!(reply.starts_with("250 "), "{level}: {reply}");
    }
    // Who has a card and signs with a file has not signed with the card.
    demand(federation, serde_json::json!({ "*": { "signed_by": "token" } })).await;
    let (key, certificate) = card(&federation.a, "wanda", false).await;
    let by_file = to_bob(federation, &federation.wanda);
    let reply = send(federation, &federation.wanda, &bob, &by_file).await;
    assert!(reply.starts_with("550 5.7.1 SSMAX-1116: "), "{reply}");
    let relay = look_up(&federation.a, &bob).await;
    let reply = send(federation, &federation.wanda, &bob, &by_file.encrypted_for(&relay)).await;
    assert!(reply.starts_with("550 5.7.1 SSMAX-1900: "), "{reply}");
    let by_card = signed_with(federation, &federation.wanda, &key, &certificate);
    let (taken, said) = curl(tls, &federation.a, (&key, &certificate), "", &by_card, &bob);
    assert!(taken, "{said}");
    assert!(result(federation, &by_card).contains("signed-by=token"));
    // What is refused to one is not refused to others, and the one gets nothing.
    let grace = federation.grace.address.clone();
    demand(federation, serde_json::json!({ "d.example": { "aal": 3 } })).await;
    let mail = to_bob(federation, &federation.alice);
    let reply = send(federation, &federation.alice, &grace, &mail).await;
    assert!(reply.starts_with("550 5.7.1 SSMAX-1116: "), "{reply}");
    assert_eq!(delivered(&federation.d, &federation.grace, &mail), None);
    demand(federation, serde_json::json!({})).await;
}

async fn expect(federation: &mut Federation, json: serde_json::Value) {
    let b = &mut federation.b;
    b.stop(Role::Keyserver).await;
    b.keyserver.keyserver.expects = levels::<Expected>(json);
    b.start(Role::Keyserver).await;
}

async fn a_level_is_expected(federation: &mut Federation) {
    let bob = federation.bob.address.clone();
    expect(federation, serde_json::json!({ "a.example": { "aal": 2, "signed_by": "file" } })).await;
    let mail = to_bob(federation, &federation.alice);
    assert!(send(federation, &federation.alice, &bob, &mail).await.starts_with("250 "));
    assert!(!result(federation, &mail).contains("level="));
    expect(federation, serde_json::json!({ "a.example": { "signed_by": "token" } })).await;
    let mail = to_bob(federation, &federation.alice);
    assert!(send(federation, &federation.alice, &bob, &mail).await.starts_with("250 "));
    let seen = result(federation, &mail);
    assert!(seen.contains("signed-by=file") && seen.ends_with("level=below"), "{seen}");
    // Held, with B set to hold; an officer lets it in all the same.
    federation.b.stop(Role::Gateway).await;
    federation.b.gateway.gateway.inbound_after_opening = ssmax_gateway::AfterOpening::Hold;
    federation.b.start(Role::Gateway).await;
    federation.b.wire.lead_to(federation.b.inbound);
    let stop = serde_json::json!({ "a.example": { "signed_by": "token", "below": "stop" } });
    expect(federation, stop).await;
    let mail = to_bob(federation, &federation.alice);
    let reply = send(federation, &federation.alice, &bob, &mail).await;
    assert!(reply.starts_with("250 "), "{reply}");
    assert_eq!(delivered(&federation.b, &federation.bob, &mail), None);
    let run_dir = federation.b.gateway.run_dir.clone();
    let held = reviewer::find(&run_dir, &mail.message_id).await;
    assert_eq!(held.reason, ssmax_chain::Reason::SenderLevelBelow);
    // Nothing has looked into it, so a reason is asked for.
    let reason = Some("known by telephone");
    let released = reviewer::release(&run_dir, &held, &federation.dave, reason).await.unwrap();
    assert_eq!(released.state, HeldState::Released);
    let seen = result(federation, &mail);
    assert!(seen.contains("signed-by=file") && seen.ends_with("level=below"), "{seen}");
}
