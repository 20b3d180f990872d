//! Lists and redirects act here, before anything is sealed: what comes in goes on as new
//! mail in the name of the list, and no seal leaves the member.

mod config;
mod fields;

pub(crate) use config::all_lists;
pub use config::{ListConfig, ListFault, Lists, ReplyTo};

use crate::fate::Fates;
use crate::gateway::Gateway;
use crate::listen::{self, Login};
use crate::outbound::Arrival;
use crate::wire::Reply;
use fields::{LOOP_FIELD, new_fields, shown};
use ssmax_api::inspector::ListPost;
use ssmax_chain::binding::{directory_address, normal_address};
use ssmax_chain::{Digest, HopId, Reason, Refusal};
use ssmax_mail::Entity;
use ssmax_mail::address::{Address, parse_from};
use ssmax_texts::{Language, text};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use time::OffsetDateTime;

/// What stands for a login where a list writes.
pub(crate) const LOGIN_METHOD: &str = "list";

impl Gateway {
    /// The list at an address.
    pub(crate) fn list_at(&self, recipient: &str) -> Option<&ListConfig> {
        let address = Address::parse(recipient).ok()?;
        self.lists.get(&directory_address(&address))
    }

    /// What the worker is to make of a mail for a list of ours. `octets` are what is
    /// repeated when the mail comes again.
    ///
    /// # Errors
    /// The reason why the list does not take it.
    pub(crate) fn post(
        &self,
        recipient: &str,
        mail: &Entity<'_>,
        mail_from: &str,
        octets: &[u8],
        prev: Option<HopId>,
    ) -> Result<ListPost, Reason> {
        // An ESP sees no content that it could send on.
        let config = self.list_at(recipient).filter(|_| !self.settings.organisation.is_esp());
        let config = config.ok_or(Reason::RecipientWithoutCertificate)?;
        let list = Address::parse(recipient).map_err(|_| Reason::RecipientMalformed)?;
        may_be_posted(&list, mail, mail_from)?;
        let field = mail.header().one("From").ok().flatten().ok_or(Reason::FromNotOne)?;
        let from = parse_from(&field.unfolded()).unwrap_or_default();
        let [from] = from.as_slice() else { return Err(Reason::FromNotOne) };
        let body = Digest::of(octets);
        let now = OffsetDateTime::now_utc();
        let (name, address, list_name) = (shown(from), from.address.to_string(), list.to_string());
        let facts = [("name", name.as_str()), ("address", &address), ("list", &list_name)];
        let note = [Language::Ja, Language::En].map(|language| text(language, "list-note", &facts));
        Ok(ListPost {
            list: recipient.to_owned(),
            fields: new_fields(&list, config, mail, from, &body, now),
            note: note.join("\n\n") + "\n",
            prev,
        })
    }

    /// Sends a list's new mail to its members by the road of every other mail, and settles
    /// the list's fate. Members that cannot be reached are the list's matter: who wrote to
    /// it is not told who they are.
    pub(crate) async fn distribute(
        &self,
        list: &str,
        post: Vec<u8>,
        octets: &[u8],
        hop: Option<HopId>,
        fates: &mut Fates,
    ) {
        let fate = match self.send_post(list, post, Digest::of(octets)).await {
            Ok(replies) if replies.iter().any(Reply::is_temporary) => {
                Err(Reason::NextHopUnavailable)
            }
            Ok(replies) if replies.iter().any(Reply::is_positive) => Ok(()),
            Ok(_) => Err(Reason::NextHopRefused),
            Err(refusal) => {
                tracing::error!(reason = refusal.reason.code(), "a list could not send a mail on");
                Err(Reason::Internal)
            }
        };
        match fate {
            Ok(()) => fates.sent_on(list, hop),
            Err(reason) => fates.refuse(list, reason.into()),
        }
    }

    async fn send_post(
        &self,
        list: &str,
        post: Vec<u8>,
        body: Digest,
    ) -> Result<Vec<Reply>, Refusal> {
        let config = self.list_at(list).ok_or(Reason::Internal)?;
        let address = Address::parse(list).map_err(|_| Reason::Internal)?;
        let here = SocketAddr::from((IpAddr::from(Ipv4Addr::LOCALHOST), 0));
        let mut envelope = listen::Envelope::new(here);
        envelope.recipients.clone_from(&config.members);
        let fates = Fates::new(&envelope, &self.settings.organisation);
        envelope.recipients = fates.recipients();
        let mut message_id = String::new();
        let login =
            Login { user: normal_address(&address), method: LOGIN_METHOD.to_owned(), aal: 0 };
        let arrival = Arrival::of_list(post, body);
        let recipients = envelope.recipients.clone();
        let source = Some(format!("list {address}"));
        let submitted =
            arrival.submitted(login, source, String::new(), recipients, &mut message_id)?;
        let accepted = Ok((Ok(submitted), message_id));
        let (replies, ticket) = Box::pin(self.carry_out(accepted, fates)).await;
        self.close_now(ticket).await;
        Ok(replies)
    }
}

/// Whether a list takes the mail: written by a person, and not one that it has sent on.
fn may_be_posted(list: &Address, mail: &Entity<'_>, mail_from: &str) -> Result<(), Reason> {
    let names_it = |text: &str| Address::parse(text.trim()).is_ok_and(|one| one.matches(list));
    if mail.header().all(LOOP_FIELD).any(|field| names_it(&field.unfolded())) {
        return Err(Reason::MailLooping);
    }
    let is_automatic = mail
        .header()
        .all("Auto-Submitted")
        .any(|field| !field.unfolded().trim().eq_ignore_ascii_case("no"));
    // RFC 3834 2: what has no sender is a report or a reply, and is not answered.
    if is_automatic || mail_from.is_empty() {
        return Err(Reason::ListClosed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_takes_what_a_person_wrote_and_what_it_has_not_sent_on() {
        let list = Address::parse("team@b.example").unwrap();
        let posted = |mail_from: &str, fields: &str| {
            let octets = format!("From: a@a.example\r\n{fields}\r\nx\r\n");
            let mail =
                ssmax_mail::parse(octets.as_bytes(), &ssmax_mail::Limits::default()).unwrap();
            may_be_posted(&list, &mail, mail_from)
        };
        let from = "a@a.example";
        assert_eq!(posted(from, "Auto-Submitted: no\r\nX-Loop: other@b.example\r\n"), Ok(()));
        assert_eq!(posted("", ""), Err(Reason::ListClosed));
        assert_eq!(posted(from, "Auto-Submitted: auto-replied\r\n"), Err(Reason::ListClosed));
        let looping = "X-Loop: other@b.example\r\nX-Loop: team@B.example\r\n";
        assert_eq!(posted(from, looping), Err(Reason::MailLooping));
    }
}
