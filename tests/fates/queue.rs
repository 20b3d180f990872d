//! The queue of an MTA: one submission statement, and as many tries as it takes.

use crate::mailboxes::Fate;
use ssmax_support::mails::Mail;
use ssmax_support::member::Member;
use ssmax_support::person::Person;
use ssmax_support::smtp;
use ssmax_support::stated::stated;
use std::net::SocketAddr;

/// A mail in the queue.
pub(crate) struct Queue {
    from: String,
    filter: SocketAddr,
    /// The mail with the statement of its submission.
    octets: Vec<u8>,
}

impl Queue {
    pub(crate) fn new(
        member: &Member,
        sender: &Person,
        filter: SocketAddr,
        mail: &Mail,
        plan: &[(String, Fate)],
    ) -> Self {
        let recipients: Vec<&str> = plan.iter().map(|(address, _)| address.as_str()).collect();
        let from = sender.address.clone();
        let octets = stated(member, &from, &from, &recipients, &mail.octets);
        Self { from, filter, octets }
    }

    /// Hands the mail in for some of its recipients; gives their replies.
    pub(crate) async fn send(&self, plan: &[(String, Fate)]) -> Vec<String> {
        let recipients: Vec<&str> = plan.iter().map(|(address, _)| address.as_str()).collect();
        smtp::hand_in(self.filter, &self.from, &recipients, &self.octets).await
    }
}
