//! Writes `spec/vectors/certificates`. Keys and signatures are new at every run, so it
//! is run by hand, when a profile changes:
//! `cargo test -p ssmax-pki --features write-vectors write_the_vectors`. That the files are right
//! is checked by `tests/vectors.rs`.

mod revocation;

use std::fmt::Write as _;
use std::path::Path;

use der::asn1::{Ia5String, OctetString};
use time::{Duration, OffsetDateTime};
use x509_cert::ext::pkix::name::GeneralName;

use crate::crl::{self, Content, Crl, Entry, Reason};
use crate::forge::{AT, CITY, Federation, Holder, altered, basis, forge, new_key};
use crate::profile::{self, Draft, Generation, Identity, IdentityProof, User};
use crate::{Certificate, encode, oid, pem};

/// One vector in the making.
struct Vector<'a> {
    expect: &'a str,
    purpose: &'a str,
    at: OffsetDateTime,
    note: &'a str,
    /// What OpenSSL says to it, where that is something else than we do.
    openssl: Option<&'a str>,
    leaf: Vec<u8>,
    intermediates: Vec<Certificate>,
    anchor: &'a Certificate,
    crls: Vec<Crl>,
    ocsp: Vec<Vec<u8>>,
}

impl Vector<'_> {
    fn text(&self) -> String {
        let mut text = format!("expect: {}\npurpose: {}\n", self.expect, self.purpose);
        let at = self.at.format(&time::format_description::well_known::Rfc3339).unwrap();
        writeln!(text, "at: {at}").unwrap();
        let revocation = match (self.crls.is_empty(), self.ocsp.is_empty()) {
            (true, true) => "skip",
            (false, true) => "require",
            _ => "require-leaf",
        };
        writeln!(text, "revocation: {revocation}").unwrap();
        if let Some(openssl) = self.openssl {
            writeln!(text, "openssl: {openssl}").unwrap();
        }
        writeln!(text, "note: {}", self.note).unwrap();
        write!(text, "\nleaf\n{}", pem::encode("CERTIFICATE", &self.leaf)).unwrap();
        for intermediate in &self.intermediates {
            write!(text, "\nintermediate\n{}", intermediate.to_pem()).unwrap();
        }
        write!(text, "\nanchor\n{}", self.anchor.to_pem()).unwrap();
        for crl in &self.crls {
            write!(text, "\ncrl\n{}", crl.to_pem()).unwrap();
        }
        for response in &self.ocsp {
            write!(text, "\nocsp\n{}", pem::encode("OCSP RESPONSE", response)).unwrap();
        }
        text
    }
}

struct Writer {
    federation: Federation,
    seal_ca: Holder,
    transport_ca: Holder,
}

impl Writer {
    fn new() -> Self {
        Self {
            federation: Federation::new(),
            seal_ca: Holder::own(|basis| {
                profile::seal_ca(basis, &CITY, "B City Seal CA", &["b.example"])
            }),
            transport_ca: Holder::own(|basis| {
                profile::transport_ca(basis, &CITY, "B City Transport CA")
            }),
        }
    }

    /// A vector below the federation's root.
    fn vector<'a>(
        &'a self,
        expect: &'a str,
        purpose: &'a str,
        note: &'a str,
        leaf: &[u8],
    ) -> Vector<'a> {
        Vector {
            expect,
            purpose,
            at: AT,
            note,
            openssl: None,
            leaf: leaf.to_vec(),
            intermediates: self.federation.intermediates(),
            anchor: &self.federation.root.certificate,
            crls: Vec::new(),
            ocsp: Vec::new(),
        }
    }

    fn member_leaf(&self, draft: &Draft) -> Vec<u8> {
        forge(draft, &self.federation.member).der().to_vec()
    }

    fn issuing_leaf(&self, draft: &Draft) -> Vec<u8> {
        forge(draft, &self.federation.issuing).der().to_vec()
    }
}

fn hanako() -> User<'static> {
    User {
        address: "hanako@b.example",
        identity: Identity::Sponsor {
            organisation: CITY,
            surname: "山田",
            given_name: "花子",
            common_name: "山田 花子",
        },
        generation: Generation::Strict,
        server_held: false,
        identity_proof: Some(IdentityProof { level: 2, date: time::macros::date!(2026 - 03 - 31) }),
    }
}

fn signing(user: &User<'_>) -> Draft {
    profile::user_signing(basis(&new_key()), user)
}

fn write_valid(writer: &Writer, out: &mut Vec<(&'static str, String)>) {
    let user = hanako();
    let list_signer =
        profile::list_signer(basis(&new_key()), "SSMAX Authority", "SSMAX Member List");
    let domains = ["b.example", "city.b.example"];
    let below_root = [
        ("valid-user-signing", "email-signing", writer.member_leaf(&signing(&user))),
        (
            "valid-user-encryption",
            "email-encryption",
            writer.member_leaf(&profile::user_encryption(basis(&new_key()), &user)),
        ),
        (
            "valid-user-mailbox-server-held",
            "email-signing",
            writer.member_leaf(&signing(&User {
                identity: Identity::Mailbox,
                server_held: true,
                ..user
            })),
        ),
        (
            "valid-user-address-beyond-ascii",
            "email-signing",
            writer.member_leaf(&signing(&User { address: "花子@b.example", ..user })),
        ),
        (
            "valid-organisation-signing",
            "organisation-signing",
            writer.issuing_leaf(&profile::organisation_signing(basis(&new_key()), &CITY, &domains)),
        ),
        (
            "valid-organisation-encryption",
            "organisation-encryption",
            writer.issuing_leaf(&profile::organisation_encryption(
                basis(&new_key()),
                &CITY,
                &domains,
            )),
        ),
        ("valid-list-signer", "list-signing", writer.issuing_leaf(&list_signer)),
    ];
    for (name, purpose, leaf) in &below_root {
        out.push((name, writer.vector("valid", purpose, "a profile as specified", leaf).text()));
    }
    let relay_signing =
        profile::relay_signing(basis(&new_key()), "alice@a.example", "Alice (checked by B)");
    let relay_encryption =
        profile::relay_encryption(basis(&new_key()), "alice@a.example", "Alice (checked by B)");
    let tls = profile::tls_server(basis(&new_key()), &["gateway.b.example"]);
    for (name, purpose, draft, ca) in [
        ("valid-relay-signing", "email-signing", relay_signing, &writer.seal_ca),
        ("valid-relay-encryption", "email-encryption", relay_encryption, &writer.seal_ca),
        ("valid-tls-server", "tls-server", tls, &writer.transport_ca),
    ] {
        let leaf = forge(&draft, ca);
        let vector = writer.vector("valid", purpose, "a profile as specified", leaf.der());
        let vector = Vector { intermediates: Vec::new(), anchor: &ca.certificate, ..vector };
        out.push((name, vector.text()));
    }
    let leaf = writer.member_leaf(&signing(&user));
    let note = "an intermediate may be an anchor by itself";
    let vector = writer.vector("valid", "email-signing", note, &leaf);
    let member = &writer.federation.member.certificate;
    let vector = Vector { intermediates: Vec::new(), anchor: member, ..vector };
    out.push(("valid-member-ca-as-anchor", vector.text()));
}

fn write_authorities(writer: &Writer, out: &mut Vec<(&'static str, String)>) {
    let user = hanako();
    let mut add = |name, expect, purpose, note, openssl, leaf: Vec<u8>| {
        out.push((name, Vector { openssl, ..writer.vector(expect, purpose, note, &leaf) }.text()));
    };
    add(
        "organisation-by-member-ca",
        "NoAcceptablePolicy",
        "organisation-signing",
        "the member CA may not grant the organisation policy",
        None,
        writer.member_leaf(&profile::organisation_signing(
            basis(&new_key()),
            &CITY,
            &["b.example"],
        )),
    );
    let mut any_policy = profile::organisation_signing(basis(&new_key()), &CITY, &["b.example"]);
    any_policy.policies = vec![oid::ANY_POLICY.into()];
    add(
        "organisation-with-any-policy",
        "WrongPolicy",
        "organisation-signing",
        "anyPolicy in the leaf names no organisation",
        Some("valid"),
        writer.issuing_leaf(&any_policy),
    );
    add(
        "list-signer-by-member-ca",
        "WrongExtendedKeyUsage",
        "list-signing",
        "the member CA is for e-mail only",
        None,
        writer.member_leaf(&profile::list_signer(
            basis(&new_key()),
            "SSMAX Authority",
            "SSMAX Member List",
        )),
    );
    add(
        "user-outside-the-domain",
        "NameNotPermitted",
        "email-signing",
        "the member CA is confined to b.example",
        None,
        writer.member_leaf(&signing(&User { address: "alice@a.example", ..user })),
    );
    add(
        "user-address-beyond-ascii-outside-the-domain",
        "NameNotPermitted",
        "email-signing",
        "constraints on rfc822Name apply to SmtpUTF8Mailbox as well (RFC 9598 6)",
        None,
        writer.member_leaf(&signing(&User { address: "花子@a.example", ..user })),
    );
    add(
        "encryption-key-signs",
        "WrongKeyUsage",
        "email-signing",
        "no encryption key ever signs mail",
        None,
        writer.member_leaf(&profile::user_encryption(basis(&new_key()), &user)),
    );
    let mut tls_only = signing(&user);
    tls_only.extended_key_usage = vec![oid::EKU_SERVER_AUTH.into()];
    add(
        "tls-certificate-signs-mail",
        "WrongExtendedKeyUsage",
        "email-signing",
        "the extended key usage lacks emailProtection",
        None,
        writer.member_leaf(&tls_only),
    );
    let mut unknown_critical = altered(&signing(&user), &writer.federation.member, |tbs| {
        let extension = encode::extension("1.3.6.1.4.1.32473.1", true, &true).unwrap();
        tbs.extensions.as_mut().unwrap().push(extension);
    });
    add(
        "unknown-critical-extension",
        "UnknownCriticalExtension",
        "email-signing",
        "RFC 5280 4.2",
        None,
        unknown_critical.clone(),
    );
    *unknown_critical.last_mut().unwrap() ^= 1;
    add(
        "signature-changed",
        "BadSignature",
        "email-signing",
        "the last octet of the signature was changed",
        None,
        unknown_critical,
    );
}

fn write_seal(writer: &Writer, out: &mut Vec<(&'static str, String)>) {
    let relay = profile::relay_signing(basis(&new_key()), "hanako@b.example", "Hanako");
    let relay = forge(&relay, &writer.seal_ca);
    let note = "the seal CA is barred from the member's own domain";
    let vector = writer.vector("NameExcluded", "email-signing", note, relay.der());
    let seal_ca = &writer.seal_ca.certificate;
    let vector = Vector { intermediates: Vec::new(), anchor: seal_ca, ..vector };
    out.push(("relay-for-a-colleague", vector.text()));
}

fn write_chains(writer: &Writer, out: &mut Vec<(&'static str, String)>) {
    let user = hanako();
    let member = &writer.federation.member;
    let person = Holder::below(member, |basis| profile::user_signing(basis, &user));
    let sub_ca = Holder::below(member, |basis| {
        profile::member_ca(basis, &CITY, "B City Sub CA", &["b.example"])
    });
    for (name, expect, note, issuer) in [
        ("issued-by-a-user", "NotCa", "a user's certificate is no CA's", &person),
        ("ca-below-the-member-ca", "PathLengthExceeded", "the member CA has pathLen 0", &sub_ca),
    ] {
        let leaf = forge(&signing(&user), issuer);
        let mut vector = writer.vector(expect, "email-signing", note, leaf.der());
        vector.intermediates.push(issuer.certificate.clone());
        out.push((name, vector.text()));
    }
    let leaf = person.certificate.der();
    for (name, expect, note, at) in [
        ("valid-last-second", "valid", "notAfter belongs to the period", Duration::ZERO),
        ("expired", "Expired", "one second after notAfter", Duration::SECOND),
    ] {
        let at = person.certificate.not_after() + at;
        out.push((
            name,
            // OpenSSL counts the second of notAfter as expired already.
            Vector {
                at,
                openssl: Some("invalid"),
                ..writer.vector(expect, "email-signing", note, leaf)
            }
            .text(),
        ));
    }
    let at = person.certificate.not_before() - Duration::SECOND;
    let vector = writer.vector("NotYetValid", "email-signing", "one second before notBefore", leaf);
    out.push(("not-yet-valid", Vector { at, ..vector }.text()));
    let note = "the issuing CA's certificate is not at hand";
    let vector = writer.vector("NoIssuer", "email-signing", note, leaf);
    let vector = Vector { intermediates: vec![member.certificate.clone()], ..vector };
    out.push(("issuer-missing", vector.text()));
    let strangers = Federation::new();
    let note = "another root with the same name";
    let vector = writer.vector("BadSignature", "email-signing", note, leaf);
    out.push((
        "root-of-the-same-name",
        Vector { anchor: &strangers.root.certificate, ..vector }.text(),
    ));
}

fn write_revocation(writer: &Writer, out: &mut Vec<(&'static str, String)>) {
    let Federation { root, issuing, member } = &writer.federation;
    let person = Holder::below(member, |basis| profile::user_signing(basis, &hanako()));
    let content = |revoked: Option<&Certificate>| Content {
        this_update: AT - Duration::hours(1),
        next_update: AT + Duration::hours(23),
        number: 1,
        keeps_since: None,
        entries: revoked
            .map(|certificate| Entry {
                serial: certificate.serial().to_vec(),
                revoked_at: AT - Duration::MINUTE,
                reason: Reason::KeyCompromise,
            })
            .into_iter()
            .collect(),
    };
    let issue = |holder: &Holder, content: &Content| {
        crl::issue(&holder.certificate, &holder.key, content).unwrap()
    };
    let nobody = content(None);
    let (root_crl, issuing_crl) = (issue(root, &nobody), issue(issuing, &nobody));
    let member_crl = issue(member, &nobody);
    let expired = Content { next_update: AT - Duration::SECOND, ..nobody.clone() };
    let impostor = Federation::new().member;
    let cases = [
        ("valid-not-revoked", "valid", issuing_crl.clone(), Some(member_crl.clone())),
        (
            "revoked-user",
            "Revoked",
            issuing_crl.clone(),
            Some(issue(member, &content(Some(&person.certificate)))),
        ),
        (
            "revoked-member-ca",
            "Revoked",
            issue(issuing, &content(Some(&member.certificate))),
            Some(member_crl),
        ),
        ("crl-missing", "RevocationUnknown", issuing_crl.clone(), None),
        ("crl-expired", "RevocationStale", issuing_crl.clone(), Some(issue(member, &expired))),
        ("crl-by-another-key", "RevocationUnknown", issuing_crl, Some(issue(&impostor, &nobody))),
    ];
    for (name, expect, second, third) in cases {
        let note = "CRLs of root, issuing CA and member CA are required";
        let vector = writer.vector(expect, "email-signing", note, person.certificate.der());
        let crls = [Some(root_crl.clone()), Some(second), third].into_iter().flatten().collect();
        out.push((name, Vector { crls, ..vector }.text()));
    }
}

fn write_unreadable(writer: &Writer, out: &mut Vec<(&'static str, String)>) {
    let draft = signing(&hanako());
    let with_names = |names: Vec<GeneralName>| {
        altered(&draft, &writer.federation.member, |tbs| {
            let list = tbs.extensions.as_mut().unwrap();
            list.retain(|one| one.extn_id.to_string() != oid::EXT_SUBJECT_ALT_NAME);
            list.push(encode::extension(oid::EXT_SUBJECT_ALT_NAME, false, &names).unwrap());
        })
    };
    let email = |text: &str| GeneralName::Rfc822Name(Ia5String::new(text).unwrap());
    for (name, address) in [
        ("address-with-newline", "hanako@b.example\n"),
        ("address-with-nul", "hanako@b.example\0.evil.example"),
        ("address-with-space", " hanako@b.example"),
        ("address-with-two-at-signs", "hanako@evil.example@b.example"),
        ("address-quoted", "\"hanako\"@b.example"),
        ("address-in-brackets", "<hanako@b.example>"),
    ] {
        let leaf = with_names(vec![email(address)]);
        let note = "the whole certificate is refused, whatever it is for";
        let vector = writer.vector("UnusableAddress", "email-signing", note, &leaf);
        out.push((name, Vector { openssl: Some("any"), ..vector }.text()));
    }
    let twice = altered(&draft, &writer.federation.member, |tbs| {
        let list = tbs.extensions.as_mut().unwrap();
        list.push(list.last().unwrap().clone());
    });
    let vector = writer.vector("DuplicateExtension", "email-signing", "RFC 5280 4.2", &twice);
    out.push(("extension-twice", Vector { openssl: Some("any"), ..vector }.text()));
    let broken = altered(&draft, &writer.federation.member, |tbs| {
        for one in tbs.extensions.as_mut().unwrap() {
            if one.extn_id.to_string() == oid::EXT_KEY_USAGE {
                one.extn_value = OctetString::new([0x03, 0x02, 0x07]).unwrap();
            }
        }
    });
    let note = "the key usage is no BIT STRING";
    let vector = writer.vector("MalformedExtension", "email-signing", note, &broken);
    out.push(("extension-malformed", Vector { openssl: Some("any"), ..vector }.text()));
}

#[test]
fn write_the_vectors() {
    let writer = Writer::new();
    let mut out = Vec::new();
    write_valid(&writer, &mut out);
    write_authorities(&writer, &mut out);
    write_seal(&writer, &mut out);
    write_chains(&writer, &mut out);
    write_revocation(&writer, &mut out);
    revocation::write(&writer, &mut out);
    write_unreadable(&writer, &mut out);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/certificates");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in out {
        #[allow(clippy::disallowed_methods, reason = "writing files is what this is for")]
        std::fs::write(folder.join(format!("{name}.txt")), text).unwrap();
    }
}
