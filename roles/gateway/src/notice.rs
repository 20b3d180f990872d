//! Notices that this gateway writes to people: as automatic mail of the organisation, signed
//! and for the recipient's key.

use crate::gateway::Gateway;
use crate::reply;
use crate::system;
use crate::wire::{self, Outcome, OutgoingEnvelope, Route};
use ssmax_chain::binding;
use ssmax_mail::address::Address;
use std::sync::Arc;

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Delivered,
    /// For good: nobody takes mail for this address.
    Refused,
    Waits,
}

impl Gateway {
    /// Sends a notice, the same octets each time, so that one sent twice arrives once.
    /// Where an own person cannot be sent it as automatic mail, for want of a role or a
    /// certificate, or where that mail is held, in clear: nothing of what it is about
    /// stands in it, and not to be told is worse.
    pub(crate) async fn tell_person(
        self: &Arc<Self>,
        about: &str,
        to: &Address,
        octets: Vec<u8>,
    ) -> End {
        let reply = system::send_own(self, &to.to_string(), octets.clone()).await;
        let is_own = self.settings.organisation.has_domain(to.domain());
        // What is held could be deleted, or be what the notice is about.
        if reply.is_positive() && !(is_own && reply == reply::held()) {
            return End::Delivered;
        }
        if reply.is_temporary() {
            tracing::warn!(about, %reply, "a notice waits");
            return End::Waits;
        }
        if !is_own {
            tracing::error!(about, %reply, "a notice is refused");
            return End::Refused;
        }
        self.tell_in_clear(about, to, &octets).await
    }

    async fn tell_in_clear(&self, about: &str, to: &Address, octets: &[u8]) -> End {
        let person = binding::directory_address(to);
        let route = self.routes.route(&person).clone();
        let recipient = if matches!(route, Route::Maildir(_)) { person } else { to.to_string() };
        let envelope = OutgoingEnvelope {
            mail_from: String::new(),
            recipients: vec![recipient],
            smtputf8: false,
            body_8bit: false,
            ..OutgoingEnvelope::default()
        };
        let mut end = End::Waits;
        for (_, result) in wire::deliver(&route, &envelope, octets, &self.client).await {
            end = match result {
                Ok(_) => End::Delivered,
                Err(Outcome::Temporary(reply)) => {
                    tracing::warn!(about, %reply, "a notice waits");
                    End::Waits
                }
                Err(Outcome::Permanent(reply)) => {
                    tracing::error!(about, %reply, "a notice is refused");
                    End::Refused
                }
            };
        }
        end
    }
}
