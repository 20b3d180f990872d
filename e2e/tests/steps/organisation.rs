//! Step 7: the receiving gateway verifies the sending organisation and how it stands.

use crate::stage::{ARRIVAL, Stage, draft, with};
use serde_json::Value;
use ssmax_e2e::mailer;
use ssmax_e2e::mails::Mail;
use ssmax_e2e::member::Member;
use ssmax_e2e::pair::{copies, text};
use ssmax_e2e::parts;
use ssmax_e2e::process::wait_for;
use ssmax_e2e::ssmax::Site;

/// Hands a mail in at B's MX as whoever it says it is from, and B refuses it.
#[track_caller]
fn refused_by_b(stage: &Stage, mail: &Mail, octets: &[u8], answer: &str) {
    let (desk, bob) = (stage.pair.place.path(), stage.bob.address.as_str());
    let (at, from) = (stage.pair.b.mx(), stage.alice().address.as_str());
    let said = mailer::hand_in(desk, at, &[], from, &[bob], octets).ends(0);
    let fate = stage.pair.b.postfix().fate(&said, bob);
    assert!(fate.contains("status=bounced") && fate.contains(answer), "{answer}: {fate}");
    assert_eq!(copies(&stage.pair.b, bob, mail).len(), 0);
}

/// The list that all roles of a member judge by which have one.
fn list_version(member: &Member) -> u64 {
    // A suspended member's status is a bad one, and ends with another code.
    let told: Value =
        serde_json::from_slice(&member.site().run(&["status", "--json"]).out).unwrap();
    let roles = told["roles"].as_object().unwrap().values();
    let versions = roles.filter_map(|role| role["list_version"].as_f64().map(|one| one as u64));
    versions.min().unwrap_or_else(|| panic!("{told}"))
}

/// A is suspended until this is dropped.
struct Suspended<'a>(&'a Site, &'a str);

impl<'a> Suspended<'a> {
    #[track_caller]
    fn now(stage: &'a Stage) -> Self {
        let (authority, id) = (stage.pair.authority.site(), stage.pair.a.id());
        let line = ["authority", "suspend", id, "--reason", "incident-2026-0017"];
        let _ = authority.run(&line).ends(0);
        Self(authority, id)
    }
}

impl Drop for Suspended<'_> {
    fn drop(&mut self) {
        let _ = self.0.run(&["authority", "reinstate", self.1]);
    }
}

/// What was on its way waits, and comes when the organisation is a good member again.
#[test]
fn s07_mail_of_a_suspended_organisation_waits_outside_and_its_own_stays_inside() {
    with(|stage| {
        let (mail, _) = stage.encrypted(&draft("s07", stage.alice(), &stage.bob, "Hello."));
        let (_, held) = stage.on_the_line(&mail, &[]);
        let before = list_version(&stage.pair.b);
        let suspended = Suspended::now(stage);
        for member in [&stage.pair.a, &stage.pair.b] {
            wait_for("the list", ARRIVAL, || (list_version(member) > before).then_some(()));
        }
        drop(held);
        let delayed = wait_for("a refusal for now", ARRIVAL, || {
            let queue = stage.pair.b.postfix().queue();
            let reasons =
                queue.iter().filter_map(|one| one["recipients"][0]["delay_reason"].as_str());
            reasons.into_iter().find(|reason| reason.contains("SSMAX-")).map(str::to_owned)
        });
        assert!(delayed.contains("450 4.7.1 SSMAX-2104"), "{delayed}");
        assert_eq!(copies(&stage.pair.b, &stage.bob.address, &mail).len(), 0);
        let new = draft("s07-new", stage.alice(), &stage.bob, "Hello.");
        let to = [stage.bob.address.as_str()];
        let said = mailer::submit(&stage.pair.a, stage.alice(), &to, &new.octets);
        assert!(said.text().contains("450 4.7.1 SSMAX-1111"), "{}", said.text());

        let before = list_version(&stage.pair.a);
        drop(suspended);
        let arrived = stage.bob_gets(&mail);
        assert_eq!(mailer::open(&stage.bob, &arrived).entity, mail.entity);
        wait_for("the list", ARRIVAL, || (list_version(&stage.pair.a) > before).then_some(()));
    });
}

#[test]
fn s07_what_was_changed_or_signed_by_others_on_the_line_is_refused() {
    with(|stage| {
        let (mail, _) = stage.encrypted(&draft("s07-forged", stage.alice(), &stage.bob, "Hello."));
        let (line, held) = stage.on_the_line(&mail, &[]);
        let good = text(&line[0].octets);

        // One character of the ciphertext.
        let at = good.find("smime-type=").unwrap();
        let at = at + good[at..].find("\r\n\r\n").unwrap() + 2_000;
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        refused_by_b(stage, &mail, &changed, "550 5.7.7 SSMAX-2102");

        // A field that the organisation has signed.
        let other = good.replacen("Subject: About", "Subject: Not about", 1);
        assert_ne!(other, good);
        refused_by_b(stage, &mail, other.as_bytes(), "550 5.7.7 SSMAX-2109");

        // Another envelope for the same content: whoever has it once cannot send it on.
        let dave = stage.dave.address.as_str();
        let (desk, from) = (stage.pair.place.path(), stage.alice().address.as_str());
        let said = mailer::hand_in(desk, stage.pair.b.mx(), &[], from, &[dave], good.as_bytes());
        let fate = stage.pair.b.postfix().fate(&said.ends(0), dave);
        assert!(fate.contains("250 2.0.0 Ok, kept for review"), "{fate}");
        let told = stage.pair.b.site().facts(&["journey", &mail.message_id]).to_string();
        assert!(told.contains("recipient-not-announced"), "{told}");
        assert_eq!(copies(&stage.pair.b, dave, &mail).len(), 0);

        // The very content, with a signature by a certificate that says it is A's.
        let desk = stage.desk();
        let outer = parts::of(good.as_bytes());
        desk.put("content", outer[0]);
        let subject = format!("/O=Organisation a/organizationIdentifier={}", stage.pair.a.id());
        let _ = desk
            .openssl_of(&[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                "key.pem",
                "-out",
                "own.pem",
                "-subj",
                &subject,
                "-addext",
                "subjectAltName=email:domain-signing-authority@a.example",
            ])
            .ends(0);
        let sign = "cms -sign -in content -signer own.pem -inkey key.pem -out forged.eml";
        let _ = desk.openssl(sign).ends(0);
        let forged = parts::with_crlf(&desk.take("forged.eml"));
        let forged = text(&forged).replacen("MIME-Version: 1.0\r\n", "", 1);
        let fields = &good[..good.find("Content-Type: multipart/signed").unwrap()];
        refused_by_b(stage, &mail, [fields, &forged].concat().as_bytes(), "SSMAX-2102");

        // Nothing signed at all, from a domain whose members sign.
        let unsigned = draft("s07-unsigned", stage.alice(), &stage.bob, "Hello.");
        refused_by_b(stage, &unsigned, &unsigned.octets, "550 5.7.1 SSMAX-2101");

        // The mail itself arrives, once.
        drop(held);
        let arrived = stage.bob_gets(&mail);
        assert_eq!(mailer::open(&stage.bob, &arrived).entity, mail.entity);
        let (desk, bob) = (stage.pair.place.path(), stage.bob.address.as_str());
        let said = mailer::hand_in(desk, stage.pair.b.mx(), &[], from, &[bob], good.as_bytes());
        let fate = stage.pair.b.postfix().fate(&said.ends(0), bob);
        assert!(fate.contains("status=sent"), "{fate}");
        let _ = stage.bob_gets(&mail);
    });
}
