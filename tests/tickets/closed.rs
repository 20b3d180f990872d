//! No ticket, no use of a key.

use crate::asking::{Site, assert_refused};
use crate::worker::new_key;
use ssmax_api::Problem;
use ssmax_api::keyserver::{CaRequest, Form, FreshForm, GatewayRequest, WorkerAsk};
use ssmax_chain::{Digest, HopId};
use ssmax_daemon::call::CallError;
use ssmax_token::KeyPair as _;
use time::OffsetDateTime;

pub(crate) async fn run(site: &Site) {
    a_ticket_that_was_never_opened_allows_nothing(site).await;
    a_closed_ticket_allows_nothing(site).await;
    what_is_nearly_a_tickets_name_allows_nothing(site).await;
    what_belongs_to_another_socket_is_not_understood(site).await;
}

async fn a_ticket_that_was_never_opened_allows_nothing(site: &Site) {
    for ticket in ["", "0", "00000000000000000000000000000000"] {
        nothing_is_allowed(site, ticket).await;
    }
}

async fn a_closed_ticket_allows_nothing(site: &Site) {
    let bob = &site.federation.bob.address;
    let (mail, _) = site.passed(Form::Enveloped, &[bob]).await;
    let copy = site.rewrap(&mail.ticket, &site.b().id, &[bob], mail.tail()).await.unwrap();
    site.close(&mail.ticket).await;
    assert_refused(site.sign_hop(&mail.ticket, copy.id).await, Problem::NoTicket);
    nothing_is_allowed(site, &mail.ticket).await;
}

async fn what_is_nearly_a_tickets_name_allows_nothing(site: &Site) {
    let (mail, _) = site.passed(Form::Enveloped, &[&site.federation.bob.address]).await;
    nothing_is_allowed(site, &format!(" {}", mail.ticket)).await;
    nothing_is_allowed(site, mail.ticket.split_at(31).0).await;
}

async fn nothing_is_allowed(site: &Site, ticket: &str) {
    let (alice, bob) = (&site.federation.alice.address, &site.federation.bob.address);
    let (no_ticket, any) = (Problem::NoTicket, Digest::of(b"any"));
    let id = HopId::new(OffsetDateTime::now_utc(), [0; 10]);
    assert_refused(site.rewrap(ticket, &site.b().id, &[bob], any).await, no_ticket);
    assert_refused(site.sign_hop(ticket, id).await, no_ticket);
    assert_refused(site.sign_user(ticket, any).await, no_ticket);
    // Nor does it tell who has a certificate.
    for recipient in [alice.as_str(), "nobody@a.example"] {
        assert_refused(site.seal(ticket, recipient, any).await, no_ticket);
        let (recipient, key) = (recipient.to_owned(), vec![]);
        let ask = WorkerAsk::EncryptTo { recipient, tail: any, key };
        assert_refused(site.inspector::<()>(ticket, ask).await, no_ticket);
    }
    for ask in [
        WorkerAsk::Release { worker: new_key().spki().to_vec() },
        WorkerAsk::Verdict { body: vec![], signature: vec![] },
        WorkerAsk::EncryptFresh { form: FreshForm::WrappedGcm, tail: any, key: vec![] },
    ] {
        assert_refused(site.inspector::<()>(ticket, ask).await, no_ticket);
    }
}

async fn what_belongs_to_another_socket_is_not_understood(site: &Site) {
    let recipients = vec![site.federation.alice.address.clone()];
    let gateway = GatewayRequest::AdmitOutside { recipients };
    let ca = CaRequest::ExportEncryptionKey { user: "alice".to_owned() };
    for (socket, answer) in [
        ("inspector", site.at("inspector", &gateway).await),
        ("ca", site.at("ca", &gateway).await),
        ("gateway", site.at("gateway", &ca).await),
        ("inspector", site.at("inspector", &ca).await),
    ] {
        assert_eq!(answer, Err(CallError::Interrupted), "{socket}");
    }
}
