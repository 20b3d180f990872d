use super::*;
use crate::dsn::MailOptions;
use crate::hold::store::{Facts, HeldLogin};
use ssmax_api::gateway::HeldState;
use ssmax_chain::Reason;
use ssmax_inspection::Outcome;
use ssmax_mail::{Limits, parse};

fn own() -> Organisation {
    Organisation {
        kind: ssmax_federation::Kind::Organisation,
        id: "NTRJP-7000012050002".into(),
        name: "Organisation B".into(),
        name_ja: String::new(),
        name_kana: String::new(),
        domains: vec!["b.example".into()],
        incident_contact: String::new(),
    }
}

fn held(sender_verified: bool, login: Option<HeldLogin>) -> Held {
    Held {
        id: "4f2a90c1d3e5b867".into(),
        state: HeldState::Held,
        at: 1_800_000_000,
        expires: 1_801_209_600,
        bytes: 1,
        facts: Facts {
            mail_options: MailOptions::default(),
            recipient_options: vec![],
            direction: "inbound".into(),
            mail_from: "bounce@a.example".into(),
            from: "alice@a.example".into(),
            sender_verified,
            recipients: vec!["bob@b.example".into(), "dave@b.example".into()],
            message_id: "<1@a>".into(),
            smtputf8: false,
            stage: "inspect".into(),
            reason: Reason::MalwareInside,
            outcome: Outcome::Hold,
            findings: vec![],
            encrypted: true,
            login,
            source: None,
            stated: None,
            digest: Some(Digest::of(b"mail")),
        },
        readable: true,
        released_to: vec![],
        ended_by: None,
    }
}

fn text_to(held: &Held, about: About, to: &str) -> String {
    let to = Address::parse(to).unwrap();
    let octets = compose(held, about, &to, &own());
    let mail = parse(&octets, &Limits::default()).unwrap();
    assert_eq!(
        mail.header().one("Auto-Submitted").unwrap().unwrap().unfolded().trim(),
        "auto-generated"
    );
    String::from_utf8(mail.decoded_body().unwrap()).unwrap()
}

#[test]
fn a_recipient_is_told_in_both_languages_and_not_of_others() {
    for about in [About::Held, About::Expiring] {
        let text = text_to(&held(true, None), about, "bob@b.example");
        assert!(text.contains("4f2a90c1d3e5b867") && text.contains("alice@a.example"), "{text}");
        assert!(text.contains("保留番号") && text.contains("Kept under"), "{text}");
        assert!(text.contains("2027-01-15 08:00 UTC"), "{text}");
        assert!(!text.contains("dave"), "{text}");
    }
}

#[test]
fn a_sender_whom_nobody_vouches_for_is_not_named() {
    let text = text_to(&held(false, None), About::Held, "bob@b.example");
    assert!(!text.contains("a.example"), "{text}");
}

#[test]
fn of_a_mail_that_goes_out_its_sender_is_told() {
    let login = HeldLogin { user: "1".into(), method: "password".into(), aal: 1 };
    assert_eq!(concerned(&held(true, Some(login.clone()))), ["alice@a.example"]);
    assert_eq!(concerned(&held(true, None)), ["bob@b.example", "dave@b.example"]);
    let text = text_to(&held(true, Some(login)), About::Held, "alice@a.example");
    assert!(text.contains("bob@b.example, dave@b.example"), "{text}");
}
