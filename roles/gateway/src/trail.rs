//! What is to be told later of a mail's way: to the journal, to the log, and in numbers.

use ssmax_metrics::list as metrics;
use ssmax_primitives::SystemRandom;
use ssmax_token::Random as _;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Span;

/// The way of one mail through this gateway.
#[derive(Debug, Clone)]
pub(crate) struct Trail {
    /// This gateway's own name for the mail: the MTA's may be missing or come twice.
    pub(crate) mail: String,
    /// "outbound" or "inbound".
    pub(crate) direction: &'static str,
    /// Where it came in; `None` for what this gateway made or took up again.
    pub(crate) listener: Option<&'static str>,
    /// Octets, as it came.
    pub(crate) bytes: usize,
    /// What the inspection said, with the rules that fired.
    pub(crate) verdict: Option<String>,
    /// The stages that were gone through, each with its milliseconds.
    stages: Vec<(&'static str, u128)>,
}

impl Trail {
    pub(crate) fn new() -> Self {
        let mut octets = [0; 8];
        SystemRandom.fill(&mut octets);
        Self {
            mail: octets.iter().map(|octet| format!("{octet:02x}")).collect(),
            direction: "outbound",
            listener: None,
            bytes: 0,
            verdict: None,
            stages: Vec::new(),
        }
    }

    /// Says where a mail came in. All of its lines in the log carry the span's fields, and
    /// the ticket as soon as there is one: by it other roles call the mail.
    pub(crate) fn arrived(
        &mut self,
        direction: &'static str,
        listener: &'static str,
        bytes: usize,
        queue_id: Option<&str>,
    ) -> Span {
        (self.direction, self.listener, self.bytes) = (direction, Some(listener), bytes);
        let octets = u64::try_from(bytes).unwrap_or(u64::MAX);
        metrics::MAIL_BYTES.add([direction.into()], octets);
        tracing::info_span!(
            "mail",
            mail = %self.mail,
            queue = queue_id,
            ticket = tracing::field::Empty
        )
    }

    /// Notes that a stage is over, which began then.
    pub(crate) fn stage_over(&mut self, stage: &'static str, began: Instant) {
        self.stage_took(stage, began.elapsed());
    }

    fn stage_took(&mut self, stage: &'static str, took: Duration) {
        let labels = [self.direction.into(), stage.into()];
        metrics::STAGE_SECONDS.observe(labels, took.as_secs_f64());
        // A mail with copies for many members is signed and sent more than once.
        match self.stages.iter_mut().find(|(known, _)| *known == stage) {
            Some((_, so_far)) => *so_far += took.as_millis(),
            None => self.stages.push((stage, took.as_millis())),
        }
    }

    /// The stages as the journal keeps them, "accept 3 authenticate 12".
    pub(crate) fn stages(&self) -> String {
        let words: Vec<String> =
            self.stages.iter().map(|(stage, took)| format!("{stage} {took}")).collect();
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_is_gone_through_twice_is_told_once_with_all_of_its_time() {
        let mut trail = Trail::new();
        for (stage, wait) in [("accept", 3), ("sign", 5), ("transmit", 20), ("sign", 7)] {
            trail.stage_took(stage, Duration::from_millis(wait));
        }
        assert_eq!(trail.stages(), "accept 3 sign 12 transmit 20");
        assert_ne!(Trail::new().mail, trail.mail);
    }
}
