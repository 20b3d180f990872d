//! People are told that mail of their mailbox has become readable for somebody else
//! (`spec/keyserver.md`, 4.9), and whoever is named that a person was traced (4.10). The keyserver keeps the notices until the next hop took
//! them; here they are written and sent as automatic mail.

use crate::gateway::Gateway;
use crate::hold::notice::moment;
use crate::notice::End;
use ssmax_api::Organisation;
use ssmax_api::archive::ArchiveNotice;
use ssmax_api::keyserver::GatewayRequest;
use ssmax_chain::Digest;
use ssmax_daemon::Stop;
use ssmax_mail::address::Address;
use ssmax_mail::compose::{self, Part, header_field};
use ssmax_texts::{Language, text};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// How often the keyserver is asked whether somebody is to be told.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How long after a notice had to wait all are tried again.
const WAIT_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Tells people until `stop`. The first look waits too: a keyserver that starts beside is not
/// yet there.
pub(crate) async fn watch(gateway: Arc<Gateway>, stop: Stop) {
    let mut wait = LOOK_EVERY;
    loop {
        tokio::select! {
            () = stop.stopped() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = if gateway.tell_of_archive().await { LOOK_EVERY } else { WAIT_AFTER_FAILURE };
    }
}

impl Gateway {
    /// Sends what waits. `false` if something goes on waiting that was tried.
    async fn tell_of_archive(self: &Arc<Self>) -> bool {
        let request = GatewayRequest::ArchiveNotices;
        let notices: Vec<ArchiveNotice> = match self.ask_keyserver(&request).await {
            Ok(notices) => notices,
            Err(problem) => {
                tracing::warn!(%problem, "it is not known who is to be told of opened mail");
                return true;
            }
        };
        let mut all_ended = true;
        for notice in notices {
            let delivered = match self.tell_of_opened(&notice).await {
                End::Waits => {
                    all_ended = false;
                    continue;
                }
                end => end == End::Delivered,
            };
            let ended = GatewayRequest::NoticeEnded { id: notice.id, delivered };
            // Told twice is better than not at all.
            if let Err(problem) = self.ask_keyserver::<()>(&ended).await {
                tracing::warn!(%problem, notice = notice.id, "a notice will be sent again");
                all_ended = false;
            }
        }
        all_ended
    }

    async fn tell_of_opened(self: &Arc<Self>, notice: &ArchiveNotice) -> End {
        let Ok(to) = Address::parse(&notice.to) else {
            tracing::error!(notice = notice.id, "a notice is for no address");
            return End::Refused;
        };
        let octets = compose(notice, &to, &self.settings.organisation);
        let about = format!("archive {}", notice.id);
        self.tell_person(&about, &to, octets).await
    }
}

/// The notice. Each time it is the same octets, so that one sent twice arrives once.
fn compose(notice: &ArchiveNotice, to: &Address, own: &Organisation) -> Vec<u8> {
    let granted = OffsetDateTime::from_unix_timestamp(notice.at).ok();
    let date = granted.and_then(|at| at.format(&Rfc2822).ok()).unwrap_or_default();
    let domain = own.domains.first().map_or("localhost", String::as_str);
    let digest = Digest::of_fields(
        "SSMAX1-notice-archive",
        &[&notice.id.to_be_bytes(), &notice.at.to_be_bytes(), to.to_string().as_bytes()],
    )
    .to_string();
    let name = digest.get(..32).unwrap_or(&digest);
    let sender = format!("postmaster@{domain}");
    let sender =
        Address::parse(&sender).map_or(sender, |address| compose::mailbox(&own.name, &address));
    let languages = [Language::Ja, Language::En];
    let subject = match notice.traced {
        Some(_) => "trace-notice-subject",
        None => "archive-notice-subject",
    };
    let subject = languages.map(|language| text(language, subject, &[]));
    let body = languages.map(|language| body(notice, language));
    let fields = [
        header_field("From", &sender),
        header_field("To", &to.to_string()),
        header_field("Subject", &subject.join(" / ")),
        header_field("Date", &date),
        header_field("Message-ID", &format!("<{name}@{domain}>")),
        // RFC 3834 5: nobody answers it.
        header_field("Auto-Submitted", "auto-generated"),
    ];
    compose::message(&fields, &Part::text(&body.join("\n--\n")).into_octets())
}

fn body(notice: &ArchiveNotice, language: Language) -> String {
    let arguments = [
        ("mailbox", notice.mailbox.as_str()),
        ("reader", &notice.reader),
        ("officers", &notice.officers.join(", ")),
        ("reason", &notice.reason),
        ("mails", &notice.mails.to_string()),
        ("parts", &notice.parts.to_string()),
        ("at", &moment(notice.at)),
        ("traced", notice.traced.as_deref().unwrap_or_default()),
    ];
    let body = if notice.traced.is_some() { "trace-notice-body" } else { "archive-notice-body" };
    let mut lines = text(language, body, &arguments);
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice() -> ArchiveNotice {
        ArchiveNotice {
            id: 7,
            to: "bob@b.example".to_owned(),
            mailbox: "bob@b.example".to_owned(),
            reader: "carol <carol@b.example>".to_owned(),
            officers: vec![
                "olga <olga@b.example>".to_owned(),
                "oscar <oscar@b.example>".to_owned(),
            ],
            reason: "引き継ぎ".to_owned(),
            mails: 3,
            parts: 5,
            at: 1_800_000_000,
            traced: None,
        }
    }

    fn written(notice: &ArchiveNotice) -> (String, String) {
        let own = Organisation {
            id: "NTRJP-1".to_owned(),
            name: "Organisation B".to_owned(),
            kind: ssmax_federation::Kind::Organisation,
            name_ja: String::new(),
            name_kana: String::new(),
            incident_contact: "abuse@b.example".to_owned(),
            domains: vec!["b.example".to_owned()],
        };
        let to = Address::parse("bob@b.example").unwrap();
        let octets = compose(notice, &to, &own);
        let mail = ssmax_mail::parse(&octets, &ssmax_mail::Limits::default()).unwrap();
        let header = String::from_utf8_lossy(&octets).into_owned();
        (header, String::from_utf8(mail.decoded_body().unwrap()).unwrap())
    }

    #[test]
    fn a_notice_says_who_by_whom_why_how_many_and_when_in_both_languages() {
        let (header, body) = written(&notice());
        assert!(header.contains("Auto-Submitted: auto-generated\r\n"), "{header}");
        // When it was granted, so that the octets are the same when it is sent again.
        assert!(header.contains("Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"), "{header}");
        let (ja, en) = body.split_once("--").unwrap();
        for part in [ja, en] {
            for said in [
                "bob@b.example",
                "carol <carol@b.example>",
                "olga <olga@b.example>, oscar <oscar@b.example>",
                "引き継ぎ",
                "3",
                "5",
                "2027-01-15 08:00 UTC",
            ] {
                assert!(part.contains(said), "{said} is missing in {part}");
            }
        }
        assert!(ja.contains("開封"), "{ja}");
    }

    #[test]
    fn a_notice_of_a_trace_says_what_was_traced_and_not_whom() {
        let traced = "0190a6e0-0000-7000-8000-000000000001".to_owned();
        let reason = "2026-17: malware was sent".to_owned();
        let mailbox = String::new();
        let of = ArchiveNotice { traced: Some(traced.clone()), reason, mailbox, ..notice() };
        let (_, body) = written(&of);
        let (ja, en) = body.split_once("--").unwrap();
        for part in [ja, en] {
            for said in [
                traced.as_str(),
                "carol <carol@b.example>",
                "olga <olga@b.example>, oscar <oscar@b.example>",
                "2026-17: malware was sent",
                "2027-01-15 08:00 UTC",
            ] {
                assert!(part.contains(said), "{said} is missing in {part}");
            }
        }
        assert!(en.contains("person behind a mail or certificate"), "{en}");
        assert!(ja.contains("特定"), "{ja}");
    }
}
