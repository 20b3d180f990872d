//! Mail to recipients whose domain is no member's, as `[gateway] outside` says. What its
//! sender encrypted never leaves in clear: nobody here could even do it.

use super::accept::parse;
use super::inspect::Made;
use super::reencrypt::visible_recipients;
use crate::config::Outside;
use crate::fate::{Fates, Leaving};
use crate::gateway::Gateway;
use ssmax_api::keyserver::{Form, OutboundTicket, RecipientRoute};
use ssmax_chain::journey::{Inspected, Mail};
use ssmax_chain::{Reason, Refusal, trace};
use ssmax_inspection::Outcome;

/// How a mail gets to a recipient outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// As its sender's mailer made it.
    Clear,
    /// The worker encrypts what the sender signed.
    Encrypted,
    /// Not before an officer has released it.
    Held,
    /// Not at all.
    Refused(Reason),
}

impl Gateway {
    /// The way for a recipient; `certified` is whether the keyserver knows a certificate.
    pub(super) fn way_outside(&self, form: Form, certified: bool, released: bool) -> Way {
        let way = way(self.settings.gateway.outside, form, certified, released);
        // Nobody at an ESP takes a mail out of its encryption.
        let closed = self.settings.organisation.is_esp() && form.is_encrypted();
        if closed && way == Way::Encrypted {
            return Way::Refused(Reason::EncryptedForOutside);
        }
        way
    }

    /// Refuses the recipients to whom there is no way.
    pub(super) fn refuse_outside(
        &self,
        form: Form,
        routes: &[RecipientRoute],
        but: &[String],
        fates: &mut Fates,
    ) {
        for route in routes {
            let RecipientRoute::Outside { recipient, certified } = route else { continue };
            let way = self.way_outside(form, *certified, fates.release.is_some());
            if let Way::Refused(reason) = way
                && !but.contains(recipient)
            {
                fates.refuse(recipient, reason.into());
            }
        }
    }

    /// Sends an inspected mail to recipients outside, or keeps it for an officer.
    pub(super) async fn leave(
        &self,
        mail: &Mail<Inspected<OutboundTicket, Made>>,
        but: &[String],
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        let mail_from = mail.envelope().mail_from.as_str();
        for (recipient, copy) in &mail.made().outside {
            let octets = [self.received("ESMTPA").as_bytes(), copy].concat();
            let parcel = mail.parcel(vec![recipient.clone()], octets).signed(Ok::<_, ()>);
            if let Ok(parcel) = parcel {
                self.transmit(mail_from, parcel, None, Leaving::Encrypted, fates).await;
            }
        }
        let form = mail.made().form;
        let (open, released) = (fates.undecided(), fates.release.is_some());
        let on = |wanted: Way| -> Vec<String> {
            let is_on = |route: &RecipientRoute| match route {
                RecipientRoute::Outside { recipient, certified } => {
                    let goes = self.way_outside(form, *certified, released) == wanted
                        && open.contains(recipient)
                        && !but.contains(recipient);
                    goes.then(|| recipient.clone())
                }
                _ => None,
            };
            mail.ticket().routes.iter().filter_map(is_on).collect()
        };
        let (clear, held) = (on(Way::Clear), on(Way::Held));
        if !clear.is_empty() {
            let received = self.received("ESMTPA");
            let octets = in_clear(&received, mail.octets(), &self.settings.gateway.host_name)?;
            for recipients in by_visibility(mail.octets(), clear)? {
                let parcel = mail.parcel(recipients, octets.clone()).signed(Ok::<_, ()>);
                if let Ok(parcel) = parcel {
                    self.transmit(mail_from, parcel, None, Leaving::Clear, fates).await;
                }
            }
        }
        if !held.is_empty() {
            fates.found(Outcome::Hold, Vec::new());
            let reason = Reason::RecipientOutside.into();
            self.keep("outbound", &held, mail.octets(), reason, fates).await;
        }
        Ok(())
    }
}

/// The mail as it came, but for what tells hidden recipients and what only we may say.
fn in_clear(received: &str, octets: &[u8], host_name: &str) -> Result<Vec<u8>, Refusal> {
    let mail = parse(octets)?;
    let mut out = Vec::with_capacity(octets.len() + received.len());
    out.extend_from_slice(received.as_bytes());
    for field in mail.header().fields() {
        let tells = ["Bcc", "Resent-Bcc", "Return-Path"];
        let is_dropped = tells.iter().any(|name| field.name().eq_ignore_ascii_case(name))
            || trace::is_reserved(field, host_name);
        if !is_dropped {
            out.extend_from_slice(field.raw());
        }
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(mail.body());
    Ok(out)
}

fn way(setting: Outside, form: Form, certified: bool, released: bool) -> Way {
    // Of a mail in attachment mode only the files are encrypted: encrypted as a whole it
    // would not be what its sender signed.
    let encrypted = || {
        if form == Form::Attachments {
            Way::Refused(Reason::EncryptedForOutside)
        } else {
            Way::Encrypted
        }
    };
    let clear = || {
        if form.is_encrypted() { Way::Refused(Reason::EncryptedForOutside) } else { Way::Clear }
    };
    match (setting, certified) {
        (Outside::Reject, _) => Way::Refused(Reason::RecipientOutside),
        (Outside::Clear, _) => clear(),
        (Outside::EncryptIfKnown, true) => encrypted(),
        (Outside::EncryptIfKnown, false) => Way::Refused(Reason::OutsideCertificateUnknown),
        (Outside::Hold, _) if !released => Way::Held,
        (Outside::Hold, true) => encrypted(),
        (Outside::Hold, false) => clear(),
    }
}

/// Visible recipients together, each hidden one alone.
fn by_visibility(octets: &[u8], recipients: Vec<String>) -> Result<Vec<Vec<String>>, Refusal> {
    let visible = visible_recipients(&parse(octets)?);
    let (shown, hidden): (Vec<String>, Vec<String>) = recipients
        .into_iter()
        .partition(|one| visible.iter().any(|known| known.eq_ignore_ascii_case(one)));
    let mut groups: Vec<Vec<String>> = hidden.into_iter().map(|one| vec![one]).collect();
    if !shown.is_empty() {
        groups.insert(0, shown);
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encrypted_has_no_way_in_clear_whatever_is_set() {
        use Outside::{Clear, EncryptIfKnown, Hold, Reject};
        for setting in [Reject, Clear, EncryptIfKnown, Hold] {
            for form in [Form::Enveloped, Form::Attachments] {
                for (certified, released) in
                    [(false, false), (false, true), (true, false), (true, true)]
                {
                    assert_ne!(way(setting, form, certified, released), Way::Clear, "{setting:?}");
                }
            }
        }
    }

    #[test]
    fn each_setting_has_its_ways() {
        let refused = Way::Refused;
        for (setting, form, certified, released, expected) in [
            (Outside::Reject, Form::Signed, true, true, refused(Reason::RecipientOutside)),
            (Outside::Clear, Form::Signed, true, false, Way::Clear),
            (Outside::Clear, Form::Enveloped, true, false, refused(Reason::EncryptedForOutside)),
            (Outside::EncryptIfKnown, Form::Signed, true, false, Way::Encrypted),
            (Outside::EncryptIfKnown, Form::Enveloped, true, false, Way::Encrypted),
            (
                Outside::EncryptIfKnown,
                Form::Signed,
                false,
                false,
                refused(Reason::OutsideCertificateUnknown),
            ),
            (
                Outside::EncryptIfKnown,
                Form::Attachments,
                true,
                false,
                refused(Reason::EncryptedForOutside),
            ),
            (Outside::Hold, Form::Enveloped, true, false, Way::Held),
            (Outside::Hold, Form::Enveloped, true, true, Way::Encrypted),
            (Outside::Hold, Form::Enveloped, false, true, refused(Reason::EncryptedForOutside)),
            (Outside::Hold, Form::Unsigned, false, true, Way::Clear),
        ] {
            assert_eq!(way(setting, form, certified, released), expected, "{setting:?} {form:?}");
        }
    }

    #[test]
    fn what_leaves_in_clear_names_no_hidden_recipient() {
        let mail = b"From: a@a.example\r\nTo: x@x.example\r\nbcc: h@x.example\r\n\
            Resent-From: a@a.example\r\nresent-BCC: i@x.example,\r\n j@x.example\r\n\
            Return-Path: <k@x.example>\r\nSSMAX-Result: mx.a.example; class=verified\r\n\r\nx\r\n";
        let left = in_clear("Received: y\r\n", mail, "mx.a.example").unwrap();
        assert_eq!(
            String::from_utf8(left).unwrap(),
            "Received: y\r\nFrom: a@a.example\r\nTo: x@x.example\r\n\
             Resent-From: a@a.example\r\n\r\nx\r\n"
        );
    }

    #[test]
    fn hidden_recipients_are_served_alone() {
        let mail = b"From: a@a.example\r\nTo: x@x.example\r\nCc: Y@x.example\r\n\r\nx\r\n";
        let recipients = ["h@x.example", "x@x.example", "y@x.example", "i@x.example"];
        let groups = by_visibility(mail, recipients.map(str::to_owned).to_vec()).unwrap();
        assert_eq!(
            groups,
            [
                vec!["x@x.example".to_owned(), "y@x.example".to_owned()],
                vec!["h@x.example".to_owned()],
                vec!["i@x.example".to_owned()],
            ]
        );
    }
}
