//! Automatic mail of this organisation, which nobody logs in for (form (f)): reports of
//! the MTA, replies of mailboxes, scanners and monitors. It goes out in the name of a
//! role, signed by the organisation. From there on it is a mail like any other.

mod config;
mod kind;
mod rewrite;

pub use config::SystemConfig;

use crate::ambiguity;
use crate::config::Settings;
use crate::fate::Fates;
use crate::gateway::Gateway;
use crate::listen::{self, Journey, Login};
use crate::outbound::{Arrival, Submitted, is_address, message_id_of, parse};
use crate::reply;
use crate::wire::Reply;
use kind::{Kind, kind_of};
use ssmax_chain::{Reason, Refusal};
use ssmax_mail::address::{Address, parse_from};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The journey behind the listeners for automatic mail.
pub(crate) struct SystemMail(Arc<Gateway>);

impl SystemMail {
    pub(crate) fn new(gateway: Arc<Gateway>) -> Self {
        Self(gateway)
    }
}

impl Journey for SystemMail {
    async fn authenticate(&self, _: &str, _: &[u8], _: &str) -> Result<Option<Login>, ()> {
        // Who can log in submits where people do; AUTH is not offered here.
        Ok(None)
    }

    async fn recipient(&self, _so_far: &listen::Envelope, recipient: &str) -> Result<(), Reply> {
        is_address(recipient)
    }

    async fn mail(&self, envelope: listen::Envelope, octets: Vec<u8>) -> Vec<Reply> {
        let settings = self.0.settings.clone();
        let accept = move |envelope: &listen::Envelope, octets, message_id: &mut String| {
            accept(envelope, octets, &settings, message_id)
        };
        self.0.take_out(envelope, octets, accept).await
    }
}

/// Reads an automatic mail and puts it into the name of its role.
fn accept(
    envelope: &listen::Envelope,
    octets: Vec<u8>,
    settings: &Settings,
    message_id: &mut String,
) -> Result<Submitted, Refusal> {
    let arrival = Arrival::read(octets, settings.gateway.ambiguous)?;
    *message_id = message_id_of(&parse(&arrival.octets)?);
    let source = source_of(envelope)?;
    let role = role_of(&arrival.octets, envelope, settings, source)?;
    let source = source.map_or_else(|| THIS_HOST.to_owned(), |address| address.to_string());
    let recipients = envelope.recipients.clone();
    in_name_of(&role, arrival, source, recipients, settings, message_id)
}

/// Where mail comes from that was made on this host.
const THIS_HOST: &str = "this host";

/// The mail as the role submits it.
fn in_name_of(
    role: &str,
    mut arrival: Arrival,
    source: String,
    recipients: Vec<String>,
    settings: &Settings,
    message_id: &mut String,
) -> Result<Submitted, Refusal> {
    let role = Address::parse(role).map_err(|_| Reason::SourceUnknown)?;
    let is_own = |address: &Address| settings.organisation.has_domain(address.domain());
    arrival.octets = rewrite::in_the_name_of(&role, &arrival.octets, is_own, &Gateway::boundary())?;
    let login = Login {
        user: ssmax_chain::binding::normal_address(&role),
        method: "system".to_owned(),
        aal: 0,
    };
    // Nothing that bounces comes back: nobody would read it.
    arrival.submitted(login, Some(source), String::new(), recipients, message_id)
}

/// Sends a mail that this gateway wrote itself, as the role of its reports. Gives the
/// answer for its one recipient.
pub(crate) async fn send_own(gateway: &Arc<Gateway>, recipient: &str, octets: Vec<u8>) -> Reply {
    let own = &gateway.settings.organisation;
    let mut envelope = listen::Envelope::new((Ipv4Addr::LOCALHOST, 0).into());
    envelope.recipients = vec![recipient.to_owned()];
    let fates = Fates::new(&envelope, own);
    let (settings, recipients) = (gateway.settings.clone(), fates.recipients());
    let accepted = ambiguity::aside(move || {
        let mut message_id = String::new();
        let arrival = Arrival::read(octets, settings.gateway.ambiguous)?;
        message_id.clone_from(&message_id_of(&parse(&arrival.octets)?));
        let config = &settings.gateway.system;
        let role = config.report_role(&settings.organisation).ok_or(Reason::SourceUnknown)?;
        let source = THIS_HOST.to_owned();
        let sent = in_name_of(&role, arrival, source, recipients, &settings, &mut message_id);
        Ok((sent, message_id))
    });
    let mut replies = gateway.go_out(accepted.await, fates).await;
    replies.pop().unwrap_or_else(|| reply::refused(Reason::Internal.into()))
}

/// Where the mail came from: what the own MTA says, or who is at the other end; `None`
/// for what the MTA made or was given on its own host. What is told and is no address, as
/// one with a zone, is somebody whom we do not know.
fn source_of(envelope: &listen::Envelope) -> Result<Option<IpAddr>, Refusal> {
    let Some(told) = &envelope.forwarded.address else {
        // The MTA names nobody: it is not the client that it speaks for.
        return Ok(envelope.xforward_ident.is_none().then(|| envelope.peer.ip()));
    };
    let plain = match told.split_at_checked(5) {
        Some((tag, rest)) if tag.eq_ignore_ascii_case("IPv6:") => rest,
        _ => told.as_str(),
    };
    plain.parse().map(Some).map_err(|_| Reason::SourceUnknown.into())
}

/// In whose name it goes out.
fn role_of(
    octets: &[u8],
    envelope: &listen::Envelope,
    settings: &Settings,
    source: Option<IpAddr>,
) -> Result<String, Refusal> {
    let config = &settings.gateway.system;
    let own = &settings.organisation;
    let mail = parse(octets)?;
    let machine = source.and_then(|address| config.source_role(address));
    // Reports and replies come from this host, or from a host that is named.
    let is_near = source.is_none_or(|address| address.is_loopback()) || machine.is_some();
    let role = match kind_of(&mail, &envelope.mail_from).filter(|_| is_near) {
        Some(Kind::Report) => config.report_role(own),
        // A mailbox of ours replies; a machine that says it is automatic is a source.
        Some(Kind::Reply) if is_from_inside(&mail, settings) => match machine {
            Some(role) if is_from(&mail, &role) => Some(role),
            _ => config.reply_role(own),
        },
        _ => machine,
    };
    role.ok_or_else(|| Reason::SourceUnknown.into())
}

fn is_from_inside(mail: &ssmax_mail::Entity<'_>, settings: &Settings) -> bool {
    from_of(mail).is_some_and(|from| settings.organisation.has_domain(from.domain()))
}

fn is_from(mail: &ssmax_mail::Entity<'_>, role: &str) -> bool {
    let role = Address::parse(role);
    from_of(mail).is_some_and(|from| role.is_ok_and(|role| role.matches(&from)))
}

fn from_of(mail: &ssmax_mail::Entity<'_>) -> Option<Address> {
    let field = mail.header().one("From").ok().flatten()?;
    parse_from(&field.unfolded()).ok()?.into_iter().next().map(|one| one.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(address: Option<&str>, ident: Option<&str>) -> Result<Option<IpAddr>, Reason> {
        let mut envelope = listen::Envelope::new("192.0.2.7:25".parse().unwrap());
        envelope.forwarded.address = address.map(str::to_owned);
        envelope.xforward_ident = ident.map(str::to_owned);
        source_of(&envelope).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn only_who_is_not_named_by_the_mta_is_this_host() {
        assert_eq!(source(None, Some("4A1")), Ok(None));
        assert_eq!(source(None, None), Ok(Some("192.0.2.7".parse().unwrap())));
        for told in ["2001:db8::1", "IPv6:2001:db8::1", "ipv6:2001:db8::1"] {
            assert_eq!(source(Some(told), Some("4A1")), Ok(Some("2001:db8::1".parse().unwrap())));
        }
    }

    #[test]
    fn what_is_no_address_is_nobody_we_know() {
        for told in [
            "",
            "unknown",
            "fe80::1%eth0",
            "IPv6:fe80::1%2",
            "[TEMPUNAVAIL]",
            "127.0.0.1 ",
            "IPv6:",
        ] {
            assert_eq!(source(Some(told), Some("4A1")), Err(Reason::SourceUnknown), "{told}");
        }
    }
}
