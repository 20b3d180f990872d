//! What can be wrong with a message, and with a signature.

use ssmax_token::TokenError;

/// Why a message could not be read, opened or made.
///
/// Every variant but [`CmsError::Decryption`], [`CmsError::KeyUnavailable`] and
/// [`CmsError::Signing`] is found before any key is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CmsError {
    /// More octets than `Limits::max_bytes`.
    #[error("the message is larger than allowed")]
    TooLarge,
    /// More nested encodings than `Limits::max_depth`.
    #[error("the message nests deeper than allowed")]
    TooDeep,
    /// More irregularly encoded elements than [`crate::ber::MAX_PIECES`] allows.
    #[error("the message has too many irregularly encoded elements")]
    TooManyElements,
    /// An element ends after its enclosing element or the input.
    #[error("an element is cut off")]
    Truncated,
    /// A length that no memory can hold.
    #[error("a length does not fit")]
    LengthOverflow,
    /// Indefinite length on a primitive encoding (X.690 8.1.3.2).
    #[error("a primitive element has no definite length")]
    IndefinitePrimitive,
    /// A tag that X.690 reserves, an end-of-contents mark out of place, or a tag
    /// number not in its shortest form.
    #[error("a tag is invalid")]
    BadTag,
    /// Primitive where constructed is demanded, or the other way round.
    #[error("an element has the wrong form for its type")]
    WrongForm,
    /// A segment of a constructed string is of another type (X.690 8.7.3).
    #[error("a string has a segment of another type")]
    SegmentType,
    /// Octets after the end of the outermost element.
    #[error("octets follow the end of the message")]
    TrailingOctets,
    /// Well-formed BER, but not the structure that the RFC demands.
    #[error("the structure is not that of the standard")]
    Malformed,
    /// The `ContentInfo` holds another type than asked for (RFC 5652 section 3).
    #[error("the message is of another type")]
    WrongContentType,
    /// The content inside is not `id-data` (RFC 8551 3.3).
    #[error("the encrypted content is not plain data")]
    InnerContentType,
    /// More signers than `Limits::max_signers`.
    #[error("too many signers")]
    TooManySigners,
    /// More recipients than `Limits::max_recipients`.
    #[error("too many recipients")]
    TooManyRecipients,
    /// More certificates or CRLs than `Limits::max_certificates`.
    #[error("too many certificates")]
    TooManyCertificates,
    /// More attributes in one set than [`crate::signed::MAX_ATTRIBUTES`].
    #[error("too many attributes")]
    TooManyAttributes,
    /// `RecipientInfos` is empty (RFC 5652 6.1 demands one at least).
    #[error("the message has no recipient")]
    NoRecipients,
    /// An attribute type occurs twice in one set (RFC 5652 section 11).
    #[error("an attribute occurs twice")]
    DuplicateAttribute,
    /// An attribute has no value or several where one is demanded.
    #[error("an attribute has not exactly one value")]
    AttributeValues,
    /// An attribute given to be written has no valid object identifier or no DER value.
    #[error("an attribute to be written is invalid")]
    BadAttribute,
    /// A content cipher other than AES; 3DES too, unless old mail is to be opened
    /// ([`crate::enveloped::Enveloped::parse_old`]).
    #[error("the content cipher is not allowed")]
    CipherRefused,
    /// EnvelopedData with something else than AES-CBC. An unauthenticated GCM is a
    /// decryption oracle.
    #[error("enveloped-data must use AES-CBC")]
    CbcRequired,
    /// AuthEnvelopedData with something else than AES-GCM.
    #[error("authEnveloped-data must use AES-GCM")]
    GcmRequired,
    /// IV or nonce missing or of the wrong length (16 for AES-CBC, 12 for GCM, 8 for
    /// 3DES).
    #[error("the parameters of the content cipher are invalid")]
    CipherParameters,
    /// A GCM tag of other than 16 octets, announced or present.
    #[error("the authentication tag must have 16 octets")]
    TagLength,
    /// No `encryptedContent`.
    #[error("the encrypted content is missing")]
    NoCiphertext,
    /// The content key has not the cipher's length.
    #[error("the content key does not fit the cipher")]
    KeyLength,
    /// The `RecipientInfo` does not name the key it was tried with.
    #[error("the recipient is somebody else")]
    NotNamed,
    /// Certificate and private key do not belong together.
    #[error("certificate and key do not match")]
    KeyMismatch,
    /// An RSA key for a key agreement, an EC key for key transport, or a key on another
    /// curve than the sender's.
    #[error("the key is of another kind than the recipient information needs")]
    KeyKind,
    /// A recipient's or signer's public key cannot be used.
    #[error("the public key cannot be used")]
    PublicKey,
    /// A `RecipientInfo` that is neither key transport nor key agreement.
    #[error("the kind of recipient information is not supported")]
    RecipientType,
    /// RSA PKCS#1 v1.5, and the policy does not allow it.
    #[error("RSA PKCS#1 v1.5 key transport is not allowed")]
    Pkcs1NotAllowed,
    /// Key transport that is neither RSA PKCS#1 v1.5 nor RSA-OAEP.
    #[error("the key transport algorithm is not supported")]
    TransportAlgorithm,
    /// OAEP parameters missing, malformed, or with another hash or mask function than
    /// SHA-1 or SHA-2 with MGF1 (RFC 4055 4.1).
    #[error("the OAEP parameters are not supported")]
    OaepParameters,
    /// OAEP whose label hash and MGF1 hash differ.
    #[error("the two hashes of OAEP differ")]
    OaepHashesDiffer,
    /// OAEP with a label.
    #[error("OAEP with a label is not supported")]
    OaepLabel,
    /// Key agreement other than ephemeral-static ECDH with X9.63 KDF (RFC 5753 7.1.4) or
    /// HKDF (RFC 8418 2.2).
    #[error("the key agreement algorithm is not supported")]
    AgreementAlgorithm,
    /// A key agreement with a static key of the sender, named by certificate. Such a
    /// message proves nothing about its sender that a signature would not prove better,
    /// and needs the sender's certificate to be found first.
    #[error("key agreement with a static sender key is not supported")]
    StaticOriginator,
    /// The ephemeral key is none of P-256, P-384, P-521 or X25519, or malformed.
    #[error("the ephemeral key is not on a supported curve")]
    OriginatorKey,
    /// The ephemeral key is a compressed point. RFC 5753 7.2 lets a sender write one only
    /// to those who say that they read it.
    #[error("the ephemeral key is a compressed point")]
    CompressedPoint,
    /// Key wrap other than AES (RFC 3394).
    #[error("the key wrap algorithm is not supported")]
    WrapAlgorithm,
    /// The key's home did not answer. The key was not used; trying later may help.
    #[error("the key store is not available")]
    KeyUnavailable,
    /// Anything that failed after a key was used. One value for every cause: an
    /// attacker who could tell padding from length from tag would have an oracle.
    #[error("the message cannot be decrypted")]
    Decryption,
    /// The signing key's home failed.
    #[error("signing failed: {0}")]
    Signing(TokenError),
    /// The key does not sign, or the digest of the content is not known in the hash it
    /// signs with (see [`crate::signed::sign`]).
    #[error("the signing key does not sign with a known digest of the content")]
    SigningAlgorithm,
    /// A recipient shall be named by key identifier, and the certificate has none.
    #[error("the certificate has no key identifier")]
    NoKeyId,
    /// Compressed with something else than zlib (RFC 3274 2).
    #[error("the compression algorithm is not supported")]
    CompressionAlgorithm,
    /// What is compressed is no whole zlib stream, or octets follow it.
    #[error("the compressed content is damaged")]
    Compression,
    /// More than `Limits::max_expanded_bytes`, or than
    /// [`crate::compressed::MAX_RATIO`] times what came.
    #[error("the compressed content expands too far")]
    ExpandsTooFar,
    /// More entries than [`crate::capabilities::MAX_CAPABILITIES`].
    #[error("too many capabilities")]
    TooManyCapabilities,
}

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureFault {
    /// The certificate is not the one that the signer identifier names.
    #[error("the signer is another certificate")]
    WrongCertificate,
    /// SHA-1, MD5 or older, as digest or inside the signature algorithm. SHA-1 with RSA
    /// PKCS#1 v1.5 can be allowed by [`crate::signed::SignaturePolicy`].
    #[error("the signature uses a broken hash")]
    WeakDigest,
    /// A digest that is not SHA-256, SHA-384 or SHA-512.
    #[error("the digest algorithm is not supported")]
    UnsupportedDigest,
    /// A signature algorithm that is not in the list of `signed`.
    #[error("the signature algorithm is not supported")]
    UnsupportedAlgorithm,
    /// The signature algorithm hashes with something else than the digest algorithm
    /// says (RFC 5652 5.3).
    #[error("digest and signature algorithm disagree")]
    DigestDisagrees,
    /// PSS parameters that are not: MGF1, one hash throughout, salt as long as the hash.
    #[error("the PSS parameters are not supported")]
    PssParameters,
    /// No signed attributes, and they are needed to check a digest alone or any
    /// content type but `id-data`.
    #[error("the signature has no signed attributes")]
    NoSignedAttributes,
    /// Without signed attributes, and the content itself could be read as signed
    /// attributes: a signature over one is a signature over the other.
    #[error("the content could be taken for signed attributes")]
    AmbiguousContent,
    /// An attribute type occurs twice.
    #[error("a signed attribute occurs twice")]
    DuplicateAttribute,
    /// A signed attribute that must have one value has none or several.
    #[error("a signed attribute has not exactly one value")]
    AttributeValues,
    /// The value of an attribute that we must understand is malformed.
    #[error("a signed attribute is malformed")]
    MalformedAttribute,
    /// The contentType attribute is missing or names another type than signed
    /// (RFC 5652 11.1).
    #[error("the content type attribute does not fit")]
    ContentType,
    /// No messageDigest attribute (RFC 5652 11.2).
    #[error("the message digest attribute is missing")]
    NoMessageDigest,
    /// The content is not what was signed.
    #[error("the content was changed")]
    DigestMismatch,
    /// signingCertificateV2 names another certificate (RFC 5035 section 3).
    #[error("the signing certificate attribute names another certificate")]
    SigningCertificate,
    /// The certificate's key is of another kind than the signature algorithm.
    #[error("the key is of another kind than the signature")]
    KeyKind,
    /// The certificate's RSA key has less than 2,048 bits.
    #[error("the key of the signature is too small")]
    KeyTooSmall,
    /// The certificate's key is malformed, of an unknown kind, or larger than we read.
    #[error("the key of the signature cannot be used")]
    KeyUnusable,
    /// The signature value does not verify under the certificate's key.
    #[error("the signature is wrong")]
    Invalid,
}
