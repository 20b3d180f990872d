//! What people are told about held mail: system mail of the own organisation, to its own
//! people only, in both languages, and nothing of the mail's content.

use super::store::Held;
use super::watch::NOTICE_BEFORE;
use crate::gateway::Gateway;
use crate::notice::End;
use ssmax_api::Organisation;
use ssmax_chain::{Digest, binding};
use ssmax_mail::address::Address;
use ssmax_mail::compose::{self, Part, header_field};
use ssmax_texts::{Language, text};
use std::sync::Arc;
use time::format_description::well_known::Rfc2822;
use time::{Duration, OffsetDateTime};

/// How many notices one person gets within [`NOTICE_WINDOW`]: who is sent a hundred bad
/// mails must not get a hundred notices.
const MAX_NOTICES: i64 = 10;

/// See [`MAX_NOTICES`].
const NOTICE_WINDOW: Duration = Duration::hours(1);

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// The mail is held.
    Held,
    /// It expires soon.
    Expiring,
}

impl Gateway {
    /// Tells whom it concerns. `false` if somebody could not be told now.
    pub(super) async fn tell(
        self: &Arc<Self>,
        held: &Held,
        about: About,
        now: OffsetDateTime,
    ) -> bool {
        let mut all_told = true;
        for address in concerned(held) {
            let Ok(address) = Address::parse(&address) else { continue };
            // What goes to others could be an answer to a forged sender.
            if !self.settings.organisation.has_domain(address.domain()) {
                continue;
            }
            all_told &= self.tell_one(held, about, &address, now).await;
        }
        all_told
    }

    async fn tell_one(
        self: &Arc<Self>,
        held: &Held,
        about: About,
        address: &Address,
        now: OffsetDateTime,
    ) -> bool {
        let person = binding::directory_address(address);
        match self.hold.notices(&person, now - NOTICE_WINDOW).await {
            Ok(sent) if sent < MAX_NOTICES => {}
            Ok(_) => {
                tracing::info!(held.id = %held.id, "a person has had enough notices for now");
                return true;
            }
            Err(error) => {
                tracing::warn!(%error, "a notice about held mail waits");
                return false;
            }
        }
        let octets = compose(held, about, address, &self.settings.organisation);
        match self.tell_person(&held.id, address, octets).await {
            End::Waits => return false,
            End::Refused => return true,
            End::Delivered => {}
        }
        tracing::info!(held.id = %held.id, ?about, "a person is told of a held mail");
        if let Err(error) = self.hold.noticed(&person, now).await {
            tracing::warn!(%error, "a notice could not be counted");
        }
        true
    }
}

/// The recipients of a mail that came in, the sender of one that goes out.
fn concerned(held: &Held) -> Vec<String> {
    match (&held.facts.login, &held.facts.source) {
        (Some(_), None) => vec![held.facts.from.clone()],
        // A role that writes automatic mail has no reader.
        (Some(_), Some(_)) => vec![],
        (None, _) => held.waiting(),
    }
}

/// The notice. Each gets one of their own, so that nobody learns of other recipients; each
/// time it is the same octets, so that one sent twice arrives once.
fn compose(held: &Held, about: About, to: &Address, own: &Organisation) -> Vec<u8> {
    let at = match about {
        About::Held => held.at,
        About::Expiring => held.at.max(held.expires - NOTICE_BEFORE.whole_seconds()),
    };
    let now = OffsetDateTime::from_unix_timestamp(at).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let domain = own.domains.first().map_or("localhost", String::as_str);
    let digest = Digest::of_fields(
        "SSMAX1-kept-notice",
        &[held.id.as_bytes(), to.to_string().as_bytes(), &now.unix_timestamp().to_be_bytes()],
    )
    .to_string();
    let name = digest.get(..32).unwrap_or(&digest);
    let sender = Address::parse(&format!("postmaster@{domain}")).map_or_else(
        |_| format!("postmaster@{domain}"),
        |address| compose::mailbox(&own.name, &address),
    );
    let subject: Vec<String> =
        [Language::Ja, Language::En].into_iter().map(|language| subject(about, language)).collect();
    let body: Vec<String> = [Language::Ja, Language::En]
        .into_iter()
        .map(|language| body(held, about, language))
        .collect();
    let fields = [
        header_field("From", &sender),
        header_field("To", &to.to_string()),
        header_field("Subject", &subject.join(" / ")),
        header_field("Date", &now.format(&Rfc2822).unwrap_or_default()),
        header_field("Message-ID", &format!("<{name}@{domain}>")),
        // RFC 3834 5: nobody answers it.
        header_field("Auto-Submitted", "auto-generated"),
    ];
    compose::message(&fields, &Part::text(&body.join("\n--\n")).into_octets())
}

fn subject(about: About, language: Language) -> String {
    let id = match about {
        About::Held => "hold-notice-subject-held",
        About::Expiring => "hold-notice-subject-expiring",
    };
    text(language, id, &[])
}

fn body(held: &Held, about: About, language: Language) -> String {
    let outgoing = held.facts.login.is_some();
    let id = match (about, outgoing) {
        (About::Held, false) => "hold-notice-inbound-held",
        (About::Expiring, false) => "hold-notice-inbound-expiring",
        (About::Held, true) => "hold-notice-outbound-held",
        (About::Expiring, true) => "hold-notice-outbound-expiring",
    };
    let unknown = text(language, "hold-notice-sender-unknown", &[]);
    let sender = if held.facts.sender_verified { &held.facts.from } else { &unknown };
    let arguments = [
        ("id", held.id.as_str()),
        ("at", &moment(held.at)),
        ("expires", &moment(held.expires)),
        ("sender", sender),
        ("recipients", &held.waiting().join(", ")),
    ];
    let mut lines = text(language, id, &arguments);
    lines.push('\n');
    lines
}

/// A moment as people read it, to the minute.
pub(crate) fn moment(seconds: i64) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(seconds) else { return String::new() };
    let (hour, minute) = (at.hour(), at.minute());
    format!("{} {hour:02}:{minute:02} UTC", at.date())
}

#[cfg(test)]
mod tests;
