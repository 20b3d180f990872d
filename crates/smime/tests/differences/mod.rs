//! Where we differ from the suites of others, and why.

use std::fmt::Write as _;

/// Mails of Thunderbird's suite that we judge otherwise: file, Thunderbird, we, reason.
pub(super) const THUNDERBIRD: [[&str; 4]; 6] = [
    [
        "alice.env.sig.SHA256.opaque.dave.sig.SHA256.opaque.eml",
        "good",
        "bad: nested-signature",
        "Dave's signature directly around Alice's: mailers tell different signers (measured)",
    ],
    [
        "alice.env.sig.SHA384.opaque.dave.sig.SHA384.opaque.eml",
        "good",
        "bad: nested-signature",
        "likewise",
    ],
    [
        "alice.plain.sig.SHA256.opaque.dave.sig.SHA256.opaque.eml",
        "good",
        "bad: nested-signature",
        "likewise",
    ],
    [
        "alice.plain.sig.SHA384.opaque.dave.sig.SHA384.opaque.eml",
        "good",
        "bad: nested-signature",
        "likewise",
    ],
    [
        "smime-interop/fran-oaep-label_ossl.env",
        "opened",
        "refused",
        "an OAEP label, which no mailer writes",
    ],
    [
        "smime-interop/fran-oaep_ossl.env",
        "opened",
        "refused",
        "3DES; opened as old mail, by setting",
    ],
];

/// Every file of RFC 4134 in order, what we make of it, and why not more.
pub(super) const RFC4134: [[&str; 3]; 41] = [
    ["3.1.bin", "no kind that mail has", "data without a signature or a cipher"],
    ["3.2.bin", "no kind that mail has", "likewise"],
    ["4.1.bin", "the content; 1 signers; the signature uses a broken hash", "DSA with SHA-1"],
    ["4.10.bin", "the content; 1 signers; the signature uses a broken hash", "likewise"],
    ["4.11.bin", "no content; 0 signers", "certificates only: nobody signed"],
    ["4.2.bin", "the content; 1 signers; the signature uses a broken hash", "RSA with MD5"],
    ["4.3.bin", "no content; 1 signers; the signature uses a broken hash", "DSA with SHA-1"],
    ["4.4.bin", "the content; 1 signers; the signature uses a broken hash", "likewise"],
    ["4.5.bin", "the content; 1 signers; the signature uses a broken hash", "likewise"],
    [
        "4.6.bin",
        "the content; 2 signers; the signature uses a broken hash",
        "likewise; two signers",
    ],
    ["4.7.bin", "the content; 1 signers; the signature uses a broken hash", "DSA with SHA-1"],
    [
        "4.8.eml",
        "bad: other-address, no-anchor, weak-digest",
        "DSA with SHA-1; the certificate is for another domain than From; nothing is trusted here",
    ],
    ["4.9.eml", "bad: other-address, no-anchor, weak-digest", "likewise"],
    ["5.1.bin", "refused: the content cipher is not allowed; as old mail: the content", "3DES"],
    [
        "5.2.bin",
        "refused: the content cipher is not allowed; as old mail: the content cipher is not allowed",
        "RC2",
    ],
    ["5.3.eml", "none: encrypted", ""],
    ["6.0.bin", "no kind that mail has", "DigestedData, which anybody can make"],
    ["7.1.bin", "no kind that mail has", "EncryptedData: no recipient"],
    ["7.2.bin", "no kind that mail has", "likewise"],
    [
        "AliceDSSSignByCarlNoInherit.cer",
        "read; the public key's algorithm is not supported; path: a signature algorithm or key is not accepted",
        "DSA",
    ],
    ["AlicePrivDSSSign.pri", "the key cannot do this operation", "DSA"],
    ["AlicePrivRSASign.pri", "the key is malformed", "RSA with 1,024 bits"],
    [
        "AliceRSASignByCarl.cer",
        "read; the RSA key has 1024 bits, at least 2048 are needed; path: a signature algorithm or key is not accepted",
        "RSA with 1,024 bits",
    ],
    ["BobPrivRSAEncrypt.pri", "the key is malformed", "RSA with 1,024 bits"],
    [
        "BobRSASignByCarl.cer",
        "read; the RSA key has 1024 bits, at least 2048 are needed; path: a signature algorithm or key is not accepted",
        "RSA with 1,024 bits",
    ],
    [
        "CarlDSSCRLEmpty.crl",
        "refused: the encoding is not valid DER",
        "CRL of version 1, without nextUpdate",
    ],
    ["CarlDSSCRLForAll.crl", "refused: the encoding is not valid DER", "likewise"],
    ["CarlDSSCRLForCarl.crl", "refused: the encoding is not valid DER", "likewise"],
    [
        "CarlDSSSelf.cer",
        "read; the public key's algorithm is not supported; path: valid",
        "DSA; an anchor needs no signature",
    ],
    ["CarlPrivDSSSign.pri", "the key cannot do this operation", "DSA"],
    ["CarlPrivRSASign.pri", "the key is malformed", "RSA with 1,024 bits"],
    [
        "CarlRSACRLEmpty.crl",
        "refused: the encoding is not valid DER",
        "CRL of version 1, without nextUpdate",
    ],
    ["CarlRSACRLForAll.crl", "refused: the encoding is not valid DER", "likewise"],
    ["CarlRSACRLForCarl.crl", "refused: the encoding is not valid DER", "likewise"],
    [
        "CarlRSASelf.cer",
        "read; the RSA key has 1024 bits, at least 2048 are needed; path: valid",
        "an anchor needs no signature",
    ],
    [
        "DianeDSSSignByCarlInherit.cer",
        "read; the public key's algorithm is not supported; path: a signature algorithm or key is not accepted",
        "DSA",
    ],
    ["DianePrivDSSSign.pri", "the key cannot do this operation", "DSA"],
    ["DianePrivRSASignEncrypt.pri", "the key is malformed", "RSA with 1,024 bits"],
    [
        "DianeRSASignByCarl.cer",
        "read; the RSA key has 1024 bits, at least 2048 are needed; path: a signature algorithm or key is not accepted",
        "RSA with 1,024 bits",
    ],
    ["ExContent.bin", "the content", ""],
    ["rfc4134.txt", "the RFC itself", ""],
];

/// The tables as they stand in `spec/divergences.md`.
pub(super) fn tables() -> String {
    let mut out = String::from("| Thunderbird's suite | there | here | why |\n|---|---|---|---|\n");
    for [file, there, here, why] in THUNDERBIRD {
        writeln!(out, "| `{file}` | {there} | {here} | {why} |").unwrap();
    }
    out.push_str("\n| RFC 4134 | here | why |\n|---|---|---|\n");
    for [file, here, why] in RFC4134.iter().filter(|row| !row[2].is_empty()) {
        writeln!(out, "| `{file}` | {here} | {why} |").unwrap();
    }
    out
}
