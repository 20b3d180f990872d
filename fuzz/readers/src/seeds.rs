//! Where seeds come from: `spec/vectors`, the corpora beside the tree, own files, and
//! what was once found.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ssmax_cms::Limits;
use ssmax_cms::enveloped::Enveloped;
use ssmax_cms::signed::SignedData;
use ssmax_mail::canonical;
use ssmax_pki::Certificate;
use ssmax_pki::crl::Crl;

use crate::{TARGETS, Target};

/// The longest seed: a longer one slows every step of a fuzzer and shows nothing more.
pub const MAX_SEED_BYTES: usize = 64 * 1024;

/// Seeds of one kind, which several targets may share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// Whole mails with CRLF.
    Mails,
    /// The header fields' values of those mails, unfolded or not.
    FieldValues,
    /// CMS objects, in BER: `ContentInfo`.
    Cms,
    /// `SignerInfo`s of those.
    SignerInfos,
    /// `RecipientInfo`s of those.
    RecipientInfos,
    /// DER certificates.
    Certificates,
    /// DER CRLs.
    Crls,
    /// A leaf, CRLs, intermediates and an anchor, one DER behind the other.
    Paths,
    /// Private keys: PKCS#8 and PKCS#12.
    Keys,
    /// Text with PEM blocks.
    Pem,
    /// JSON of hop records.
    HopRecords,
}

/// All seeds of a target, each once, in an order that does not depend on the machine.
#[must_use]
pub fn of(target: &Target) -> Vec<Vec<u8>> {
    let own = ["seeds", "regressions"].map(|kind| fuzz_folder().join(kind).join(target.name));
    let pooled = target.pools.iter().flat_map(|pool| pool.seeds());
    let found: BTreeSet<Vec<u8>> = own
        .iter()
        .flat_map(|folder| files_below(folder))
        .map(|file| fs::read(file).unwrap())
        .chain((target.made)())
        .chain(pooled)
        .filter(|seed| seed.len() <= MAX_SEED_BYTES)
        .collect();
    found.into_iter().collect()
}

/// Writes the seeds of every target to `FOLDER/TARGET`, where libFuzzer begins.
///
/// # Errors
/// Those of the file system.
pub fn write_all(folder: &Path) -> std::io::Result<()> {
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in of(target).iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:04}")), seed)?;
        }
    }
    Ok(())
}

/// The folder `fuzz` of the tree.
#[must_use]
pub fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where test data of others is, or `None` where it is absent. With `CI=true` absence
/// is a failure.
#[must_use]
pub fn corpora() -> Option<PathBuf> {
    let root = match std::env::var_os("SSMAX_CORPORA") {
        Some(root) => PathBuf::from(root),
        None => fuzz_folder().join("../../shared/corpora"),
    };
    if root.is_dir() {
        return Some(root);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "the corpora are absent: {}",
        root.display()
    );
    println!("skipped: no corpora at {}", root.display());
    None
}

impl Pool {
    /// The seeds of this pool.
    #[must_use]
    pub fn seeds(self) -> Vec<Vec<u8>> {
        match self {
            Self::Mails => MAILS.clone(),
            Self::FieldValues => field_values(),
            Self::Cms => CMS.clone(),
            Self::SignerInfos => signer_infos(),
            Self::RecipientInfos => recipient_infos(),
            Self::Certificates => CERTIFICATES.iter().map(|found| found.der().to_vec()).collect(),
            Self::Crls => crls(),
            Self::Paths => paths(),
            Self::Keys => keys(),
            Self::Pem => texts("certificates"),
            Self::HopRecords => hop_records(),
        }
    }
}

static MAILS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut found: Vec<Vec<u8>> = Vec::new();
    for file in [vectors("mail"), vectors("attacks")].concat() {
        let octets = fs::read(file).unwrap();
        // A vector's own lines stand in front, with LF; the mail has CRLF.
        let behind = octets.windows(2).position(|pair| pair == b"\n\n").map(|at| at + 2);
        found.extend(behind.and_then(|at| octets.get(at..)).map(<[u8]>::to_vec));
        found.push(octets);
    }
    let of_others = ["thunderbird-smime", "rfc4134"].map(|name| corpus(name, "eml")).concat();
    let own = ["judge", "decrypt"].map(|name| files_below(&fuzz_folder().join("seeds").join(name)));
    for file in [of_others, own.concat()].concat() {
        found.push(canonical::to_crlf(&fs::read(file).unwrap()));
    }
    found
});

static CMS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut found: Vec<Vec<u8>> = texts("cms").iter().filter_map(|text| body_of(text)).collect();
    for file in [corpus("rfc4134", "bin"), corpus("thunderbird-smime", "env")].concat() {
        found.push(fs::read(file).unwrap());
    }
    for name in ["cms_signed", "cms_enveloped", "cms_compressed"] {
        for file in files_below(&fuzz_folder().join("seeds").join(name)) {
            found.push(fs::read(file).unwrap());
        }
    }
    for mail in MAILS.iter() {
        let Ok(entity) = ssmax_mail::parse(mail, &ssmax_mail::Limits::default()) else { continue };
        let parts = entity.walk().filter(|part| part.content_type().essence().contains("pkcs7"));
        found.extend(parts.filter_map(|part| part.decoded_body().ok()));
    }
    found
});

static CERTIFICATES: LazyLock<Vec<Certificate>> = LazyLock::new(|| {
    let mut found = Vec::new();
    for text in texts("certificates") {
        let text = String::from_utf8(text).unwrap();
        found.extend(Certificate::all_from_pem(&text).unwrap_or_default());
    }
    let files = [corpus("pkits/certs", ""), corpus("rfc4134", "cer")].concat();
    found.extend(
        files.iter().filter_map(|file| Certificate::from_der(&fs::read(file).unwrap()).ok()),
    );
    found
});

fn field_values() -> Vec<Vec<u8>> {
    let mut found = BTreeSet::new();
    for mail in MAILS.iter() {
        let Ok(entity) = ssmax_mail::parse(mail, &ssmax_mail::Limits::default()) else { continue };
        for part in entity.walk() {
            found.extend(part.header().fields().iter().map(|field| field.value().to_vec()));
        }
    }
    found.into_iter().collect()
}

fn signer_infos() -> Vec<Vec<u8>> {
    let signed = CMS.iter().filter_map(|cms| SignedData::parse(cms, &Limits::default()).ok());
    signed
        .flat_map(|signed| {
            signed.signers().iter().map(|one| one.der().to_vec()).collect::<Vec<_>>()
        })
        .collect()
}

fn recipient_infos() -> Vec<Vec<u8>> {
    let enveloped = CMS.iter().filter_map(|cms| Enveloped::parse_old(cms, &Limits::default()).ok());
    let infos = enveloped.flat_map(|one| {
        one.recipients().iter().map(|info| info.der().to_vec()).collect::<Vec<_>>()
    });
    let alone =
        texts("cms").into_iter().filter(|text| field_of(text, "op").as_deref() == Some("unwrap"));
    alone.filter_map(|text| body_of(&text)).chain(infos).collect()
}

fn crls() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for text in texts("certificates") {
        found.extend(crls_in(&String::from_utf8(text).unwrap()));
    }
    let files = [corpus("pkits/crls", ""), corpus("rfc4134", "crl")].concat();
    found.extend(files.iter().map(|file| fs::read(file).unwrap()));
    found
}

fn crls_in(text: &str) -> Vec<Vec<u8>> {
    text.split_inclusive("-----END X509 CRL-----")
        .filter_map(|block| Crl::from_pem(block).ok())
        .map(|crl| crl.der().to_vec())
        .collect()
}

fn paths() -> Vec<Vec<u8>> {
    let texts = texts("certificates").into_iter().filter_map(|text| String::from_utf8(text).ok());
    texts
        .filter_map(|text| {
            let certificates = Certificate::all_from_pem(&text).ok()?;
            let (leaf, others) = certificates.split_first()?;
            let others = others.iter().flat_map(|one| one.der().to_vec());
            let crls = crls_in(&text).concat();
            Some(leaf.der().iter().copied().chain(crls).chain(others).collect())
        })
        .collect()
}

fn keys() -> Vec<Vec<u8>> {
    let of_vectors = texts("cms").into_iter().filter_map(|text| {
        field_of(&text, "private-key").and_then(|digits| hex::decode(digits).ok())
    });
    let files = [corpus("thunderbird-smime", "p12"), corpus("rfc4134", "pri")].concat();
    of_vectors.chain(files.iter().map(|file| fs::read(file).unwrap())).collect()
}

fn hop_records() -> Vec<Vec<u8>> {
    let texts = texts("chain").into_iter();
    let records = texts.filter(|text| field_of(text, "kind").as_deref() == Some("hop-record"));
    records
        .filter_map(|text| {
            let at = text.windows(2).position(|pair| pair == b"\n\n")?;
            text.get(at + 2..).map(|json| json.trim_ascii_end().to_vec())
        })
        .collect()
}

/// The value of a `name: value` line in front of a vector's body.
fn field_of(vector: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(vector);
    let (header, _) = text.split_once("\n\n")?;
    header.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
}

/// The hexadecimal body of a vector.
fn body_of(vector: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(vector);
    let (_, body) = text.split_once("\n\n")?;
    hex::decode(body.split_whitespace().collect::<String>()).ok()
}

/// The vectors of a folder of `spec/vectors`; none where there is no such folder.
fn vectors(folder: &str) -> Vec<PathBuf> {
    let files = files_below(&fuzz_folder().join("../spec/vectors").join(folder));
    files.into_iter().filter(|file| !file.ends_with("README.md")).collect()
}

fn texts(folder: &str) -> Vec<Vec<u8>> {
    vectors(folder).into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The files of a corpus with this extension; every file for an empty one.
fn corpus(folder: &str, extension: &str) -> Vec<PathBuf> {
    let Some(root) = corpora() else { return Vec::new() };
    let files = files_below(&root.join(folder));
    assert!(!files.is_empty(), "the corpus {folder} is empty");
    let wanted = |file: &PathBuf| {
        extension.is_empty() || file.extension().is_some_and(|found| found == extension)
    };
    files.into_iter().filter(wanted).collect()
}

/// All files below a folder, sorted; none where there is no such folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
