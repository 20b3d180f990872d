//! The nine cases, in the order in which they are told.

use super::attack::Attacker;
use super::mails::{Draft, Mail, eicar_zip, leaking_sheet, orders, quotation, text_with};
use super::opened::{self, Arrived};
use super::people::{People, Person, look_up};
use super::place::{Place, Site};
use super::record::{Record, Stopped};
use super::story::Story;
use super::wire::Wires;
use super::{submit, unavailable};
use crate::complaint::Complaint;
use crate::member;
use ssmax_federation::{corporate_number_check_digit, member_id};
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// How long a suspension may take to reach a gateway here; the lists are asked for
/// every second.
const SUSPENSION: Duration = Duration::from_secs(20);

/// Everything the cases share.
struct Stage<'a> {
    place: &'a Place,
    people: &'a People,
    wires: &'a Wires,
    record: &'a mut Record,
    story: &'a Story<'a>,
}

/// Where a mail must be stopped, and why.
struct Expected<'a> {
    case: &'a str,
    at: &'a str,
    place: &'a str,
    reason: &'a str,
}

/// Sends everything.
pub(crate) async fn run(
    place: &Place,
    people: &People,
    wires: &Wires,
    record: &mut Record,
    story: &Story<'_>,
) -> Result<(), Complaint> {
    let mut stage = Stage { place, people, wires, record, story };
    stage.wait_for_lists().await?;
    let (first, arrived) = stage.encrypted_mail().await?;
    stage.three_recipients().await?;
    stage.leak().await?;
    stage.malware().await?;
    stage.foreign_signature().await?;
    stage.reply(&arrived).await?;
    stage.captured(&first).await?;
    let hop = stage.resigned().await?;
    stage.stranger(&hop).await?;
    stage.suspended().await
}

impl Stage<'_> {
    /// 1: signed and encrypted by alice, with Japanese names everywhere.
    async fn encrypted_mail(&mut self) -> Result<(Mail, Arrived), Complaint> {
        let alice = &self.people.alice;
        let bob = &self.people.bob;
        let text = "鈴木様\n\nいつもお世話になっております。山田です。\n御見積書と注文一覧表をお送りします。\n";
        let entity = text_with(text, vec![quotation(), orders()?]);
        let draft = Draft {
            from: &alice.address,
            display: "山田 有紗",
            to: &[&bob.address],
            cc: &[],
            subject: "御見積書の送付について",
        };
        let signed = draft.with(&entity)?.signed_by(alice)?;
        let relay = look_up(&self.place.a, &bob.address).await?;
        let mail = signed.encrypted_for(&[relay, alice.encryption.1.clone()])?;
        self.wires.to_b.forget();
        let reply = self.submit(&self.place.a, alice, &[&bob.address], &mail).await?;
        self.story.sent("1", &reply, self.wires.to_b.last().as_ref());
        let arrived = self.arrived("1", &self.place.b, bob, &signed, false).await?;
        Ok((mail, arrived))
    }

    /// 2: unsigned, so signed by the server; two at B, one colleague.
    async fn three_recipients(&mut self) -> Result<(), Complaint> {
        let (alice, bob, dave, carol) =
            (&self.people.alice, &self.people.bob, &self.people.dave, &self.people.carol);
        let draft = Draft {
            from: &alice.address,
            display: "山田 有紗",
            to: &[&bob.address, &dave.address],
            cc: &[&carol.address],
            subject: "打合せの日程",
        };
        let mail =
            draft.with(&text_with("来週の打合せは火曜日の10時でお願いします。\n", vec![]))?;
        let recipients = [bob.address.as_str(), &dave.address, &carol.address];
        self.wires.to_b.forget();
        let reply = self.submit(&self.place.a, alice, &recipients, &mail).await?;
        self.story.sent("2", &reply, self.wires.to_b.last().as_ref());
        self.arrived("2", &self.place.b, bob, &mail, false).await?;
        self.arrived("2", &self.place.b, dave, &mail, false).await?;
        self.arrived("2", &self.place.a, carol, &mail, true).await?;
        Ok(())
    }

    /// 3: a My Number in a sheet.
    async fn leak(&mut self) -> Result<(), Complaint> {
        let mail = self.to_bob("従業員名簿", vec![leaking_sheet()?])?;
        let bob = self.people.bob.address.clone();
        let reply = self.submit(&self.place.a, &self.people.alice, &[&bob], &mail).await?;
        let expected =
            Expected { case: "3", at: "a", place: "outbound.inspect", reason: "leak-found" };
        self.stopped(&expected, &self.place.a, &mail, &reply).await
    }

    /// 4: malware that alice encrypted.
    async fn malware(&mut self) -> Result<(), Complaint> {
        let (alice, bob) = (&self.people.alice, &self.people.bob);
        let relay = look_up(&self.place.a, &bob.address).await?;
        let mail =
            self.to_bob("請求書", vec![eicar_zip()?])?.signed_by(alice)?.encrypted_for(&[relay])?;
        self.wires.to_b.forget();
        self.submit(&self.place.a, alice, &[&bob.address], &mail).await?;
        let reply = self.wires.to_b.last().and_then(|seen| seen.reply).unwrap_or_default();
        let expected =
            Expected { case: "4", at: "b", place: "inbound.inspect", reason: "malware-inside" };
        self.stopped(&expected, &self.place.b, &mail, &reply).await
    }

    /// 5: carol's signature under alice's From.
    async fn foreign_signature(&mut self) -> Result<(), Complaint> {
        let (alice, carol) = (&self.people.alice, &self.people.carol);
        let as_carol = Draft {
            from: &carol.address,
            display: "山田 有紗",
            to: &[&self.people.bob.address],
            cc: &[],
            subject: "振込先の変更",
        };
        let mut mail =
            as_carol.with(&text_with("振込先が変わりました。\n", vec![]))?.signed_by(carol)?;
        let text = String::from_utf8(mail.octets).map_err(unavailable)?;
        mail.octets = text.replacen(&carol.address, &alice.address, 1).into_bytes();
        let bob = self.people.bob.address.clone();
        let reply = self.submit(&self.place.a, alice, &[&bob], &mail).await?;
        let expected = Expected {
            case: "5",
            at: "a",
            place: "outbound.authenticate",
            reason: "signer-not-from",
        };
        self.stopped(&expected, &self.place.a, &mail, &reply).await
    }

    /// 7: bob answers with nothing but what mail 1 taught his mailer.
    async fn reply(&mut self, first: &Arrived) -> Result<(), Complaint> {
        let (alice, bob) = (&self.people.alice, &self.people.bob);
        let learnt = first.learn(bob)?;
        if !learnt.certificate.has_email(&alice.address) {
            return Err(unavailable("mail 1 taught no certificate for alice"));
        }
        let relay = learnt.certificate;
        let draft = Draft {
            from: &bob.address,
            display: "鈴木 望夢",
            to: &[&alice.address],
            cc: &[],
            subject: "Re: 御見積書の送付について",
        };
        let text = "山田様\n\n御見積書を拝受しました。ありがとうございます。\n";
        let signed = draft.with(&text_with(text, vec![]))?.signed_by(bob)?;
        // Bob's own key is RSA, the relay certificate's EC: a copy for himself would be another
        // message.
        let mail = signed.encrypted_for(&[relay])?;
        self.wires.to_a.forget();
        let reply = self.submit(&self.place.b, bob, &[&alice.address], &mail).await?;
        self.story.sent("7", &reply, self.wires.to_a.last().as_ref());
        self.arrived("7", &self.place.a, alice, &signed, false).await?;
        Ok(())
    }

    /// 8: carol submits what alice encrypted, as her own.
    async fn captured(&mut self, first: &Mail) -> Result<(), Complaint> {
        let carol = &self.people.carol;
        let captured = ssmax_mail::parse(&first.octets, &ssmax_mail::Limits::default())
            .map_err(unavailable)?;
        let draft = Draft {
            from: &carol.address,
            display: "Carol Abe",
            to: &[&self.people.bob.address],
            cc: &[],
            subject: "御見積書の送付について",
        };
        let mail = draft.with(&ssmax_mail::canonical::content_entity(&captured))?;
        let bob = self.people.bob.address.clone();
        let reply = self.submit(&self.place.a, carol, &[&bob], &mail).await?;
        let expected = Expected {
            case: "8",
            at: "a",
            place: "outbound.authenticate",
            reason: "ciphertext-of-another",
        };
        self.stopped(&expected, &self.place.a, &mail, &reply).await
    }

    /// 9: C signs what A sent to B as its own. Gives the mail seen on the wire.
    async fn resigned(&mut self) -> Result<Vec<u8>, Complaint> {
        let (alice, bob) = (&self.people.alice, &self.people.bob);
        let mail = self.to_bob("次回の打合せ", vec![])?;
        self.wires.to_b.forget();
        self.submit(&self.place.a, alice, &[&bob.address], &mail).await?;
        let seen = self.wires.to_b.last().ok_or_else(|| unavailable("nothing on the wire"))?;
        let site = &self.place.c;
        let admission = member::installed(&site.config)?
            .ok_or_else(|| unavailable("c.example was not admitted"))?;
        let attacker = Attacker::member(site, &admission, &self.people.erin.address)?;
        let expected = Expected {
            case: "9",
            at: "b",
            place: "inbound.authenticate",
            reason: "ciphertext-not-bound",
        };
        self.attack(&expected, &attacker, &seen.octets, &mail).await?;
        Ok(seen.octets)
    }

    /// 6-stranger: an organisation that is no member.
    async fn stranger(&mut self, hop: &[u8]) -> Result<(), Complaint> {
        let twelve = "000011111111";
        let digit = corporate_number_check_digit(twelve).unwrap_or_default();
        let attacker = Attacker::stranger(&member_id(&format!("{digit}{twelve}")), "x.example")?;
        let message_id = message_id(hop)?;
        let mail = Mail { octets: Vec::new(), message_id };
        let expected = Expected {
            case: "6-stranger",
            at: "b",
            place: "inbound.authenticate",
            reason: "organisation-not-member",
        };
        self.attack(&expected, &attacker, hop, &mail).await
    }

    /// 6-suspended: C's mail is on its way when C is suspended.
    async fn suspended(&mut self) -> Result<(), Complaint> {
        let erin = &self.people.erin;
        let bob = self.people.bob.address.clone();
        let draft = Draft {
            from: &erin.address,
            display: "Erin Chen",
            to: &[&bob],
            cc: &[],
            subject: "Offer",
        };
        let mail = draft.with(&text_with("Please find our offer below.\n", vec![]))?;
        self.wires.to_b.forget();
        self.wires.to_b.set_cut(true);
        self.submit(&self.place.c, erin, &[&bob], &mail).await?;
        self.wires.to_b.set_cut(false);
        let seen = self.wires.to_b.last().ok_or_else(|| unavailable("nothing on the wire"))?;
        let authority = self.place.authority.authority()?;
        let version = ssmax_authority::suspend(
            &authority,
            &self.place.c.id()?,
            "incident-unanswered",
            OffsetDateTime::now_utc(),
        )
        .await?;
        wait_for_list(&self.place.b, version).await?;
        let reply =
            submit::send(self.place.wire_b, None, &erin.address, &[&bob], &seen.octets).await?;
        let expected = Expected {
            case: "6-suspended",
            at: "b",
            place: "inbound.authenticate",
            reason: "organisation-suspended",
        };
        self.stopped(&expected, &self.place.b, &mail, &reply).await
    }

    /// A taken-over mail, sent to bob.
    async fn attack(
        &mut self,
        expected: &Expected<'_>,
        attacker: &Attacker,
        hop: &[u8],
        mail: &Mail,
    ) -> Result<(), Complaint> {
        let taken = attacker.take(hop)?;
        let bob = self.people.bob.address.clone();
        let reply = submit::send(self.place.wire_b, None, attacker.from(), &[&bob], &taken).await?;
        self.stopped(expected, &self.place.b, mail, &reply).await
    }

    fn to_bob(
        &self,
        subject: &str,
        attachments: Vec<ssmax_mail::compose::Part>,
    ) -> Result<Mail, Complaint> {
        let draft = Draft {
            from: &self.people.alice.address,
            display: "山田 有紗",
            to: &[&self.people.bob.address],
            cc: &[],
            subject,
        };
        draft.with(&text_with("添付のとおりお送りします。\n", attachments))
    }

    async fn submit(
        &self,
        site: &Site,
        person: &Person,
        recipients: &[&str],
        mail: &Mail,
    ) -> Result<String, Complaint> {
        let login = Some((person.address.as_str(), person.secret.as_str()));
        submit::send(site.submission, login, &person.address, recipients, &mail.octets).await
    }

    /// The mail as it arrived, which must be good and hold what was sent.
    async fn arrived(
        &mut self,
        case: &str,
        site: &Site,
        person: &Person,
        sent: &Mail,
        from_inside: bool,
    ) -> Result<Arrived, Complaint> {
        let arrived = opened::wait(self.place, site, person, &sent.message_id, from_inside).await?;
        let entity = sent.entity()?;
        self.story.arrived(case, person, &arrived, &entity);
        if !arrived.is(&entity) {
            self.record.failed.push(format!("{case} {}", person.address));
        }
        self.record.deliver(self.place, case, person, &arrived, &entity)?;
        Ok(arrived)
    }

    /// What the stopping side wrote into its journal must be what is expected.
    async fn stopped(
        &mut self,
        expected: &Expected<'_>,
        site: &Site,
        mail: &Mail,
        reply: &str,
    ) -> Result<(), Complaint> {
        let fates =
            ssmax_gateway::fates_of(site.config.gateway()?.place(), &mail.message_id).await?;
        let fate = fates.iter().rev().find(|fate| fate.reason.is_some());
        let found = |part: Option<&String>| part.cloned().unwrap_or_else(|| "none".to_owned());
        let stopped = Stopped {
            case: expected.case.to_owned(),
            at: expected.at.to_owned(),
            place: fate.map_or_else(
                || "none".to_owned(),
                |fate| format!("{}.{}", fate.direction, found(fate.stage.as_ref())),
            ),
            reply: reply.to_owned(),
            reason: found(fate.and_then(|fate| fate.reason.as_ref())),
        };
        if stopped.place != expected.place || stopped.reason != expected.reason {
            self.record.failed.push(expected.case.to_owned());
        }
        self.story.stopped(&stopped, expected.reason);
        self.record.stopped.push(stopped);
        Ok(())
    }

    /// Waits until every gateway has a list in which all three are members in good
    /// standing.
    async fn wait_for_lists(&self) -> Result<(), Complaint> {
        let authority = self.place.authority.authority()?;
        let reinstated = ssmax_authority::reinstate(
            &authority,
            &self.place.c.id()?,
            "demonstration",
            OffsetDateTime::now_utc(),
        )
        .await?;
        for site in self.place.sites() {
            wait_for_list(site, reinstated).await?;
        }
        Ok(())
    }
}

async fn wait_for_list(site: &Site, version: u64) -> Result<(), Complaint> {
    let deadline = Instant::now() + SUSPENSION;
    loop {
        let here = ssmax_gateway::list_version(site.config.gateway()?.place()).await?;
        if here.is_some_and(|here| here >= version) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(unavailable(format!("member list {version} did not reach {}", site.name)));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn message_id(mail: &[u8]) -> Result<String, Complaint> {
    let mail = ssmax_mail::parse(mail, &ssmax_mail::Limits::default()).map_err(unavailable)?;
    let field = mail.header().one("Message-ID").map_err(unavailable)?;
    Ok(field.map(|field| field.unfolded().trim().to_owned()).unwrap_or_default())
}
