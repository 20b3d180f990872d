//! Whose signature makes a list.
#![allow(clippy::unwrap_used, reason = "tests stop at what they do not expect")]

mod authority;
mod sample;

use authority::{Authority, certificate};
use sample::{NOW, list};
use serde_json::json;
use ssmax_cms::signed::SignRequest;
use ssmax_federation::checkpoint::Checkpoint;
use ssmax_federation::ijson::JsonFault;
use ssmax_federation::signed::{
    LIST_TYPE, SIGNATURE_BYTES, open, open_checkpoint, open_deltas, sign, sign_checkpoint,
};
use ssmax_federation::{Directory, Limits, ListFault};
use ssmax_pki::Certificate;
use ssmax_pki::path::PathFault;
use ssmax_pki::profile::{self, Organisation};
use ssmax_primitives::{SoftwareKey, sha256};
use time::Duration;

/// CMS around any text, made with the list signer's key: what a confused or stolen list
/// signer could produce.
fn sign_text(text: &[u8], certificates: &[Certificate], key: &SoftwareKey) -> Vec<u8> {
    let request = SignRequest {
        content_digest: sha256(text),
        content: Some(text),
        signing_time: Some(NOW),
        extra_signed: Vec::new(),
        unsigned: Vec::new(),
        certificates,
        signer: &certificates[0],
    };
    ssmax_cms::signed::sign(&request, key).unwrap()
}

fn directory() -> Directory {
    Directory::new(list()).unwrap()
}

#[test]
fn a_list_of_the_list_signer_is_opened() {
    let authority = Authority::new();
    let bytes = sign(&list(), &authority.chain(), &authority.list_key, NOW).unwrap();
    assert_eq!(open(&bytes, &authority.roots(), NOW), Ok(list()));
}

#[test]
fn a_list_is_opened_past_its_expiry_because_an_outage_needs_it() {
    let authority = Authority::new();
    let bytes = sign(&list(), &authority.chain(), &authority.list_key, NOW).unwrap();
    let later = NOW + Duration::days(5);
    assert_eq!(open(&bytes, &authority.roots(), later), Ok(list()));
}

#[test]
fn a_strangers_root_makes_no_list() {
    let (ours, strangers) = (Authority::new(), Authority::new());
    let bytes = sign(&list(), &strangers.chain(), &strangers.list_key, NOW).unwrap();
    assert!(matches!(open(&bytes, &ours.roots(), NOW), Err(ListFault::Path(_))));
    assert!(matches!(open(&bytes, &[], NOW), Err(ListFault::Path(_))));
    // Nor when the stranger brings the root along.
    let with_root = [strangers.list_signer.clone(), strangers.root.clone()];
    let bytes = sign(&list(), &with_root, &strangers.list_key, NOW).unwrap();
    assert!(matches!(open(&bytes, &ours.roots(), NOW), Err(ListFault::Path(_))));
}

#[test]
fn a_foreign_key_under_the_list_signers_name_makes_no_list() {
    let authority = Authority::new();
    let foreign = Authority::new();
    // A certificate with issuer and serial number of the real one but the foreign key, so
    // that the object names the real one, which goes along.
    let mut basis = authority::basis(&foreign.list_key, 365);
    basis.serial = authority.list_signer.serial().to_vec();
    let draft = profile::list_signer(basis, "Authority", "Authority List");
    let twin = certificate(draft, &foreign.root, &foreign.root_key);
    assert_eq!(twin.issuer(), authority.list_signer.issuer());
    let text = serde_json::to_vec(&json!({"type": LIST_TYPE, "content": list()})).unwrap();
    let request = SignRequest {
        content_digest: sha256(&text),
        content: Some(&text),
        signing_time: Some(NOW),
        extra_signed: Vec::new(),
        unsigned: Vec::new(),
        certificates: &authority.chain(),
        signer: &twin,
    };
    let bytes = ssmax_cms::signed::sign(&request, &foreign.list_key).unwrap();
    assert!(matches!(open(&bytes, &authority.roots(), NOW), Err(ListFault::Signature(_))));
}

#[test]
fn an_object_without_or_with_two_signers_is_no_list() {
    let authority = Authority::new();
    let bytes = sign(&list(), &authority.chain(), &authority.list_key, NOW).unwrap();
    // SignerInfos is the last SET; its one element put in twice, or taken out.
    let signed = ssmax_cms::signed::SignedData::parse(&bytes, &Default::default()).unwrap();
    let signer = signed.signers()[0].der().to_vec();
    for count in [0, 2] {
        let changed = with_signers(&bytes, &signer, count);
        assert_eq!(open(&changed, &authority.roots(), NOW), Err(ListFault::SignerCount));
    }
}

/// The object with its one SignerInfo `count` times, in BER with indefinite lengths.
fn with_signers(object: &[u8], signer: &[u8], count: usize) -> Vec<u8> {
    let end = object.windows(signer.len()).rposition(|octets| octets == signer).unwrap();
    // ContentInfo, its type, [0], SignedData: each of the three outer ones made indefinite.
    let mut at = 0;
    let mut changed = Vec::new();
    for level in 0..3 {
        changed.extend([object[at], 0x80]);
        at += 2 + long_length_octets(object[at + 1]);
        if level == 0 {
            let identifier = 2 + usize::from(object[at + 1]);
            changed.extend_from_slice(&object[at..at + identifier]);
            at += identifier;
        }
    }
    // Up to the SET's own header, whose length field is as long as its content needs.
    let header = if signer.len() > 0xff { 4 } else { 3 };
    changed.extend_from_slice(&object[at..end - header]);
    changed.extend([0x31, 0x80]);
    for _ in 0..count {
        changed.extend_from_slice(signer);
    }
    changed.extend([0; 8]);
    changed
}

fn long_length_octets(first: u8) -> usize {
    if first & 0x80 == 0 { 0 } else { usize::from(first & 0x7f) }
}

#[test]
fn a_certificate_of_another_purpose_signs_no_list() {
    let authority = Authority::new();
    let key = authority::key();
    let organisation = Organisation { name: "A", identifier: "NTRJP-7000012050002" };
    let draft =
        profile::organisation_signing(authority::basis(&key, 365), &organisation, &["a.example"]);
    let member = certificate(draft, &authority.issuing_ca, &authority.issuing_key);
    let refused = sign(&list(), std::slice::from_ref(&member), &key, NOW);
    assert_eq!(refused, Err(ListFault::NotListSigner));
    let text = serde_json::to_vec(&json!({"type": LIST_TYPE, "content": list()})).unwrap();
    let bytes = sign_text(&text, &[member, authority.issuing_ca.clone()], &key);
    assert_eq!(open(&bytes, &authority.roots(), NOW), Err(ListFault::NotListSigner));
}

#[test]
fn a_list_signer_that_the_issuing_ca_made_signs_no_list() {
    let authority = Authority::new();
    let key = authority::key();
    let draft = profile::list_signer(authority::basis(&key, 365), "Authority", "Other List");
    let signer = certificate(draft, &authority.issuing_ca, &authority.issuing_key);
    let chain = [signer, authority.issuing_ca.clone()];
    let bytes = sign(&list(), &chain, &key, NOW).unwrap();
    assert_eq!(open(&bytes, &authority.roots(), NOW), Err(ListFault::NotFromRoot));
}

#[test]
fn an_expired_list_signer_signs_no_list() {
    let authority = Authority::new();
    let bytes = sign(&list(), &authority.chain(), &authority.list_key, NOW).unwrap();
    let later = authority.list_signer.not_after() + Duration::seconds(1);
    assert_eq!(open(&bytes, &authority.roots(), later), Err(ListFault::Path(PathFault::Expired)));
}

#[test]
fn any_changed_octet_of_the_content_is_noticed() {
    let authority = Authority::new();
    let bytes = sign(&list(), &authority.chain(), &authority.list_key, NOW).unwrap();
    let text = b"\"good\"";
    let place = bytes.windows(text.len()).position(|octets| octets == text).unwrap();
    let mut changed = bytes.clone();
    changed[place + 1] = b'f';
    assert!(matches!(open(&changed, &authority.roots(), NOW), Err(ListFault::Signature(_))));
}

#[test]
fn a_list_inside_another_object_of_the_list_signer_is_none() {
    let authority = Authority::new();
    let roots = authority.roots();
    let signed = |text: serde_json::Value| {
        let text = serde_json::to_vec(&text).unwrap();
        sign_text(&text, &authority.chain(), &authority.list_key)
    };
    let bytes = signed(json!({"type": "ssmax-checkpoint-1", "content": list()}));
    assert_eq!(open(&bytes, &roots, NOW), Err(ListFault::WrongType));
    let bytes = signed(json!({"type": LIST_TYPE, "content": list(), "more": 1}));
    assert!(matches!(open(&bytes, &roots, NOW), Err(ListFault::Json(JsonFault::Shape { .. }))));
    let bytes = signed(json!(list()));
    assert!(matches!(open(&bytes, &roots, NOW), Err(ListFault::Json(JsonFault::Shape { .. }))));
}

#[test]
fn a_signed_list_with_a_name_twice_is_refused() {
    let authority = Authority::new();
    let text = serde_json::to_string(&json!({"type": LIST_TYPE, "content": list()})).unwrap();
    let text = text.replacen("\"state\":\"good\"", "\"state\":\"expelled\",\"state\":\"good\"", 1);
    let bytes = sign_text(text.as_bytes(), &authority.chain(), &authority.list_key);
    assert_eq!(
        open(&bytes, &authority.roots(), NOW),
        Err(ListFault::Json(JsonFault::DuplicateName))
    );
}

#[test]
fn an_unsound_list_is_neither_signed_nor_opened() {
    let authority = Authority::new();
    let mut twice = list();
    twice.members[1].domains = twice.members[0].domains.clone();
    let fault = ListFault::DomainTwice { member: 1 };
    let refused = sign(&twice, &authority.chain(), &authority.list_key, NOW);
    assert_eq!(refused, Err(fault.clone()));
    let text = serde_json::to_vec(&json!({"type": LIST_TYPE, "content": twice})).unwrap();
    let bytes = sign_text(&text, &authority.chain(), &authority.list_key);
    assert_eq!(open(&bytes, &authority.roots(), NOW), Err(fault));
}

#[test]
fn octets_that_are_no_signed_object_are_refused() {
    let authority = Authority::new();
    let roots = authority.roots();
    for bytes in [&b""[..], b"{}", &[0x30, 0x80], &[0; 100]] {
        assert!(matches!(open(bytes, &roots, NOW), Err(ListFault::Cms(_))), "{bytes:?}");
    }
    let oversize = vec![0x30; Limits::default().max_bytes + SIGNATURE_BYTES + 1];
    assert_eq!(open(&oversize, &roots, NOW), Err(ListFault::TooLarge));
}

#[test]
fn an_object_without_its_certificate_or_content_is_refused() {
    let authority = Authority::new();
    let roots = authority.roots();
    let text = serde_json::to_vec(&json!({"type": LIST_TYPE, "content": list()})).unwrap();
    let mut request = SignRequest {
        content_digest: sha256(&text),
        content: Some(&text),
        signing_time: Some(NOW),
        extra_signed: Vec::new(),
        unsigned: Vec::new(),
        certificates: &[],
        signer: &authority.list_signer,
    };
    let bytes = ssmax_cms::signed::sign(&request, &authority.list_key).unwrap();
    assert_eq!(open(&bytes, &roots, NOW), Err(ListFault::SignerCertificateMissing));
    let chain = authority.chain();
    request.certificates = &chain;
    request.content = None;
    let bytes = ssmax_cms::signed::sign(&request, &authority.list_key).unwrap();
    assert_eq!(open(&bytes, &roots, NOW), Err(ListFault::ContentMissing));
    let refused = sign(&list(), &[], &authority.list_key, NOW);
    assert_eq!(refused, Err(ListFault::SignerCertificateMissing));
}

#[test]
fn a_checkpoint_is_opened_as_what_it_is() {
    let authority = Authority::new();
    let roots = authority.roots();
    let signed = sign(&list(), &authority.chain(), &authority.list_key, NOW).unwrap();
    let checkpoint = Checkpoint::of(&directory(), &signed);
    let bytes = sign_checkpoint(&checkpoint, &authority.chain(), &authority.list_key, NOW).unwrap();
    let opened = open_checkpoint(&bytes, &roots, NOW).unwrap();
    assert_eq!(opened, checkpoint);
    assert!(opened.names_members_of(&directory()));
    assert_eq!(opened.list_sha256, hex::encode(sha256(&signed)));
    assert!(open_deltas(&[&bytes], &roots, NOW).is_err());
    assert_eq!(open(&bytes, &roots, NOW), Err(ListFault::WrongType));
    assert_eq!(open_checkpoint(&signed, &roots, NOW), Err(ListFault::WrongType));
}

#[test]
fn a_checkpoint_that_no_list_can_have_is_refused() {
    let authority = Authority::new();
    let sound = Checkpoint::of(&directory(), b"");
    let fault = |change: &dyn Fn(&mut Checkpoint)| {
        let mut changed = sound.clone();
        change(&mut changed);
        sign_checkpoint(&changed, &authority.chain(), &authority.list_key, NOW).err()
    };
    assert_eq!(fault(&|_| {}), None);
    assert_eq!(fault(&|c| c.version = 0), Some(ListFault::NoVersion));
    assert_eq!(fault(&|c| c.expires = c.issued), Some(ListFault::ExpiresBeforeIssued));
    let form = Some(ListFault::CheckpointForm);
    assert_eq!(fault(&|c| c.list_sha256 = c.list_sha256.to_uppercase()), form);
    assert_eq!(fault(&|c| c.state.truncate(62)), form);
}
