//! The mail between two organisations taken apart.
//!
//! Property: a mail composed of the parts is taken apart into the same parts.

use ssmax_chain::attachments;
use ssmax_chain::hop_mail::{
    HopBody, SmimeType, compose_attachments, compose_content, compose_mail, take_apart,
};
use ssmax_mail::{Limits, compose, parse};

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[Pool::Mails];
pub(crate) const ROUNDS: usize = 600;

pub(crate) fn made() -> Vec<Vec<u8>> {
    let content = compose_content((SmimeType::Enveloped, b"mail"), b"sealed", "inner");
    vec![compose_mail(b"From: a@a.example\r\n", &content, b"signature", "outer")]
}

/// Takes the octets apart, and what was composed of the parts.
pub fn run(octets: &[u8]) {
    let Ok(mail) = parse(octets, &Limits::default()) else { return };
    let Some(parts) = take_apart(&mail) else { return };
    let (inner, outer) = (compose::boundary([1; 16]), compose::boundary([2; 16]));
    let content = match &parts.mail {
        HopBody::Whole(object) => {
            compose_content((SmimeType::AuthEnveloped, object), &parts.sealed, &inner)
        }
        HopBody::Attachments(mail) => {
            let boundaries = ("=_mail", "=_signed");
            let files = mail.manifest.parts.iter().zip(&mail.files);
            let files = files.map(|(listed, file)| {
                let infos: Vec<_> =
                    file.recipients().iter().map(|info| info.der().to_vec()).collect();
                (listed.name.as_str(), file.with_recipients(&infos))
            });
            let entity = attachments::compose(
                b"",
                mail.content,
                &mail.signature,
                files.collect(),
                boundaries,
            );
            compose_attachments(entity, &parts.sealed, &inner)
        }
    };
    let again = compose_mail(b"From: a@a.example\r\n", &content, &parts.signed_data, &outer);
    let again = parse(&again, &Limits::default()).expect("a mail that we compose is read");
    let again = take_apart(&again).expect("and taken apart");
    assert_eq!(again.content, content);
    match (&again.mail, &parts.mail) {
        (HopBody::Whole(again), HopBody::Whole(object)) => assert_eq!(again, object),
        (HopBody::Attachments(again), HopBody::Attachments(mail)) => {
            assert_eq!(again.content, mail.content);
            assert_eq!(again.manifest, mail.manifest);
        }
        _ => panic!("another form"),
    }
    assert_eq!(again.sealed, parts.sealed);
    assert_eq!(again.signed_data, parts.signed_data);
}
