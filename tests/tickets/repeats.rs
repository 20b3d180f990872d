//! A copy that everybody has got is known before a key is used, and only once its sender
//! is known.

use crate::arrived::admission;
use crate::asking::{Site, assert_refused};
use ssmax_api::Problem;
use ssmax_api::keyserver::{AdmitInbound, DeliveredBefore, GatewayRequest, InboundAnswer};
use ssmax_chain::hop_record::claimed_name;
use ssmax_chain::{HopId, Reason};
use ssmax_support::forgery::{Forgery, Signer};
use ssmax_support::mails::{mail, text};
use ssmax_surgery::last_octet_changed;
use time::OffsetDateTime;

pub(crate) async fn run(site: &Site) {
    a_repeat_costs_no_use_of_a_key(site).await;
    another_copy_or_recipient_is_no_repeat(site).await;
    nobodys_word_makes_a_repeat_of_a_forgery(site).await;
}

/// A mail by erin whose content key does not come out, so that a use of a key shows.
fn spoilt(site: &Site) -> AdmitInbound {
    let (alice, erin) = (&site.federation.alice, &site.federation.erin);
    let inner = mail(&erin.address, &alice.address, &text()).signed_by(erin);
    let by_c = Signer::member(&site.federation.c);
    let spoil = |infos: &mut Vec<Vec<u8>>| {
        let info = infos.remove(0);
        infos.push(last_octet_changed(info));
    };
    let forgery = Forgery::new(by_c, site.a(), &alice.address, inner);
    let mail = forgery.sealed_infos(spoil).compose();
    match admission(&mail, erin, alice).0 {
        GatewayRequest::AdmitInbound(request) => *request,
        _ => unreachable!(),
    }
}

/// What a gateway says that has given the mail to alice.
fn delivered(site: &Site, request: &AdmitInbound) -> DeliveredBefore {
    let (from_org, id) = claimed_name(&request.signed_data).unwrap();
    DeliveredBefore { from_org, id, recipients: vec![site.federation.alice.address.clone()] }
}

async fn admit(site: &Site, request: AdmitInbound) -> Result<InboundAnswer, Problem> {
    site.gateway(&GatewayRequest::AdmitInbound(Box::new(request))).await
}

async fn a_repeat_costs_no_use_of_a_key(site: &Site) {
    let request = spoilt(site);
    let used = admit(site, request.clone()).await;
    assert_refused(used, Problem::Refused(Reason::UnwrapFailed));
    let delivered = delivered(site, &request);
    let id = delivered.id;
    let known = admit(site, AdmitInbound { delivered: Some(delivered), ..request }).await;
    assert_eq!(known, Ok(InboundAnswer::Repeat(id)));
}

async fn another_copy_or_recipient_is_no_repeat(site: &Site) {
    let request = spoilt(site);
    let known = delivered(site, &request);
    let other_id = HopId::new(OffsetDateTime::now_utc(), [3; 10]);
    for delivered in [
        DeliveredBefore { id: other_id, ..known.clone() },
        DeliveredBefore { from_org: site.b().id.clone(), ..known.clone() },
        DeliveredBefore { recipients: vec![], ..known.clone() },
        DeliveredBefore { recipients: vec!["carol@a.example".to_owned()], ..known },
    ] {
        let used = admit(site, AdmitInbound { delivered: Some(delivered), ..request.clone() });
        assert_refused(used.await, Problem::Refused(Reason::UnwrapFailed));
    }
}

async fn nobodys_word_makes_a_repeat_of_a_forgery(site: &Site) {
    let request = spoilt(site);
    let known = Some(delivered(site, &request));
    let mut forged = AdmitInbound { delivered: known, ..request };
    forged.content.0[0] ^= 1;
    let answer = admit(site, forged).await;
    assert_refused(answer, Problem::Refused(Reason::HopSignatureBad));
}
