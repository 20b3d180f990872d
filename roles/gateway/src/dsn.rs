//! What a sender wants to hear of a delivery, RFC 3461: read from MAIL and RCPT, carried
//! along with the mail and said to the next hop, which makes the reports.

use serde::{Deserialize, Serialize};

/// Longest ENVID or ORCPT, in octets. RFC 3461 4.4 allows 100, 4.2 500.
pub(crate) const MAX_VALUE_BYTES: usize = 500;

/// How much of a mail its reports give back: `RET`, RFC 3461 4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Returned {
    /// The whole mail.
    Full,
    /// Its header alone.
    Headers,
}

impl Returned {
    /// Reads the value of `RET`, in any case.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        match value.to_ascii_uppercase().as_str() {
            "FULL" => Some(Self::Full),
            "HDRS" => Some(Self::Headers),
            _ => None,
        }
    }

    /// The value as it is sent.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Headers => "HDRS",
        }
    }
}

/// What MAIL says of reports.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MailOptions {
    /// `RET`.
    pub returned: Option<Returned>,
    /// `ENVID`: the sender's own name of this sending, its xtext not decoded.
    pub envelope_id: Option<String>,
}

/// What RCPT says of reports.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecipientOptions {
    /// `NOTIFY`: `NEVER`, or a list of `SUCCESS`, `FAILURE`, `DELAY`, in any case.
    pub notify: Option<String>,
    /// `ORCPT`: `type;address`, its xtext not decoded.
    pub orcpt: Option<String>,
}

impl MailOptions {
    /// The parameters of MAIL. What is encrypted comes back as its header alone: nobody who
    /// gets a report could read the rest.
    pub(crate) fn render(&self, encrypted: bool) -> String {
        let returned = if encrypted { Some(Returned::Headers) } else { self.returned };
        let mut out = String::new();
        if let Some(returned) = returned {
            out.push_str(&format!(" RET={}", returned.as_str()));
        }
        if let Some(id) = &self.envelope_id {
            out.push_str(&format!(" ENVID={id}"));
        }
        out
    }
}

impl RecipientOptions {
    /// The parameters of RCPT. Without SMTPUTF8 an ORCPT outside ASCII cannot be said.
    pub(crate) fn render(&self, utf8: bool) -> String {
        let mut out = String::new();
        if let Some(notify) = &self.notify {
            out.push_str(&format!(" NOTIFY={notify}"));
        }
        if let Some(original) = self.orcpt.as_deref().filter(|one| utf8 || one.is_ascii()) {
            out.push_str(&format!(" ORCPT={original}"));
        }
        out
    }

    /// Whether a next hop that knows nothing of reports would make another one than is
    /// wanted: it always reports a failure, and nothing else.
    pub(crate) fn is_lost_without(&self) -> bool {
        let wants = |word: &str| word.eq_ignore_ascii_case("FAILURE");
        let says_otherwise = |notify: &str| {
            !notify.split(',').any(wants) || notify.to_ascii_uppercase().contains("SUCCESS")
        };
        self.notify.as_deref().is_some_and(says_otherwise)
    }
}

/// RFC 3461 4.1: NEVER alone, or a list of the others.
pub(crate) fn is_notify(value: &str) -> bool {
    let event = |word: &str| {
        ["SUCCESS", "FAILURE", "DELAY"].iter().any(|known| word.eq_ignore_ascii_case(known))
    };
    value.eq_ignore_ascii_case("NEVER") || (value.len() <= 32 && value.split(',').all(event))
}

/// RFC 3461 section 4: hexadecimal behind a plus sign, and no equals sign. Decoded it holds
/// nothing but text.
pub(crate) fn is_xtext(value: &str) -> bool {
    let mut octets = value.bytes();
    let hex = |octet: Option<u8>| octet.is_some_and(|one| b"0123456789ABCDEF".contains(&one));
    while let Some(octet) = octets.next() {
        let fits = match octet {
            b'+' => match octets.clone().next() {
                // Control characters are below 20 and at 7F.
                Some(b'0' | b'1') => false,
                Some(b'7') => {
                    hex(octets.next()) && matches!(octets.next(), Some(b'0'..=b'9' | b'A'..=b'E'))
                }
                _ => hex(octets.next()) && hex(octets.next()),
            },
            b'=' => false,
            b'!'..=b'~' => true,
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    value.len() <= MAX_VALUE_BYTES
}

/// RFC 3461 4.2 and RFC 6533 3: `type;address`, kept as given. What the next hop would
/// refuse is refused here, where its sender is.
pub(crate) fn is_original_recipient(value: &str, smtputf8: bool) -> bool {
    let printable =
        |c: char| c.is_ascii_graphic() || (smtputf8 && !c.is_ascii() && !c.is_control());
    let Some((kind, address)) = value.split_once(';') else { return false };
    let is_kind = !kind.is_empty() && kind.bytes().all(|o| o.is_ascii_alphanumeric() || o == b'-');
    // Only `utf-8` has a form of its own.
    let is_encoded = kind.eq_ignore_ascii_case("utf-8") || is_xtext(address);
    is_kind
        && is_encoded
        && !address.is_empty()
        && value.len() <= MAX_VALUE_BYTES
        && value.chars().all(printable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encrypted_comes_back_as_its_header_whatever_was_asked() {
        let asked = |returned| MailOptions { returned, envelope_id: Some("x+2B".into()) };
        assert_eq!(asked(Some(Returned::Full)).render(false), " RET=FULL ENVID=x+2B");
        assert_eq!(asked(Some(Returned::Full)).render(true), " RET=HDRS ENVID=x+2B");
        assert_eq!(asked(None).render(true), " RET=HDRS ENVID=x+2B");
        assert_eq!(asked(None).render(false), " ENVID=x+2B");
        assert_eq!(MailOptions::default().render(false), "");
    }

    #[test]
    fn an_original_recipient_outside_ascii_goes_over_smtputf8_alone() {
        let options = RecipientOptions {
            notify: Some("never".into()),
            orcpt: Some("utf-8;花子@b.example".into()),
        };
        assert_eq!(options.render(true), " NOTIFY=never ORCPT=utf-8;花子@b.example");
        assert_eq!(options.render(false), " NOTIFY=never");
    }

    #[test]
    fn what_the_next_hop_would_refuse_is_no_value() {
        for good in ["x", "a+2Bb", "a+3Db", "+E3+81+82", "+7E"] {
            assert!(is_xtext(good), "{good}");
            assert!(is_original_recipient(&format!("rfc822;{good}"), false), "{good}");
        }
        for bad in ["a+b", "a+2", "a+2b", "a=b", "a b", "+0D", "+1F", "+7F", "\u{3042}"] {
            assert!(!is_xtext(bad), "{bad}");
            assert!(!is_original_recipient(&format!("rfc822;{bad}"), true), "{bad}");
        }
        assert!(is_original_recipient("utf-8;\u{3042}+x=@b.example", true));
        let longest = "x".repeat(MAX_VALUE_BYTES);
        assert!(is_xtext(&longest) && !is_xtext(&format!("{longest}x")));
    }

    #[test]
    fn only_what_differs_from_the_default_is_lost() {
        for (notify, lost) in [
            (None, false),
            (Some("FAILURE"), false),
            (Some("failure,delay"), false),
            (Some("NEVER"), true),
            (Some("success,failure"), true),
            (Some("DELAY"), true),
        ] {
            let options =
                RecipientOptions { notify: notify.map(str::to_owned), ..Default::default() };
            assert_eq!(options.is_lost_without(), lost, "{notify:?}");
        }
    }
}
