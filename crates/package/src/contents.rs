//! What a person gets: keys, the CAs above them, a password, and the steps.

use crate::mobileconfig::{Profile, profile};
use crate::pkcs12::write::{Bag, NotEncoded, Protection, write};
use ssmax_pki::{Certificate, PkiError};
use ssmax_texts::{Language, text};
use ssmax_token::Random;
use zeroize::Zeroizing;

/// What a password is made of: letters and digits that nobody mistakes for each other.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
/// Letters of a password that is made here, 5 bits each, and in groups of these.
const PASSWORD_LETTERS: usize = 20;
const GROUP_LETTERS: usize = 5;

/// Everything that Outlook needs, for the person alone, without rights of an administrator.
pub const INSTALL_ON_WINDOWS: &[u8] = b"\
# Keys and CAs for Outlook, for this user alone. Windows asks for the password, and whether the seal CA is to be trusted.\r\n\
$ErrorActionPreference = 'Stop'\r\n\
$here = Split-Path -Parent $MyInvocation.MyCommand.Path\r\n\
Import-Certificate -FilePath (Join-Path $here 'seal-ca.crt') -CertStoreLocation Cert:\\CurrentUser\\Root | Out-Null\r\n\
Import-Certificate -FilePath (Join-Path $here 'member-ca.crt') -CertStoreLocation Cert:\\CurrentUser\\CA | Out-Null\r\n\
$password = Read-Host -AsSecureString -Prompt 'Password'\r\n\
Import-PfxCertificate -FilePath (Join-Path $here 'keys.p12') -CertStoreLocation Cert:\\CurrentUser\\My -Password $password\r\n";

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// The person signs with it.
    Sign,
    /// Mail to the person is encrypted for it.
    Encrypt,
}

/// A private key with its certificate and its name in the mailer.
struct Named {
    pkcs8: Zeroizing<Vec<u8>>,
    certificate: Certificate,
    name: String,
}

/// What goes into a package.
pub struct Contents {
    keys: Vec<Named>,
    /// The member CA first.
    chain: Vec<Certificate>,
    seal_ca: Certificate,
}

impl Contents {
    /// A package without keys, with these CAs (DER, nearest to the person first). The root
    /// stays out: mailers are to trust the own CAs only.
    ///
    /// # Errors
    /// [`PkiError`] for what is no certificate.
    pub fn new<'a>(
        chain: impl IntoIterator<Item = &'a [u8]>,
        seal_ca: &[u8],
    ) -> Result<Self, PkiError> {
        let chain = chain.into_iter().map(Certificate::from_der);
        let chain: Vec<Certificate> = chain.collect::<Result<_, _>>()?;
        let chain = chain.into_iter().filter(|ca| ca.issuer() != ca.subject()).collect();
        Ok(Self { keys: Vec::new(), chain, seal_ca: Certificate::from_der(seal_ca)? })
    }

    /// Adds a key (PKCS#8) with its certificate (DER).
    ///
    /// # Errors
    /// [`PkiError`] for what is no certificate.
    pub fn add(&mut self, pkcs8: &[u8], certificate: &[u8], key_use: Use) -> Result<(), PkiError> {
        let certificate = Certificate::from_der(certificate)?;
        let address = certificate.emails().into_iter().next().unwrap_or_default();
        let kind = match key_use {
            Use::Sign => "sign",
            Use::Encrypt => "encrypt",
        };
        // As lists of certificates show it: all are of one person.
        let name = format!("{address} {kind} {}", certificate.not_before().date());
        self.keys.push(Named { pkcs8: Zeroizing::new(pkcs8.to_vec()), certificate, name });
        Ok(())
    }

    /// How many keys are in it.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// Whose it is: the address in the first certificate that has one.
    #[must_use]
    pub fn address(&self) -> String {
        let address = self.keys.iter().find_map(|key| key.certificate.emails().into_iter().next());
        address.unwrap_or_default()
    }

    /// The anchor for seals, PEM.
    #[must_use]
    pub fn seal_ca(&self) -> String {
        self.seal_ca.to_pem()
    }

    /// The CA above the person's certificates, PEM.
    #[must_use]
    pub fn member_ca(&self) -> String {
        self.chain.first().map(Certificate::to_pem).unwrap_or_default()
    }

    /// All keys in one PKCS#12 file.
    ///
    /// # Errors
    /// [`NotEncoded`].
    pub fn pkcs12(
        &self,
        password: &str,
        protection: Protection,
        random: &dyn Random,
    ) -> Result<Zeroizing<Vec<u8>>, NotEncoded> {
        let bags = self.keys.iter().map(|key| Bag {
            pkcs8: &key.pkcs8,
            certificate: &key.certificate,
            name: &key.name,
        });
        write(&bags.collect::<Vec<_>>(), &self.chain, password, protection, random)
    }

    /// All of it as a profile for Apple's devices, which read nothing newer than Triple-DES.
    ///
    /// # Errors
    /// [`NotEncoded`].
    pub fn profile(
        &self,
        organisation: &str,
        domain: &str,
        password: &str,
        random: &dyn Random,
    ) -> Result<String, NotEncoded> {
        let keys = self.pkcs12(password, Protection::TripleDes, random)?;
        let address = self.address();
        let described = Profile {
            name: &format!("{organisation} ({address})"),
            organisation,
            domain,
            address: &address,
            roots: std::slice::from_ref(&self.seal_ca),
            intermediates: &self.chain,
            keys: &keys,
        };
        Ok(profile(&described, random))
    }
}

/// A password of 100 bits: a file under Triple-DES may be guessed at for years.
#[must_use]
pub fn new_password(random: &dyn Random) -> Zeroizing<String> {
    let mut octets = Zeroizing::new([0; PASSWORD_LETTERS]);
    random.fill(&mut octets[..]);
    let mut password = Zeroizing::new(String::with_capacity(2 * PASSWORD_LETTERS));
    for (at, octet) in octets.iter().enumerate() {
        if at > 0 && at % GROUP_LETTERS == 0 {
            password.push('-');
        }
        let letter = LETTERS.get(usize::from(octet % 32)).copied().unwrap_or_default();
        password.push(char::from(letter));
    }
    password
}

/// What the person does with the files, in both languages: who packs does not know theirs.
#[must_use]
pub fn steps(address: &str, with_pkcs12: bool, with_profile: bool) -> String {
    let mut out = String::new();
    for language in [Language::Ja, Language::En] {
        let mut say =
            |id: &str| out.push_str(&(text(language, id, &[("address", address)]) + "\n\n"));
        say("package-steps");
        if with_pkcs12 {
            say("package-steps-thunderbird");
            say("package-steps-windows");
        }
        if with_profile {
            say("package-steps-apple");
        }
        say("package-steps-end");
    }
    // Some editors of Windows know no other end of a line.
    out.trim_end().replace('\n', "\r\n") + "\r\n"
}
