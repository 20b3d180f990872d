//! MAIL, RCPT, DATA: one mail from the client to the journey.

use std::sync::Arc;

use ssmax_chain::Reason;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Duration, Instant, timeout_at},
};

use crate::{
    dsn::{MailOptions, RecipientOptions},
    listen::{
        AuthRule, Dialect, Envelope, Journey, Reply,
        command::{Mail, Rcpt},
        data::{DataFault, DataReader},
        lmtp,
        session::{BUFFER_UNIT_BYTES, End, Session, Step},
        smtp,
    },
    reply,
};

/// RCPTs beyond [`crate::listen::Limits::max_recipients`] by this factor count as errors.
const PATIENCE: usize = 2;

/// A mail's content with the memory it was granted.
struct Content {
    octets: Result<Vec<u8>, DataFault>,
    _memory: Option<OwnedSemaphorePermit>,
}

impl<J: Journey> Session<J> {
    pub(super) fn mail(&mut self, mail: Mail) -> Step {
        let Some(helo) = self.helo.clone() else {
            return self.blame(503, "5.5.1", "say hello first");
        };
        if self.transaction.is_some() {
            return self.blame(503, "5.5.1", "a mail is already begun");
        }
        if self.shared.config.auth == AuthRule::Required && self.login.is_none() {
            self.queue(&reply::refused(Reason::LoginRequired.into()));
            return self.count_error();
        }
        let limit = u64::try_from(self.shared.config.limits.max_mail_bytes).unwrap_or(u64::MAX);
        if mail.size.is_some_and(|size| size > limit) {
            return self.blame(552, "5.3.4", "the mail is too large");
        }
        self.recipient_attempts = 0;
        self.transaction = Some(Envelope {
            mail_from: mail.address,
            smtputf8: mail.smtputf8,
            body_8bit: mail.body_8bit,
            size: mail.size,
            // What was not offered is not done.
            mail_options: if self.shared.config.dsn {
                mail.options
            } else {
                MailOptions::default()
            },
            auth: self.login.clone(),
            helo,
            xforward_ident: self.xforward_ident.clone(),
            forwarded: self.forwarded.clone(),
            tls: self.tls,
            listener: self.shared.config.name,
            ..Envelope::new(self.peer)
        });
        self.queue(&Reply::new(250, "2.1.0", "the sender is noted"));
        Ok(())
    }

    pub(super) async fn recipient(&mut self, rcpt: Rcpt) -> Step {
        let Some(envelope) = &mut self.transaction else {
            return self.blame(503, "5.5.1", "MAIL comes before RCPT");
        };
        self.recipient_attempts = self.recipient_attempts.saturating_add(1);
        let most = self.shared.config.limits.max_recipients;
        if self.recipient_attempts > most {
            // The client sends to the rest in another transaction, RFC 5321 4.5.3.1.10:
            // no error of its, unless it does not stop.
            self.queue(&Reply::new(452, "4.5.3", "too many recipients for one mail"));
            let endless = self.recipient_attempts > most.saturating_mul(PATIENCE);
            return if endless { self.count_error() } else { Ok(()) };
        }
        let answer = self.shared.journey.recipient(envelope, &rcpt.address).await;
        let reply = match answer {
            Ok(()) => {
                envelope.recipients.push(rcpt.address);
                let options =
                    if self.shared.config.dsn { rcpt.options } else { RecipientOptions::default() };
                envelope.recipient_options.push(options);
                Reply::new(250, "2.1.5", "the recipient is noted")
            }
            // A refusal that does not look like one must not be read as consent.
            Err(reply) if reply.is_positive() => {
                Reply::new(451, "4.3.0", "the recipient could not be checked")
            }
            Err(reply) => reply,
        };
        self.queue(&reply);
        Ok(())
    }

    pub(super) async fn data(&mut self) -> Step {
        let recipients = match &self.transaction {
            None => return self.blame(503, "5.5.1", "MAIL comes before DATA"),
            Some(envelope) => envelope.recipients.len(),
        };
        if !self.channel.buffered().is_empty() {
            // RFC 2920 3.1: DATA is the last of a group. A client that does not wait for
            // the 354 would have its mail's content read as commands after a refusal.
            return self.cut(554, "5.5.0", "the client did not wait for the answer to DATA");
        }
        if recipients == 0 {
            // RFC 2033 4.2 wants 503; RFC 2920 3.1 says 554.
            return match self.shared.config.dialect {
                Dialect::Lmtp => self.blame(503, "5.5.1", "no valid recipients"),
                Dialect::Smtp => self.blame(554, "5.5.1", "no valid recipients"),
            };
        }
        self.channel.queue(b"354 end the mail with CRLF . CRLF\r\n");
        let content = self.content().await?;
        let Some(envelope) = self.transaction.clone() else { return Err(End::Refused) };
        match content.octets {
            Err(fault) => {
                let reply = refusal(fault);
                tracing::info!(
                    peer.address = %self.peer, reply = %reply,
                    "a mail was refused for its form"
                );
                self.answer(&lmtp::for_each(&reply, recipients), &envelope);
                self.reset();
                if fault == DataFault::NoRoom { Ok(()) } else { self.count_error() }
            }
            Ok(octets) => {
                let journey = Arc::clone(&self.shared.journey);
                let replies = journey.mail(envelope.clone(), octets).await;
                self.answer(&lmtp::normalised(replies, recipients), &envelope);
                self.reset();
                self.idle_commands = 0;
                Ok(())
            }
        }
    }

    /// Prints the replies for all recipients in the dialect's way.
    fn answer(&mut self, replies: &[Reply], envelope: &Envelope) {
        match self.shared.config.dialect {
            Dialect::Lmtp => replies.iter().for_each(|reply| self.queue(reply)),
            Dialect::Smtp => self.queue(&smtp::combine(replies, &envelope.recipients)),
        }
    }

    /// Reads the content to the end of data, whatever is wrong with it.
    async fn content(&mut self) -> Step<Content> {
        let started = Instant::now();
        let mut reader = DataReader::new(&self.shared.config.limits);
        let mut memory: Option<OwnedSemaphorePermit> = None;
        loop {
            let used = reader.push(self.channel.buffered());
            self.channel.consume(used);
            self.grant_memory(&mut reader, &mut memory);
            if reader.is_complete() {
                return Ok(Content { octets: reader.finish(), _memory: memory });
            }
            if reader.is_flood() {
                return self.cut(552, "5.3.4", "the mail is far too large");
            }
            let deadline = self.content_deadline(started, reader.received());
            let read = tokio::select! {
                biased;
                // Nothing is lost: without an answer the client keeps the mail.
                () = self.shared.stop.stopped() => return Err(End::Stopped),
                read = timeout_at(deadline, self.channel.fill()) => read,
            };
            match read.map_err(|_| End::TimedOut)? {
                Ok(0) | Err(_) => return Err(End::Gone),
                Ok(_) => {}
            }
        }
    }

    /// When the content must have gone on: after the longest silence, or when it falls
    /// below the lowest rate, whichever is earlier.
    fn content_deadline(&self, started: Instant, received: u64) -> Instant {
        let limits = &self.shared.config.limits;
        let silence = Instant::now() + limits.data_timeout;
        let earned = received.checked_div(limits.min_data_bytes_per_second);
        match earned {
            None => silence,
            Some(seconds) => {
                silence.min(started + limits.data_grace + Duration::from_secs(seconds))
            }
        }
    }

    /// Has the mail's memory granted as it grows. Never waits: sessions that each hold a
    /// part and wait for more would wait for ever.
    fn grant_memory(&self, reader: &mut DataReader, memory: &mut Option<OwnedSemaphorePermit>) {
        let needed = reader.held().div_ceil(BUFFER_UNIT_BYTES);
        if needed == 0 {
            *memory = None;
            return;
        }
        let granted = memory.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(needed.saturating_sub(granted)).unwrap_or(u32::MAX);
        if more == 0 {
            return;
        }
        match (Arc::clone(&self.shared.memory).try_acquire_many_owned(more), memory.as_mut()) {
            (Ok(fresh), Some(held)) => held.merge(fresh),
            (Ok(fresh), None) => *memory = Some(fresh),
            (Err(_), _) => {
                reader.fail(DataFault::NoRoom);
                *memory = None;
            }
        }
    }
}

fn refusal(fault: DataFault) -> Reply {
    match fault {
        DataFault::BareLineEnd => {
            Reply::new(550, "5.6.0", "the mail has a bare CR or a bare LF: lines end with CRLF")
        }
        DataFault::LongLine => Reply::new(550, "5.6.0", "a line of the mail is too long"),
        DataFault::Oversize => Reply::new(552, "5.3.4", "the mail is too large"),
        DataFault::NoRoom => Reply::new(452, "4.3.1", "no memory for this mail, try again later"),
    }
}
