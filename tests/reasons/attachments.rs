//! Mails whose attachments are encrypted one by one: what passes, and what is stopped.
//! A delivers them as they came (`keep`), B as one encrypted mail (`whole`).

use crate::attachments_forwarded;
use ssmax_agent::attach::attach;
use ssmax_agent::open::open;
use ssmax_agent::sign::Signer;
use ssmax_chain::attachments::{self, AttachmentMail};
use ssmax_chain::evidence::Evidence;
use ssmax_chain::manifest::{ListedFile, Manifest};
use ssmax_chain::seal_record::SealRecord;
use ssmax_chain::{Digest, HopRecord, Reason};
use ssmax_cms::Limits;
use ssmax_cms::signed::{SignedData, utf8_value};
use ssmax_mail::compose::{Part, boundary, multipart};
use ssmax_pki::{Certificate, oid};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_smime::choice::Recipient;
use ssmax_smime::judge::{Question, Verdict};
use ssmax_support::mails::{Mail, mail, multipart_signed, parsed, random, text};
use ssmax_support::member::Member;
use ssmax_support::person::Person;
use ssmax_support::stage::{Side, Stage, submit};
use std::process::Command;
use time::OffsetDateTime;

pub(crate) const FILES: [(&str, &[u8]); 2] =
    [("offer.txt", b"our offer"), ("見積書.csv", b"1,2,3")];

pub(crate) async fn run(stage: &mut Stage<'_>) {
    let [at_a, at_b] = stage.sides();
    let sent = sent_and_delivered_as_one_mail(stage, &at_a).await;
    let one_mail = delivered(&stage.federation.b, at_a.other, &sent);
    attachments_forwarded::given_on_from_one_mail(stage, &at_a, &one_mail).await;
    let received = sent_and_delivered_as_it_came(stage, &at_b).await;
    taken_by_another_member(stage, &at_a).await;
    attachments_forwarded::run(stage, &at_a, &received).await;
    taken_by_somebody_else(stage, &at_a, &sent).await;
    for side in stage.sides() {
        not_as_listed(stage, &side).await;
        not_the_submitters(stage, &side).await;
        for_another_key(stage, &side).await;
        more_than_four(stage, &side).await;
        a_key_that_is_not_the_listed_one(stage, &side).await;
        a_changed_text(stage, &side).await;
        a_leak_in_a_file(stage, &side).await;
    }
    // What came in clear and nobody could look into is held by both.
    stage.found.held_in_clear = true;
    for side in stage.sides() {
        a_mail_of_this_form_inside_another(stage, &side).await;
    }
    stage.found.held_in_clear = false;
}

pub(crate) fn signer(person: &Person) -> Signer<'_> {
    let (key, certificate) = (&person.signing.0, &person.signing.1);
    Signer { key, certificate, chain: &person.chain, encryption: None }
}

/// A mail of the side's person with these files, before they are encrypted.
fn with_files(side: &Side<'_>, files: &[(&str, &[u8])]) -> Mail {
    let mut parts = vec![text()];
    for (name, octets) in files {
        parts.push(Part::attachment("application/octet-stream", name, octets).into_octets());
    }
    let entity = multipart("mixed", &[], &boundary(random()), &parts);
    mail(&side.sender.address, &side.other.address, &entity)
}

fn attached_for(side: &Side<'_>, certificate: &Certificate, files: &[(&str, &[u8])]) -> Mail {
    let plain = with_files(side, files);
    let to = [Recipient::from(certificate)];
    let now = OffsetDateTime::now_utc();
    let octets = attach(&plain.octets, &signer(side.sender), &to, now, &SystemRandom).unwrap();
    Mail { octets, message_id: plain.message_id }
}

fn attached(side: &Side<'_>, files: &[(&str, &[u8])]) -> Mail {
    attached_for(side, &side.relay, files)
}

pub(crate) fn taken_apart<T>(octets: &[u8], use_it: impl FnOnce(AttachmentMail<'_>) -> T) -> T {
    use_it(attachments::take_apart(&parsed(octets)).unwrap().unwrap())
}

pub(crate) fn tails(octets: &[u8]) -> Vec<Digest> {
    taken_apart(octets, |mail| mail.files.iter().map(|file| Digest(file.tail())).collect())
}

/// The encrypted files by name.
pub(crate) fn objects(octets: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mail = parsed(octets);
    let parts = mail.children()[1..].iter();
    let names = taken_apart(octets, |mail| mail.manifest.parts);
    parts.zip(names).map(|(part, listed)| (listed.name, part.decoded_body().unwrap())).collect()
}

/// The same mail with another content under its signature, or other files.
fn recomposed(mail: &Mail, signed: &[u8], files: &[(String, Vec<u8>)]) -> Mail {
    let head = [mail.fields().as_slice(), b"MIME-Version: 1.0\r\n"].concat();
    let files = files.iter().map(|(name, object)| (name.as_str(), object.clone())).collect();
    let octets = attachments::around(&head, signed.to_vec(), files, &boundary(random()));
    Mail { octets, message_id: mail.message_id.clone() }
}

fn signed_part(mail: &Mail) -> Vec<u8> {
    taken_apart(&mail.octets, |mail| mail.signed.to_vec())
}

pub(crate) fn delivered(member: &Member, recipient: &Person, mail: &Mail) -> Vec<u8> {
    std::fs::read_dir(member.maildir(&recipient.address))
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .find(|octets| String::from_utf8_lossy(octets).contains(&mail.message_id))
        .unwrap()
}

/// The record in a seal, and the hop record in its evidence.
pub(crate) fn records(seal: &[u8]) -> (SealRecord, Option<HopRecord>) {
    let signed = SignedData::parse(seal, &Limits::default()).unwrap();
    let signer = &signed.signers()[0];
    let record = signer.signed_attribute(oid::HOP_RECORD).unwrap().unwrap();
    let record = SealRecord::parse(&utf8_value(record).unwrap()).unwrap();
    let evidence = signer.unsigned_attribute(oid::EVIDENCE).unwrap().unwrap();
    let evidence = Evidence::from_der(evidence).unwrap();
    let hop = (!evidence.organisation.is_empty()).then(|| {
        let signed = SignedData::parse(&evidence.organisation, &Limits::default()).unwrap();
        let record = signed.signers()[0].signed_attribute(oid::HOP_RECORD).unwrap().unwrap();
        HopRecord::parse(&utf8_value(record).unwrap()).unwrap()
    });
    (record, hop)
}

/// The anchor that comes along in a seal: what the recipient's mailer trusts.
pub(crate) fn anchors(seal: &[u8]) -> Vec<Certificate> {
    let signed = SignedData::parse(seal, &Limits::default()).unwrap();
    signed.certificates().iter().filter(|one| one.is_ca()).cloned().collect()
}

async fn submitted(stage: &mut Stage<'_>, side: &Side<'_>, mail: &Mail, reason: Reason) {
    stage.submitted(side.member, side.sender, &side.other.address, mail, reason).await;
}

async fn taken(side: &Side<'_>, mail: &Mail) {
    let reply = submit(side.member, side.sender, &side.other.address, mail).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
}

/// From A to B: one encrypted mail with ordinary attachments, which says that it is
/// derived, around the sender's content octet for octet.
async fn sent_and_delivered_as_one_mail(stage: &mut Stage<'_>, side: &Side<'_>) -> Mail {
    let sent = attached(side, &FILES);
    taken(side, &sent).await;
    let octets = delivered(&stage.federation.b, side.other, &sent);
    let (key, certificate) = (&side.other.encryption.0, Some(&side.other.encryption.1));
    let content = ssmax_smime::decrypt::decrypt(&octets, key, certificate).unwrap();
    let sealed = parsed(&content);
    let seal = sealed.children()[1].decoded_body().unwrap();
    let (record, hop) = records(&seal);
    assert!(record.derived);
    let anchors = anchors(&seal);
    let question = Question::new(&anchors, OffsetDateTime::now_utc());
    let opened = open(&octets, key, certificate, &question).unwrap();
    assert_eq!(opened.judgement.verdict, Verdict::Good, "{:?}", opened.judgement);
    let entity = sealed.children()[0].children();
    taken_apart(&sent.octets, |mail| assert_eq!(entity[0].raw(), mail.content));
    for (part, (name, octets)) in entity[1..].iter().zip(FILES) {
        assert_eq!(part.file_name().as_deref(), Some(name));
        assert_eq!(part.decoded_body().unwrap(), octets);
    }
    let named: Vec<_> =
        hop.unwrap().parts.iter().map(|part| (part.path.clone(), part.tail)).collect();
    let paths = ["1.2", "1.3"].map(str::to_owned);
    assert_eq!(named, paths.into_iter().zip(tails(&sent.octets)).collect::<Vec<_>>());
    sent
}

/// From B to A: the same ciphertexts, under the seal; each opens by itself.
async fn sent_and_delivered_as_it_came(stage: &mut Stage<'_>, side: &Side<'_>) -> Vec<u8> {
    let sent = attached(side, &FILES);
    taken(side, &sent).await;
    let octets = delivered(&stage.federation.a, side.other, &sent);
    assert_eq!(tails(&octets), tails(&sent.octets));
    taken_apart(&octets, |at| taken_apart(&sent.octets, |of| assert_eq!(at.content, of.content)));
    let seal = taken_apart(&octets, |mail| mail.signature);
    let (record, hop) = records(&seal);
    assert!(!record.derived && record.prev.is_none());
    assert_eq!(hop.unwrap().parts.len(), 2);
    opens(&octets, side.other, &FILES);
    openssl_opens(&octets, &side.other.encryption, FILES[1].1);
    octets
}

/// A person's own program opens a mail as delivered, and finds it good.
pub(crate) fn opens(octets: &[u8], person: &Person, files: &[(&str, &[u8])]) {
    let anchors = anchors(&taken_apart(octets, |mail| mail.signature));
    let question = Question::new(&anchors, OffsetDateTime::now_utc());
    let (key, certificate) = (&person.encryption.0, Some(&person.encryption.1));
    let opened = open(octets, key, certificate, &question).unwrap();
    assert_eq!(opened.judgement.verdict, Verdict::Good, "{:?}", opened.judgement);
    // And learns from it for whom an answer is encrypted.
    let learnt = ssmax_agent::learn::learn(octets, &question).unwrap();
    assert!(learnt.certificate.has_policy(oid::POLICY_RELAY));
    let mail = parsed(&opened.mail);
    let found: Vec<_> = mail
        .children()
        .iter()
        .filter_map(|part| Some((part.file_name()?, part.decoded_body().unwrap())))
        .collect();
    let expected = files.iter().map(|(name, octets)| ((*name).to_owned(), octets.to_vec()));
    assert_eq!(found, expected.collect::<Vec<_>>());
    // A file changed on the disk of the mail server is not the sender's.
    let text = String::from_utf8(octets.to_vec()).unwrap();
    let other = text.replacen(".p7m", ".exe.p7m", 2);
    let judgement = ssmax_smime::judge::judge(other.as_bytes(), &question);
    assert_eq!(judgement.verdict, Verdict::Bad);
}

/// The last file is a CMS object that OpenSSL opens with this key.
pub(crate) fn openssl_opens(
    octets: &[u8],
    (key, certificate): &(SoftwareKey, Certificate),
    expected: &[u8],
) {
    if may_skip("openssl") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let (_, object) = objects(octets).pop().unwrap();
    std::fs::write(path("file.p7m"), object).unwrap();
    std::fs::write(path("key.pem"), key.to_pem().as_bytes()).unwrap();
    std::fs::write(path("cert.pem"), certificate.to_pem()).unwrap();
    let opened = Command::new("openssl")
        .args(["cms", "-decrypt", "-binary", "-inform", "DER", "-in"])
        .arg(path("file.p7m"))
        .arg("-inkey")
        .arg(path("key.pem"))
        .arg("-recip")
        .arg(path("cert.pem"))
        .output()
        .unwrap();
    assert_eq!(opened.stdout, expected, "{}", String::from_utf8_lossy(&opened.stderr));
}

/// A colleague who saw a mail on its way and never got its files cannot list them as his.
async fn taken_by_somebody_else(stage: &mut Stage<'_>, side: &Side<'_>, sent: &Mail) {
    let colleague = side.colleague;
    let listed = taken_apart(&sent.octets, |mail| mail.manifest.parts);
    let stolen = with_list(colleague, &side.other.address, listed, &objects(&sent.octets));
    let reason = Reason::AttachmentNotSubmitters;
    stage.submitted(side.member, colleague, &side.other.address, &stolen, reason).await;
    // Its owner may send it again.
    taken(side, sent).await;
}

fn may_skip(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return false;
    }
    assert!(std::env::var("CI").is_err(), "{program} is missing in CI");
    println!("skipped: {program} is not installed");
    true
}

/// A mail of a person with this list and these files.
pub(crate) fn with_list(
    person: &Person,
    to: &str,
    listed: Vec<ListedFile>,
    files: &[(String, Vec<u8>)],
) -> Mail {
    let rows = listed.into_iter().map(|file| (file.name, file.tail, file.kcv)).collect();
    let manifest = attachments::manifest_part(&Manifest::new(rows, None));
    let content = multipart("mixed", &[], &boundary(random()), &[text(), manifest]);
    let around = mail(&person.address, to, &content);
    let (entity, signature) = around.signed_by(person).signature();
    recomposed(&around, &multipart_signed(&entity, &signature), files)
}

/// Each a change to the files beside the list that the sender signed.
async fn not_as_listed(stage: &mut Stage<'_>, side: &Side<'_>) {
    let (one, two) = (attached(side, &FILES), attached(side, &FILES));
    let files = objects(&one.octets);
    let renamed = vec![("other.txt".to_owned(), files[0].1.clone()), files[1].clone()];
    let others = [
        objects(&two.octets),
        vec![files[0].clone(), objects(&two.octets)[1].clone()],
        vec![files[0].clone()],
        vec![files[0].clone(), files[1].clone(), objects(&two.octets)[0].clone()],
        vec![files[0].clone(), files[0].clone()],
        vec![files[1].clone(), files[0].clone()],
        renamed,
    ];
    for other in others {
        let changed = recomposed(&one, &signed_part(&one), &other);
        submitted(stage, side, &changed, Reason::AttachmentsNotAsListed).await;
    }
    for (this, by) in [
        ("application/octet-stream", "application/pkcs7-mime"),
        ("application/octet-stream", "text/html"),
    ] {
        let changed = one.replacing(this, by);
        submitted(stage, side, &changed, Reason::AttachmentsNotAsListed).await;
    }
}

/// Encrypted for the organisation as any mailer would, not bound to who submits.
async fn not_the_submitters(stage: &mut Stage<'_>, side: &Side<'_>) {
    let good = attached(side, &FILES[..1]);
    let (name, _) = objects(&good.octets).remove(0);
    let object = mail(&side.sender.address, &side.other.address, &text()).encrypted_around(
        b"our offer",
        &side.relay,
        |info| info,
    );
    let object = parsed(&object.octets).decoded_body().unwrap();
    let file = ssmax_cms::enveloped::Enveloped::parse(&object, &Limits::default()).unwrap();
    let (tail, kcv) = (Digest(file.tail()), Digest::of(b"nobody looks"));
    let listed = ListedFile { path: "2".to_owned(), name: name.clone(), tail, kcv };
    let unbound = with_list(side.sender, &side.other.address, vec![listed], &[(name, object)]);
    submitted(stage, side, &unbound, Reason::AttachmentNotSubmitters).await;
}

async fn for_another_key(stage: &mut Stage<'_>, side: &Side<'_>) {
    let other = attached_for(side, &side.other.encryption.1, &FILES);
    submitted(stage, side, &other, Reason::EncryptedForNobodyHere).await;
}

async fn more_than_four(stage: &mut Stage<'_>, side: &Side<'_>) {
    let files: Vec<(&str, &[u8])> =
        ["1", "2", "3", "4", "5"].into_iter().map(|name| (name, name.as_bytes())).collect();
    submitted(stage, side, &attached(side, &files), Reason::TooManyEncryptedParts).await;
    taken(side, &attached(side, &files[..4])).await;
}

/// The sender lists another check value than the key has.
async fn a_key_that_is_not_the_listed_one(stage: &mut Stage<'_>, side: &Side<'_>) {
    let good = attached(side, &FILES);
    let mut listed = taken_apart(&good.octets, |mail| mail.manifest.parts);
    listed[1].kcv = Digest::of(b"another key");
    let files = objects(&good.octets);
    let lying = with_list(side.sender, &side.other.address, listed, &files);
    submitted(stage, side, &lying, Reason::KeyCheckFailed).await;
}

async fn a_changed_text(stage: &mut Stage<'_>, side: &Side<'_>) {
    let changed = attached(side, &FILES).replacing("our offer", "my offer");
    submitted(stage, side, &changed, Reason::InnerSignatureBad).await;
    let good = attached(side, &FILES);
    let listed = taken_apart(&good.octets, |mail| mail.manifest.parts);
    let by_another = with_list(side.colleague, &side.other.address, listed, &[]);
    let signed = parsed(&by_another.octets).children()[0].raw().to_vec();
    let lying = recomposed(&good, &signed, &objects(&good.octets));
    submitted(stage, side, &lying, Reason::InnerSignerNotFrom).await;
}

async fn a_leak_in_a_file(stage: &mut Stage<'_>, side: &Side<'_>) {
    let leak = parsed(&ssmax_support::mails::my_number()).decoded_body().unwrap();
    let files = [FILES[0], ("people.txt", leak.as_slice())];
    submitted(stage, side, &attached(side, &files), Reason::LeakInside).await;
}

/// Below the top nothing is opened: what nobody could look into does not pass.
async fn a_mail_of_this_form_inside_another(stage: &mut Stage<'_>, side: &Side<'_>) {
    let inner = attached(side, &FILES).content();
    let entity = multipart("mixed", &[], &boundary(random()), &[text(), inner]);
    let nested = mail(&side.sender.address, &side.other.address, &entity).signed_by(side.sender);
    submitted(stage, side, &nested, Reason::ContentUninspectable).await;
}

/// C signs as its own what B sent to A, files and all.
async fn taken_by_another_member(stage: &mut Stage<'_>, side: &Side<'_>) {
    let seen = side.member.wire.newest();
    let mail = stage.federation.by_c(side).taking(&seen);
    let erin = stage.federation.erin.address.clone();
    let reason = Reason::CiphertextNotBound;
    stage.arrived(side.member, &erin, &side.sender.address, &mail, reason).await;
}
