//! How much memory a large message takes: measured in a process of its own, as the most
//! that it ever had (`VmHWM`), because an allocator that counts would need `unsafe`.

use std::process::Command;

use ssmax_cms::{
    Limits,
    enveloped::{
        ContentCipher, ENCRYPT_ROOM, Enveloped, RsaTransport, UnwrapPolicy, encrypt_vec,
        recipient_info,
    },
    signed::{SignRequest, SignedData, sign},
};
use ssmax_pki::Certificate;
use ssmax_primitives::{ContentKey, SoftwareKey, SystemRandom, sha256};

use crate::identities::{P256, file, openssl};

/// Enough that everything else in the process does not matter.
const CONTENT_BYTES: usize = 32 * 1024 * 1024;

/// What may be taken at most, input included, in hundredths of the message.
const MAX_PERCENT: usize = 115;

/// Tells the child which of the steps to take, and with which files.
const STEP: &str = "SSMAX_TEST_MEMORY_STEP";

fn key() -> ContentKey {
    ContentKey::new((0..32).collect())
}

fn certificate(path: &str) -> Certificate {
    Certificate::from_pem(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Does something only as a process of its own, which the test below starts with
/// `step|message|certificate|key`.
#[test]
fn child() {
    let Ok(told) = std::env::var(STEP) else { return };
    let [step, message, certificate_file, key_file] =
        told.split('|').collect::<Vec<_>>().try_into().unwrap();
    let certificate = certificate(certificate_file);
    let private = SoftwareKey::from_pem(&std::fs::read_to_string(key_file).unwrap()).unwrap();
    let limits = Limits::default();
    // Once over something small, so that what the library sets up is there.
    let small = encrypt_vec(vec![7; 1_000], ContentCipher::Aes256Gcm, &key(), &SystemRandom);
    drop(small.unwrap().into_message(&[]));
    let before = status("VmRSS:");

    match step {
        "open" => {
            let enveloped = Enveloped::parse_vec(std::fs::read(message).unwrap(), &limits).unwrap();
            let info = &enveloped.recipients()[0];
            let policy = UnwrapPolicy::default();
            let key = info.unwrap(&certificate, &private, &policy, 32).unwrap();
            let content = enveloped.into_decrypted(&key).unwrap();
            assert_eq!(content.len(), CONTENT_BYTES);
        }
        "rewrap" => {
            let enveloped = Enveloped::parse_vec(std::fs::read(message).unwrap(), &limits).unwrap();
            let info = recipient_info(&certificate, &key(), None, RsaTransport::Pkcs1).unwrap();
            assert!(enveloped.into_rewrapped(&[info]).len() > CONTENT_BYTES);
        }
        "verify" => {
            let signed = SignedData::parse_vec(std::fs::read(message).unwrap(), &limits).unwrap();
            let content = signed.content().unwrap();
            assert_eq!(signed.signers()[0].verify(&certificate, content), Ok(()));
            assert_eq!(signed.into_content().unwrap().len(), CONTENT_BYTES);
        }
        "encrypt-cbc" | "encrypt-gcm" => {
            let cipher = match step {
                "encrypt-cbc" => ContentCipher::Aes256Cbc,
                _ => ContentCipher::Aes256Gcm,
            };
            let mut content = Vec::with_capacity(CONTENT_BYTES + ENCRYPT_ROOM);
            content.resize(CONTENT_BYTES, 7);
            let info = recipient_info(&certificate, &key(), None, RsaTransport::Pkcs1).unwrap();
            let sealed = encrypt_vec(content, cipher, &key(), &SystemRandom).unwrap();
            assert!(sealed.into_message(&[info]).len() > CONTENT_BYTES);
        }
        other => panic!("no step {other}"),
    }
    println!("peak: {}", status("VmHWM:") - before);
}

/// A line of the process' status, in octets.
fn status(line: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let value = status.lines().find_map(|found| found.strip_prefix(line)).unwrap();
    let kilobytes: usize = value.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    kilobytes * 1024
}

#[track_caller]
fn assert_small(step: &str, message: &str) {
    let told = [step, message, &P256.certificate_file, &P256.key_file].join("|");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::child", "--nocapture"])
        .env(STEP, told)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let (_, peak) = text.split_once("peak: ").unwrap();
    let peak: usize = peak.lines().next().unwrap().trim().parse().unwrap();
    let percent = peak * 100 / CONTENT_BYTES;
    println!("{step}: {percent} % of the message");
    assert!(percent <= MAX_PERCENT, "{step}: {percent} %");
}

#[test]
fn a_large_message_is_in_memory_once() {
    let content = vec![7; CONTENT_BYTES];
    let encrypt = |options: &[&str]| {
        let fixed = ["cms", "-encrypt", "-binary", "-outform", "DER", "-recip"];
        openssl(&[&fixed[..], &[&*P256.certificate_file], options].concat(), &content)
    };
    // As Thunderbird and `openssl -stream` write: the ciphertext in segments.
    let segments = file("large-segments", &encrypt(&["-aes256", "-stream"]));
    let whole = file("large-gcm", &encrypt(&["-aes-256-gcm"]));
    for message in [&segments, &whole] {
        assert_small("open", message);
        assert_small("rewrap", message);
    }
    let request = SignRequest {
        content_digest: sha256(&content),
        content: Some(&content),
        signing_time: None,
        extra_signed: Vec::new(),
        unsigned: Vec::new(),
        certificates: &[],
        signer: &P256.certificate,
    };
    let signed = file("large-signed", &sign(&request, P256.key()).unwrap());
    let sign = ["cms", "-sign", "-binary", "-nodetach", "-stream", "-outform", "DER", "-signer"];
    let signer = [&*P256.certificate_file, "-inkey", &P256.key_file];
    let in_segments = openssl(&[&sign[..], &signer].concat(), &content);
    let in_segments = file("large-signed-segments", &in_segments);
    for message in [&signed, &in_segments] {
        assert_small("verify", message);
    }
    assert_small("encrypt-cbc", &signed);
    assert_small("encrypt-gcm", &signed);
    for path in [segments, whole, signed, in_segments] {
        std::fs::remove_file(path).unwrap();
    }
}
