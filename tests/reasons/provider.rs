//! Reasons that only an ESP has: it does not open what it delivers.

use crate::forgery::{Forgery, Signer};
use crate::mails::{mail, text};
use crate::person::look_up;
use crate::stage::Stage;
use ssmax_chain::Reason;

pub(crate) async fn run(stage: &mut Stage<'_>) {
    let federation = stage.federation;
    let (d, erin, frank) = (&federation.d, &federation.erin, &federation.frank);
    let inner = mail(&erin.address, &frank.address, &text()).signed_by(erin);
    // AES-256-GCM, though D's entry asks for mail-cbc.
    let gcm = Forgery::new(Signer::member(&federation.c), d, &frank.address, inner).compose();
    let reason = Reason::CipherNotForMailers;
    stage.arrived(d, &erin.address, &frank.address, &gcm, reason).await;
    // Between its own users too.
    let grace = &federation.grace.address;
    let gcm = mail(&frank.address, grace, &text()).signed_by(frank);
    let gcm = gcm.encrypted_with_gcm(&look_up(d, grace).await);
    stage.submitted(d, frank, grace, &gcm, reason).await;
}
