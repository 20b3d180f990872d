//! Automatic mail of this organisation, which nobody logs in for (form (f)): reports of
//! the MTA, replies of mailboxes, scanners and monitors. It goes out in the name of a
//! role, signed by the organisation. From there on it is a mail like any other.

mod config;
mod kind;
mod rewrite;

pub use config::{Network, NotANetwork, SystemConfig};

use crate::ambiguity;
use crate::config::Settings;
use crate::fate::Fates;
use crate::gateway::Gateway;
use crate::listen::{self, Journey, Login};
use crate::outbound::{Arrival, Submitted, message_id_of, parse};
use crate::reply;
use crate::wire::Reply;
use kind::{Kind, kind_of};
use ssmax_chain::{Reason, Refusal};
use ssmax_mail::address::{Address, parse_from};
use std::net::IpAddr;
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
        match Address::parse(recipient) {
            Ok(_) => Ok(()),
            Err(_) => Err(reply::refused(Reason::RecipientMalformed.into())),
        }
    }

    async fn mail(&self, mut envelope: listen::Envelope, octets: Vec<u8>) -> Vec<Reply> {
        let fates = Fates::new(&envelope, &self.0.settings.organisation);
        envelope.recipients = fates.recipients();
        let settings = self.0.settings.clone();
        let asked = envelope.clone();
        let accepted = ambiguity::aside(move || {
            let mut message_id = String::new();
            let accepted = accept(&asked, octets, &settings, &mut message_id);
            Ok((accepted, message_id))
        });
        self.0.go_out(accepted.await, fates).await
    }
}

/// Reads an automatic mail and puts it into the name of its role.
fn accept(
    envelope: &listen::Envelope,
    octets: Vec<u8>,
    settings: &Settings,
    message_id: &mut String,
) -> Result<Submitted, Refusal> {
    let mut arrival = Arrival::read(octets, settings.gateway.ambiguous)?;
    *message_id = message_id_of(&parse(&arrival.octets)?);
    let source = source_of(envelope);
    let role = role_of(&arrival.octets, envelope, settings, source)?;
    let role = Address::parse(&role).map_err(|_| Reason::SourceUnknown)?;
    let is_own = |address: &Address| settings.organisation.has_domain(address.domain());
    arrival.octets = rewrite::in_the_name_of(&role, &arrival.octets, is_own, &Gateway::boundary())?;
    let login = Login {
        user: ssmax_chain::binding::normal_address(&role),
        method: "system".to_owned(),
        aal: 0,
    };
    let source = source.map_or_else(|| "this host".to_owned(), |address| address.to_string());
    // Nothing that bounces comes back: nobody would read it.
    let recipients = envelope.recipients.clone();
    arrival.submitted(login, Some(source), String::new(), recipients, message_id)
}

/// Where the mail came from: what the own MTA says, or who is at the other end; `None`
/// for what the MTA made or was given on its own host.
fn source_of(envelope: &listen::Envelope) -> Option<IpAddr> {
    let Some(told) = &envelope.forwarded.address else {
        // The MTA names nobody: it is not the client that it speaks for.
        return envelope.xforward_ident.is_none().then(|| envelope.peer.ip());
    };
    let plain = told.strip_prefix("IPv6:").or_else(|| told.strip_prefix("ipv6:")).unwrap_or(told);
    plain.parse::<IpAddr>().ok()
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
