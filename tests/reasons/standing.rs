//! What the authority says about C: suspended, then expelled. C's own mail is on its way
//! all the time, good but for that.

use crate::of_member::arrived;
use ssmax_chain::Reason;
use ssmax_support::mails::{mail, text};
use ssmax_support::stage::Stage;
use time::OffsetDateTime;

pub(crate) async fn run(stage: &mut Stage<'_>) {
    let federation = stage.federation;
    let (authority, c) = (&federation.authority, &federation.c.id);
    let now = OffsetDateTime::now_utc();
    let version = ssmax_authority::suspend(authority, c, "unanswered", now).await.unwrap();
    federation.wait_for_list(version).await;
    mail_from_c(stage, Reason::OrganisationSuspended).await;
    nothing_goes_to_c_or_out_of_it(stage).await;
    let version = ssmax_authority::expel(authority, c, "unanswered", now).await.unwrap();
    federation.wait_for_list(version).await;
    mail_from_c(stage, Reason::OrganisationExpelled).await;
    nothing_goes_to_c_or_out_of_it(stage).await;
}

async fn mail_from_c(stage: &mut Stage<'_>, reason: Reason) {
    for side in stage.sides() {
        let mail = stage.federation.by_c(&side).compose();
        arrived(stage, &side, &mail, reason).await;
    }
}

async fn nothing_goes_to_c_or_out_of_it(stage: &mut Stage<'_>) {
    let federation = stage.federation;
    let erin = &federation.erin;
    for side in stage.sides() {
        let to_c = mail(&side.sender.address, &erin.address, &text());
        let reason = Reason::ReceiverStandingLost;
        stage.submitted(side.member, side.sender, &erin.address, &to_c, reason).await;
        let by_erin = mail(&erin.address, &side.sender.address, &text());
        let (c, to) = (&federation.c, &side.sender.address);
        stage.submitted(c, erin, to, &by_erin, Reason::OwnStandingLost).await;
    }
}
