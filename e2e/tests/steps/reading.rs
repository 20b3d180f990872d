//! Step 10: the recipient reads, and verifies who wrote.

use crate::stage::{Stage, draft, with};
use crate::wire::OnTheLine;
use ssmax_e2e::openssl::Desk;
use ssmax_e2e::pair::text;
use ssmax_e2e::{mailer, parts};

/// The unsigned attribute in which the evidence travels (`spec/chain.md`, section 10.2), as
/// OpenSSL prints its name.
const EVIDENCE: &str = "1.2.840.113556.1.8000.2554.28445.15442.35710.18959.40001.5460813.4282401.2";

/// The octet strings of the evidence, by OpenSSL: the organisation's signature, the sender's,
/// the salt.
#[track_caller]
fn evidence(desk: &Desk, seal: &[u8]) -> Vec<Vec<u8>> {
    desk.put("seal.der", seal);
    let tree = desk.openssl("asn1parse -inform DER -in seal.der").ends(0).text();
    let behind = tree.lines().skip_while(|line| !line.ends_with(&format!(":{EVIDENCE}")));
    let strings = behind.filter(|line| line.contains("prim: OCTET STRING")).take(3);
    // "  123:d=5  hl=2 l=  16 prim: OCTET STRING ..."
    let number = |text: &str| -> usize {
        let text = text.trim_start();
        let end = text.find(|one: char| !one.is_ascii_digit()).unwrap();
        text[..end].parse().unwrap()
    };
    let strings = strings.map(|line| {
        let (_, header) = line.split_once("hl=").unwrap();
        let (_, length) = header.split_once("l=").unwrap();
        let start = number(line) + number(header);
        seal[start..start + number(length)].to_vec()
    });
    strings.collect()
}

#[test]
fn s10_the_recipient_reads_and_sees_the_senders_signature_good() {
    with(|stage| {
        let (alice, bob) = (stage.alice(), &stage.bob);
        let (mail, _) = stage.encrypted(&draft("s10", alice, bob, "Hello."));
        let (line, held) = stage.on_the_line(&mail, &[]);
        drop(held);
        let line = OnTheLine::of(&line[0].octets);
        let arrived = stage.bob_gets(&mail);

        // By the one anchor that bob's mailer was given, in the name of the address in From.
        let opened = mailer::open(bob, &arrived);
        assert_eq!(
            (opened.signer.as_str(), &opened.entity),
            (alice.address.as_str(), &mail.entity)
        );
        let desk = stage.desk();
        desk.put("inner.eml", &std::fs::read(bob.dir.join("inner.eml")).unwrap());
        desk.put("signer.pem", &std::fs::read(bob.dir.join("signer.pem")).unwrap());
        let names =
            desk.openssl("x509 -noout -in signer.pem -subject -issuer -nameopt utf8").ends(0);
        for said in ["山田 有紗 (checked by Organisation b)", "Organisation b Seal CA"] {
            assert!(names.text().contains(said), "{}", names.text());
        }
        // Not by the federation's root, nor by the sender's own organisation.
        let chain = alice.dir.join("chain.pem").display().to_string();
        for other in ["-CAfile root.pem", &format!("-partial_chain -CAfile {chain}")] {
            let said = desk.openssl(&format!("cms -verify -in inner.eml {other} -out nothing"));
            assert_ne!(said.exit, 0, "{other}");
        }
        // A word that was changed on the way to the screen.
        let inner = text(&desk.take("inner.eml"));
        let changed = inner.replacen("base64\r\n\r\n", "base64\r\n\r\nAAAA", 1);
        assert_ne!(changed, inner);
        desk.put("changed.eml", changed.as_bytes());
        let seal_ca = bob.dir.join("seal-ca.pem").display().to_string();
        let verify = |file: &str| {
            desk.openssl(&format!("cms -verify -in {file} -CAfile {seal_ca} -out nothing")).exit
        };
        assert_eq!(verify("inner.eml"), 0);
        assert_ne!(verify("changed.eml"), 0);

        keeps_evidence(stage, &desk, &opened.entity, &line);
    });
}

/// For later years the seal carries what the sender's side has signed, which OpenSSL verifies
/// under the federation's root.
#[track_caller]
fn keeps_evidence(stage: &Stage, desk: &Desk, entity: &[u8], line: &OnTheLine) {
    let seal = parts::decoded(parts::of(&desk.take("inner.eml"))[1]);
    let evidence = evidence(desk, &seal);
    let [organisation, sender, salt] = evidence.as_slice() else { panic!("{}", evidence.len()) };
    desk.put("entity", entity);
    desk.put("sender.der", sender);
    desk.put("content", &line.content);
    desk.put("organisation.der", organisation);
    let line = "cms -verify -binary -inform DER -CAfile root.pem -out nothing -signer who.pem";
    let who = || desk.openssl("x509 -noout -in who.pem -email").ends(0).text().trim().to_owned();
    let _ = desk.openssl(&format!("{line} -in sender.der -content entity")).ends(0);
    assert_eq!(who(), stage.alice().address);
    let _ = desk.openssl(&format!("{line} -in organisation.der -content content")).ends(0);
    assert_eq!(who(), "domain-signing-authority@a.example");
    assert_eq!(salt.len(), 16);
    // Neither says anything of other words.
    desk.put("other", b"other");
    for object in ["sender.der", "organisation.der"] {
        assert_ne!(desk.openssl(&format!("{line} -in {object} -content other")).exit, 0);
    }
}
