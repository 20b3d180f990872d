//! The mails that are sent, written as mailers write them.

use super::people::Person;
use super::unavailable;
use crate::complaint::Complaint;
use ssmax_agent::sign::{Signer, sign};
use ssmax_cms::enveloped::RsaTransport;
use ssmax_mail::address::Address;
use ssmax_mail::compose::{
    Part, boundary, header_field, header_field_iso_2022_jp, mailbox, message, multipart,
};
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use ssmax_token::Random as _;
use std::io::Write as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A valid My Number of nobody: the check digit is right, the person is not.
const MY_NUMBER: &str = "123456789018";

/// Header fields of a new mail.
pub(crate) struct Draft<'a> {
    pub(crate) from: &'a str,
    pub(crate) display: &'a str,
    pub(crate) to: &'a [&'a str],
    pub(crate) cc: &'a [&'a str],
    pub(crate) subject: &'a str,
}

impl Draft<'_> {
    /// The mail around a content entity, with a Message-ID of its own.
    pub(crate) fn with(&self, entity: &[u8]) -> Result<Mail, Complaint> {
        let random = random_name();
        let domain = self.from.rsplit_once('@').map_or("invalid", |(_, domain)| domain);
        let message_id = format!("<{random}@{domain}>");
        let from = Address::parse(self.from).map_err(unavailable)?;
        let now = OffsetDateTime::now_utc().format(&Rfc2822).map_err(unavailable)?;
        let mut fields = vec![
            header_field("From", &mailbox(self.display, &from)),
            header_field("To", &self.to.join(", ")),
        ];
        if !self.cc.is_empty() {
            fields.push(header_field("Cc", &self.cc.join(", ")));
        }
        // Japanese mailers still write ISO-2022-JP; what it lacks goes as UTF-8.
        fields.push(
            header_field_iso_2022_jp("Subject", self.subject)
                .unwrap_or_else(|| header_field("Subject", self.subject)),
        );
        fields.push(header_field("Date", &now));
        fields.push(header_field("Message-ID", &message_id));
        Ok(Mail { octets: message(&fields, entity), message_id })
    }
}

/// A mail with its name.
#[derive(Clone)]
pub(crate) struct Mail {
    pub(crate) octets: Vec<u8>,
    pub(crate) message_id: String,
}

impl Mail {
    /// The same mail signed with a person's own key.
    pub(crate) fn signed_by(&self, person: &Person) -> Result<Self, Complaint> {
        let (key, certificate) =
            person.signing.as_ref().ok_or_else(|| unavailable("no key file"))?;
        let signer = Signer {
            key,
            certificate,
            chain: &person.chain,
            encryption: Some(&person.encryption.1),
        };
        let octets = sign(&self.octets, &signer, OffsetDateTime::now_utc(), &SystemRandom)
            .map_err(unavailable)?;
        Ok(Self { octets, message_id: self.message_id.clone() })
    }

    /// The same mail encrypted for the owners of these certificates.
    pub(crate) fn encrypted_for(&self, recipients: &[Certificate]) -> Result<Self, Complaint> {
        let octets = ssmax_agent::encrypt::encrypt(
            &self.octets,
            recipients,
            RsaTransport::Pkcs1,
            OffsetDateTime::now_utc(),
            &SystemRandom,
        )
        .map_err(unavailable)?;
        Ok(Self { octets, message_id: self.message_id.clone() })
    }

    /// The signed content entity: of a signed mail its first part, of an unsigned one
    /// its content fields and body.
    pub(crate) fn entity(&self) -> Result<Vec<u8>, Complaint> {
        let mail =
            ssmax_mail::parse(&self.octets, &ssmax_mail::Limits::default()).map_err(unavailable)?;
        if mail.content_type().is("multipart", "signed") {
            let first = mail.children().first().ok_or_else(|| unavailable("no content"))?;
            return Ok(first.raw().to_vec());
        }
        Ok(ssmax_mail::canonical::content_entity(&mail))
    }
}

/// A Japanese text in ISO-2022-JP with attachments.
pub(crate) fn text_with(text: &str, attachments: Vec<Part>) -> Vec<u8> {
    let text = Part::text_iso_2022_jp(text).unwrap_or_else(|| Part::text(text));
    if attachments.is_empty() {
        return text.into_octets();
    }
    let mut parts = vec![text.into_octets()];
    parts.extend(attachments.into_iter().map(Part::into_octets));
    let mut random = [0; 16];
    SystemRandom.fill(&mut random);
    multipart("mixed", &[], &boundary(random), &parts)
}

/// A one-page PDF.
pub(crate) fn quotation() -> Part {
    let pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
        2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
        3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n\
        trailer<</Root 1 0 R>>\n%%EOF\n";
    Part::attachment("application/pdf", "御見積書_2026年度.pdf", pdf)
}

/// A sheet with order numbers: long digits that are nobody's number.
pub(crate) fn orders() -> Result<Part, Complaint> {
    workbook("注文一覧表.xlsx", &[&["注文番号", "品名", "数量"], &["202611220001", "鉛筆", "12"]])
}

/// A sheet with a My Number under its heading.
pub(crate) fn leaking_sheet() -> Result<Part, Complaint> {
    workbook("従業員名簿.xlsx", &[&["氏名", "個人番号"], &["山田 花子", MY_NUMBER]])
}

/// The harmless file that every scanner knows, in a zip. It is put together here so
/// that this program is not taken for malware itself.
pub(crate) fn eicar_zip() -> Result<Part, Complaint> {
    let test_file =
        [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$", "EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"].concat();
    let zip = zipped(&[("請求書.com", test_file.as_bytes())])?;
    Ok(Part::attachment("application/zip", "請求書.zip", &zip))
}

fn workbook(name: &str, rows: &[&[&str]]) -> Result<Part, Complaint> {
    let mut cells = String::new();
    for (number, row) in (1..).zip(rows) {
        cells += &format!("<row r=\"{number}\">");
        for (column, text) in ('A'..).zip(*row) {
            cells +=
                &format!("<c r=\"{column}{number}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
        }
        cells += "</row>";
    }
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let files = [
        (
            "[Content_Types].xml",
            format!(
                "{xml}<Types xmlns=\"{package}/content-types\">\
                 <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
                 <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
                 <Override PartName=\"/xl/workbook.xml\" ContentType=\"{kind}.sheet.main+xml\"/>\
                 <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{kind}.worksheet+xml\"/>\
                 </Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "{xml}<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"rId1\" \
                 Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "{xml}<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>\
                 <sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "{xml}<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"rId1\" \
                 Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("{xml}<worksheet xmlns=\"{main}\"><sheetData>{cells}</sheetData></worksheet>"),
        ),
    ];
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    Ok(Part::attachment(&format!("{kind}.sheet"), name, &zipped(&files)?))
}

fn zipped(files: &[(&str, &[u8])]) -> Result<Vec<u8>, Complaint> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, SimpleFileOptions::default()).map_err(unavailable)?;
        archive.write_all(content).map_err(unavailable)?;
    }
    Ok(archive.finish().map_err(unavailable)?.into_inner())
}

fn random_name() -> String {
    let mut random = [0; 12];
    SystemRandom.fill(&mut random);
    hex::encode(random)
}
