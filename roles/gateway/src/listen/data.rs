//! The content of a mail as it arrives after DATA, RFC 5321 4.5.2.
//!
//! There is one end of data, CRLF `.` CRLF, and one line end, CRLF. Every other form
//! that some program takes for one of them (SMTP smuggling) spoils the mail: it is still
//! read to its real end, so that nothing of it is taken for commands, and then refused.

use crate::listen::Limits;

/// Octets beyond twice the largest mail that are read before the connection is cut.
const DRAIN_MARGIN_BYTES: u64 = 1024 * 1024;

/// Why a mail's content cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DataFault {
    /// A CR without LF, or an LF without CR.
    BareLineEnd,
    /// A line over [`Limits::max_data_line_bytes`].
    LongLine,
    /// More than [`Limits::max_mail_bytes`].
    Oversize,
    /// [`Limits::max_buffered_bytes`] is used up by all sessions.
    NoRoom,
}

/// Takes the content piece by piece. Linear: each octet is looked at once.
pub(super) struct DataReader {
    place: Place,
    octets: Vec<u8>,
    fault: Option<DataFault>,
    received: u64,
    line_bytes: usize,
    max_mail_bytes: usize,
    max_line_bytes: usize,
}

/// Where in a line the next octet stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// After CRLF. DATA's own CRLF counts: an empty mail is `.` CRLF.
    LineStart,
    /// After CRLF `.`, which is not kept.
    Dot,
    /// After CRLF `.` CR.
    DotCr,
    Within,
    /// After a CR within a line.
    Cr,
    /// After the end of data.
    End,
}

impl DataReader {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            place: Place::LineStart,
            octets: Vec::new(),
            fault: None,
            received: 0,
            line_bytes: 0,
            max_mail_bytes: limits.max_mail_bytes,
            max_line_bytes: limits.max_data_line_bytes,
        }
    }

    /// Takes octets up to the end of data and returns how many. Fewer than given means,
    /// and [`DataReader::is_complete`] says, that the rest is not content.
    pub(super) fn push(&mut self, input: &[u8]) -> usize {
        let mut used = 0;
        while self.place != Place::End {
            let rest = input.get(used..).unwrap_or_default();
            if self.place == Place::Within {
                let special = |&octet: &u8| octet == b'\r' || octet == b'\n';
                let run = rest.iter().position(special).unwrap_or(rest.len());
                self.keep(rest.get(..run).unwrap_or_default());
                used += run;
            }
            let Some(&octet) = input.get(used) else { break };
            used += 1;
            self.step(octet);
        }
        self.received += u64::try_from(used).unwrap_or(u64::MAX);
        used
    }

    fn step(&mut self, octet: u8) {
        self.place = match (self.place, octet) {
            (Place::LineStart, b'.') => {
                self.line_bytes = 1;
                return self.place = Place::Dot;
            }
            (Place::Dot, b'\r') => return self.place = Place::DotCr,
            (Place::DotCr, b'\n') => return self.place = Place::End,
            (Place::DotCr, _) => {
                // The CR that was held back was a bare one.
                self.fail(DataFault::BareLineEnd);
                if octet == b'\r' { Place::Cr } else { Place::Within }
            }
            (Place::Cr, b'\n') => {
                self.keep(b"\n");
                self.line_bytes = 0;
                return self.place = Place::LineStart;
            }
            (Place::Cr, b'\r') => {
                self.fail(DataFault::BareLineEnd);
                Place::Cr
            }
            (Place::Cr, _) => {
                self.fail(DataFault::BareLineEnd);
                Place::Within
            }
            (_, b'\r') => Place::Cr,
            (_, b'\n') => {
                self.fail(DataFault::BareLineEnd);
                Place::Within
            }
            (_, _) => Place::Within,
        };
        self.keep(&[octet]);
    }

    /// Keeps octets unless the mail is refused already or becomes so by them.
    fn keep(&mut self, octets: &[u8]) {
        self.line_bytes = self.line_bytes.saturating_add(octets.len());
        if self.fault.is_some() || octets.is_empty() {
            return;
        }
        if self.line_bytes > self.max_line_bytes {
            return self.fail(DataFault::LongLine);
        }
        if self.octets.len() + octets.len() > self.max_mail_bytes {
            return self.fail(DataFault::Oversize);
        }
        if self.octets.try_reserve(octets.len()).is_err() {
            return self.fail(DataFault::NoRoom);
        }
        self.octets.extend_from_slice(octets);
    }

    /// Refuses the mail, for the first reason that is given, and frees its octets.
    pub(super) fn fail(&mut self, fault: DataFault) {
        self.fault.get_or_insert(fault);
        self.octets = Vec::new();
    }

    /// Octets held in memory.
    pub(super) fn held(&self) -> usize {
        self.octets.len()
    }

    /// Octets received, kept or not.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Whether the end of data was seen.
    pub(super) fn is_complete(&self) -> bool {
        self.place == Place::End
    }

    /// Whether so much came beyond the limit that its end is not waited for.
    pub(super) fn is_flood(&self) -> bool {
        let limit = u64::try_from(self.max_mail_bytes).unwrap_or(u64::MAX);
        self.received > limit.saturating_mul(2).saturating_add(DRAIN_MARGIN_BYTES)
    }

    /// The mail, dot-unstuffed, with CRLF line ends.
    pub(super) fn finish(self) -> Result<Vec<u8>, DataFault> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.octets),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reader(input: &[u8], limits: &Limits) -> (DataReader, usize) {
        let mut reader = DataReader::new(limits);
        let used = reader.push(input);
        (reader, used)
    }

    fn read(input: &[u8]) -> Result<Vec<u8>, DataFault> {
        let (reader, used) = reader(input, &Limits::default());
        assert!(reader.is_complete() && used == input.len(), "{:?}", input.escape_ascii());
        reader.finish()
    }

    #[test]
    fn the_end_of_data_is_not_part_of_the_mail_and_dots_are_unstuffed() {
        assert_eq!(read(b".\r\n").unwrap(), b"");
        assert_eq!(read(b"a\r\n.\r\n").unwrap(), b"a\r\n");
        assert_eq!(read(b"\r\n.\r\n").unwrap(), b"\r\n");
        assert_eq!(read(b"..\r\n...a\r\n.b\r\n.\r\n").unwrap(), b".\r\n..a\r\nb\r\n");
        assert_eq!(read(b"a.\r\n.\r\n").unwrap(), b"a.\r\n");
    }

    #[test]
    fn what_follows_the_end_of_data_is_left() {
        let (reader, used) = reader(b"a\r\n.\r\nQUIT\r\n", &Limits::default());
        assert!(reader.is_complete());
        assert_eq!(used, 6);
    }

    #[test]
    fn no_other_form_of_end_ends_the_mail_and_each_spoils_it() {
        for form in [
            &b"\n.\n"[..],
            b"\n.\r\n",
            b"\r.\r",
            b"\r.\r\n",
            b"\r\n.\n",
            b"\r\n.\r",
            b"\n.\r",
            b"\r.\n",
            b"\r\n.\r\r\n",
            b"\r\r\n.\r\n.",
            b"\r\n\n.\r\n",
            b"\r\n.\0\r\n\n",
        ] {
            let input = [b"Subject: a\r\n\r\nb", form, b"MAIL FROM:<x@y>\r\n"].concat();
            // The one form above that does hold the real end ends there.
            let (mut reader, used) = reader(&input, &Limits::default());
            if !reader.is_complete() {
                assert_eq!(used, input.len());
                assert_eq!(reader.push(b"\r\n.\r\n"), 5);
            }
            assert!(reader.is_complete());
            assert_eq!(reader.finish(), Err(DataFault::BareLineEnd), "{}", form.escape_ascii());
        }
    }

    #[test]
    fn a_dot_line_with_anything_in_it_is_content() {
        assert_eq!(read(b".\0\r\n.\r\n").unwrap(), b"\0\r\n");
        assert_eq!(read(b". \r\n.\r\n").unwrap(), b" \r\n");
    }

    #[test]
    fn a_mail_of_the_limit_is_taken_and_one_octet_more_is_not() {
        let limits = Limits { max_mail_bytes: 10, ..Limits::default() };
        let (at, _) = reader(b"12345678\r\n.\r\n", &limits);
        assert_eq!(at.finish().unwrap().len(), 10);
        let (over, _) = reader(b"123456789\r\n.\r\n", &limits);
        assert!(over.is_complete() && over.held() == 0);
        assert_eq!(over.finish(), Err(DataFault::Oversize));
    }

    #[test]
    fn a_stuffed_dot_does_not_count_for_the_mail_and_counts_for_the_line() {
        let limits = Limits { max_mail_bytes: 4, max_data_line_bytes: 5, ..Limits::default() };
        assert_eq!(reader(b"..a\r\n.\r\n", &limits).0.finish().unwrap(), b".a\r\n");
    }

    #[test]
    fn a_line_of_the_limit_is_taken_and_one_octet_more_is_not() {
        let limits = Limits { max_data_line_bytes: 6, ..Limits::default() };
        assert!(reader(b"1234\r\n1234\r\n.\r\n", &limits).0.finish().is_ok());
        let over = reader(b"1234\r\n12345\r\n.\r\n", &limits).0;
        assert_eq!(over.finish(), Err(DataFault::LongLine));
    }

    #[test]
    fn an_endless_mail_is_called_a_flood() {
        let limits = Limits { max_mail_bytes: 10, ..Limits::default() };
        let mut reader = DataReader::new(&limits);
        let drained = usize::try_from(DRAIN_MARGIN_BYTES).unwrap() + 20;
        reader.push(&vec![b'x'; drained]);
        assert!(!reader.is_flood());
        reader.push(b"x");
        assert!(reader.is_flood());
        assert_eq!(reader.held(), 0);
    }

    /// What a slow, obvious reading says, to compare with.
    fn obvious(input: &[u8]) -> Option<(Vec<u8>, usize)> {
        let whole = [b"\r\n", input].concat();
        let end = whole.windows(5).position(|octets| octets == b"\r\n.\r\n")?;
        let body = &whole[..end + 2];
        let text: Vec<u8> = body.to_vec();
        let mut unstuffed = Vec::new();
        for (at, &octet) in text.iter().enumerate().skip(2) {
            if octet == b'.' && text[..at].ends_with(b"\r\n") {
                continue;
            }
            unstuffed.push(octet);
        }
        Some((unstuffed, end + 3))
    }

    proptest! {
        #[test]
        fn any_split_into_packets_reads_alike_and_as_the_rfc_says(
            input in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a')], 0..40),
            cut in 0_usize..40,
        ) {
            let input = [&input[..], b"\r\n.\r\n"].concat();
            let (first, second) = input.split_at(cut.min(input.len()));
            let mut reader = DataReader::new(&Limits::default());
            let mut used = reader.push(first);
            if used == first.len() {
                used += reader.push(second);
            }
            prop_assert!(reader.is_complete());
            let (expected, end) = obvious(&input).unwrap();
            prop_assert_eq!(used, end);
            match reader.finish() {
                Ok(octets) => prop_assert_eq!(octets, expected),
                Err(fault) => {
                    prop_assert_eq!(fault, DataFault::BareLineEnd);
                    let bare = |(at, &octet): (usize, &u8)| match octet {
                        b'\r' => input.get(at + 1) != Some(&b'\n'),
                        b'\n' => at == 0 || input[at - 1] != b'\r',
                        _ => false,
                    };
                    prop_assert!(input[..end].iter().enumerate().any(bare));
                }
            }
        }
    }
}
