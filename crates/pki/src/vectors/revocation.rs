//! Vectors of deltas, indirect and partial CRLs, and OCSP responses.

use der::asn1::{Ia5String, Uint};
use time::Duration;
use x509_cert::ext::pkix::crl::dp::{DistributionPoint, Reasons};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{CrlDistributionPoints, IssuingDistributionPoint};

use super::{Vector, Writer, hanako};
use crate::crl::{Content, Crl, Entry, Reason};
use crate::forge::responses::{Made, delegate, generalized, good, revoked_since, single, unknown};
use crate::forge::{AT, CITY, Federation, Holder, altered, basis, new_key};
use crate::ocsp::syntax::Single;
use crate::path::tests::revocation::{altered as altered_crl, issue, scope, with_extension};
use crate::{Certificate, KeyUsage, encode, oid, profile};

type Out = Vec<(&'static str, String)>;

pub(super) fn write(writer: &Writer, out: &mut Out) {
    deltas(writer, out);
    indirect(writer, out);
    parts(writer, out);
    responses(writer, out);
    refused_responders(writer, out);
}

fn nobody() -> Content {
    Content {
        this_update: AT - Duration::hours(2),
        next_update: AT + Duration::hours(22),
        number: 5,
        keeps_since: None,
        entries: Vec::new(),
    }
}

fn listing(certificate: &Certificate, reason: Reason) -> Content {
    let revoked_at = AT - Duration::DAY;
    let serial = certificate.serial().to_vec();
    Content { entries: vec![Entry { serial, revoked_at, reason }], ..nobody() }
}

/// The person of all these vectors.
fn person(writer: &Writer) -> Holder {
    Holder::below(&writer.federation.member, |basis| profile::user_signing(basis, &hanako()))
}

/// A vector with CRLs of root and issuing CA, then `crls`.
fn add(
    writer: &Writer,
    out: &mut Out,
    name: &'static str,
    (expect, note): (&str, &str),
    (leaf, lister): (&Certificate, Option<&Holder>),
    crls: Vec<Crl>,
) {
    let Federation { root, issuing, .. } = &writer.federation;
    let mut vector = writer.vector(expect, "email-signing", note, leaf.der());
    vector.intermediates.extend(lister.map(|holder| holder.certificate.clone()));
    let upper = [issue(root, &nobody()), issue(issuing, &nobody())];
    let crls = upper.into_iter().chain(crls).collect();
    out.push((name, Vector { crls, openssl: Some("any"), ..vector }.text()));
}

fn deltas(writer: &Writer, out: &mut Out) {
    let person = person(writer);
    let leaf = &person.certificate;
    let member = &writer.federation.member;
    let delta = |content: Content, base: u8, number: u64| {
        let content = Content { this_update: AT - Duration::HOUR, number, ..content };
        with_extension(
            &issue(member, &content),
            member,
            oid::EXT_DELTA_CRL,
            &Uint::new(&[base]).unwrap(),
        )
    };
    let on_hold = || issue(member, &listing(leaf, Reason::CertificateHold));
    let lifted = || listing(leaf, Reason::RemoveFromCrl);
    let base = || issue(member, &nobody());
    for (name, answer, crls) in [
        (
            "delta-revokes",
            ("Revoked", "complete CRL 5, delta 6 to it lists the leaf"),
            vec![base(), delta(listing(leaf, Reason::KeyCompromise), 5, 6)],
        ),
        (
            "valid-hold-lifted-by-delta",
            ("valid", "on hold in CRL 5, removeFromCRL in delta 6"),
            vec![on_hold(), delta(lifted(), 5, 6)],
        ),
        (
            "delta-to-a-later-base",
            ("Revoked", "the delta builds on CRL 6, at hand is 5: still on hold"),
            vec![on_hold(), delta(lifted(), 6, 7)],
        ),
        (
            "delta-not-newer-than-its-base",
            ("Revoked", "delta 5 is not newer than CRL 5: still on hold"),
            vec![on_hold(), delta(lifted(), 1, 5)],
        ),
        (
            "delta-lifts-a-compromise",
            ("Revoked", "a compromised key stays so, whatever a delta says"),
            vec![issue(member, &listing(leaf, Reason::KeyCompromise)), delta(lifted(), 5, 6)],
        ),
        (
            "delta-without-base",
            ("RevocationUnknown", "a delta alone proves nothing good"),
            vec![delta(nobody(), 5, 6)],
        ),
    ] {
        add(writer, out, name, answer, (leaf, None), crls);
    }
    let later = Content {
        entries: vec![Entry {
            serial: leaf.serial().to_vec(),
            revoked_at: AT + Duration::SECOND,
            reason: Reason::KeyCompromise,
        }],
        ..nobody()
    };
    let answer = ("valid", "revoked one second after the moment asked about");
    add(writer, out, "valid-revoked-later", answer, (leaf, None), vec![issue(member, &later)]);
}

fn lister(issuer: &Holder) -> Holder {
    Holder::below(issuer, |basis| {
        let mut draft = profile::member_ca(basis, &CITY, "Federation CRLs", &[]);
        (draft.is_ca, draft.path_len) = (false, None);
        draft.key_usage = KeyUsage::CRL_SIGN;
        draft
    })
}

fn directory(certificate: &Certificate) -> GeneralName {
    GeneralName::DirectoryName(der::Decode::from_der(certificate.subject()).unwrap())
}

/// Hanako with this distribution point in her certificate.
fn pointing(writer: &Writer, point: DistributionPoint) -> Certificate {
    let draft = profile::user_signing(basis(&new_key()), &hanako());
    let points = CrlDistributionPoints(vec![point]);
    let der = altered(&draft, &writer.federation.member, |tbs| {
        let points = encode::extension(oid::EXT_CRL_DISTRIBUTION_POINTS, false, &points).unwrap();
        tbs.extensions.as_mut().unwrap().push(points);
    });
    Certificate::from_der(&der).unwrap()
}

fn indirect(writer: &Writer, out: &mut Out) {
    let Federation { issuing, member, .. } = &writer.federation;
    let official = lister(issuing);
    let elsewhere = |lister: &Holder| DistributionPoint {
        distribution_point: None,
        reasons: None,
        crl_issuer: Some(vec![directory(&lister.certificate)]),
    };
    let list = |lister: &Holder, listed: Option<(&Certificate, &Holder)>| {
        let content = listed.map_or_else(nobody, |(leaf, _)| listing(leaf, Reason::KeyCompromise));
        let flag = IssuingDistributionPoint { indirect_crl: true, ..scope() };
        let crl = issue(lister, &content);
        let crl = with_extension(&crl, lister, oid::EXT_ISSUING_DISTRIBUTION_POINT, &flag);
        let Some((_, of)) = listed else { return crl };
        altered_crl(&crl, lister, |tbs| {
            let names = vec![directory(&of.certificate)];
            let named = encode::extension(oid::EXT_CERTIFICATE_ISSUER, true, &names).unwrap();
            let entries = tbs.revoked_certificates.as_mut().unwrap();
            entries[0].crl_entry_extensions.as_mut().unwrap().push(named);
        })
    };
    let leaf = pointing(writer, elsewhere(&official));
    let who = (&leaf, Some(&official));
    let answer = ("valid", "the certificate names the CRL issuer, whom the issuing CA certified");
    add(writer, out, "valid-indirect-list", answer, who, vec![list(&official, None)]);
    let answer = ("Revoked", "listed with the member CA as certificateIssuer");
    let crl = list(&official, Some((&leaf, member)));
    add(writer, out, "indirect-list-revokes", answer, who, vec![crl]);
    let answer = ("valid", "the same serial number, issued by another CA, is listed");
    let crl = list(&official, Some((&leaf, issuing)));
    add(writer, out, "valid-indirect-list-of-another-ca", answer, who, vec![crl]);
    let answer = ("RevocationUnknown", "a CRL by another issuer that does not say indirectCRL");
    add(writer, out, "indirect-list-unmarked", answer, who, vec![issue(&official, &nobody())]);
    let beside = Holder::below(issuing, |basis| {
        profile::member_ca(basis, &CITY, "Other Member CA", &["a.example"])
    });
    let impostor = lister(&beside);
    let leaf = pointing(writer, elsewhere(&impostor));
    let crl = list(&impostor, None);
    let note = "the CRL issuer was certified by a CA beside the path";
    let mut vector = writer.vector("RevocationUnknown", "email-signing", note, leaf.der());
    vector.intermediates.extend([beside.certificate.clone(), impostor.certificate.clone()]);
    let upper = [issue(&writer.federation.root, &nobody()), issue(issuing, &nobody())];
    let crls = upper.into_iter().chain([crl]).collect();
    out.push((
        "indirect-list-by-a-stranger",
        Vector { crls, openssl: Some("any"), ..vector }.text(),
    ));
}

fn parts(writer: &Writer, out: &mut Out) {
    let member = &writer.federation.member;
    let person = person(writer);
    let narrowed = |scope: IssuingDistributionPoint| {
        let crl = issue(member, &nobody());
        with_extension(&crl, member, oid::EXT_ISSUING_DISTRIBUTION_POINT, &scope)
    };
    let some = |reasons| {
        narrowed(IssuingDistributionPoint { only_some_reasons: Some(reasons), ..scope() })
    };
    let compromise = Reasons::KeyCompromise | Reasons::CaCompromise;
    let rest = Reasons::AffiliationChanged
        | Reasons::Superseded
        | Reasons::CessationOfOperation
        | Reasons::CertificateHold
        | Reasons::PrivilegeWithdrawn
        | Reasons::AaCompromise;
    let answer = ("RevocationUnknown", "a CRL for two reasons says nothing about the others");
    let who = (&person.certificate, None);
    add(writer, out, "list-for-some-reasons", answer, who, vec![some(compromise)]);
    let answer = ("valid", "two CRLs that cover all reasons together");
    let crls = vec![some(compromise), some(rest)];
    add(writer, out, "valid-lists-for-all-reasons", answer, who, crls);
    let url = |text: &str| {
        let uri = GeneralName::UniformResourceIdentifier(Ia5String::new(text).unwrap());
        Some(DistributionPointName::FullName(vec![uri]))
    };
    let point =
        |text| DistributionPoint { distribution_point: url(text), reasons: None, crl_issuer: None };
    let leaf = pointing(writer, point("http://crl.b.example/2.crl"));
    let partition =
        |text| narrowed(IssuingDistributionPoint { distribution_point: url(text), ..scope() });
    let answer = ("valid", "the CRL of the certificate's own distribution point");
    let crls = vec![partition("http://crl.b.example/2.crl")];
    add(writer, out, "valid-list-of-its-partition", answer, (&leaf, None), crls);
    let answer = ("RevocationUnknown", "the CRL of another distribution point");
    let crls = vec![partition("http://crl.b.example/1.crl")];
    add(writer, out, "list-of-another-partition", answer, (&leaf, None), crls);
    let crls = vec![narrowed(IssuingDistributionPoint { only_contains_ca_certs: true, ..scope() })];
    let answer = ("RevocationUnknown", "a CRL for CAs only says nothing about people");
    add(writer, out, "list-of-cas-only", answer, (&person.certificate, None), crls);
}

/// A vector with one OCSP response.
fn answer(
    writer: &Writer,
    out: &mut Out,
    name: &'static str,
    (expect, note): (&str, &str),
    leaf: &Certificate,
    response: Vec<u8>,
) {
    let vector = writer.vector(expect, "email-signing", note, leaf.der());
    out.push((name, Vector { ocsp: vec![response], openssl: Some("any"), ..vector }.text()));
}

fn responses(writer: &Writer, out: &mut Out) {
    let person = person(writer);
    let leaf = &person.certificate;
    let Federation { member, issuing, .. } = &writer.federation;
    let about = |status| single(leaf, &member.certificate, status);
    let since = AT - Duration::DAY;
    let stale = Single { next_update: Some(generalized(AT - Duration::SECOND)), ..about(good()) };
    let of_another = single(&member.certificate, &member.certificate, good());
    let elsewhere = single(leaf, &issuing.certificate, good());
    for (name, expected, answers) in [
        ("valid-ocsp-good", ("valid", "signed by the member CA itself"), vec![about(good())]),
        (
            "valid-ocsp-revoked-later",
            ("valid", "revoked one second after the moment"),
            vec![about(revoked_since(AT + Duration::SECOND, 1))],
        ),
        (
            "ocsp-revoked",
            ("Revoked", "signed by the member CA itself"),
            vec![about(revoked_since(since, 1))],
        ),
        (
            "ocsp-unknown",
            ("Ocsp(Unknown)", "the responder does not know it"),
            vec![about(unknown())],
        ),
        ("ocsp-expired", ("Ocsp(Stale)", "nextUpdate was a second ago"), vec![stale]),
        (
            "ocsp-for-another-certificate",
            ("Ocsp(OtherCertificate)", "another serial number"),
            vec![of_another],
        ),
        (
            "ocsp-for-another-issuer",
            ("Ocsp(OtherIssuer)", "the serial number, hashes of another CA"),
            vec![elsewhere],
        ),
        (
            "ocsp-answers-twice",
            ("Ocsp(SeveralAnswers)", "two answers about one certificate"),
            vec![about(good()), about(good())],
        ),
    ] {
        answer(writer, out, name, expected, leaf, Made::of(answers).der(member));
    }
}

fn refused_responders(writer: &Writer, out: &mut Out) {
    let person = person(writer);
    let leaf = &person.certificate;
    let Federation { member, issuing, .. } = &writer.federation;
    let for_mail = delegate(member, |draft| {
        draft.extended_key_usage = vec![oid::EKU_EMAIL_PROTECTION.into()];
    });
    let ended = delegate(member, |draft| draft.basis.validity.not_after = AT - Duration::SECOND);
    let forged = Holder { key: new_key(), certificate: member.certificate.clone() };
    for (name, expected, signer) in [
        (
            "valid-ocsp-by-delegate",
            ("valid", "a responder of the member CA"),
            delegate(member, |_| {}),
        ),
        ("ocsp-by-a-user", ("Ocsp(ResponderNotAllowed)", "no purpose OCSPSigning"), for_mail),
        (
            "ocsp-by-the-ca-above",
            (
                "Ocsp(ResponderOfOtherIssuer)",
                "the responder was certified by the issuing CA, not by the member CA",
            ),
            delegate(issuing, |_| {}),
        ),
        ("ocsp-by-an-expired-delegate", ("Ocsp(ResponderNotValid)", "ended a second ago"), ended),
        ("ocsp-signature-wrong", ("Ocsp(BadSignature)", "signed with another key"), forged),
    ] {
        let made = Made::of(vec![single(leaf, &member.certificate, good())]);
        let made = made.with(&[&signer.certificate]).der(&signer);
        answer(writer, out, name, expected, leaf, made);
    }
}
