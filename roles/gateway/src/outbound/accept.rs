//! The octets arrive and are read.

use crate::ambiguity;
use crate::config::Ambiguous;
use crate::journal::SentMail;
use crate::listen;
use crate::outbound::Stated;
use ssmax_api::keyserver::{Form, OfferedPart};
use ssmax_chain::attachments::{self, AttachmentMail};
use ssmax_chain::journey::{Accepted, Envelope, Mail};
use ssmax_chain::{Digest, Reason, Refusal, trace};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::Enveloped;
use ssmax_mail::address::parse_from;
use ssmax_mail::{Entity, Header};
use ssmax_smime::content;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// A submitted mail as far as it can be read without a key.
pub(crate) struct Submitted {
    pub(super) mail: Mail<Accepted>,
    pub(super) login: listen::Login,
    /// Where automatic mail came from.
    pub(super) source: Option<String>,
    /// The statement that the mail brought along, of an MTA's submission service.
    pub(super) stated: Option<Stated>,
    pub(super) from: String,
    pub(super) message_id: String,
    pub(super) form: Form,
    pub(super) parts: Vec<OfferedPart>,
    /// By what it is known when it comes again; a mail without a Message-ID of its own
    /// may be meant twice.
    pub(super) sent: Option<SentMail>,
    /// Whether it came in another form, which was ambiguous.
    pub(super) rebuilt: bool,
}

/// Reads a submitted mail; a missing Date or Message-ID is added (RFC 6409 8.2, 8.3).
/// `message_id` is set as soon as it is known: who looks for a mail in the journal looks
/// for one that was refused.
pub(super) fn accept(
    envelope: &listen::Envelope,
    octets: Vec<u8>,
    ambiguous: Ambiguous,
    message_id: &mut String,
) -> Result<Submitted, Refusal> {
    let login = envelope.auth.clone().ok_or(Reason::LoginRequired)?;
    let arrival = Arrival::read(octets, ambiguous)?;
    let (mail_from, recipients) = (envelope.mail_from.clone(), envelope.recipients.clone());
    arrival.submitted(login, None, mail_from, recipients, message_id)
}

/// Octets that were handed in here, in a form that can be read.
pub(crate) struct Arrival {
    pub(crate) octets: Vec<u8>,
    /// SHA-256 of the octets as they came.
    body: Digest,
    ambiguous: Ambiguous,
    rebuilt: bool,
    /// Whether a list of ours wrote it: then it is encrypted for us.
    is_post: bool,
}

impl Arrival {
    /// A list's new mail, known again by the mail that it was made of.
    pub(crate) fn of_list(octets: Vec<u8>, body: Digest) -> Self {
        Self { octets, body, ambiguous: Ambiguous::Refuse, rebuilt: false, is_post: true }
    }

    /// # Errors
    /// The refusal of what has no one reading.
    pub(crate) fn read(octets: Vec<u8>, ambiguous: Ambiguous) -> Result<Self, Refusal> {
        let body = Digest::of(&octets);
        let readable = ambiguity::readable(&octets, ambiguous)?;
        let rebuilt = readable.is_some();
        Ok(Self { octets: readable.unwrap_or(octets), body, ambiguous, rebuilt, is_post: false })
    }

    /// The mail as far as it can be read without a key; see [`accept`]. With a `source` it
    /// is automatic.
    ///
    /// # Errors
    /// The refusal of a mail that cannot be read, or is automatic and not in clear.
    pub(crate) fn submitted(
        self,
        login: listen::Login,
        source: Option<String>,
        mail_from: String,
        recipients: Vec<String>,
        message_id: &mut String,
    ) -> Result<Submitted, Refusal> {
        let Self { octets, body, ambiguous, mut rebuilt, is_post } = self;
        let (mut octets, was_named) = complete(octets, &mail_from)?;
        let sent = was_named.then(|| SentMail { user: login.user.clone(), body });
        let mail = parse(&octets)?;
        *message_id = message_id_of(&mail);
        refuse_loop(&mail)?;
        let from = one_from(&mail)?;
        let (mut form, parts) = form(&mail)?;
        if is_post && form != Form::Enveloped {
            return Err(Reason::Internal.into());
        }
        if source.is_some() && !is_post {
            // A machine has no key: what is signed or encrypted is somebody else's.
            if form != Form::Unsigned {
                return Err(Reason::SourceUnknown.into());
            }
            form = Form::System;
        }
        if form.is_encrypted() {
            ambiguity::check_header(&mail)?;
        } else if let Some(anew) = ambiguity::settled(&octets, ambiguous)? {
            octets = anew;
            rebuilt = true;
        }
        let message_id = message_id.clone();
        let mail = Mail::accept(Envelope { mail_from, recipients }, octets);
        Ok(Submitted {
            mail,
            login,
            source,
            stated: None,
            from,
            message_id,
            form,
            parts,
            sent,
            rebuilt,
        })
    }
}

impl Submitted {
    /// The mail with the statement that it brought along, by which it is known again: an
    /// MTA tries again what it has once been given.
    pub(super) fn with_statement(mut self, stated: Stated) -> Self {
        self.sent = Some(stated.sent(&self.login.user));
        self.stated = Some(stated);
        self
    }

    /// The same mail for some of its recipients only.
    pub(super) fn only_for(mut self, recipients: Vec<String>) -> Self {
        if self.mail.envelope().recipients != recipients {
            let mail_from = self.mail.envelope().mail_from.clone();
            let envelope = Envelope { mail_from, recipients };
            self.mail = Mail::accept(envelope, self.mail.shared_octets());
        }
        self
    }
}

/// Reads a mail, telling "no mail" from "no unambiguous mail".
pub(crate) fn parse(octets: &[u8]) -> Result<Entity<'_>, Refusal> {
    ssmax_mail::parse(octets, &ssmax_mail::Limits::default()).map_err(|fault| {
        tracing::info!(%fault, "a mail is not read");
        if fault.is_ambiguity() {
            Reason::MailAmbiguous.into()
        } else {
            Reason::MailMalformed.into()
        }
    })
}

/// Refuses a mail that goes in circles.
pub(crate) fn refuse_loop(mail: &Entity<'_>) -> Result<(), Refusal> {
    if trace::is_looping(mail.header()) { Err(Reason::MailLooping.into()) } else { Ok(()) }
}

/// The one address in From, as text.
pub(crate) fn one_from(mail: &Entity<'_>) -> Result<String, Refusal> {
    let field = mail.header().one("From").ok().flatten().ok_or(Reason::FromNotOne)?;
    match parse_from(&field.unfolded()).as_deref() {
        Ok([one]) => Ok(one.address.to_string()),
        _ => Err(Reason::FromNotOne.into()),
    }
}

/// The Message-ID with its brackets, or nothing.
pub(crate) fn message_id_of(mail: &Entity<'_>) -> String {
    message_id_in(mail.header())
}

/// As [`message_id_of`], where only the header is read.
pub(super) fn message_id_in(header: &Header<'_>) -> String {
    header
        .one("Message-ID")
        .ok()
        .flatten()
        .map(|field| field.unfolded().trim().to_owned())
        .unwrap_or_default()
}

fn form(mail: &Entity<'_>) -> Result<(Form, Vec<OfferedPart>), Refusal> {
    if content::is_encrypted(mail) {
        let object = mail.decoded_body().map_err(|_| Reason::EncryptionRefused)?;
        return Ok((Form::Enveloped, vec![offered(String::new(), object)?]));
    }
    if let Some(attached) = attached(mail)? {
        let listed = attached.manifest.parts.iter().zip(&attached.files);
        let parts = listed.map(|(listed, file)| offered_object(listed.path.clone(), file));
        return Ok((Form::Attachments, parts.collect()));
    }
    match content::signed_content(mail) {
        Err(content::ContentFault::NotSigned) => Ok((Form::Unsigned, vec![])),
        // Whatever is wrong with a signature, the worker names it.
        _ => Ok((Form::Signed, vec![])),
    }
}

/// A mail in attachment mode taken apart, if it says that it is one.
pub(crate) fn attached<'a>(mail: &Entity<'a>) -> Result<Option<AttachmentMail<'a>>, Refusal> {
    attachments::take_apart(mail).map_err(|fault| {
        tracing::info!(%fault, "a mail in attachment mode is refused");
        Reason::AttachmentsNotAsListed.into()
    })
}

/// A CMS object as the keyserver wants it offered: RecipientInfos and tail, no content.
pub(crate) fn offered(path: String, object: Vec<u8>) -> Result<OfferedPart, Refusal> {
    let enveloped =
        Enveloped::parse_vec(object, &Limits::default()).map_err(|_| Reason::EncryptionRefused)?;
    Ok(offered_object(path, &enveloped))
}

/// As [`offered`], of an object that is read already.
pub(crate) fn offered_object(path: String, enveloped: &Enveloped) -> OfferedPart {
    OfferedPart {
        path,
        recipients: enveloped
            .recipients()
            .iter()
            .map(|info| serde_bytes::ByteBuf::from(info.der().to_vec()))
            .collect(),
        tail: Digest(enveloped.tail()),
        cipher: enveloped.cipher().name().to_owned(),
    }
}

/// The mail with Date and Message-ID, and whether it brought the latter itself.
fn complete(mut octets: Vec<u8>, mail_from: &str) -> Result<(Vec<u8>, bool), Refusal> {
    let mut added = String::new();
    let was_named;
    {
        let mail = parse(&octets)?;
        let missing = |name| mail.header().all(name).next().is_none();
        if missing("Date") {
            let now = OffsetDateTime::now_utc().format(&Rfc2822).unwrap_or_default();
            added.push_str(&format!("Date: {now}\r\n"));
        }
        was_named = !missing("Message-ID");
        if !was_named {
            let domain = mail_from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
            let name = Digest::of(&octets).to_string();
            let short = name.get(..32).unwrap_or(&name);
            added.push_str(&format!(
                "Message-ID: <{short}.{}@{domain}>\r\n",
                OffsetDateTime::now_utc().unix_timestamp_nanos()
            ));
        }
    }
    octets.splice(0..0, added.into_bytes());
    Ok((octets, was_named))
}
