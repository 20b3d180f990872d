use super::*;
use ssmax_cms::enveloped::{ContentCipher, encrypt, kcv, recipient_info_for_key};
use ssmax_primitives::{ContentKey, SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, KeyPair as _};

struct File {
    name: &'static str,
    object: Vec<u8>,
    tail: Digest,
    kcv: Digest,
}

fn file(name: &'static str) -> File {
    let cipher = ContentCipher::Aes256Cbc;
    let key = ContentKey::random(&SystemRandom, cipher.key_len());
    let sealed = encrypt(name.as_bytes(), cipher, &key, &SystemRandom).unwrap();
    let reader = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let id = ssmax_pki::key_identifier(reader.spki());
    let info = recipient_info_for_key(reader.spki(), &id, &key, None).unwrap();
    let tail = sealed.tail();
    File {
        name,
        object: sealed.with_recipients(&[info]),
        tail: Digest(tail),
        kcv: Digest(kcv(&key, &tail)),
    }
}

fn content(listed: &[&File]) -> Vec<u8> {
    let rows = listed.iter().map(|file| (file.name.to_owned(), file.tail, file.kcv)).collect();
    let manifest = manifest_part(&Manifest::new(rows, None));
    multipart_behind(b"", "mixed", &[], "=_content", Part::text("Hello").into_octets(), &[manifest])
}

fn mail(listed: &[&File], there: &[&File]) -> Vec<u8> {
    let files = there.iter().map(|file| (file.name, file.object.clone())).collect();
    let boundaries = ("=_outer", "=_signed");
    compose(b"From: a@a.example\r\n", &content(listed), b"signature", files, boundaries)
}

fn fault(octets: &[u8]) -> Option<AttachmentFault> {
    let mail = ssmax_mail::parse(octets, &ssmax_mail::Limits::default()).unwrap();
    take_apart(&mail).err()
}

fn replaced(mail: &[u8], this: &str, by: &str) -> Vec<u8> {
    let text = String::from_utf8(mail.to_vec()).unwrap();
    assert!(text.contains(this), "{this} is not in the mail");
    text.replace(this, by).into_bytes()
}

#[test]
fn what_is_composed_is_taken_apart() {
    let (a, b) = (file("a.txt"), file("見積書.docx"));
    let octets = mail(&[&a, &b], &[&a, &b]);
    let mail = ssmax_mail::parse(&octets, &ssmax_mail::Limits::default()).unwrap();
    let found = take_apart(&mail).unwrap().unwrap();
    assert_eq!(found.content, content(&[&a, &b]));
    assert_eq!(found.signature, b"signature");
    let tails: Vec<_> = found.files.iter().map(|file| Digest(file.tail())).collect();
    assert_eq!(tails, [a.tail, b.tail]);
    assert_eq!(found.manifest.parts[1].name, "見積書.docx");
    assert_eq!(mail.children()[2].path(), found.manifest.parts[1].path);
}

#[test]
fn other_objects_leave_header_and_signed_part_as_they_are() {
    let (a, b) = (file("a.txt"), file("b.txt"));
    let octets = mail(&[&a, &b], &[&a, &b]);
    let mail = ssmax_mail::parse(&octets, &ssmax_mail::Limits::default()).unwrap();
    let signed = take_apart(&mail).unwrap().unwrap().signed;
    let files = vec![("a.txt", a.object.clone()), ("b.txt", b.object.clone())];
    assert_eq!(with_objects(&mail, signed, files), octets);
}

#[test]
fn a_part_without_a_line_and_a_line_without_its_part_are_told_apart() {
    let (a, b) = (file("a.txt"), file("b.txt"));
    assert_eq!(fault(&mail(&[&a], &[&a, &b])), Some(AttachmentFault::NotListed));
    assert_eq!(fault(&mail(&[&a], &[&a, &a])), Some(AttachmentFault::NotListed));
    assert_eq!(fault(&mail(&[&a, &b], &[&a])), Some(AttachmentFault::Missing));
    assert_eq!(fault(&mail(&[], &[])), Some(AttachmentFault::Manifest));
    assert_eq!(fault(&mail(&[&a, &a], &[&a, &a])), Some(AttachmentFault::Manifest));
}

#[test]
fn another_file_in_the_place_of_a_listed_one_is_refused() {
    let (a, b) = (file("a.txt"), file("b.txt"));
    let again = File { name: "a.txt", ..file("a.txt") };
    assert_eq!(fault(&mail(&[&a, &b], &[&b, &a])), Some(AttachmentFault::OtherFile));
    assert_eq!(fault(&mail(&[&a], &[&again])), Some(AttachmentFault::OtherTail));
    let good = mail(&[&a], &[&a]);
    for (this, by) in [
        ("a.txt.p7m", "b.txt.p7m"),
        ("a.txt.p7m", "a.txt"),
        ("application/octet-stream", "text/html"),
        ("application/octet-stream", "application/pkcs7-mime"),
        ("application/octet-stream", "multipart/mixed; boundary=\"=_inner\"; x=y"),
    ] {
        // The manifest is in base64 and keeps its name.
        let parsed = replaced(&good, this, by);
        let Ok(mail) = ssmax_mail::parse(&parsed, &ssmax_mail::Limits::default()) else { continue };
        assert_eq!(take_apart(&mail).err(), Some(AttachmentFault::OtherFile), "{by}");
    }
    let not_encrypted = File { object: b"plain".to_vec(), ..file("a.txt") };
    assert_eq!(fault(&mail(&[&a], &[&not_encrypted])), Some(AttachmentFault::Unreadable));
}

#[test]
fn text_around_the_parts_is_refused() {
    let a = file("a.txt");
    let good = mail(&[&a], &[&a]);
    for (this, by) in [
        (
            "--=_outer\r\nContent-Type: multipart/signed",
            "Pay him!\r\n--=_outer\r\nContent-Type: multipart/signed",
        ),
        ("--=_outer--\r\n", "--=_outer--\r\nPay him!\r\n"),
        ("--=_signed--\r\n", "--=_signed--\r\nPay him!\r\n"),
        ("protocol=\"application/pkcs7-signature\"", "protocol=\"application/pgp-signature\""),
    ] {
        assert_eq!(fault(&replaced(&good, this, by)), Some(AttachmentFault::Shape), "{by}");
    }
}

#[test]
fn a_mail_that_does_not_say_so_is_of_another_form() {
    let a = file("a.txt");
    let good = mail(&[&a], &[&a]);
    for (this, by) in [
        ("ssmax-parts.json", "parts.json"),
        ("multipart/mixed; boundary=\"=_outer\"", "multipart/related; boundary=\"=_outer\""),
        ("multipart/mixed; boundary=\"=_content\"", "multipart/digest; boundary=\"=_content\""),
    ] {
        let octets = replaced(&good, this, by);
        let mail = ssmax_mail::parse(&octets, &ssmax_mail::Limits::default()).unwrap();
        assert!(matches!(take_apart(&mail), Ok(None)), "{by}");
    }
    let deeper = multipart_behind(b"", "mixed", &[], "=_deeper", good, &[]);
    let mail = ssmax_mail::parse(&deeper, &ssmax_mail::Limits::default()).unwrap();
    assert!(matches!(take_apart(&mail), Ok(None)));
}
