//! D, an ESP: whatever is asked, it opens no mail and gives away no key.

use crate::asking::{Site, assert_refused};
use crate::submitted::{Admitted, inner_signer, offered};
use crate::worker::{key_for, new_key};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ssmax_api::keyserver::{
    AdmitOutbound, CaRequest, Form, FreshForm, GatewayRequest, InspectorRequest, OutboundTicket,
    RecipientCopy, Released, UserKeys, VerdictBody, WorkerAsk,
};
use ssmax_api::verified::{VERIFIED_LABEL, VerifiedSubmission};
use ssmax_api::{Answer, Problem};
use ssmax_chain::binding::release_ukm;
use ssmax_chain::statement::Statement;
use ssmax_chain::{Digest, Reason};
use ssmax_inspection::Outcome;
use ssmax_primitives::SoftwareKey;
use ssmax_store::files;
use ssmax_support::forgery::{Forgery, Signer};
use ssmax_support::mails::{mail, parsed, random, text};
use ssmax_support::person::look_up;
use ssmax_token::{KeyPair as _, SigningKey as _};
use time::OffsetDateTime;

pub(crate) async fn run(site: &Site) {
    let d = Provider { site };
    nothing_is_released(&d).await;
    a_worker_gets_keys_to_verify_once_and_for_own_mail_only(&d).await;
    who_got_keys_may_say_one_thing_and_make_nothing(&d).await;
    a_verification_is_the_workers_own_and_there_is_one(&d).await;
    a_signer_who_is_not_the_submitter_does_not_pass(&d).await;
    what_was_refused_goes_nowhere(&d).await;
    what_was_verified_goes_on_as_it_is(&d).await;
    what_arrives_goes_to_its_recipients_alone(&d).await;
    no_key_that_opens_mail_is_made_or_handed_out(&d).await;
}

/// The keyserver of D.
struct Provider<'a> {
    site: &'a Site,
}

impl Provider<'_> {
    async fn at<Q: Serialize, T: DeserializeOwned>(
        &self,
        caller: &str,
        request: &Q,
    ) -> Result<T, Problem> {
        let run_dir = &self.site.federation.d.keyserver.run_dir;
        let socket = ssmax_keyserver::Settings::socket(run_dir, caller);
        let timeout = std::time::Duration::from_secs(30);
        let answer: Answer = ssmax_daemon::call::call(&socket, request, timeout).await.unwrap();
        ssmax_api::decode(answer)
    }

    async fn ask<T: DeserializeOwned>(&self, ticket: &str, ask: WorkerAsk) -> Result<T, Problem> {
        self.at("inspector", &InspectorRequest { ticket: ticket.to_owned(), ask }).await
    }

    /// frank submits a mail to bob and grace.
    async fn submit(&self, form: Form) -> Admitted {
        let federation = &self.site.federation;
        let (frank, d) = (&federation.frank, &federation.d);
        let recipients = [federation.bob.address.clone(), federation.grace.address.clone()];
        let signed = mail(&frank.address, &recipients[0], &text()).signed_by(frank);
        let (entity, signed_data) = signed.signature();
        let (mail, parts) = match form {
            Form::Enveloped => {
                let mail = signed.encrypted_for(&look_up(d, &recipients[0]).await);
                let object = parsed(&mail.octets).decoded_body().unwrap();
                (mail, vec![offered("", &object)])
            }
            _ => (signed, vec![]),
        };
        let statement = Statement {
            v: ssmax_chain::hop_record::RECORD_VERSION,
            user: "frank".to_owned(),
            source: None,
            aal: 2,
            method: "device-secret".to_owned(),
            from: frank.address.clone(),
            mail_from: frank.address.clone(),
            recipients: recipients.to_vec(),
            body: Digest::of(&mail.octets),
            at: OffsetDateTime::now_utc(),
            nonce: hex::encode(random::<16>()),
        };
        let pem = files::read_private(&d.gateway.dir().join("statement.pem")).unwrap();
        let key = SoftwareKey::from_pem(std::str::from_utf8(&pem).unwrap()).unwrap();
        let statement = statement.sign(&key).unwrap();
        let admission = AdmitOutbound { statement, form, parts: parts.clone(), received: None };
        let request = GatewayRequest::AdmitOutbound(Box::new(admission));
        let OutboundTicket { ticket, .. } = self.at("gateway", &request).await.unwrap();
        let signer = Some(inner_signer(&signed_data));
        let digest = Digest::of(&mail.octets);
        Admitted { ticket, parts, entity: Digest::of(&entity), signer, digest }
    }

    /// A mail by erin of C comes to frank.
    async fn arrive(&self) -> Admitted {
        let federation = &self.site.federation;
        let (erin, frank) = (&federation.erin, &federation.frank);
        let inner = mail(&erin.address, &frank.address, &text()).signed_by(erin);
        let by_c = Signer::member(&federation.c);
        let forgery = Forgery::new(by_c, &federation.d, &frank.address, inner.clone()).cbc();
        let (request, part) = crate::arrived::admission(&forgery.compose(), erin, frank);
        let answer = self.at("gateway", &request).await.unwrap();
        let ticket = crate::arrived::ticket(answer);
        let (entity, signed_data) = inner.signature();
        let signer = Some(inner_signer(&signed_data));
        let entity = Digest::of(&entity);
        Admitted { ticket, parts: vec![part], entity, signer, digest: entity }
    }

    /// The ticket's keys go to a new worker.
    async fn release(&self, mail: &Admitted) -> (SoftwareKey, Released) {
        let key = new_key();
        let ask = WorkerAsk::VerifySubmission { worker: key.spki().to_vec() };
        let released = self.ask(&mail.ticket, ask).await.unwrap();
        (key, released)
    }

    async fn verified(
        &self,
        ticket: &str,
        key: &SoftwareKey,
        answer: &VerifiedSubmission,
    ) -> Result<(), Problem> {
        self.ask(ticket, signed(ticket, key, answer)).await
    }

    async fn preserve(
        &self,
        mail: &Admitted,
        recipient: &str,
        tail: Digest,
    ) -> Result<RecipientCopy, Problem> {
        let (ticket, recipient) = (mail.ticket.clone(), recipient.to_owned());
        self.at("gateway", &GatewayRequest::Preserve { ticket, recipient, tail }).await
    }

    async fn rewrap(&self, mail: &Admitted) -> Result<ssmax_api::keyserver::MemberCopy, Problem> {
        let request = GatewayRequest::Rewrap {
            ticket: mail.ticket.clone(),
            to_org: self.site.b().id.clone(),
            recipients: vec![self.site.federation.bob.address.clone()],
            tail: mail.tail(),
        };
        self.at("gateway", &request).await
    }

    /// All that could give plaintext or a key is refused.
    async fn nothing_is_made(&self, mail: &Admitted, reply_key: &[u8]) {
        let tail = Digest::of(b"tail");
        let key = || key_for(reply_key, &release_ukm(&mail.ticket, "keyserver", &tail));
        for recipient in [&self.site.federation.grace.address, &self.site.federation.frank.address]
        {
            let (recipient, entity, headers) = (recipient.clone(), mail.entity, Digest::of(b"h"));
            let seal = WorkerAsk::Seal { recipient: recipient.clone(), entity, headers };
            assert_refused(self.ask::<()>(&mail.ticket, seal).await, Problem::NotAllowed);
            let to = WorkerAsk::EncryptTo { recipient, tail, key: key() };
            assert_refused(self.ask::<()>(&mail.ticket, to).await, Problem::NotAllowed);
        }
        for form in [FreshForm::WrappedGcm, FreshForm::MailCbc] {
            let fresh = WorkerAsk::EncryptFresh { form, tail, key: key() };
            assert_refused(self.ask::<()>(&mail.ticket, fresh).await, Problem::NotAllowed);
        }
    }
}

/// A verification that is in order.
fn good(mail: &Admitted) -> VerifiedSubmission {
    let signer = mail.signer.as_ref().unwrap();
    VerifiedSubmission {
        refused: None,
        headers_match: true,
        certificate: Digest::of(&signer.certificate),
        si: signer.si,
        entity: mail.entity,
    }
}

fn signed(ticket: &str, key: &SoftwareKey, answer: &VerifiedSubmission) -> WorkerAsk {
    let answer = answer.to_octets().to_vec();
    let signature = key.sign(&[VERIFIED_LABEL, ticket.as_bytes(), &answer].concat()).unwrap();
    WorkerAsk::Verified { answer, signature }
}

/// Not for a mail of its own users, not for one that came, not for none, nor for mail from
/// outside; the right answer does not change that.
async fn nothing_is_released(d: &Provider<'_>) {
    let release = || WorkerAsk::Release { worker: new_key().spki().to_vec() };
    let submitted = d.submit(Form::Enveloped).await;
    for mail in [&submitted, &d.submit(Form::Signed).await, &d.arrive().await] {
        assert_refused(d.ask::<()>(&mail.ticket, release()).await, Problem::NotAllowed);
    }
    assert_refused(d.ask::<()>("none", release()).await, Problem::NotAllowed);
    let recipients = vec![d.site.federation.frank.address.clone()];
    let outside = GatewayRequest::AdmitOutside { recipients };
    assert_refused(d.at::<_, ()>("gateway", &outside).await, Problem::NotAllowed);
    let (key, _) = d.release(&submitted).await;
    assert_eq!(d.verified(&submitted.ticket, &key, &good(&submitted)).await, Ok(()));
    assert_refused(d.ask::<()>(&submitted.ticket, release()).await, Problem::NotAllowed);
}

async fn a_worker_gets_keys_to_verify_once_and_for_own_mail_only(d: &Provider<'_>) {
    let ask = || WorkerAsk::VerifySubmission { worker: new_key().spki().to_vec() };
    let arrived = d.arrive().await;
    assert_refused(d.ask::<()>(&arrived.ticket, ask()).await, Problem::NotAllowed);
    let submitted = d.submit(Form::Enveloped).await;
    d.release(&submitted).await;
    assert_refused(d.ask::<()>(&submitted.ticket, ask()).await, Problem::NotAllowed);
    // An organisation inspects, it does not only verify.
    let at_a = d.site.submit(Form::Enveloped, &[&d.site.federation.bob.address]).await;
    assert_refused(d.site.inspector::<()>(&at_a.ticket, ask()).await, Problem::NotAllowed);
    let worker = d.site.release(&at_a).await;
    let say = signed(&at_a.ticket, worker.key(), &good(&at_a));
    assert_refused(d.site.inspector::<()>(&at_a.ticket, say).await, Problem::NotAllowed);
}

async fn who_got_keys_may_say_one_thing_and_make_nothing(d: &Provider<'_>) {
    let mail = d.submit(Form::Enveloped).await;
    let (key, released) = d.release(&mail).await;
    assert_eq!(released.keys.len(), 1);
    d.nothing_is_made(&mail, &released.reply_key).await;
    // A verdict has room for a mail.
    let verdict = VerdictBody {
        ticket: mail.ticket.clone(),
        outcome: Outcome::Pass,
        parts: vec![],
        entity: Some(mail.entity),
        signer: mail.signer.clone(),
        derived: None,
        prev: None,
        rules: vec!["what the mail says".to_owned()],
    };
    let body = ssmax_api::encode(Ok(verdict)).unwrap().into_vec();
    let signature = key.sign(&[b"SSMAX1-verdict\0", body.as_slice()].concat()).unwrap();
    let verdict = WorkerAsk::Verdict { body, signature };
    assert_refused(d.ask::<()>(&mail.ticket, verdict).await, Problem::NotAllowed);
    assert_eq!(d.verified(&mail.ticket, &key, &good(&mail)).await, Ok(()));
    d.nothing_is_made(&mail, &released.reply_key).await;
}

async fn a_verification_is_the_workers_own_and_there_is_one(d: &Provider<'_>) {
    let (mail, other) = (d.submit(Form::Enveloped).await, d.submit(Form::Enveloped).await);
    let unasked = d.verified(&mail.ticket, &new_key(), &good(&mail)).await;
    assert_eq!(unasked, Err(Problem::NotAllowed));
    let (key, _) = d.release(&mail).await;
    let (others, _) = d.release(&other).await;
    for (key, ticket) in [(&others, &mail.ticket), (&key, &other.ticket)] {
        assert_eq!(d.verified(ticket, key, &good(&mail)).await, Err(Problem::NotAllowed));
    }
    // Signed for the other ticket.
    let ask = signed(&other.ticket, &key, &good(&mail));
    assert_refused(d.ask::<()>(&mail.ticket, ask).await, Problem::NotAllowed);
    let WorkerAsk::Verified { mut answer, signature } = signed(&mail.ticket, &key, &good(&mail))
    else {
        unreachable!()
    };
    answer[99] ^= 1;
    let changed = WorkerAsk::Verified { answer, signature };
    assert_refused(d.ask::<()>(&mail.ticket, changed).await, Problem::NotAllowed);
    for _ in 0..2 {
        // Larger, though signed.
        let answer = [good(&mail).to_octets().as_slice(), b"more"].concat();
        let message = [VERIFIED_LABEL, mail.ticket.as_bytes(), &answer].concat();
        let larger = WorkerAsk::Verified { signature: key.sign(&message).unwrap(), answer };
        assert_refused(d.ask::<()>(&mail.ticket, larger).await, Problem::Malformed);
    }
    assert_eq!(d.verified(&mail.ticket, &key, &good(&mail)).await, Ok(()));
    assert_eq!(d.verified(&mail.ticket, &key, &good(&mail)).await, Err(Problem::NotAllowed));
}

async fn a_signer_who_is_not_the_submitter_does_not_pass(d: &Provider<'_>) {
    let grace = Digest::of(d.site.federation.grace.signing.1.der());
    for (form, reason) in
        [(Form::Enveloped, Reason::InnerSignerNotFrom), (Form::Signed, Reason::SignerNotOurs)]
    {
        let mail = d.submit(form).await;
        let (key, _) = d.release(&mail).await;
        for certificate in [grace, Digest([0; 32])] {
            let answer = VerifiedSubmission { certificate, ..good(&mail) };
            let said = d.verified(&mail.ticket, &key, &answer).await;
            assert_eq!(said, Err(Problem::Refused(reason)));
        }
    }
}

async fn what_was_refused_goes_nowhere(d: &Provider<'_>) {
    let grace = &d.site.federation.grace.address;
    let headers = |mail: &Admitted| VerifiedSubmission { headers_match: false, ..good(mail) };
    let refusal = |_: &Admitted| VerifiedSubmission::refusal(Reason::InnerSignatureBad);
    let answers: [&dyn Fn(&Admitted) -> VerifiedSubmission; 2] = [&headers, &refusal];
    for answer in answers {
        let mail = d.submit(Form::Enveloped).await;
        let (key, _) = d.release(&mail).await;
        assert_refused(d.rewrap(&mail).await, Problem::NotAllowed);
        assert_refused(d.preserve(&mail, grace, mail.tail()).await, Problem::NotAllowed);
        assert_eq!(d.verified(&mail.ticket, &key, &answer(&mail)).await, Ok(()));
        assert_refused(d.rewrap(&mail).await, Problem::NotAllowed);
        assert_refused(d.preserve(&mail, grace, mail.tail()).await, Problem::NotAllowed);
    }
}

async fn what_was_verified_goes_on_as_it_is(d: &Provider<'_>) {
    let federation = &d.site.federation;
    let mail = d.submit(Form::Enveloped).await;
    let (key, _) = d.release(&mail).await;
    assert_eq!(d.verified(&mail.ticket, &key, &good(&mail)).await, Ok(()));
    assert!(d.rewrap(&mail).await.is_ok());
    let copy = d.preserve(&mail, &federation.grace.address, mail.tail()).await.unwrap();
    assert_eq!(copy.recipients.len(), 1);
    for (recipient, tail, problem) in [
        (&federation.grace.address, Digest::of(b"tail"), Problem::NotAllowed),
        // Not in the envelope; in it, but not here.
        (&federation.frank.address, mail.tail(), Problem::NotAllowed),
        (
            &federation.bob.address,
            mail.tail(),
            Problem::Refused(Reason::RecipientWithoutCertificate),
        ),
    ] {
        assert_refused(d.preserve(&mail, recipient, tail).await, problem);
    }
}

async fn what_arrives_goes_to_its_recipients_alone(d: &Provider<'_>) {
    let federation = &d.site.federation;
    let mail = d.arrive().await;
    let copy = d.preserve(&mail, &federation.frank.address, mail.tail()).await.unwrap();
    assert_eq!(copy.recipients.len(), 1);
    let grace = &federation.grace.address;
    assert_refused(d.preserve(&mail, grace, mail.tail()).await, Problem::NotAllowed);
    let other = Digest::of(b"tail");
    let frank = &federation.frank.address;
    assert_refused(d.preserve(&mail, frank, other).await, Problem::NotAllowed);
    d.nothing_is_made(&mail, new_key().spki()).await;
    assert_refused(d.rewrap(&mail).await, Problem::NotAllowed);
}

async fn no_key_that_opens_mail_is_made_or_handed_out(d: &Provider<'_>) {
    let make =
        |encryption| CaRequest::MakeUserKeys { encryption, rsa_encryption: false, signing: true };
    assert_refused(d.at::<_, ()>("ca", &make(true)).await, Problem::NotAllowed);
    let keys: UserKeys = d.at("ca", &make(false)).await.unwrap();
    assert!(keys.encryption.is_none() && keys.signing.is_some());
    let many = CaRequest::MakeKeysForMany { people: 1 };
    assert_refused(d.at::<_, ()>("ca", &many).await, Problem::NotAllowed);
    for user in ["frank", "nobody"] {
        for export in [
            CaRequest::ExportEncryptionKey { user: user.to_owned() },
            CaRequest::ExportEarlierKeys { user: user.to_owned() },
        ] {
            assert_refused(d.at::<_, ()>("ca", &export).await, Problem::NotAllowed);
        }
    }
}
