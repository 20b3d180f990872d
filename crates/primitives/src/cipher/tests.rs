use super::*;
use crate::corpora::{Hex, wycheproof};

fn octets(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn iv(text: &str) -> [u8; 16] {
    octets(text).try_into().unwrap()
}

#[test]
fn cbc_agrees_with_the_examples_of_rfc_3602() {
    let key = octets("06a9214036b8a15b512e03d534120006");
    let iv = iv("3dafba429d9eb430b422da802c9fac41");
    let ciphertext = aes_cbc_encrypt(&key, &iv, b"Single block msg").unwrap();
    // The RFC does not pad; its block is our first one.
    assert_eq!(hex::encode(&ciphertext[..16]), "e353779c1079aeb82708942dbe77181a");
    assert_eq!(ciphertext.len(), 32);
    assert_eq!(*aes_cbc_decrypt(&key, &iv, &ciphertext).unwrap(), b"Single block msg");
}

#[test]
fn cbc_of_every_key_size_gives_back_messages_of_every_length() {
    for key_len in [16, 24, 32] {
        let key = vec![7; key_len];
        for len in 0..50 {
            let message = vec![0x10; len];
            let ciphertext = aes_cbc_encrypt(&key, &[3; 16], &message).unwrap();
            assert_eq!(ciphertext.len(), (len / 16 + 1) * 16);
            assert_eq!(*aes_cbc_decrypt(&key, &[3; 16], &ciphertext).unwrap(), message);
        }
    }
}

#[test]
fn key_sizes_that_aes_has_not_are_refused() {
    for len in [0, 15, 17, 31, 33, 64] {
        let key = vec![1; len];
        assert_eq!(aes_cbc_encrypt(&key, &[0; 16], b""), Err(CipherError));
        assert_eq!(aes_cbc_decrypt(&key, &[0; 16], &[0; 16]), Err(CipherError));
        assert_eq!(aes_gcm_seal(&key, &[0; 12], b"", b""), Err(CipherError));
        assert_eq!(aes_gcm_open(&key, &[0; 12], b"", b"", &[0; 16]), Err(CipherError));
    }
}

#[test]
fn cbc_refuses_what_is_not_whole_blocks() {
    for len in [0, 1, 15, 17, 31] {
        assert_eq!(aes_cbc_decrypt(&[1; 16], &[0; 16], &vec![0; len]), Err(CipherError));
    }
}

#[test]
fn padding_is_accepted_exactly_where_pkcs7_allows_it() {
    for last in 0..=255_u8 {
        for broken in 0..=16_usize {
            let mut block = [0xee; 16];
            let len = usize::from(last).min(16);
            block[16 - len..].fill(last);
            block[15] = last;
            // An octet of the padding other than the last one; 0 and beyond: none.
            let inside = broken > 1 && broken <= len;
            if inside {
                block[16 - broken] ^= 0x40;
            }
            let fits = (1..=16).contains(&last) && !inside;
            let want = if fits { Ok(usize::from(last)) } else { Err(CipherError) };
            assert_eq!(padding_len(&block), want, "{last} {broken}");
        }
    }
}

#[test]
fn gcm_notices_every_flipped_octet_wherever_it_is() {
    let (ciphertext, tag) = aes_gcm_seal(&[1; 32], &[2; 12], b"aad", b"plaintext").unwrap();
    let open = |aad: &[u8], ciphertext: &[u8], tag: &[u8; 16]| {
        aes_gcm_open(&[1; 32], &[2; 12], aad, ciphertext, tag)
    };
    assert_eq!(*open(b"aad", &ciphertext, &tag).unwrap(), b"plaintext");
    for at in 0..ciphertext.len() {
        let mut altered = ciphertext.clone();
        altered[at] ^= 0x80;
        assert_eq!(open(b"aad", &altered, &tag), Err(CipherError));
    }
    for at in 0..tag.len() {
        let mut altered = tag;
        altered[at] ^= 1;
        assert_eq!(open(b"aad", &ciphertext, &altered), Err(CipherError));
    }
    assert_eq!(open(b"aae", &ciphertext, &tag), Err(CipherError));
    assert_eq!(open(b"aad", &ciphertext[1..], &tag), Err(CipherError));
    let other_nonce = aes_gcm_open(&[1; 32], &[3; 12], b"aad", &ciphertext, &tag);
    assert_eq!(other_nonce, Err(CipherError));
}

#[test]
fn gcm_agrees_with_every_wycheproof_vector_whose_nonce_has_96_bits() {
    #[derive(serde::Deserialize)]
    struct Vector {
        key: Hex,
        iv: Hex,
        aad: Hex,
        msg: Hex,
        ct: Hex,
        tag: Hex,
    }
    let mut opened = 0;
    wycheproof::<Vector>("aes_gcm_test.json", |case| {
        let v = &case.vector;
        // Policy: the type of the nonce has 12 octets, others cannot be said.
        let Ok(nonce) = <[u8; 12]>::try_from(&v.iv.0[..]) else { return };
        let tag = v.tag.0[..].try_into().unwrap();
        let result = aes_gcm_open(&v.key.0, &nonce, &v.aad.0, &v.ct.0, &tag);
        if case.is_valid() {
            assert_eq!(*result.unwrap(), v.msg.0, "{case}");
            let sealed = aes_gcm_seal(&v.key.0, &nonce, &v.aad.0, &v.msg.0).unwrap();
            assert_eq!(sealed, (v.ct.0.clone(), tag), "{case}");
            opened += 1;
        } else {
            assert_eq!(result, Err(CipherError), "{case}");
        }
    });
    assert!(opened == 0 || opened > 60, "{opened}");
}
