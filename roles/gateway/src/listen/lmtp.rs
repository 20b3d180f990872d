//! What only LMTP does: a reply for each recipient of a mail, RFC 2033 4.2.

use crate::listen::Reply;

/// The replies to print after the end of data, in the order of the accepted RCPTs: one
/// for each recipient, or the same for all.
pub(super) fn for_each(refusal: &Reply, recipients: usize) -> Vec<Reply> {
    vec![refusal.clone(); recipients]
}

/// Makes the journey's answer one reply for each recipient.
///
/// With a wrong number of replies nobody knows which belongs to whom, and a reply that
/// is no result is none: 451, for the client to try again.
pub(super) fn normalised(mut replies: Vec<Reply>, recipients: usize) -> Vec<Reply> {
    let unclear = Reply::new(451, "4.3.0", "the result for this recipient is not known");
    if replies.len() != recipients {
        return for_each(&unclear, recipients);
    }
    for reply in &mut replies {
        if !(reply.is_positive() || reply.is_temporary() || reply.is_permanent()) {
            *reply = unclear.clone();
        }
    }
    replies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_number_of_replies_is_a_temporary_failure_for_all() {
        let ok = Reply::new(250, "2.0.0", "taken");
        for given in [0, 1, 3] {
            let replies = normalised(vec![ok.clone(); given], 2);
            assert_eq!(replies.iter().map(|reply| reply.code).collect::<Vec<_>>(), [451, 451]);
        }
        assert_eq!(normalised(vec![ok.clone(); 2], 2), [ok.clone(), ok]);
    }

    #[test]
    fn a_reply_that_is_no_result_is_a_temporary_failure() {
        let replies =
            normalised(vec![Reply::new(354, "2.0.0", "go on"), Reply::new(550, "5.7.1", "no")], 2);
        assert_eq!(replies.iter().map(|reply| reply.code).collect::<Vec<_>>(), [451, 550]);
    }
}
