//! What a person is given, by what they read mail with.

use crate::shelf::File;
use ssmax_api::Organisation;
use ssmax_api::enrol::Enrolled;
use ssmax_package::contents::{Contents, INSTALL_ON_WINDOWS, Use, steps};
use ssmax_package::pkcs12::write::Protection;
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use std::io::{Cursor, Write as _};
use zeroize::Zeroizing;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What a person reads mail with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    Thunderbird,
    Windows,
    Apple,
    Android,
}

impl Platform {
    pub(crate) const ALL: [Self; 4] =
        [Self::Thunderbird, Self::Windows, Self::Apple, Self::Android];

    /// The word in the form, and in the ids of texts.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Thunderbird => "thunderbird",
            Self::Windows => "windows",
            Self::Apple => "apple",
            Self::Android => "android",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// The package could not be made.
#[derive(Debug, thiserror::Error)]
#[error("a package cannot be made: {0}")]
pub(crate) struct NotMade(String);

fn not_made(error: impl std::fmt::Display) -> NotMade {
    NotMade(error.to_string())
}

/// The files for a platform. `own_key` is the key to sign with (PKCS#8) that was made for the
/// package; without one the person has it, and gets its certificate.
pub(crate) fn files(
    platform: Platform,
    enrolled: &Enrolled,
    own_key: Option<&[u8]>,
    organisation: &Organisation,
    password: &str,
) -> Result<Vec<File>, NotMade> {
    let exported = &enrolled.exported;
    let chain = exported.chain.iter().map(|der| der.as_slice());
    let mut contents = Contents::new(chain, &exported.seal_ca).map_err(not_made)?;
    if let Some(key) = own_key {
        contents.add(key, &enrolled.signing, Use::Sign).map_err(not_made)?;
    }
    contents.add(&exported.pkcs8, &exported.certificate, Use::Encrypt).map_err(not_made)?;
    for (certificate, key) in &exported.earlier {
        contents.add(&key.0, certificate, Use::Encrypt).map_err(not_made)?;
    }
    let text = |name, octets: Vec<u8>, media_type| File {
        name,
        media_type,
        octets: Zeroizing::new(octets),
    };
    let mut files = Vec::new();
    if platform == Platform::Apple {
        let domain = organisation.domains.first().map(String::as_str).unwrap_or_default();
        let profile = contents.profile(&organisation.name, domain, password, &SystemRandom);
        let profile = profile.map_err(not_made)?.into_bytes();
        files.push(text("keys.mobileconfig", profile, "application/x-apple-aspen-config"));
    } else {
        let octets = contents.pkcs12(password, Protection::Aes, &SystemRandom).map_err(not_made)?;
        files.push(File { name: "keys.p12", media_type: "application/x-pkcs12", octets });
        let certificate = "application/x-x509-ca-cert";
        files.push(text("seal-ca.crt", contents.seal_ca().into_bytes(), certificate));
        files.push(text("member-ca.crt", contents.member_ca().into_bytes(), certificate));
    }
    if platform == Platform::Windows {
        files.push(text("install.ps1", INSTALL_ON_WINDOWS.to_vec(), "application/octet-stream"));
    }
    let is_apple = platform == Platform::Apple;
    let said = steps(&contents.address(), !is_apple, is_apple).into_bytes();
    files.push(text("STEPS.txt", said, "text/plain; charset=utf-8"));
    if own_key.is_none() {
        let mut pem = Certificate::from_der(&enrolled.signing).map_err(not_made)?.to_pem();
        pem.push_str(&contents.member_ca());
        files.push(text("signing.pem", pem.into_bytes(), "application/x-pem-file"));
    }
    if matches!(platform, Platform::Thunderbird | Platform::Windows) {
        let all = zipped(&files).map_err(not_made)?;
        files.insert(0, File { name: "keys.zip", media_type: "application/zip", octets: all });
    }
    Ok(files)
}

/// All files in one, as a computer takes them apart.
fn zipped(files: &[File]) -> zip::result::ZipResult<Zeroizing<Vec<u8>>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for file in files {
        archive.start_file(file.name, options)?;
        archive.write_all(&file.octets)?;
    }
    Ok(Zeroizing::new(archive.finish()?.into_inner()))
}
