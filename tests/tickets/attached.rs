//! Mails in attachment mode: all their files or none, each where it belongs.

use crate::asking::{Site, assert_refused};
use crate::submitted::{Admitted, inner_signer, offered};
use serde_bytes::ByteBuf;
use ssmax_agent::attach::attach;
use ssmax_agent::sign::Signer;
use ssmax_api::Problem;
use ssmax_api::keyserver::{
    AdmitInbound, CaRequest, Delegation, FilesCopy, Form, GatewayRequest, InboundAnswer,
    OfferedPart, OutboundTicket, VerdictBody, WorkerAsk,
};
use ssmax_chain::attachments;
use ssmax_chain::binding::headers_digest;
use ssmax_chain::hop_mail::{self, HopBody, path_of_file};
use ssmax_chain::{Digest, Reason};
use ssmax_mail::compose::{Part, boundary, multipart};
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use ssmax_smime::choice::Recipient;
use ssmax_support::mails::{Mail, mail, parsed, random, text};
use ssmax_support::person::{Person, look_up};
use time::OffsetDateTime;

pub(crate) async fn run(site: &Site) {
    files_stand_in_their_order_and_each_once(site).await;
    a_copy_has_all_files_or_none(site).await;
    a_verdict_is_about_all_files(site).await;
    only_what_the_worker_made_of_them_is_sealed(site).await;
    files_are_given_to_recipients_of_the_envelope(site).await;
    files_of_another_member_are_the_announced_ones(site).await;
    who_writes_in_anothers_name_does_not_give_on_their_files(site).await;
}

/// The RecipientInfo bound to the owner's address is the owner's, whoever submits it.
async fn who_writes_in_anothers_name_does_not_give_on_their_files(site: &Site) {
    let (bob, alice) = (site.federation.bob.address.as_str(), &site.federation.alice);
    let until = OffsetDateTime::now_utc().unix_timestamp() + 3600;
    let (owner, actor) = ("alice".to_owned(), "carol".to_owned());
    let lend =
        CaRequest::Delegate(Delegation { owner: owner.clone(), actor: actor.clone(), until });
    assert_eq!(site.ca::<()>(&lend).await, Ok(()));
    let submit = async |user: &str, mail: &Mail| {
        let (parts, ..) = taken_apart(mail);
        let request = site.admission_by(user, mail, Form::Attachments, &[bob], parts);
        site.gateway::<OutboundTicket>(&request).await
    };
    let owners = attached(alice, bob, &site.relay);
    assert!(submit("alice", &owners).await.is_ok());
    let refused = Problem::Refused(Reason::CiphertextOfAnother);
    assert_refused(submit("carol", &owners).await, refused);
    assert!(submit("alice", &owners).await.is_ok());
    // What she attached herself is hers to send in alice's name.
    let own = attached(alice, bob, &site.relay);
    assert!(submit("carol", &own).await.is_ok());
    let end = CaRequest::EndDelegation { owner, actor };
    assert_eq!(site.ca::<()>(&end).await, Ok(()));
}

/// A mail with two files, as its writer's program makes it.
fn attached(from: &Person, to: &str, certificate: &Certificate) -> Mail {
    let file = |name| Part::attachment("text/csv", name, b"1,2").into_octets();
    let parts = [text(), file("a.csv"), file("b.csv")];
    let plain = mail(&from.address, to, &multipart("mixed", &[], &boundary(random()), &parts));
    let signer = Signer {
        key: &from.signing.0,
        certificate: &from.signing.1,
        chain: &from.chain,
        encryption: None,
    };
    let to = [Recipient::from(certificate)];
    let now = OffsetDateTime::now_utc();
    let octets = attach(&plain.octets, &signer, &to, now, &SystemRandom).unwrap();
    Mail { octets, message_id: plain.message_id }
}

/// The encrypted files, the content entity and its signature.
fn taken_apart(mail: &Mail) -> (Vec<OfferedPart>, Vec<u8>, Vec<u8>) {
    let parsed = parsed(&mail.octets);
    let found = attachments::take_apart(&parsed).unwrap().unwrap();
    let objects = parsed.children()[1..].iter().map(|part| part.decoded_body().unwrap());
    let listed = found.manifest.parts.iter().zip(objects);
    let parts = listed.map(|(listed, object)| offered(&listed.path, &object)).collect();
    (parts, found.content.to_vec(), found.signature)
}

impl Site {
    /// A mail of alice with two files.
    async fn submit_files(&self, recipient: &str) -> Admitted {
        let mail = attached(&self.federation.alice, recipient, &self.relay);
        let (parts, content, signature) = taken_apart(&mail);
        let request = self.admission(&mail, Form::Attachments, &[recipient], parts.clone());
        let OutboundTicket { ticket, .. } = self.gateway(&request).await.unwrap();
        let (entity, signer) = (Digest::of(&content), Some(inner_signer(&signature)));
        let digest = Digest::of(&mail.octets);
        Admitted { ticket, parts, entity, signer, digest }
    }

    async fn rewrap_files(
        &self,
        ticket: &str,
        to_org: &str,
        recipients: &[&str],
    ) -> Result<FilesCopy, Problem> {
        let recipients = recipients.iter().map(|&text| text.to_owned()).collect();
        let (ticket, to_org) = (ticket.to_owned(), to_org.to_owned());
        self.gateway(&GatewayRequest::RewrapFiles { ticket, to_org, recipients }).await
    }

    async fn rewrap_to(&self, ticket: &str, recipient: &str) -> Result<Vec<Vec<ByteBuf>>, Problem> {
        let recipient = recipient.to_owned();
        self.inspector(ticket, WorkerAsk::RewrapTo { recipient }).await
    }
}

async fn files_stand_in_their_order_and_each_once(site: &Site) {
    let bob = site.federation.bob.address.as_str();
    let mail = attached(&site.federation.alice, bob, &site.relay);
    let (good, ..) = taken_apart(&mail);
    let at = |part: &OfferedPart, path: &str| OfferedPart { path: path.to_owned(), ..part.clone() };
    for parts in [
        vec![],
        vec![good[1].clone(), good[0].clone()],
        vec![at(&good[0], "3"), at(&good[1], "4")],
        vec![at(&good[0], "")],
        vec![good[0].clone(), at(&good[0], "3")],
    ] {
        let request = site.admission(&mail, Form::Attachments, &[bob], parts);
        assert_refused(site.gateway::<OutboundTicket>(&request).await, Problem::Malformed);
    }
    // As a mail that is encrypted as a whole it would be opened without the list.
    let request = site.admission(&mail, Form::Enveloped, &[bob], good);
    assert_refused(site.gateway::<OutboundTicket>(&request).await, Problem::Malformed);
}

async fn a_copy_has_all_files_or_none(site: &Site) {
    let (bob, b) = (site.federation.bob.address.as_str(), site.b().id.clone());
    let mail = site.submit_files(bob).await;
    assert_refused(site.rewrap_files(&mail.ticket, &b, &[bob]).await, Problem::NotAllowed);
    site.pass(&mail).await;
    for part in &mail.parts {
        let one = site.rewrap(&mail.ticket, &b, &[bob], part.tail).await;
        assert_refused(one, Problem::NotAllowed);
    }
    let stranger = site.rewrap_files(&mail.ticket, &b, &[&site.federation.dave.address]).await;
    assert_refused(stranger, Problem::NotAllowed);
    let copy = site.rewrap_files(&mail.ticket, &b, &[bob]).await.unwrap();
    assert_eq!(copy.files.len(), 2);
    assert!(site.sign_hop(&mail.ticket, copy.id).await.is_ok());
    let (whole, _) = site.passed(Form::Enveloped, &[bob]).await;
    assert_refused(site.rewrap_files(&whole.ticket, &b, &[bob]).await, Problem::NotAllowed);
}

async fn a_verdict_is_about_all_files(site: &Site) {
    let mail = site.submit_files(&site.federation.bob.address).await;
    let worker = site.release(&mail).await;
    let good = worker.finding(&mail);
    for parts in [
        good.parts[..1].to_vec(),
        vec![good.parts[1].clone(), good.parts[0].clone()],
        vec![good.parts[0].clone(), good.parts[0].clone()],
    ] {
        let answer = site.judge(&worker, &VerdictBody { parts, ..good.clone() }).await;
        assert_eq!(answer, Err(Problem::Refused(Reason::KeyCheckFailed)));
    }
    assert_eq!(site.judge(&worker, &good).await, Ok(()));
}

async fn only_what_the_worker_made_of_them_is_sealed(site: &Site) {
    let carol = site.federation.carol.address.as_str();
    let mail = site.submit_files(carol).await;
    let worker = site.release(&mail).await;
    let derived = Digest::of(b"text and files");
    let verdict = VerdictBody { derived: Some(derived), ..worker.finding(&mail) };
    assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
    let other = site.seal(&mail.ticket, carol, Digest::of(b"something else")).await;
    assert_refused(other, Problem::NotAllowed);
    assert!(site.seal(&mail.ticket, carol, derived).await.is_ok());
    assert!(site.seal(&mail.ticket, carol, mail.entity).await.is_ok());
    // Nothing is made out of another mail.
    for form in [Form::Enveloped, Form::Signed] {
        let mail = site.submit(form, &[carol]).await;
        let worker = site.release(&mail).await;
        let verdict = VerdictBody { derived: Some(derived), ..worker.finding(&mail) };
        assert_eq!(site.judge(&worker, &verdict).await, Err(Problem::NotAllowed));
    }
}

async fn files_are_given_to_recipients_of_the_envelope(site: &Site) {
    let people = &site.federation;
    let mail = site.submit_files(&people.carol.address).await;
    let before = site.rewrap_to(&mail.ticket, &people.carol.address).await;
    assert_refused(before, Problem::NotAllowed);
    site.pass(&mail).await;
    let stranger = site.rewrap_to(&mail.ticket, &people.alice.address).await;
    assert_refused(stranger, Problem::NotAllowed);
    let given = site.rewrap_to(&mail.ticket, &people.carol.address).await.unwrap();
    assert_eq!(given.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2], "carol and the archive");
    let (whole, _) = site.passed(Form::Enveloped, &[&people.carol.address]).await;
    let answer = site.rewrap_to(&whole.ticket, &people.carol.address).await;
    assert_refused(answer, Problem::NotAllowed);
}

/// What B sent on its way to A, handed to A's keyserver by a gateway that changes it.
async fn files_of_another_member_are_the_announced_ones(site: &Site) {
    let (alice, bob) = (&site.federation.alice, &site.federation.bob);
    let relay = look_up(site.b(), &alice.address).await;
    let mail = attached(bob, &alice.address, &relay);
    let reply = ssmax_support::stage::submit(site.b(), bob, &alice.address, &mail).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    let seen = site.a().wire.newest();
    let message = parsed(&seen);
    let arrived = hop_mail::take_apart(&message).unwrap();
    let HopBody::Attachments(found) = &arrived.mail else { panic!("another form") };
    let objects = message.children()[0].children()[0].children()[1..].iter();
    let listed = found.manifest.parts.iter().zip(objects);
    let good: Vec<OfferedPart> = listed
        .map(|(listed, part)| offered(&path_of_file(&listed.path), &part.decoded_body().unwrap()))
        .collect();
    let admit = async |parts: Vec<OfferedPart>| {
        let request = AdmitInbound {
            signed_data: arrived.signed_data.clone(),
            content: Digest::of(arrived.content),
            from: bob.address.clone(),
            message_id: mail.message_id.clone(),
            headers: headers_digest(message.header()).unwrap(),
            parts,
            sealed: arrived.sealed.clone(),
            recipients: vec![alice.address.clone()],
            delivered: None,
            decision: None,
        };
        let request = GatewayRequest::AdmitInbound(Box::new(request));
        site.gateway::<InboundAnswer>(&request).await
    };
    let other = Problem::Refused(Reason::CiphertextNotBound);
    for parts in [
        vec![],
        good[..1].to_vec(),
        vec![good[1].clone(), good[0].clone()],
        vec![good[0].clone(), good[0].clone()],
        vec![OfferedPart { path: "1".to_owned(), ..good[0].clone() }],
        vec![OfferedPart { path: "1.4".to_owned(), ..good[0].clone() }, good[1].clone()],
        vec![good[0].clone(), OfferedPart { recipients: vec![], ..good[1].clone() }],
    ] {
        assert_refused(admit(parts).await, other);
    }
    let many = vec![good[0].clone(); 5];
    assert_refused(admit(many).await, other);
    assert!(admit(good).await.is_ok());
}
