//! Step 3: the sender signs, and encrypts for the own organisation.

use crate::stage::{SECRET, draft, with};
use ssmax_e2e::mailer;
use ssmax_e2e::mails::can_be_read;
use ssmax_e2e::openssl::openssl;
use ssmax_e2e::pair::{has, text};

/// OpenSSL is the mailer, which knows nothing of us.
#[test]
fn s03_the_sender_signs_and_encrypts_for_the_own_organisation() {
    with(|stage| {
        let alice = stage.alice();
        let (mail, object) = stage.encrypted(&draft("s03", alice, &stage.bob, "Hello."));
        assert!(!can_be_read(SECRET, &mail.octets));
        let desk = stage.desk();
        // Nobody but the own organisation and herself: what she took for bob's certificate
        // is her own organisation's key, which its seal CA vouches for.
        assert_eq!(desk.recipients(&object), ["kari", "kari"]);
        let taken_for_bob = stage.for_bob.display();
        let seal_ca = alice.dir.join("seal-ca.pem");
        let line = format!("verify -CAfile {} {taken_for_bob}", seal_ca.display());
        let _ = desk.openssl(&line).ends(0);
        let key = desk.openssl(&format!("x509 -noout -pubkey -in {taken_for_bob}")).ends(0).out;
        let bobs = stage.bob.dir.join("encryption.pem");
        let of_bob = desk.openssl(&format!("x509 -noout -pubkey -in {}", bobs.display())).ends(0);
        assert_ne!(key, of_bob.out);
        let line = "cms -decrypt -inform DER -in encrypted.der -inkey";
        let bobs_key = stage.bob.dir.join("encryption-key.pem");
        let said = openssl(&alice.dir, &format!("{line} {} -out bob.eml", bobs_key.display()));
        assert_ne!(said.exit, 0);

        // Within is her own signature, under the federation's root.
        let _ = openssl(&alice.dir, &format!("{line} encryption-key.pem -out own.eml")).ends(0);
        desk.put("own.eml", &std::fs::read(alice.dir.join("own.eml")).unwrap());
        let _ = desk.openssl("cms -verify -in own.eml -CAfile root.pem -signer signer.pem").ends(0);
        let signer = desk.openssl("x509 -noout -email -in signer.pem").ends(0).text();
        assert_eq!(signer.trim(), alice.address);

        stage.submits(&mail, &[]);
        let arrived = stage.bob_gets(&mail);
        assert!(has(&arrived, "signed-by=file; auth=device-secret; aal=2"), "{}", text(&arrived));
        assert_eq!(mailer::open(&stage.bob, &arrived).entity, mail.entity);
    });
}

/// What is encrypted for somebody else cannot be looked into, so it does not leave.
#[test]
fn s03_what_is_encrypted_for_the_recipient_behind_the_organisations_back_is_refused() {
    with(|stage| {
        let draft = draft("s03-past", stage.alice(), &stage.bob, "Hello.");
        let bobs = stage.bob.dir.join("encryption.pem");
        let (mail, _) = mailer::encrypted_by_openssl(stage.alice(), &[&bobs], &draft);
        let said =
            mailer::submit(&stage.pair.a, stage.alice(), &[&stage.bob.address], &mail.octets);
        assert!(said.exit != 0 && said.text().contains("550 5.7.1 SSMAX-1108"), "{}", said.text());
        stage.went_nowhere(&mail);
    });
}
