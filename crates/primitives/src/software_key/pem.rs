//! Private keys as PEM (RFC 7468). Base64 is read and written in constant time.

use der::pem::LineEnding;
use ssmax_token::TokenError;
use zeroize::Zeroizing;

/// The kinds of private key that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Pkcs8,
    Ec,
    Rsa,
}

const KINDS: [(Label, &str, &str); 3] = [
    (Label::Pkcs8, "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"),
    (Label::Ec, "-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----"),
    (Label::Rsa, "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"),
];

/// The first private key in `text`, as DER of the kind that its label says.
pub(super) fn first_private_key(text: &str) -> Result<(Label, Zeroizing<Vec<u8>>), TokenError> {
    let first = KINDS
        .iter()
        .filter_map(|(label, begin, end)| Some((text.find(begin)?, *label, *end)))
        .min_by_key(|(at, ..)| *at);
    let (at, label, end) = first.ok_or(TokenError::Malformed)?;
    let block = text.get(at..).ok_or(TokenError::Malformed)?;
    let len = block.find(end).ok_or(TokenError::Malformed)? + end.len();
    let block = block.get(..len).ok_or(TokenError::Malformed)?;

    // A buffer of our own: one that grew would leave parts of the key behind.
    let mut der = Zeroizing::new(vec![0; block.len()]);
    let (_, octets) =
        der::pem::decode(block.as_bytes(), &mut der).map_err(|_| TokenError::Malformed)?;
    let len = octets.len();
    der.truncate(len);
    Ok((label, der))
}

/// The DER of a PKCS#8 key as PEM with LF line ends.
#[expect(clippy::expect_used, reason = "the label is ours and the buffer has the length asked for")]
pub(super) fn pkcs8(der: &[u8]) -> Zeroizing<String> {
    let text = der::pem::encode_string("PRIVATE KEY", LineEnding::LF, der);
    Zeroizing::new(text.expect("a constant label and a buffer of the right size"))
}
