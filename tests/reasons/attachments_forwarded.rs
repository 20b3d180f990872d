//! A mail in attachment mode on its further way: forwarded without one file by its reader's
//! own key, given to a new key after a card was lost, forwarded again by the keyserver. No
//! file is decrypted in between, and the ciphertext is the same all the way.

use crate::attachments::{
    FILES, delivered, objects, opens, openssl_opens, records, signer, tails, taken_apart, with_list,
};
use serde_bytes::ByteBuf;
use ssmax_agent::forward::{self, Opener, forward};
use ssmax_api::ca::{ExportedUser, NewUser, OfficerRequest, RenewUser};
use ssmax_chain::Reason;
use ssmax_pki::Certificate;
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_smime::choice::Recipient;
use ssmax_smime::decrypt::OpenPolicy;
use ssmax_support::mails::{Mail, parsed};
use ssmax_support::member::Member;
use ssmax_support::person::{Person, look_up};
use ssmax_support::stage::{Side, Stage, submit};
use ssmax_token::KeyAlgorithm;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use time::OffsetDateTime;

pub(crate) async fn run(stage: &mut Stage<'_>, side: &Side<'_>, received: &[u8]) {
    given_on_without_one_file(stage, side, received).await;
    given_to_a_new_key_and_on_by_the_keyserver(stage, side, received).await;
}

/// What came as one mail is opened by its reader's program and goes on as a new one, which
/// names the one it continues.
pub(crate) async fn given_on_from_one_mail(stage: &Stage<'_>, side: &Side<'_>, received: &[u8]) {
    let (b, reader) = (&stage.federation.b, side.other);
    let relay = look_up(b, &side.sender.address).await;
    let to = [Recipient::from(&relay)];
    let request = forward::Request {
        opener: opener(reader),
        signer: signer(reader),
        to: &to,
        address: &side.sender.address,
        drop: &["offer.txt".to_owned()],
        text: "Back to you.",
    };
    let now = OffsetDateTime::now_utc();
    let forwarded = forward(received, &request, now, &SystemRandom).unwrap();
    assert_eq!(forwarded.kept, [(FILES[1].0.to_owned(), None)]);
    let (prev, mail) = (forwarded.prev, named(forwarded.octets));
    assert!(prev.is_some());
    let reply = submit(b, reader, &side.sender.address, &mail).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    let octets = delivered(side.member, side.sender, &mail);
    let (key, certificate) = (&side.sender.encryption.0, Some(&side.sender.encryption.1));
    let content = ssmax_smime::decrypt::decrypt(&octets, key, certificate).unwrap();
    let content = parsed(&content);
    let (seal, hop) = records(&content.children()[1].decoded_body().unwrap());
    assert_eq!((seal.prev, hop.unwrap().prev), (prev, prev));
    let names: Vec<_> =
        content.children()[0].children().iter().filter_map(|part| part.file_name()).collect();
    assert_eq!(names, [FILES[1].0, ssmax_chain::manifest::MANIFEST_NAME]);
    // Nothing of it may go on without a word that means something.
    let request = forward::Request { drop: &["other.txt".to_owned()], ..request };
    let fault = forward(received, &request, now, &SystemRandom).unwrap_err();
    assert_eq!(fault, forward::ForwardFault::NoSuchAttachment("other.txt".to_owned()));
}

/// What A's person received from B goes on to a colleague without one file: nothing is
/// decrypted, the ciphertext is the one that B's person made, and the chain goes on.
async fn given_on_without_one_file(stage: &mut Stage<'_>, side: &Side<'_>, received: &[u8]) {
    let (a, colleague) = (&stage.federation.a, side.colleague);
    let relay = look_up(a, &colleague.address).await;
    let to = [Recipient::from(&relay)];
    let drop = ["offer.txt".to_owned()];
    let request = forward::Request {
        opener: opener(side.sender),
        signer: signer(side.sender),
        to: &to,
        address: &colleague.address,
        drop: &drop,
        text: "For you.",
    };
    let now = OffsetDateTime::now_utc();
    let forwarded = forward(received, &request, now, &SystemRandom).unwrap();
    assert_eq!(forwarded.dropped, drop);
    let mail = named(forwarded.octets);
    let reply = submit(a, side.sender, &colleague.address, &mail).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    let octets = delivered(a, colleague, &mail);
    assert_eq!(tails(&octets), tails(received)[1..]);
    let (first, _) = records(&taken_apart(received, |mail| mail.signature));
    let (second, _) = records(&taken_apart(&octets, |mail| mail.signature));
    assert_eq!(second.prev, Some(first.id));
    opens(&octets, colleague, &FILES[1..]);
    openssl_opens(&octets, &colleague.encryption, FILES[1].1);

    // The same to the other organisation: its hop record says what it continues.
    let to = [Recipient::from(&side.relay)];
    let request = forward::Request {
        opener: opener(colleague),
        signer: signer(colleague),
        to: &to,
        address: &side.other.address,
        drop: &[],
        ..request
    };
    let forwarded = forward(&octets, &request, now, &SystemRandom).unwrap();
    let mail = named(forwarded.octets);
    let reply = submit(a, colleague, &side.other.address, &mail).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    let octets = delivered(&stage.federation.b, side.other, &mail);
    let (key, certificate) = (&side.other.encryption.0, Some(&side.other.encryption.1));
    let content = ssmax_smime::decrypt::decrypt(&octets, key, certificate).unwrap();
    let (third, hop) = records(&parsed(&content).children()[1].decoded_body().unwrap());
    assert_eq!((third.prev, hop.unwrap().prev), (Some(second.id), Some(second.id)));
}

fn opener(person: &Person) -> Opener<'_> {
    let (key, certificate) = (&person.encryption.0, Some(&person.encryption.1));
    Opener::Key { key, certificate, policy: OpenPolicy::default() }
}

/// A mail with the name that its header has.
fn named(octets: Vec<u8>) -> Mail {
    let field = {
        let mail = parsed(&octets);
        mail.header().one("Message-ID").unwrap().unwrap().unfolded()
    };
    Mail { octets, message_id: field.trim().to_owned() }
}

/// The only one who could open it lost his card: the keyserver gives the files to his new
/// key, and to the organisation's own when he forwards them. All by the commands.
async fn given_to_a_new_key_and_on_by_the_keyserver(
    stage: &mut Stage<'_>,
    side: &Side<'_>,
    received: &[u8],
) {
    let a = &stage.federation.a;
    let reader = Person::enrol(a, "frank", false).await;
    let relay = look_up(a, &reader.address).await;
    let to = [Recipient::from(&relay)];
    let request = forward::Request {
        opener: opener(side.sender),
        signer: signer(side.sender),
        to: &to,
        address: &reader.address,
        drop: &["2".to_owned()],
        text: "For you.",
    };
    let now = OffsetDateTime::now_utc();
    let mail = named(forward(received, &request, now, &SystemRandom).unwrap().octets);
    let reply = submit(a, side.sender, &reader.address, &mail).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    let old = delivered(a, &reader, &mail);

    let (signing, encryption) = renewed(a, &reader).await;
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("old.eml"), &old).unwrap();
    std::fs::write(path("signing.key"), signing.0.to_pem().as_bytes()).unwrap();
    let chain: String = reader.chain.iter().map(Certificate::to_pem).collect();
    std::fs::write(path("signing.pem"), signing.1.to_pem()).unwrap();
    std::fs::write(path("chain.pem"), chain).unwrap();
    let socket = ssmax_keyserver::Settings::socket(&a.keyserver.run_dir, "person");
    let arguments = ["rekey", "old.eml", "--key", "signing.key", "--cert", "signing.pem"];
    run_mail(dir.path(), &socket, &arguments, "new.eml");
    let new = std::fs::read(path("new.eml")).unwrap();
    assert_eq!(tails(&new), tails(received)[1..]);
    let reader = Person { encryption, ..reader };
    opens(&new, &reader, &FILES[1..]);
    openssl_opens(&new, &reader.encryption, FILES[1].1);

    let arguments = ["forward", "new.eml", "--to", &side.other.address, "--text", "And you."];
    let signing = ["--sign-key", "signing.key", "--sign-cert", "signing.pem"];
    let chain = ["--sign-chain", "chain.pem"];
    // Inside one organisation the member CA has issued what seals.
    std::fs::write(path("trust.pem"), reader.chain[0].to_pem()).unwrap();
    let plain = [&arguments[..], &signing, &chain].concat();
    let trusting = [&plain[..], &["--trust", "trust.pem"]].concat();
    // Nobody to trust; then a text that its sender did not write.
    refuses_to_give_on(dir.path(), &socket, &plain);
    let changed = String::from_utf8(new.clone()).unwrap().replacen("For you.", "For me. ", 1);
    assert_ne!(changed.as_bytes(), new);
    std::fs::write(path("new.eml"), changed).unwrap();
    refuses_to_give_on(dir.path(), &socket, &trusting);
    let anyway = [&plain[..], &["--unverified"]].concat();
    run_mail(dir.path(), &socket, &anyway, "anyway.eml");
    std::fs::write(path("new.eml"), &new).unwrap();
    let said = run_mail(dir.path(), &socket, &trusting, "send.eml");
    let tail = tails(received)[1].to_string();
    assert_eq!(said["kept"][0]["tail"], tail, "{said}");
    let sent = named(std::fs::read(path("send.eml")).unwrap());
    assert_eq!(tails(&sent.octets), tails(received)[1..]);
    let reply = submit(a, &reader, &side.other.address, &sent).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    // A colleague who takes it from there knows no content key.
    let listed = taken_apart(&sent.octets, |mail| mail.manifest.parts);
    let stolen = with_list(side.colleague, &side.other.address, listed, &objects(&sent.octets));
    let reason = Reason::AttachmentNotSubmitters;
    stage.submitted(a, side.colleague, &side.other.address, &stolen, reason).await;
}

/// A new signing and a new encryption key for somebody whose card is lost.
async fn renewed(
    member: &Member,
    person: &Person,
) -> ((SoftwareKey, Certificate), (SoftwareKey, Certificate)) {
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let asked = ssmax_pki::request::create(&key, "frank", Some(&person.address)).unwrap();
    let renewal = RenewUser {
        user: person.address.clone(),
        file_key_request: Some(ByteBuf::from(asked)),
        lost: true,
        ..RenewUser::default()
    };
    let new: NewUser = officer(member, &OfficerRequest::RenewUser(renewal)).await;
    let user = person.address.clone();
    let exported: ExportedUser = officer(member, &OfficerRequest::ExportUser { user }).await;
    (
        (key, Certificate::from_der(&new.signing[0].1).unwrap()),
        (
            SoftwareKey::from_pkcs8(&exported.pkcs8).unwrap(),
            Certificate::from_der(&exported.certificate).unwrap(),
        ),
    )
}

async fn officer<T: serde::de::DeserializeOwned>(member: &Member, request: &OfficerRequest) -> T {
    let socket = ssmax_ca::Settings::socket(&member.ca.run_dir, "officer");
    let answer: ssmax_api::Answer =
        ssmax_daemon::call::call(&socket, request, Duration::from_secs(30)).await.unwrap();
    ssmax_api::decode(answer).unwrap()
}

/// A mail whose signature is not good is not given on.
fn refuses_to_give_on(dir: &Path, socket: &Path, arguments: &[&str]) {
    let said = output_of(dir, socket, arguments, "bad.eml");
    let error = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(1), "{error}");
    assert!(error.contains("--unverified"), "{error}");
    assert!(!dir.join("bad.eml").exists());
}

/// Runs `ssmax mail` in this folder.
fn output_of(dir: &Path, socket: &Path, arguments: &[&str], out: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ssmax"))
        .current_dir(dir)
        .args(["--lang", "en", "--json", "mail"])
        .args(arguments)
        .arg("--socket")
        .arg(socket)
        .args(["--out", out])
        .output()
        .unwrap()
}

/// The same, which has to succeed, and gives what it says.
fn run_mail(dir: &Path, socket: &Path, arguments: &[&str], out: &str) -> serde_json::Value {
    let said = output_of(dir, socket, arguments, out);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).unwrap()
}
