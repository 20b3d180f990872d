//! Which algorithm identifiers mean which algorithm, and which are refused.

use ssmax_primitives::DigestAlgorithm;
use ssmax_token::{OaepHash, SignatureAlgorithm};

use crate::{
    CmsError, SignatureFault, oid,
    tlv::{Algorithm, Reader},
    write::{Element, INTEGER, NULL, SEQUENCE, context},
};

/// A hash that may stand in an OAEP or PSS parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// RFC 5754 section 2: parameters absent, or NULL from older programs.
    fn named(algorithm: &Algorithm<'_>) -> Option<Self> {
        if !algorithm.is_plain() {
            return None;
        }
        match algorithm.oid {
            oid::SHA1 => Some(Self::Sha1),
            oid::SHA256 => Some(Self::Sha256),
            oid::SHA384 => Some(Self::Sha384),
            oid::SHA512 => Some(Self::Sha512),
            _ => None,
        }
    }

    fn oid(self) -> &'static [u8] {
        match self {
            Self::Sha1 => oid::SHA1,
            Self::Sha256 => oid::SHA256,
            Self::Sha384 => oid::SHA384,
            Self::Sha512 => oid::SHA512,
        }
    }

    fn octets(self) -> u8 {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// The digest of a signature: SHA-256, SHA-384 or SHA-512.
pub(crate) fn signature_digest(
    algorithm: &Algorithm<'_>,
) -> Result<DigestAlgorithm, SignatureFault> {
    match Hash::named(algorithm) {
        Some(Hash::Sha256) => Ok(DigestAlgorithm::Sha256),
        Some(Hash::Sha384) => Ok(DigestAlgorithm::Sha384),
        Some(Hash::Sha512) => Ok(DigestAlgorithm::Sha512),
        Some(Hash::Sha1) => Err(SignatureFault::WeakDigest),
        None if [oid::MD5, oid::MD2].contains(&algorithm.oid) => Err(SignatureFault::WeakDigest),
        None => Err(SignatureFault::UnsupportedDigest),
    }
}

/// Whether this is RSASSA-PKCS1-v1_5 with SHA-1, which old mail has.
pub(crate) fn is_sha1_rsa(digest: &Algorithm<'_>, signature: &Algorithm<'_>) -> bool {
    Hash::named(digest) == Some(Hash::Sha1)
        && [oid::RSA_ENCRYPTION, oid::SHA1_WITH_RSA].contains(&signature.oid)
        && signature.is_plain()
}

/// The signature algorithm, which must hash with `digest`.
pub(crate) fn signature_algorithm(
    algorithm: &Algorithm<'_>,
    digest: DigestAlgorithm,
) -> Result<SignatureAlgorithm, SignatureFault> {
    use SignatureAlgorithm as Signature;
    let (found, hash) = match algorithm.oid {
        oid::RSASSA_PSS => return pss(algorithm, digest),
        // RFC 8419 section 3 fixes SHA-512 for messageDigest; others are as strong as
        // they are, and programs use them.
        oid::ED25519 => {
            let bare = algorithm.parameters.is_none();
            return if bare {
                Ok(Signature::Ed25519)
            } else {
                Err(SignatureFault::UnsupportedAlgorithm)
            };
        }
        // RFC 3370 3.2: the hash is told by digestAlgorithm alone.
        oid::RSA_ENCRYPTION => (rsa_pkcs1(digest)?, digest),
        oid::SHA256_WITH_RSA => (Signature::RsaPkcs1Sha256, DigestAlgorithm::Sha256),
        oid::SHA384_WITH_RSA => (Signature::RsaPkcs1Sha384, DigestAlgorithm::Sha384),
        oid::SHA512_WITH_RSA => (Signature::RsaPkcs1Sha512, DigestAlgorithm::Sha512),
        oid::ECDSA_SHA256 => (Signature::EcdsaSha256, DigestAlgorithm::Sha256),
        oid::ECDSA_SHA384 => (Signature::EcdsaSha384, DigestAlgorithm::Sha384),
        oid::ECDSA_SHA512 => (Signature::EcdsaSha512, DigestAlgorithm::Sha512),
        oid::SHA1_WITH_RSA
        | oid::MD5_WITH_RSA
        | oid::MD2_WITH_RSA
        | oid::ECDSA_SHA1
        | oid::DSA_SHA1 => return Err(SignatureFault::WeakDigest),
        _ => return Err(SignatureFault::UnsupportedAlgorithm),
    };
    if !algorithm.is_plain() {
        return Err(SignatureFault::UnsupportedAlgorithm);
    }
    if hash == digest { Ok(found) } else { Err(SignatureFault::DigestDisagrees) }
}

fn rsa_pkcs1(digest: DigestAlgorithm) -> Result<SignatureAlgorithm, SignatureFault> {
    match digest {
        DigestAlgorithm::Sha256 => Ok(SignatureAlgorithm::RsaPkcs1Sha256),
        DigestAlgorithm::Sha384 => Ok(SignatureAlgorithm::RsaPkcs1Sha384),
        DigestAlgorithm::Sha512 => Ok(SignatureAlgorithm::RsaPkcs1Sha512),
        _ => Err(SignatureFault::WeakDigest),
    }
}

/// RSASSA-PSS-params (RFC 4055 3.1): one hash throughout, salt as long as the hash.
fn pss(
    algorithm: &Algorithm<'_>,
    digest: DigestAlgorithm,
) -> Result<SignatureAlgorithm, SignatureFault> {
    let (hash, mask, salt) =
        pss_parameters(algorithm).map_err(|_| SignatureFault::PssParameters)?;
    let (Some(hash), Some(mask)) = (hash, mask) else {
        return Err(SignatureFault::PssParameters);
    };
    let (found, expected) = match hash {
        Hash::Sha1 => return Err(SignatureFault::WeakDigest),
        Hash::Sha256 => (SignatureAlgorithm::RsaPssSha256, DigestAlgorithm::Sha256),
        Hash::Sha384 => (SignatureAlgorithm::RsaPssSha384, DigestAlgorithm::Sha384),
        Hash::Sha512 => (SignatureAlgorithm::RsaPssSha512, DigestAlgorithm::Sha512),
    };
    if expected != digest {
        return Err(SignatureFault::DigestDisagrees);
    }
    if mask != hash || salt != [hash.octets()] {
        return Err(SignatureFault::PssParameters);
    }
    Ok(found)
}

type PssParameters<'a> = (Option<Hash>, Option<Hash>, &'a [u8]);

fn pss_parameters<'a>(algorithm: &Algorithm<'a>) -> Result<PssParameters<'a>, CmsError> {
    let parameters = algorithm.parameters.filter(|found| found.tag() == SEQUENCE);
    let mut inside = parameters.ok_or(CmsError::Malformed)?.inside();
    let (hash, mask) = hash_and_mask(&mut inside)?;
    let mut salt = &[20][..];
    if let Some(explicit) = inside.optional(context(2))? {
        let mut length = explicit.inside();
        salt = length.take(INTEGER)?.content();
        length.finish()?;
    }
    if let Some(explicit) = inside.optional(context(3))? {
        // RFC 4055 3.1: trailerField "MUST be 1".
        let mut trailer = explicit.inside();
        if trailer.take(INTEGER)?.content() != [1] {
            return Err(CmsError::Malformed);
        }
        trailer.finish()?;
    }
    inside.finish()?;
    Ok((hash, mask, salt))
}

/// hashAlgorithm `[0]` and maskGenAlgorithm `[1]`, both SHA-1 where absent; `None` for
/// what is not known.
fn hash_and_mask(inside: &mut Reader<'_>) -> Result<(Option<Hash>, Option<Hash>), CmsError> {
    let mut hash = Some(Hash::Sha1);
    if let Some(explicit) = inside.optional(context(0))? {
        let mut reader = explicit.inside();
        hash = Hash::named(&reader.algorithm()?);
        reader.finish()?;
    }
    let mut mask = Some(Hash::Sha1);
    if let Some(explicit) = inside.optional(context(1))? {
        let mut reader = explicit.inside();
        let algorithm = reader.algorithm()?;
        reader.finish()?;
        mask = None;
        if let (oid::MGF1, Some(parameters)) = (algorithm.oid, algorithm.parameters) {
            let mut of_mask = Reader::new(parameters.raw());
            mask = Hash::named(&of_mask.algorithm()?);
        }
    }
    Ok((hash, mask))
}

/// RSAES-OAEP-params (RFC 4055 4.1): one hash for label and mask, no label.
///
/// # Errors
/// [`CmsError::OaepParameters`], [`CmsError::OaepHashesDiffer`], [`CmsError::OaepLabel`].
pub(crate) fn oaep(algorithm: &Algorithm<'_>) -> Result<OaepHash, CmsError> {
    let parameters = algorithm.parameters.filter(|found| found.tag() == SEQUENCE);
    let mut inside = parameters.ok_or(CmsError::OaepParameters)?.inside();
    let (hash, mask) = hash_and_mask(&mut inside).map_err(|_| CmsError::OaepParameters)?;
    let label = oaep_label(&mut inside).map_err(|_| CmsError::OaepParameters)?;
    let (Some(hash), Some(mask)) = (hash, mask) else {
        return Err(CmsError::OaepParameters);
    };
    if hash != mask {
        return Err(CmsError::OaepHashesDiffer);
    }
    if !label.is_empty() {
        return Err(CmsError::OaepLabel);
    }
    Ok(match hash {
        Hash::Sha1 => OaepHash::Sha1,
        Hash::Sha256 => OaepHash::Sha256,
        Hash::Sha384 => OaepHash::Sha384,
        Hash::Sha512 => OaepHash::Sha512,
    })
}

/// pSourceAlgorithm `[2]`, and the end of the parameters.
fn oaep_label<'a>(inside: &mut Reader<'a>) -> Result<&'a [u8], CmsError> {
    let mut label = &[][..];
    if let Some(explicit) = inside.optional(context(2))? {
        let mut reader = explicit.inside();
        let algorithm = reader.algorithm()?;
        reader.finish()?;
        if algorithm.oid != oid::P_SPECIFIED {
            return Err(CmsError::Malformed);
        }
        let parameters = algorithm.parameters.ok_or(CmsError::Malformed)?;
        label = Reader::new(parameters.raw()).octets()?;
    }
    inside.finish()?;
    Ok(label)
}

/// RSAES-OAEP-params to write (RFC 4055 4.1): one hash for label and mask.
pub(crate) fn oaep_parameters(hash: OaepHash) -> Element<'static> {
    Element::sequence(match hash {
        OaepHash::Sha256 => hash_and_mask_of(Hash::Sha256),
        OaepHash::Sha384 => hash_and_mask_of(Hash::Sha384),
        OaepHash::Sha512 => hash_and_mask_of(Hash::Sha512),
        // SHA-1 throughout is the default, and DER leaves defaults out.
        _ => vec![],
    })
}

/// hashAlgorithm `[0]` and maskGenAlgorithm `[1]` to write. RFC 4055 2.1: parameters of
/// a hash are left out.
fn hash_and_mask_of(hash: Hash) -> Vec<Element<'static>> {
    let hash = || Element::algorithm(hash.oid());
    let mask = Element::sequence(vec![Element::oid(oid::MGF1), hash()]);
    vec![Element::Nested(context(0), vec![hash()]), Element::Nested(context(1), vec![mask])]
}

/// A signature algorithm to write, and the hash of the content that goes with it: that
/// of the signature, and SHA-512 for Ed25519 (RFC 8419 3.1). RFC 5754 section 3: PKCS#1
/// has NULL, ECDSA no parameters.
pub(crate) fn signature_to_write(
    algorithm: SignatureAlgorithm,
) -> Option<(DigestAlgorithm, Element<'static>)> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    let pkcs1 = |oid| Element::sequence(vec![Element::oid(oid), Element::value(NULL, &[][..])]);
    Some(match algorithm {
        SignatureAlgorithm::EcdsaSha256 => (Sha256, Element::algorithm(oid::ECDSA_SHA256)),
        SignatureAlgorithm::EcdsaSha384 => (Sha384, Element::algorithm(oid::ECDSA_SHA384)),
        SignatureAlgorithm::EcdsaSha512 => (Sha512, Element::algorithm(oid::ECDSA_SHA512)),
        SignatureAlgorithm::RsaPkcs1Sha256 => (Sha256, pkcs1(oid::SHA256_WITH_RSA)),
        SignatureAlgorithm::RsaPkcs1Sha384 => (Sha384, pkcs1(oid::SHA384_WITH_RSA)),
        SignatureAlgorithm::RsaPkcs1Sha512 => (Sha512, pkcs1(oid::SHA512_WITH_RSA)),
        SignatureAlgorithm::RsaPssSha256 => (Sha256, pss_to_write(Hash::Sha256)),
        SignatureAlgorithm::RsaPssSha384 => (Sha384, pss_to_write(Hash::Sha384)),
        SignatureAlgorithm::RsaPssSha512 => (Sha512, pss_to_write(Hash::Sha512)),
        SignatureAlgorithm::Ed25519 => (Sha512, Element::algorithm(oid::ED25519)),
        _ => return None,
    })
}

/// The identifier of a digest to write (RFC 5754 section 2: without parameters).
pub(crate) fn digest_to_write(digest: DigestAlgorithm) -> Option<Element<'static>> {
    Some(Element::algorithm(match digest {
        DigestAlgorithm::Sha256 => oid::SHA256,
        DigestAlgorithm::Sha384 => oid::SHA384,
        DigestAlgorithm::Sha512 => oid::SHA512,
        _ => return None,
    }))
}

/// RSASSA-PSS-params (RFC 4055 3.1): one hash throughout, salt as long as it.
fn pss_to_write(hash: Hash) -> Element<'static> {
    let mut parameters = hash_and_mask_of(hash);
    parameters.push(Element::Nested(context(2), vec![Element::small_integer(hash.octets())]));
    Element::sequence(vec![Element::oid(oid::RSASSA_PSS), Element::sequence(parameters)])
}
