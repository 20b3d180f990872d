//! Reasons that only an ESP has: it does not open what it delivers.

use ssmax_chain::Reason;
use ssmax_support::forgery::{Forgery, Signer};
use ssmax_support::mails::{mail, text};
use ssmax_support::person::look_up;
use ssmax_support::smtp;
use ssmax_support::stage::Stage;

pub(crate) async fn run(stage: &mut Stage<'_>) {
    let federation = stage.federation;
    let (d, erin, frank) = (&federation.d, &federation.erin, &federation.frank);
    let by_c = || {
        let inner = mail(&erin.address, &frank.address, &text()).signed_by(erin);
        Forgery::new(Signer::member(&federation.c), d, &frank.address, inner)
    };
    let good = by_c().cbc().compose();
    let reply = smtp::send(d.inbound, None, &erin.address, &frank.address, &good.octets).await;
    stage.found.expect(reply.starts_with("250 2.0.0 "), &reply);
    // AES-256-GCM, though D's entry asks for mail-cbc.
    let gcm = by_c().compose();
    let reason = Reason::CipherNotForMailers;
    stage.arrived(d, &erin.address, &frank.address, &gcm, reason).await;
    // Between its own users too.
    let grace = &federation.grace.address;
    let gcm = mail(&frank.address, grace, &text()).signed_by(frank);
    let gcm = gcm.encrypted_with_gcm(&look_up(d, grace).await);
    stage.submitted(d, frank, grace, &gcm, reason).await;
}
