use super::*;

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
            assert_eq!(padding_len::<16>(&block), want, "{last} {broken}");
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
fn triple_des_agrees_with_openssl_and_gives_back_every_length() {
    // openssl enc -des-ede3-cbc -K 0123..cdef x3 (rotated) -iv 0011223344556677
    let key = octets("0123456789abcdef23456789abcdef01456789abcdef0123");
    let iv: [u8; 8] = octets("0011223344556677").try_into().unwrap();
    for (message, ciphertext) in [
        ("", "56bfdf45eb56988f"),
        ("old mail", "c793b257302e1270d9d145a0f452ffd9"),
        ("old mail, opened late", "c793b257302e1270784de273fe1abe08d82c09f7b097247c"),
    ] {
        let opened = triple_des_cbc_decrypt(&key, &iv, &octets(ciphertext)).unwrap();
        assert_eq!(*opened, message.as_bytes());
    }
}

#[test]
fn triple_des_refuses_other_keys_partial_blocks_and_bad_padding() {
    let iv = [0; 8];
    for len in [0, 8, 16, 23, 25, 32] {
        assert_eq!(triple_des_cbc_decrypt(&vec![1; len], &iv, &[0; 8]), Err(CipherError));
    }
    for len in [0, 1, 7, 9, 15] {
        assert_eq!(triple_des_cbc_decrypt(&[1; 24], &iv, &vec![0; len]), Err(CipherError));
    }
    // Some of 256 last octets of the vector give a good padding, 01 for one of them.
    let opened = (0..=255)
        .filter(|last| {
            triple_des_cbc_decrypt(&[1; 24], &[0, 0, 0, 0, 0, 0, 0, *last], &[9; 8]).is_ok()
        })
        .count();
    assert!((1..=2).contains(&opened), "{opened}");
}

#[test]
fn padding_of_the_short_block_ends_at_eight() {
    for last in 0..=255_u8 {
        let block = [last; 8];
        let want = if (1..=8).contains(&last) { Ok(usize::from(last)) } else { Err(CipherError) };
        assert_eq!(padding_len::<8>(&block), want, "{last}");
    }
}

#[test]
fn what_works_in_place_gives_what_its_namesake_gives() {
    for key_len in [16, 24, 32] {
        let key = vec![7; key_len];
        for len in [0, 1, 15, 16, 17, 1_000] {
            let message = vec![0x10; len];
            let ciphertext = aes_cbc_encrypt(&key, &[3; 16], &message).unwrap();
            // Without room, with just enough, and with more.
            for room in [0, 16, 100] {
                let mut given = Vec::with_capacity(len + room);
                given.extend_from_slice(&message);
                assert_eq!(aes_cbc_encrypt_vec(&key, &[3; 16], given).unwrap(), ciphertext);
            }
            let mut opened = ciphertext.clone();
            assert_eq!(aes_cbc_decrypt_in_place(&key, &[3; 16], &mut opened), Ok(len));
            assert_eq!(opened[..len], message);

            let (sealed, tag) = aes_gcm_seal(&key, &[2; 12], b"aad", &message).unwrap();
            let mut octets = message.clone();
            let made = aes_gcm_seal_in_place(&key, &[2; 12], b"aad", &mut octets);
            assert_eq!((octets.clone(), made), (sealed, Ok(tag)));
            assert_eq!(aes_gcm_open_in_place(&key, &[2; 12], b"aad", &mut octets, &tag), Ok(()));
            assert_eq!(octets, message);
        }
    }
}

#[test]
fn with_enough_room_nothing_is_copied() {
    let mut message = Vec::with_capacity(1_016);
    message.resize(1_000, 5);
    let place = message.as_ptr();
    let ciphertext = aes_cbc_encrypt_vec(&[1; 16], &[0; 16], message).unwrap();
    assert_eq!(ciphertext.as_ptr(), place);
}
