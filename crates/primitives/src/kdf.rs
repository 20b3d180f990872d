//! Key derivation.

use aws_lc_rs::digest::Context;
use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

use crate::DigestAlgorithm;

/// The most octets that [`hkdf_sha256`] can give: 255 digests (RFC 5869 2.3).
pub const HKDF_SHA256_MAX_OCTETS: usize = 255 * 32;

/// HKDF with SHA-256 (RFC 5869): extract with `salt` from `secret`, then expand for
/// `info` to `len` octets.
///
/// # Panics
/// When `len` is above [`HKDF_SHA256_MAX_OCTETS`], which only a programmer can ask for:
/// lengths are constants of the code, never input.
#[must_use]
#[expect(clippy::expect_used, reason = "the length is a constant of the caller, see Panics")]
pub fn hkdf_sha256(salt: &[u8], secret: &[u8], info: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(vec![0; len]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info], OutputLength(len))
        .and_then(|okm| okm.fill(&mut out))
        .expect("HKDF-SHA-256 gives at most 8,160 octets");
    out
}

/// HKDF (RFC 5869) with SHA-256, SHA-384 or SHA-512, as [`hkdf_sha256`]. No salt is the
/// empty salt.
///
/// RFC 8418 2.2 uses it with the ukm as `salt` and the DER of an `ECC-CMS-SharedInfo` as
/// `info`. `None` for another hash, and for more than 255 digests.
#[must_use]
pub fn hkdf(
    hash: DigestAlgorithm,
    salt: &[u8],
    secret: &[u8],
    info: &[u8],
    len: usize,
) -> Option<Zeroizing<Vec<u8>>> {
    let algorithm = match hash {
        DigestAlgorithm::Sha256 => hkdf::HKDF_SHA256,
        DigestAlgorithm::Sha384 => hkdf::HKDF_SHA384,
        DigestAlgorithm::Sha512 => hkdf::HKDF_SHA512,
        DigestAlgorithm::Sha1 | DigestAlgorithm::Sha224 => return None,
    };
    let mut out = Zeroizing::new(vec![0; len]);
    hkdf::Salt::new(algorithm, salt)
        .extract(secret)
        .expand(&[info], OutputLength(len))
        .and_then(|okm| okm.fill(&mut out))
        .ok()?;
    Some(out)
}

/// The ANSI X9.63 key derivation function (SEC 1 version 2, 3.6.1): the digests of
/// `shared | counter | shared_info` for counter 1, 2, …, cut to `len` octets.
///
/// RFC 5753 7.2 uses it with the DER of an `ECC-CMS-SharedInfo` as `shared_info`.
#[must_use]
pub fn x963_kdf(
    hash: DigestAlgorithm,
    shared: &[u8],
    shared_info: &[u8],
    len: usize,
) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(vec![0; len]);
    // The counter has 32 bits: enough for 80 GiB of SHA-1 digests, which is more than a
    // vector of key material can be.
    for (counter, block) in (1_u32..).zip(out.chunks_mut(hash.output_len())) {
        let mut context = Context::new(hash.library());
        context.update(shared);
        context.update(&counter.to_be_bytes());
        context.update(shared_info);
        let digest = context.finish();
        for (to, from) in block.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
    }
    out
}

struct OutputLength(usize);

impl hkdf::KeyType for OutputLength {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hkdf_agrees_with_the_first_case_of_rfc_5869() {
        let okm = hkdf_sha256(
            &hex::decode("000102030405060708090a0b0c").unwrap(),
            &[0x0b; 22],
            &hex::decode("f0f1f2f3f4f5f6f7f8f9").unwrap(),
            42,
        );
        assert_eq!(
            hex::encode(&*okm),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf\
             34007208d5b887185865"
        );
    }

    #[test]
    fn hkdf_of_every_hash_agrees_with_openssl_and_ends_at_255_digests() {
        // openssl kdf -keylen 42 -kdfopt digest:SHA.. -kdfopt hexkey:0b.. -kdfopt hexsalt:..
        // -kdfopt hexinfo:.. HKDF
        for (hash, okm) in [
            (
                DigestAlgorithm::Sha256,
                "68ac7379f155eeb95963c95dcdabfedf7f8a69011581d8a6cbec21a59867a69b38d7eecd1a7944d6b3ca",
            ),
            (
                DigestAlgorithm::Sha384,
                "5386f1b2c4ca0b70ef78c6a6fc2c2eb89d89605dbf9889b72529761f18e87315783a28c0a6860f353f93",
            ),
            (
                DigestAlgorithm::Sha512,
                "7acfed14c919142992c3839e58c1025f74b372c10f7f73c4d40a546a03754a27ea6fccb26427737cceac",
            ),
        ] {
            let given = hkdf(hash, &[1, 2, 3], &[0x0b; 22], &[0xf0, 0xf1], 42).unwrap();
            assert_eq!(hex::encode(&*given), okm);
            let most = 255 * hash.output_len();
            assert_eq!(hkdf(hash, b"", b"", b"", most).unwrap().len(), most);
            assert_eq!(hkdf(hash, b"", b"", b"", most + 1), None);
        }
        assert_eq!(hkdf(DigestAlgorithm::Sha1, b"", b"", b"", 16), None);
        assert_eq!(hkdf(DigestAlgorithm::Sha224, b"", b"", b"", 16), None);
    }

    #[test]
    fn hkdf_gives_up_to_255_digests() {
        assert_eq!(hkdf_sha256(b"", b"", b"", HKDF_SHA256_MAX_OCTETS).len(), 8_160);
    }

    #[test]
    #[should_panic(expected = "at most 8,160 octets")]
    fn hkdf_stops_the_programmer_who_asks_for_more_than_255_digests() {
        let _ = hkdf_sha256(b"", b"", b"", HKDF_SHA256_MAX_OCTETS + 1);
    }

    /// The vectors of NIST's CAVS 12.0 for ANSI X9.63 (`ansx963_2001.rsp`).
    #[test]
    fn x963_agrees_with_the_vectors_of_nist() {
        let out = x963_kdf(
            DigestAlgorithm::Sha256,
            &hex::decode("96c05619d56c328ab95fe84b18264b08725b85e33fd34f08").unwrap(),
            b"",
            16,
        );
        assert_eq!(hex::encode(&*out), "443024c3dae66b95e6f5670601558f71");
        let out = x963_kdf(
            DigestAlgorithm::Sha256,
            &hex::decode("22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d").unwrap(),
            &hex::decode("75eef81aa3041e33b80971203d2c0c52").unwrap(),
            128,
        );
        assert_eq!(
            hex::encode(&*out),
            "c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e\
             52a13d9c7c6fc878c50c5ea0bc7b00e0da2447cfd874f6cf92f30d0097111485\
             500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269\
             142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21"
        );
    }

    #[test]
    fn x963_output_of_any_length_is_a_prefix_of_the_longer_one() {
        for hash in [DigestAlgorithm::Sha1, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
            let long = x963_kdf(hash, b"shared", b"info", 200);
            for len in [0, 1, 20, 21, 48, 64, 65, 199] {
                assert_eq!(*x963_kdf(hash, b"shared", b"info", len), long[..len]);
            }
        }
    }
}
