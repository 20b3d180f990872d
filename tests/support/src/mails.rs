//! Mails as people's mailers write them, and changed as nobody's mailer does.

use crate::person::Person;
use ssmax_agent::sign::{Signer, sign};
use ssmax_cms::enveloped::{ContentCipher, RsaTransport, encrypt, recipient_info};
use ssmax_cms::signed::SignRequest;
use ssmax_mail::compose::{Part, boundary, header_field, message, multipart};
use ssmax_mail::{Entity, Limits, canonical};
use ssmax_pki::Certificate;
use ssmax_primitives::{ContentKey, SystemRandom, sha256};
use ssmax_surgery as surgery;
use ssmax_token::Random as _;
use std::io::Write as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A mail with its name.
#[derive(Clone)]
pub struct Mail {
    pub octets: Vec<u8>,
    pub message_id: String,
}

/// A mail around a content entity.
pub fn mail(from: &str, to: &str, entity: &[u8]) -> Mail {
    mail_from(&[("From", from)], to, entity)
}

/// A mail with these fields first.
pub fn mail_from(first: &[(&str, &str)], to: &str, entity: &[u8]) -> Mail {
    let message_id = format!("<{}@mailer.example>", hex::encode(random::<12>()));
    let now = OffsetDateTime::now_utc().format(&Rfc2822).unwrap();
    let mut fields: Vec<_> = first.iter().map(|(name, value)| header_field(name, value)).collect();
    for (name, value) in
        [("To", to), ("Subject", "Offer"), ("Date", &now), ("Message-ID", &message_id)]
    {
        fields.push(header_field(name, value));
    }
    Mail { octets: message(&fields, entity), message_id }
}

/// Text in a part of its own.
pub fn text() -> Vec<u8> {
    Part::text("Please find our offer below.\n").into_octets()
}

/// Text with something attached.
pub fn text_with(attached: Vec<u8>) -> Vec<u8> {
    multipart("mixed", &[], &boundary(random()), &[text(), attached])
}

/// A multipart with two boundaries, of which some readers go by the first, some by the
/// second.
pub fn ambiguous() -> Vec<u8> {
    multipart("mixed", &[("boundary", "other")], &boundary(random()), &[text()])
}

/// A valid My Number of nobody, named as one.
pub fn my_number() -> Vec<u8> {
    Part::text("個人番号は1234-5678-9018です。\n").into_octets()
}

/// Text with the harmless file that every scanner knows. It is put together here, or
/// this program would be taken for malware itself.
pub fn eicar() -> Vec<u8> {
    let file = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$", "EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"];
    text_with(
        Part::attachment("application/octet-stream", "invoice.com", file.concat().as_bytes())
            .into_octets(),
    )
}

/// Text with a zip whose entry is locked with a password.
pub fn locked_zip() -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("offer.txt", SimpleFileOptions::default()).unwrap();
    archive.write_all(b"locked").unwrap();
    let mut octets = archive.finish().unwrap().into_inner();
    // Bit 0 of the flags, beside the entry and in the directory (APPNOTE 4.3.7, 4.3.12).
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = octets.windows(4).position(|window| window == signature).unwrap();
        octets[at + flags] |= 1;
    }
    text_with(Part::attachment("application/zip", "offer.zip", &octets).into_octets())
}

/// Text with a mail attached that holds this content.
pub fn forwarded(content: &[u8]) -> Vec<u8> {
    let mut attached = b"Content-Type: message/rfc822\r\n\r\n".to_vec();
    attached.extend(message(&[header_field("Subject", "Offer")], content));
    text_with(attached)
}

impl Mail {
    /// The same mail signed with a person's own key.
    pub fn signed_by(&self, person: &Person) -> Self {
        let signer = Signer {
            key: &person.signing.0,
            certificate: &person.signing.1,
            chain: &person.chain,
            encryption: None,
        };
        let now = OffsetDateTime::now_utc();
        self.with(sign(&self.octets, &signer, now, &SystemRandom).unwrap())
    }

    /// The same header around this content in an opaque signature by a person.
    pub fn opaque(&self, content: &[u8], person: &Person) -> Self {
        let mut certificates = vec![person.signing.1.clone()];
        certificates.extend_from_slice(&person.chain);
        let signed = ssmax_cms::signed::sign(
            &SignRequest {
                content_digest: sha256(content),
                content: Some(content),
                signing_time: Some(OffsetDateTime::now_utc()),
                extra_signed: vec![],
                unsigned: vec![],
                certificates: &certificates,
                signer: &person.signing.1,
            },
            &person.signing.0,
        );
        let part = Part::attachment(
            "application/pkcs7-mime; smime-type=signed-data",
            "smime.p7m",
            &signed.unwrap(),
        );
        self.around(&part.into_octets())
    }

    /// The same mail encrypted as mailers do.
    pub fn encrypted_for(&self, certificate: &Certificate) -> Self {
        self.encrypted_around(&self.content(), certificate, |info| info)
    }

    /// The same mail encrypted with AES-GCM, as few mailers do.
    pub fn encrypted_with_gcm(&self, certificate: &Certificate) -> Self {
        let cipher = ContentCipher::Aes256Gcm;
        let key = ContentKey::random(&SystemRandom, cipher.key_len());
        let sealed = encrypt(&self.content(), cipher, &key, &SystemRandom).unwrap();
        let info = recipient_info(certificate, &key, None, RsaTransport::Pkcs1).unwrap();
        self.around_object(&sealed.with_recipients(&[info]))
    }

    /// The same header around an encryption of this content, its RecipientInfo changed.
    pub fn encrypted_around(
        &self,
        content: &[u8],
        certificate: &Certificate,
        change: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) -> Self {
        let cipher = ContentCipher::Aes256Cbc;
        let key = ContentKey::random(&SystemRandom, cipher.key_len());
        let sealed = encrypt(content, cipher, &key, &SystemRandom).unwrap();
        let info = recipient_info(certificate, &key, None, RsaTransport::Pkcs1).unwrap();
        self.around_object(&sealed.with_recipients(&[change(info)]))
    }

    /// The same header around a CMS object that says it is encrypted.
    pub fn around_object(&self, object: &[u8]) -> Self {
        use ssmax_chain::hop_mail::{SmimeType, pkcs7_part};
        self.around(&pkcs7_part(SmimeType::Enveloped, "smime.p7m", object))
    }

    /// The same header, but for what describes the body, around another entity.
    pub fn around(&self, entity: &[u8]) -> Self {
        self.with([self.fields().as_slice(), b"MIME-Version: 1.0\r\n", entity].concat())
    }

    /// The header fields, but for those that describe the body.
    pub fn fields(&self) -> Vec<u8> {
        let mail = parsed(&self.octets);
        let fields = mail.header().fields().iter().filter(|field| {
            !canonical::is_content_field(field.name())
                && !field.name().eq_ignore_ascii_case("MIME-Version")
        });
        fields.flat_map(|field| field.raw().to_vec()).collect()
    }

    /// The content entity.
    pub fn content(&self) -> Vec<u8> {
        canonical::content_entity(&parsed(&self.octets))
    }

    /// The signed entity and the SignedData of a mail in multipart/signed.
    pub fn signature(&self) -> (Vec<u8>, Vec<u8>) {
        let mail = parsed(&self.octets);
        let [entity, signature] = mail.children() else { panic!("not signed") };
        (entity.raw().to_vec(), signature.decoded_body().unwrap())
    }

    /// The same mail with one text in it replaced by another, once.
    pub fn replacing(&self, this: &str, by: &str) -> Self {
        let text = String::from_utf8(self.octets.clone()).unwrap();
        assert!(text.contains(this), "{this} is not in the mail");
        self.with(text.replacen(this, by, 1).into_bytes())
    }

    /// The same mail with the SignerInfos of its signature changed.
    pub fn with_signers(&self, change: impl FnOnce(&mut Vec<surgery::Node>)) -> Self {
        let (entity, signed_data) = self.signature();
        let changed = surgery::with_signers(&signed_data, change);
        self.around(&multipart_signed(&entity, &changed))
    }

    fn with(&self, octets: Vec<u8>) -> Self {
        Self { octets, message_id: self.message_id.clone() }
    }
}

/// A signed multipart.
pub fn multipart_signed(entity: &[u8], signed_data: &[u8]) -> Vec<u8> {
    multipart(
        "signed",
        &[("protocol", "application/pkcs7-signature"), ("micalg", "sha-256")],
        &boundary(random()),
        &[entity.to_vec(), ssmax_chain::hop_mail::signature_part(signed_data)],
    )
}

pub fn parsed(octets: &[u8]) -> Entity<'_> {
    ssmax_mail::parse(octets, &Limits::default()).unwrap()
}

pub fn random<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    SystemRandom.fill(&mut octets);
    octets
}
