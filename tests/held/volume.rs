//! An account that sends to more than people do: its mail waits, and goes when an officer
//! says so.

use crate::{HELD, delivered, run_dir};
use ssmax_chain::Reason;
use ssmax_gateway::VolumeConfig;
use ssmax_inspection::Outcome;
use ssmax_support::federation::Federation;
use ssmax_support::mails::{mail, text};
use ssmax_support::member::Role;
use ssmax_support::officer;
use ssmax_support::person::Person;
use ssmax_support::stage::submit;

pub(crate) async fn run(federation: &mut Federation) {
    let ivan = Person::enrol(&federation.a, "ivan", true).await;
    bound(federation, |volume| volume.recipients_per_hour = 2).await;
    for _ in 0..2 {
        let (reply, message_id) = sent(federation, &ivan).await;
        assert!(reply.starts_with("250 2.0.0 Ok, stored"), "{reply}");
        assert_eq!(delivered(&federation.a, &federation.carol, &message_id).len(), 1);
    }
    let (reply, first) = sent(federation, &ivan).await;
    assert_eq!(reply, HELD);
    // A gateway that starts anew has not forgotten it, and a day has a bound of its own.
    bound(federation, |volume| volume.recipients_per_day = 2).await;
    let (reply, second) = sent(federation, &ivan).await;
    assert_eq!(reply, HELD);
    // Nobody else is held up, nor who is exempt.
    let judy = Person::enrol(&federation.a, "judy", true).await;
    let (reply, _) = sent(federation, &judy).await;
    assert!(reply.starts_with("250 2.0.0 Ok, stored"), "{reply}");
    bound(federation, |volume| {
        volume.recipients_per_hour = 0;
        volume.exempt.insert("ivan".to_owned());
    })
    .await;
    let (reply, _) = sent(federation, &ivan).await;
    assert!(reply.starts_with("250 2.0.0 Ok, stored"), "{reply}");

    bound(federation, |volume| volume.recipients_per_hour = 0).await;
    let Federation { a, carol, wanda, .. } = &*federation;
    for message_id in [first, second] {
        let held = officer::find(&run_dir(a), &message_id).await;
        assert_eq!((held.reason, held.outcome), (Reason::SenderVolume, Outcome::Hold));
        assert!(held.sender_verified && held.findings.is_empty());
        assert!(delivered(a, carol, &message_id).is_empty());
        officer::release(&run_dir(a), &held, wanda, None).await.unwrap();
        assert_eq!(delivered(a, carol, &message_id).len(), 1);
    }
    bound(federation, |_| {}).await;
}

/// Starts A's gateway anew with this bound.
async fn bound(federation: &mut Federation, change: impl FnOnce(&mut VolumeConfig)) {
    let a = &mut federation.a;
    a.stop(Role::Gateway).await;
    a.gateway.gateway.volume = VolumeConfig::default();
    change(&mut a.gateway.gateway.volume);
    a.start(Role::Gateway).await;
}

/// Sends a mail to a colleague; gives the answer and the Message-ID.
async fn sent(federation: &Federation, sender: &Person) -> (String, String) {
    let Federation { a, carol, .. } = federation;
    let mail = mail(&sender.address, &carol.address, &text());
    (submit(a, sender, &carol.address, &mail).await, mail.message_id)
}
