//! The same request again: who lost the connection may ask once more, and gets the same
//! answer. A copy is then signed once and a person's key used once, however often it is
//! asked for.
//!
//! A request is known by its octets, so a caller cannot pass off another as the same one.
//! Specification: `spec/keyserver.md`, "Asking again".

use crate::audit::Entry;
use crate::state::Keyserver;
use serde::Serialize;
use serde_bytes::ByteBuf;
use ssmax_api::Answer;
use ssmax_chain::Digest;
use std::collections::HashMap;

/// How much a ticket remembers of its answers, in octets. What does not fit is made anew
/// where it can be, and refused where it is made once.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// The answers of one ticket.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    by_request: HashMap<Digest, ByteBuf>,
    bytes: usize,
}

impl Answers {
    fn keep(&mut self, request: Digest, answer: &ByteBuf) {
        if self.bytes + answer.len() <= MAX_ANSWER_BYTES {
            self.bytes += answer.len();
            self.by_request.insert(request, answer.clone());
        }
    }
}

impl Keyserver {
    /// Answers a request on a ticket, or gives the answer that it got before. The requests
    /// of one ticket are answered one after the other, so that the same one waits for its
    /// own answer.
    pub(crate) async fn once(
        &self,
        ticket: &str,
        request: &impl Serialize,
        entry: Entry,
        answer: impl Future<Output = Answer>,
    ) -> Answer {
        let Ok(answers) = self.tickets.answers(ticket, Self::now()) else {
            return self.recorded(Some(entry), None, answer.await).await;
        };
        let mut octets = Vec::new();
        if ciborium::into_writer(request, &mut octets).is_err() {
            return Err(ssmax_api::Problem::Malformed);
        }
        let name = Digest::of(&octets);
        let mut answers = answers.lock().await;
        if let Some(known) = answers.by_request.get(&name).cloned() {
            return self.recorded_again(entry, known).await;
        }
        let answer = answer.await;
        // Remembered before it is recorded: a row that could not be written may be asked
        // for again, a signature must not be made again.
        if let Ok(octets) = &answer {
            answers.keep(name, octets);
        }
        self.recorded(Some(entry), None, answer).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_up_to_the_limit_and_not_an_octet_past_it() {
        let mut answers = Answers::default();
        let name = |text: &str| Digest::of(text.as_bytes());
        answers.keep(name("a"), &ByteBuf::from(vec![0; MAX_ANSWER_BYTES - 1]));
        answers.keep(name("b"), &ByteBuf::from(vec![0; 2]));
        answers.keep(name("c"), &ByteBuf::from(vec![0; 1]));
        assert!(answers.by_request.contains_key(&name("a")));
        assert!(!answers.by_request.contains_key(&name("b")));
        assert!(answers.by_request.contains_key(&name("c")));
    }
}
