//! Step 6: re-encrypted for the receiving organisation, signed by the sending one.

use crate::stage::{SECRET, Stage, admission, draft, with};
use ssmax_e2e::mails::can_be_read;
use ssmax_e2e::openssl::Desk;
use ssmax_e2e::pair::{has, text};
use ssmax_e2e::parts;
use ssmax_e2e::postfix::Queued;

/// What lies on the line, taken apart: what the organisation signed, its signature, and the
/// encrypted objects within.
pub(crate) struct OnTheLine {
    pub(crate) content: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) objects: Vec<Vec<u8>>,
}

impl OnTheLine {
    pub(crate) fn of(mail: &[u8]) -> Self {
        let outer = parts::of(mail);
        assert_eq!(outer.len(), 2);
        let objects = parts::of(outer[0]).into_iter().map(parts::decoded).collect();
        Self { content: outer[0].to_vec(), signature: parts::decoded(outer[1]), objects }
    }
}

/// The signature holds, and its signer is this organisation under the federation's root.
#[track_caller]
fn signed_by_a(stage: &Stage, desk: &Desk, mail: &[u8]) {
    desk.put("line.eml", mail);
    let line = "cms -verify -in line.eml -signer organisation.pem -out content";
    let _ = desk.openssl(&format!("{line} -CAfile root.pem")).ends(0);
    let subject = desk.openssl("x509 -noout -in organisation.pem -subject -email").ends(0).text();
    for said in [stage.pair.a.id(), "Organisation a", "domain-signing-authority@a.example"] {
        assert!(subject.contains(said), "{subject}");
    }
    // Under another root it says nothing.
    let other = stage.bob.dir.join("seal-ca.pem");
    assert_ne!(desk.openssl(&format!("{line} -CAfile {}", other.display())).exit, 0);
}

/// Each object is for the receiving organisation's key, and for nobody else's.
#[track_caller]
fn for_b_alone(stage: &Stage, desk: &Desk, objects: &[Vec<u8>]) {
    desk.put(
        "b.pem",
        admission(&stage.pair.b)["organisation_encryption"][0].as_str().unwrap().as_bytes(),
    );
    assert_eq!(objects.len(), 2);
    for object in objects {
        assert_eq!(desk.recipients(object), ["kari"]);
        let is_named = |file: &std::path::Path| {
            desk.names(file).iter().any(|name| object.windows(name.len()).any(|at| at == name))
        };
        assert!(is_named(&desk.path("b.pem")));
        for person in [stage.alice(), &stage.bob, &stage.erin] {
            assert!(!is_named(&person.dir.join("encryption.pem")), "{}", person.address);
        }
        assert!(!is_named(&stage.for_bob));
        assert!(desk.printed(object).contains("ukm:"));
    }
}

#[test]
fn s06_encrypted_mail_is_for_the_receiving_organisation_alone_and_signed_by_the_sending_one() {
    with(|stage| {
        let (mail, object) = stage.encrypted(&draft("s06", stage.alice(), &stage.bob, "Hello."));
        let desk = stage.desk();
        let (copies, _held) = stage.on_the_line(&mail, &[&stage.erin]);
        // One copy for the one in To, one for the hidden one.
        assert_eq!(copies.len(), 2);
        let objects: Vec<Vec<u8>> = copies
            .iter()
            .map(|Queued { recipients: to, octets: copy }| {
                assert_eq!(to.len(), 1);
                signed_by_a(stage, &desk, copy);
                let line = OnTheLine::of(copy);
                for_b_alone(stage, &desk, &line.objects);
                // Re-wrapped, not rewritten: the sender's own ciphertext, octet for octet.
                let ciphertext = &object[object.len() - mail.entity.len()..];
                assert!(line.objects[0].ends_with(ciphertext));
                assert!(!can_be_read(SECRET, copy));
                // Of a hidden recipient nothing stands in others' copies, and in the own one only
                // what the own Postfix says of whom it carries it for; of the sender nothing
                // beyond the address in From.
                let of_postfix = format!("for <{}>;", to[0]);
                let copy = text(copy).replace(&of_postfix, "");
                for octets in line.objects.iter().chain([&copy.into_bytes(), &line.signature]) {
                    for name in ["erin@", "高橋", "山田"] {
                        assert!(!has(octets, name), "{name}: {}", text(octets));
                    }
                }
                assert!(has(&line.signature, "\"from_org\""));
                line.objects[0].clone()
            })
            .collect();
        // Under keys of their own, each with a ukm of its hop.
        assert_ne!(objects[0], objects[1]);
    });
}

#[test]
fn s06_mail_that_came_in_clear_leaves_encrypted_with_its_subject() {
    with(|stage| {
        let mail = draft("s06-clear-as-day", stage.alice(), &stage.bob, "Hello.");
        let desk = stage.desk();
        let (copies, _held) = stage.on_the_line(&mail, &[]);
        let [Queued { recipients: to, octets: copy }] = copies.as_slice() else {
            panic!("{}", copies.len())
        };
        assert_eq!(*to, [stage.bob.address.as_str()]);
        signed_by_a(stage, &desk, copy);
        let line = OnTheLine::of(copy);
        for_b_alone(stage, &desk, &line.objects);
        assert!(desk.printed(&line.objects[0]).contains("id-smime-ct-authEnvelopedData"));
        assert!(!can_be_read(SECRET, copy));
        assert!(!has(copy, "Subject: About"));
    });
}
