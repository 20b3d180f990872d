//! Step 2: somebody with a card is enrolled, and step 3 with it.

use crate::stage::{ARRIVAL, draft, with};
use ssmax_e2e::mailer;
use ssmax_e2e::mails::Mail;
use ssmax_e2e::openssl::openssl;
use ssmax_e2e::pair::{arrives, sends, text};
use ssmax_e2e::token::Token;
use std::fs;

#[test]
fn s02_a_person_with_a_card_is_enrolled_and_signs_with_it() {
    with(|stage| {
        let (a, bob) = (&stage.pair.a, &stage.bob);
        let card = Token::make(&stage.pair.place.private_dir("card"));
        let hiro = a.add_person_with_card("hiro", "井上 博", &card);
        let signing = "x509 -in signing-token.pem -noout -ext subjectAltName";
        assert!(openssl(&hiro.dir, signing).text().contains("email:hiro@a.example"));
        let listed = a.site().run_with_card(&card, &["card", "list", "--pkcs11", &card.uri("")]);
        assert!(listed.ends(0).text().contains("certificate for hiro@a.example"));

        let mail = draft("s02", &hiro, bob, "Hello.");
        // Whoever has a card signs with it, and the key server does not for them.
        let said = mailer::submit(a, &hiro, &[&bob.address], &mail.octets);
        assert!(said.exit != 0 && said.text().contains("SSMAX-1107"), "{}", said.text());

        fs::write(hiro.dir.join("mail.eml"), &mail.octets).unwrap();
        let file = |name: &str| hiro.dir.join(name).to_str().unwrap().to_owned();
        let uri = card.uri("mail");
        let line = ["mail", "sign", &file("mail.eml"), "--pkcs11", &uri];
        let more = ["--chain", &file("chain.pem"), "--out", &file("signed.eml")];
        let _ = a.site().run_with_card(&card, &[&line[..], &more].concat()).ends(0);
        let mail = Mail { octets: fs::read(file("signed.eml")).unwrap(), ..mail };
        sends(a, &hiro, &[&bob.address], &mail, ARRIVAL);
        let arrived = text(&arrives(&stage.pair.b, &bob.address, &mail, ARRIVAL));
        let result = arrived.replace("\r\n\t", " ").replace("\r\n ", " ");
        for said in
            ["class=verified;", "signed-by=token;", "aal=2;", "proof=employee-card;", "ial=2"]
        {
            assert!(result.contains(said), "{said}: {result}");
        }
    });
}
