//! The steps as types: what must not be skipped does not compile when skipped.
//!
//! A [`Mail`] moves from [`Accepted`] over [`Authenticated`] to [`Inspected`]; each move
//! wants the answer that allows it, and only an inspected mail gives [`Parcel`]s, which
//! in turn can be transmitted only when [`Signed`]. Both directions walk the same path.
//!
//! ```compile_fail
//! use ssmax_chain::journey::{Accepted, Mail};
//! fn skip_inspection(mail: Mail<Accepted>) {
//!     let _ = mail.parcel(vec![], vec![]); // no such method before inspection
//! }
//! ```
//!
//! ```compile_fail
//! use ssmax_chain::journey::{Parcel, Reencrypted};
//! fn send_unsigned(parcel: Parcel<Reencrypted>) -> Vec<u8> {
//!     parcel.into_octets() // only a signed parcel gives its octets
//! }
//! ```

use std::sync::Arc;

use crate::{Reason, Refusal};

/// Who sent a mail to whom, as the envelope says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// The envelope sender; empty for the null sender.
    pub mail_from: String,
    /// The envelope recipients, in their order.
    pub recipients: Vec<String>,
}

/// A mail on its way; `S` is how far it has come.
#[derive(Debug)]
pub struct Mail<S> {
    envelope: Envelope,
    octets: Arc<Vec<u8>>,
    state: S,
}

/// Its octets are here and readable.
#[derive(Debug)]
pub struct Accepted(());

/// The keyserver knows who sent it, and gave a ticket.
#[derive(Debug)]
pub struct Authenticated<T> {
    ticket: T,
}

/// It was looked into and passed; `made` is what the worker made of it.
#[derive(Debug)]
pub struct Inspected<T, M> {
    ticket: T,
    made: M,
}

/// The answer of an inspection. There is no value for "nobody looked".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspection<M> {
    /// It passed.
    Passed(M),
    /// It is stopped for this reason.
    Stopped(Reason),
    /// Nobody here may look into it: the member is an ESP. `made` is what goes on.
    Exempt(M),
}

impl<S> Mail<S> {
    /// The envelope.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The mail as it arrived.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// As [`Mail::octets`], to be kept: a large mail is in memory once.
    pub fn shared_octets(&self) -> Arc<Vec<u8>> {
        Arc::clone(&self.octets)
    }
}

impl Mail<Accepted> {
    /// A mail that has just arrived.
    #[must_use]
    pub fn accept(envelope: Envelope, octets: impl Into<Arc<Vec<u8>>>) -> Self {
        Self { envelope, octets: octets.into(), state: Accepted(()) }
    }

    /// Moves on with the keyserver's ticket.
    pub fn authenticated<T>(self, ticket: T) -> Mail<Authenticated<T>> {
        Mail { envelope: self.envelope, octets: self.octets, state: Authenticated { ticket } }
    }
}

impl<T> Mail<Authenticated<T>> {
    /// The ticket.
    pub fn ticket(&self) -> &T {
        &self.state.ticket
    }

    /// Moves on with the inspector's answer.
    ///
    /// # Errors
    /// The [`Refusal`] when the answer is that the mail is stopped.
    pub fn inspected<M>(self, answer: Inspection<M>) -> Result<Mail<Inspected<T, M>>, Refusal> {
        match answer {
            Inspection::Passed(made) | Inspection::Exempt(made) => Ok(Mail {
                envelope: self.envelope,
                octets: self.octets,
                state: Inspected { ticket: self.state.ticket, made },
            }),
            Inspection::Stopped(reason) => Err(reason.into()),
        }
    }
}

impl<T, M> Mail<Inspected<T, M>> {
    /// The ticket.
    pub fn ticket(&self) -> &T {
        &self.state.ticket
    }

    /// What the worker made of it.
    pub fn made(&self) -> &M {
        &self.state.made
    }

    /// As [`Mail::made`], to take out what is passed on.
    pub fn made_mut(&mut self) -> &mut M {
        &mut self.state.made
    }

    /// A copy for some of the recipients, encrypted for whoever is next.
    pub fn parcel(&self, recipients: Vec<String>, octets: Vec<u8>) -> Parcel<Reencrypted> {
        Parcel { recipients, octets, state: Reencrypted(()) }
    }
}

/// A copy of a mail for some of its recipients.
#[derive(Debug)]
pub struct Parcel<S> {
    recipients: Vec<String>,
    octets: Vec<u8>,
    state: S,
}

/// Encrypted for the next hop alone.
#[derive(Debug)]
pub struct Reencrypted(());

/// Signed by this organisation.
#[derive(Debug)]
pub struct Signed(());

impl<S> Parcel<S> {
    /// Whom it is for.
    pub fn recipients(&self) -> &[String] {
        &self.recipients
    }
}

impl Parcel<Reencrypted> {
    /// The octets so far: what gets signed.
    #[must_use]
    pub fn unsigned(&self) -> &[u8] {
        &self.octets
    }

    /// Moves on as the whole signed mail, made by `sign` out of the unsigned octets.
    ///
    /// # Errors
    /// Whatever `sign` fails with.
    pub fn signed<E>(
        self,
        sign: impl FnOnce(Vec<u8>) -> Result<Vec<u8>, E>,
    ) -> Result<Parcel<Signed>, E> {
        let Self { recipients, octets, state: Reencrypted(()) } = self;
        Ok(Parcel { recipients, octets: sign(octets)?, state: Signed(()) })
    }
}

impl Parcel<Signed> {
    /// The octets to transmit.
    #[must_use]
    pub fn into_octets(self) -> Vec<u8> {
        let Self { octets, state: Signed(()), .. } = self;
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_mail_gives_a_refusal_and_nothing_to_send() {
        let mail = Mail::accept(Envelope::default(), vec![]).authenticated("ticket");
        let refusal = mail.inspected::<()>(Inspection::Stopped(Reason::LeakFound)).unwrap_err();
        assert_eq!(refusal, Refusal { reason: Reason::LeakFound, stage: crate::Stage::Inspect });
    }

    #[test]
    fn a_mail_that_took_every_step_gives_its_octets() {
        let mail = Mail::accept(Envelope::default(), b"mail".to_vec())
            .authenticated("ticket")
            .inspected(Inspection::Passed(()))
            .unwrap();
        let parcel = mail.parcel(vec!["bob@b.example".into()], b"x".to_vec());
        let signed = parcel
            .signed::<()>(|mut octets| {
                octets.push(b'!');
                Ok(octets)
            })
            .unwrap();
        assert_eq!(signed.into_octets(), b"x!");
    }
}
