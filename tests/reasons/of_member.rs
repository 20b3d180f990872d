//! Reasons of another member's mail before any key is used. Each forgery differs from a
//! good mail in one thing.

use ssmax_chain::{HopId, Reason};
use ssmax_federation::{corporate_number_check_digit, member_id};
use ssmax_support::forgery::{Forgery, Signer};
use ssmax_support::mails::{Mail, mail, text};
use ssmax_support::smtp;
use ssmax_support::stage::{Side, Stage, submit};
use time::{Duration, OffsetDateTime};

pub(crate) async fn run(stage: &mut Stage<'_>) {
    for side in stage.sides() {
        nothing_wrong_passes_once(stage, &side).await;
        a_members_domain_without_the_chain(stage, &side).await;
        a_signature_that_does_not_hold(stage, &side).await;
        a_signer_who_is_no_member(stage, &side).await;
        from_of_another_member(stage, &side).await;
        a_mail_for_another_member(stage, &side).await;
        a_time_that_is_not_now(stage, &side).await;
        a_changed_header(stage, &side).await;
        a_part_of_another_hop(stage, &side).await;
        a_hop_record_that_cannot_be_read(stage, &side).await;
    }
}

/// A mail in C's name at the side's gateway, for the side's person.
pub(crate) async fn arrived(stage: &mut Stage<'_>, side: &Side<'_>, mail: &Mail, reason: Reason) {
    let from = &stage.federation.erin.address;
    stage.arrived(side.member, from, &side.sender.address, mail, reason).await;
}

async fn delivered(stage: &mut Stage<'_>, side: &Side<'_>, mail: &Mail, reply: &str) {
    let from = &stage.federation.erin.address;
    let to = &side.sender.address;
    let told = smtp::send(side.member.inbound, None, from, to, &mail.octets).await;
    stage.found.expect(told == reply, &format!("expected {reply}, told {told}"));
}

async fn nothing_wrong_passes_once(stage: &mut Stage<'_>, side: &Side<'_>) {
    let good = stage.federation.by_c(side).compose();
    delivered(stage, side, &good, "250 2.0.0 Ok, stored in the Maildir").await;
    delivered(stage, side, &good, "250 2.0.0 Ok, delivered before").await;
}

async fn a_members_domain_without_the_chain(stage: &mut Stage<'_>, side: &Side<'_>) {
    let reason = Reason::ForgedMemberDomain;
    let (other, own) = (&side.other.address, &side.sender.address);
    let spelt = other.to_uppercase();
    for from in [other, own, &spelt] {
        let plain = mail(from, own, &text());
        arrived(stage, side, &plain, reason).await;
    }
    // Nearly a mail between organisations is none.
    let named = ("ssmax-sealed", "sealed");
    let mail = stage.federation.by_c(side).compose();
    let nearly = mail.replacing(named.0, named.1).replacing(named.0, named.1);
    arrived(stage, side, &nearly, reason).await;
}

async fn a_signature_that_does_not_hold(stage: &mut Stage<'_>, side: &Side<'_>) {
    let reason = Reason::HopSignatureBad;
    let by_c = || stage.federation.by_c(side).compose();
    let changed = by_c().replacing("--=_inner\r\n", "--=_inner\r\nX-Added: x\r\n");
    let two = by_c().with_signers(|signers| signers.push(signers[0].clone()));
    let none = by_c().with_signers(Vec::clear);
    // The same person's own signature is no organisation's.
    let unnamed = by_c().with_signers(|signers| {
        let attributes = signers[0].inside()[3].inside();
        attributes.pop().unwrap();
    });
    for mail in [changed, two, none, unnamed] {
        arrived(stage, side, &mail, reason).await;
    }
}

async fn a_signer_who_is_no_member(stage: &mut Stage<'_>, side: &Side<'_>) {
    let digit = corporate_number_check_digit("000011111111").unwrap();
    let nobody = member_id(&format!("{digit}000011111111"));
    let federation = stage.federation;
    let c = &federation.c;
    for signer in [
        Signer::stranger(&nobody, &c.domain),
        // With a member's own name, but not its certificate.
        Signer::stranger(&c.id, &c.domain),
    ] {
        let mail = federation.by_c(side).signer(signer).compose();
        arrived(stage, side, &mail, Reason::OrganisationNotMember).await;
    }
    // A member in another member's name.
    let mut posing = Signer::member(c);
    posing.id = federation.a.id.clone();
    let mail = federation.by_c(side).signer(posing).compose();
    arrived(stage, side, &mail, Reason::OrganisationNotMember).await;
}

async fn from_of_another_member(stage: &mut Stage<'_>, side: &Side<'_>) {
    let federation = stage.federation;
    for from in [&side.other.address, &side.sender.address, "x@sub.c.example", "x@x.example"] {
        let inner = mail(from, &side.sender.address, &text());
        let mail = federation.by_c(side).inner(inner).compose();
        arrived(stage, side, &mail, Reason::OrganisationNotFrom).await;
    }
}

async fn a_mail_for_another_member(stage: &mut Stage<'_>, side: &Side<'_>) {
    let (federation, other) = (stage.federation, side.member.id.clone());
    let to_org = [&federation.a.id, &federation.b.id].into_iter().find(|id| **id != other);
    let to_org = to_org.unwrap().clone();
    let mail = federation.by_c(side).record(|record| record.to_org = to_org).compose();
    arrived(stage, side, &mail, Reason::NotForUs).await;
}

async fn a_time_that_is_not_now(stage: &mut Stage<'_>, side: &Side<'_>) {
    let at = |stage: &Stage<'_>, shift: Duration| {
        let at = OffsetDateTime::now_utc() + shift;
        stage.federation.by_c(side).record(move |record| record.at = at).compose()
    };
    let minute = Duration::MINUTE;
    let mail = at(stage, Duration::days(-7) - minute);
    arrived(stage, side, &mail, Reason::HopTimeOutside).await;
    // Whose clock is wrong is not known, and the mail is good when its time has come.
    let mail = at(stage, Duration::minutes(10) + minute);
    arrived(stage, side, &mail, Reason::TimeAhead).await;
    // Within the week the time is fine, but then erin had no certificate yet.
    let mail = at(stage, Duration::days(-7) + minute);
    arrived(stage, side, &mail, Reason::InnerSignatureBad).await;
    for inside in [Duration::minutes(10) - minute, -minute] {
        let mail = at(stage, inside);
        delivered(stage, side, &mail, "250 2.0.0 Ok, stored in the Maildir").await;
    }
}

async fn a_changed_header(stage: &mut Stage<'_>, side: &Side<'_>) {
    let reason = Reason::HeadersChanged;
    let by_c = || stage.federation.by_c(side).compose();
    let mails = [
        by_c().replacing("Subject: Offer", "Subject: Refund"),
        by_c().replacing("Subject: ", "Reply-To: x@x.example\r\nSubject: "),
        by_c().replacing("Date: ", "Sender: x@x.example\r\nDate: "),
        by_c().replacing("To: ", "To: x@x.example, "),
        // Signed so, but not the name that the mail bears.
        stage
            .federation
            .by_c(side)
            .record(|record| record.message_id = "<other@c.example>".to_owned())
            .compose(),
    ];
    for mail in mails {
        arrived(stage, side, &mail, reason).await;
    }
}

async fn a_part_of_another_hop(stage: &mut Stage<'_>, side: &Side<'_>) {
    let federation = stage.federation;
    let by_c = || federation.by_c(side);
    let twice = |infos: &mut Vec<Vec<u8>>| infos.push(infos[0].clone());
    // Encrypted for somebody else: C's own federation key.
    let for_c = Forgery::new(
        Signer::member(&federation.c),
        &federation.c,
        &side.sender.address,
        mail(&federation.erin.address, &side.sender.address, &text()).signed_by(&federation.erin),
    );
    let to_org = side.member.id.clone();
    let forgeries = [
        by_c().record(|record| record.id = HopId::new(OffsetDateTime::now_utc(), [7; 10])),
        by_c().record(|record| record.parts[0].tail.0[0] ^= 1),
        by_c().record(|record| record.parts[0].ri.0[0] ^= 1),
        by_c().record(|record| record.parts[0].alg = "aes256-cbc".to_owned()),
        by_c().record(|record| record.parts[0].path = "2".to_owned()),
        by_c().record(|record| record.parts.push(record.parts[0].clone())),
        by_c().record(|record| record.parts.clear()),
        by_c().record(|record| record.sealed.0[0] ^= 1),
        by_c().mail_infos(twice),
        by_c().sealed_infos(twice),
        for_c.record(|record| record.to_org = to_org),
    ];
    for forgery in forgeries {
        let mail = forgery.compose();
        arrived(stage, side, &mail, Reason::CiphertextNotBound).await;
    }
    taken_from_another_member(stage, side).await;
}

/// C signs as its own what the other member sent.
async fn taken_from_another_member(stage: &mut Stage<'_>, side: &Side<'_>) {
    let federation = stage.federation;
    let theirs = stage.sides().into_iter().find(|one| one.member.id != side.member.id).unwrap();
    let sent = mail(&theirs.sender.address, &side.sender.address, &text());
    let reply = submit(theirs.member, theirs.sender, &side.sender.address, &sent).await;
    stage.found.expect(reply.starts_with("250 2.0.0 "), &reply);
    let seen = side.member.wire.newest();
    let mail = federation.by_c(side).taking(&seen);
    arrived(stage, side, &mail, Reason::CiphertextNotBound).await;
}

async fn a_hop_record_that_cannot_be_read(stage: &mut Stage<'_>, side: &Side<'_>) {
    let changes: [fn(&mut String); 6] = [
        |json| *json = json.replacen("\"v\":1", "\"v\":2", 1),
        |json| *json = json.replacen("\"list\":1", "\"list\":1,\"list\":1", 1),
        |json| *json = json.replacen("\"list\":1", "\"list\":1,\"more\":1", 1),
        |json| json.push_str(" {}"),
        |json| json.push_str(&" ".repeat(16 * 1024)),
        String::clear,
    ];
    for change in changes {
        let mail = stage.federation.by_c(side).json(change).compose();
        arrived(stage, side, &mail, Reason::HopRecordMalformed).await;
    }
}
