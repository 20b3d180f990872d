//! Records of organisations, believed and not.

use super::*;
use ssmax_chain::evidence::Evidence;
use ssmax_chain::seal_record::{MailClass, SealRecord, ShownAssertion};
use ssmax_chain::sealed_record::SignedBy;
use ssmax_chain::{Digest, HopId, HopRecord};

fn hop(mail: &[u8]) -> HopRecord {
    HopRecord {
        v: 1,
        id: HopId::new(NOW, [7; 10]),
        from_org: SENDER.identifier.into(),
        to_org: "NTRJP-8000012050001".into(),
        at: NOW,
        list: 3,
        message_id: "<1@a.example>".into(),
        mail_from: "alice@a.example".into(),
        headers: headers(mail),
        rcpt: vec![],
        parts: vec![],
        sealed: Digest::of(b"s"),
        prev: None,
    }
}

fn headers(message: &[u8]) -> Digest {
    let mail = ssmax_mail::parse(message, &Limits::default()).unwrap();
    binding::headers_digest(mail.header()).unwrap()
}

fn seal_record(delivered: &[u8]) -> SealRecord {
    let hop = hop(delivered);
    SealRecord {
        v: 1,
        hop: 3,
        id: hop.id,
        from_org: hop.from_org,
        to_org: hop.to_org,
        at: NOW,
        list: 3,
        recipient: "bob@b.example".into(),
        headers: headers(delivered),
        entity: Digest::of(ENTITY),
        derived: false,
        class: MailClass::Verified,
        standing: "good".into(),
        sender: ShownAssertion {
            proof: "in-person".into(),
            ial: 2,
            auth: "password".into(),
            aal: 1,
            signed_by: SignedBy::File,
            on_behalf: None,
        },
        prev: None,
    }
}

fn record(json: &str) -> Vec<Attribute> {
    vec![attribute_utf8(oid::HOP_RECORD, json)]
}

fn evidence(signer: &Holder, hop: &HopRecord) -> Vec<Attribute> {
    let signed = record(&hop.to_json());
    let organisation =
        signature(signer, b"the mail of hop 2", Extra { signed, ..Extra::default() });
    let evidence = Evidence { organisation, sender: vec![], salt: vec![1; 16] };
    vec![Attribute { oid: oid::EVIDENCE.into(), value: evidence.to_der().unwrap() }]
}

/// The delivered mail, whose header is what counts, and a seal's entity.
fn delivered() -> Vec<u8> {
    mail(FROM_ALICE, &encrypted(ENTITY, &[&WORLD.bob_encryption]))
}

fn opened(delivered: &[u8], signed: Vec<Attribute>, unsigned: Vec<Attribute>) -> Judgement {
    let extra = Extra { signed, unsigned, ..Extra::default() };
    let content = clear_signed(ENTITY, &signature(&WORLD.seal, ENTITY, extra));
    let anchors = [WORLD.seal_ca.certificate.clone()];
    let question = Question::new(&anchors, NOW);
    judge_opened(delivered, &content, &question)
}

#[test]
fn a_sealed_mail_is_good_and_tells_both_hops_newest_first() {
    let delivered = delivered();
    let seal = seal_record(&delivered);
    let hop = hop(&delivered);
    let judgement =
        opened(&delivered, record(&seal.to_json()), evidence(&WORLD.organisation, &hop));
    assert_eq!(judgement.verdict, Verdict::Good);
    assert_eq!(judgement.chain, [Record::Seal(Box::new(seal)), Record::Hop(Box::new(hop))]);
    let json = serde_json::to_value(&judgement).unwrap();
    assert_eq!(json["chain"][0]["hop"], 3);
    assert_eq!(json["chain"][1]["message_id"], "<1@a.example>");
}

#[test]
fn a_sealed_mail_whose_fields_were_changed_is_bad() {
    let before = delivered();
    let seal = seal_record(&before);
    let after = text(&before).replacen("Subject: s", "Subject: t", 1);
    let judgement = opened(after.as_bytes(), record(&seal.to_json()), vec![]);
    let check = judgement.check(Name::Binding).unwrap();
    assert_eq!((check.result, check.reason), (Outcome::Fail, Reason::HeadersChanged));
    assert_eq!(judgement.verdict, Verdict::Bad);
}

#[test]
fn a_seal_over_other_content_is_bad() {
    let delivered = delivered();
    let seal = SealRecord { entity: Digest::of(b"other"), ..seal_record(&delivered) };
    let judgement = opened(&delivered, record(&seal.to_json()), vec![]);
    assert_eq!(judgement.check(Name::Binding).unwrap().reason, Reason::RecordOfOtherContent);
}

#[test]
fn evidence_of_another_mail_or_by_somebody_else_is_left_out() {
    let delivered = delivered();
    let seal = seal_record(&delivered);
    let other = HopRecord { id: HopId::new(NOW, [8; 10]), ..hop(&delivered) };
    let foreign = HopRecord { from_org: "NTRJP-8000012050001".into(), ..hop(&delivered) };
    let mut broken = evidence(&WORLD.organisation, &hop(&delivered));
    let mut seen = Evidence::from_der(&broken[0].value).unwrap();
    *seen.organisation.last_mut().unwrap() ^= 1;
    broken[0].value = seen.to_der().unwrap();
    for unsigned in [
        evidence(&WORLD.organisation, &other),
        evidence(&WORLD.organisation, &foreign),
        evidence(&WORLD.mallory, &hop(&delivered)),
        broken,
        vec![Attribute { oid: oid::EVIDENCE.into(), value: vec![5, 0] }],
    ] {
        let judgement = opened(&delivered, record(&seal.to_json()), unsigned);
        assert_eq!(judgement.chain, [Record::Seal(Box::new(seal.clone()))]);
        assert_eq!(judgement.verdict, Verdict::Good);
    }
}

#[test]
fn a_hop_record_by_a_person_is_bad() {
    let shell = good();
    let signed = record(&hop(&shell).to_json());
    let signed = signature(&WORLD.alice, ENTITY, Extra { signed, ..Extra::default() });
    let message = mail(FROM_ALICE, &clear_signed(ENTITY, &signed));
    let judgement = assert_bad(&message, Name::Structure, "hop-record-malformed");
    assert!(judgement.chain.is_empty());
}

#[test]
fn a_hop_record_of_an_organisation_is_told_although_it_is_not_from() {
    let shell = good();
    let hop = hop(&shell);
    let extra = Extra { signed: record(&hop.to_json()), ..Extra::default() };
    let signed = signature(&WORLD.organisation, ENTITY, extra);
    let message = mail(FROM_ALICE, &clear_signed(ENTITY, &signed));
    let judgement = assert_bad(&message, Name::Binding, "other-address");
    assert_eq!(judgement.chain, [Record::Hop(Box::new(hop))]);
}
