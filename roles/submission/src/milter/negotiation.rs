//! What both sides can and want, agreed at the beginning.

/// The version that is spoken here, and the lowest that is enough: header fields come with
/// the white space behind their colon only from this one on.
const VERSION: u32 = 6;

// Actions: what the milter may do to a mail.
const ADD_FIELDS: u32 = 0x01;
const CHANGE_FIELDS: u32 = 0x10;
const SET_MACROS: u32 = 0x100;

// Steps that the MTA leaves out.
const NO_CONNECT: u32 = 0x01;
const NO_HELO: u32 = 0x02;
const NO_END_OF_HEADER: u32 = 0x40;
const NO_UNKNOWN: u32 = 0x100;
const NO_DATA: u32 = 0x200;
// Steps that are not answered.
const SILENT_FIELDS: u32 = 0x80;
const SILENT_BODY: u32 = 0x8_0000;
// The value of a field begins right behind the colon.
const LEADING_SPACE: u32 = 0x10_0000;

/// The stage of MAIL, for the macros that are asked for.
const STAGE_MAIL: u32 = 2;

/// The login and its mechanism, and the client's certificate. `i`, the queue id, comes with
/// the end of the mail anyway.
const MACROS: &[u8] = b"{auth_type} {auth_authen} {cert_subject} {cert_issuer}\0";

/// What the MTA offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// Its version.
    pub version: u32,
    /// What it lets a milter do.
    pub actions: u32,
    /// What it can leave out.
    pub steps: u32,
}

/// What was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Whether header fields are answered.
    pub answers_fields: bool,
    /// Whether pieces of the body are answered.
    pub answers_body: bool,
}

/// The MTA cannot do what is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NegotiationFault {
    /// An older version.
    #[error("the MTA speaks version {0} of the milter protocol, and 6 is needed (milter_protocol)")]
    Version(u32),
    /// It lets nobody add or remove fields.
    #[error("the MTA lets nobody add and remove header fields")]
    Actions,
    /// It gives fields without the white space behind their colon.
    #[error("the MTA does not give header fields as they stand")]
    LeadingSpace,
}

impl Offer {
    /// What is taken of the offer, and the answer, without its letter.
    ///
    /// # Errors
    /// [`NegotiationFault`].
    pub fn settle(self) -> Result<(Settled, Vec<u8>), NegotiationFault> {
        let Self { version, actions, steps } = self;
        if version < VERSION {
            return Err(NegotiationFault::Version(version));
        }
        let needed = ADD_FIELDS | CHANGE_FIELDS;
        if actions & needed != needed {
            return Err(NegotiationFault::Actions);
        }
        if steps & LEADING_SPACE == 0 {
            return Err(NegotiationFault::LeadingSpace);
        }
        let left_out = NO_CONNECT | NO_HELO | NO_END_OF_HEADER | NO_UNKNOWN | NO_DATA;
        let steps = steps & (left_out | SILENT_FIELDS | SILENT_BODY | LEADING_SPACE);
        let macros = actions & SET_MACROS;
        let mut answer = Vec::new();
        for number in [VERSION, needed | macros, steps] {
            answer.extend_from_slice(&number.to_be_bytes());
        }
        if macros != 0 {
            answer.extend_from_slice(&STAGE_MAIL.to_be_bytes());
            answer.extend_from_slice(MACROS);
        }
        let settled = Settled {
            answers_fields: steps & SILENT_FIELDS == 0,
            answers_body: steps & SILENT_BODY == 0,
        };
        Ok((settled, answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSTFIX: Offer = Offer { version: 6, actions: 0x1ff, steps: 0x1f_ffff };

    #[test]
    fn of_what_postfix_offers_only_what_is_needed_is_taken() {
        let (settled, answer) = POSTFIX.settle().unwrap();
        assert_eq!(settled, Settled { answers_fields: false, answers_body: false });
        let expected = b"\0\0\0\x06\0\0\x01\x11\0\x18\x03\xc3\0\0\0\x02\
            {auth_type} {auth_authen} {cert_subject} {cert_issuer}\0";
        assert_eq!(answer, expected, "{}", answer.escape_ascii());
    }

    #[test]
    fn an_mta_that_offers_less_is_answered_more_often() {
        let offer = Offer { actions: 0x11, steps: LEADING_SPACE, ..POSTFIX };
        let (settled, answer) = offer.settle().unwrap();
        assert_eq!(settled, Settled { answers_fields: true, answers_body: true });
        assert_eq!(answer, b"\0\0\0\x06\0\0\0\x11\0\x10\0\0");
    }

    #[test]
    fn an_mta_that_cannot_do_what_is_needed_is_told_why() {
        for (offer, fault) in [
            (Offer { version: 5, ..POSTFIX }, NegotiationFault::Version(5)),
            (Offer { actions: 0x1ff & !0x10, ..POSTFIX }, NegotiationFault::Actions),
            (Offer { actions: 0x1ff & !0x01, ..POSTFIX }, NegotiationFault::Actions),
            (Offer { steps: 0x0f_ffff, ..POSTFIX }, NegotiationFault::LeadingSpace),
        ] {
            assert_eq!(offer.settle(), Err(fault));
        }
    }
}
