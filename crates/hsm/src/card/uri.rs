//! Names of keys on cards: PKCS#11 URIs (RFC 7512).

use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The longest URI that is read, in octets.
pub const MAX_URI_OCTETS: usize = 2_048;

const SCHEME: &str = "pkcs11:";

/// Which module, which token in it, which key on the token. What is not named is anything.
///
/// ```
/// # use ssmax_hsm::CardUri;
/// let text = "pkcs11:token=Hanako;object=mail?module-path=/usr/lib/opensc-pkcs11.so";
/// let uri: CardUri = text.parse()?;
/// assert_eq!(uri.token.as_deref(), Some("Hanako"));
/// assert_eq!(uri.to_string(), text);
/// # Ok::<(), ssmax_hsm::UriFault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CardUri {
    /// `module-path`: the vendor's library.
    pub module: PathBuf,
    /// `token`: the token's label.
    pub token: Option<String>,
    /// `serial`: the token's serial number.
    pub serial: Option<String>,
    /// `object`: the key's CKA_LABEL.
    pub object: Option<String>,
    /// `id`: the key's CKA_ID.
    pub id: Option<Vec<u8>>,
    /// `pin-source`: the file with the PIN.
    pub pin_file: Option<PathBuf>,
}

/// Why a URI was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriFault {
    /// It does not begin with `pkcs11:`, or is too long, or damaged.
    #[error("not a PKCS#11 URI")]
    Malformed,
    /// Whoever lists processes reads the PIN in it.
    #[error("pin-value shows the PIN to everybody on this computer")]
    PinInSight,
    /// An attribute that is not followed here: leaving it out could mean another key.
    #[error("the attribute {0} is not known here")]
    Unknown(String),
    /// `module-path` is missing, or is no absolute path.
    #[error("module-path has to name the vendor's library")]
    NoModule,
}

impl FromStr for CardUri {
    type Err = UriFault;

    fn from_str(text: &str) -> Result<Self, UriFault> {
        if text.len() > MAX_URI_OCTETS {
            return Err(UriFault::Malformed);
        }
        let rest = text.strip_prefix(SCHEME).ok_or(UriFault::Malformed)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self::default();
        for (name, value) in attributes(path, ';')? {
            match name {
                "token" => once(&mut uri.token, string(value)?)?,
                "serial" => once(&mut uri.serial, string(value)?)?,
                "object" => once(&mut uri.object, string(value)?)?,
                "id" => once(&mut uri.id, value)?,
                "type" if value == b"private" => {}
                _ => return Err(UriFault::Unknown(name.to_owned())),
            }
        }
        let mut module = None;
        for (name, value) in attributes(query, '&')? {
            match name {
                "module-path" => once(&mut module, PathBuf::from(string(value)?))?,
                "pin-source" => once(&mut uri.pin_file, pin_file(&string(value)?)?)?,
                "pin-value" => return Err(UriFault::PinInSight),
                _ => return Err(UriFault::Unknown(name.to_owned())),
            }
        }
        uri.module = module.filter(|path| path.is_absolute()).ok_or(UriFault::NoModule)?;
        Ok(uri)
    }
}

impl std::fmt::Display for CardUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |value: &Option<String>| value.as_ref().map(|text| text.clone().into_bytes());
        let path = [
            ("token", text(&self.token)),
            ("serial", text(&self.serial)),
            ("object", text(&self.object)),
            ("id", self.id.clone()),
        ];
        let path = path.into_iter().filter_map(|(name, value)| {
            let value = value?;
            // RFC 7512 2.3: all octets of an id are encoded.
            Some(format!("{name}={}", encoded(&value, name == "id")))
        });
        let path = path.collect::<Vec<_>>().join(";");
        write!(f, "{SCHEME}{path}?module-path={}", encoded(octets(&self.module), false))?;
        if let Some(file) = &self.pin_file {
            write!(f, "&pin-source={}", encoded(octets(file), false))?;
        }
        Ok(())
    }
}

fn octets(path: &Path) -> &[u8] {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())
}

fn attributes(text: &str, between: char) -> Result<Vec<(&str, Vec<u8>)>, UriFault> {
    text.split(between)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').ok_or(UriFault::Malformed)?;
            Ok((name, decoded(value)?))
        })
        .collect()
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), UriFault> {
    // RFC 7512 2.3: no attribute twice.
    if place.replace(value).is_some() { Err(UriFault::Malformed) } else { Ok(()) }
}

fn string(value: Vec<u8>) -> Result<String, UriFault> {
    String::from_utf8(value).map_err(|_| UriFault::Malformed)
}

/// RFC 7512 2.4: a `file:` URI or a path; a command, `|...`, is not run.
fn pin_file(value: &str) -> Result<PathBuf, UriFault> {
    let path = match value.strip_prefix("file:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None => value,
    };
    let path = PathBuf::from(path);
    if path.is_absolute() { Ok(path) } else { Err(UriFault::Malformed) }
}

fn decoded(text: &str) -> Result<Vec<u8>, UriFault> {
    let mut out = Vec::with_capacity(text.len());
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        out.push(match octet {
            b'%' => {
                let mut digit = || {
                    let digit = char::from(octets.next()?).to_digit(16)?;
                    u8::try_from(digit).ok()
                };
                let (high, low) = (digit(), digit());
                high.zip(low).map(|(high, low)| high << 4 | low).ok_or(UriFault::Malformed)?
            }
            other => other,
        });
    }
    Ok(out)
}

fn encoded(value: &[u8], all: bool) -> String {
    let mut out = String::with_capacity(value.len());
    for octet in value {
        let plain = octet.is_ascii_alphanumeric() || b"-_.~/:".contains(octet);
        if plain && !all {
            out.push(char::from(*octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &str = "?module-path=/usr/lib/m.so";

    #[test]
    fn what_is_written_is_read_again() {
        let uri = CardUri {
            module: "/opt/a b/m.so".into(),
            token: Some("花子; #1".to_owned()),
            serial: Some("0a=b".to_owned()),
            object: Some("mail?".to_owned()),
            id: Some(vec![0, b'a', 0xff]),
            pin_file: Some("/run/pin&file".into()),
        };
        assert_eq!(uri.to_string().parse(), Ok(uri));
    }

    #[test]
    fn what_programs_write_is_understood() {
        let read = |text: &str| format!("{text}{MODULE}").parse::<CardUri>();
        let uri = read("pkcs11:token=My%20token;id=%01%aF;type=private").unwrap();
        assert_eq!(uri.token.as_deref(), Some("My token"));
        assert_eq!(uri.id.as_deref(), Some(&[1, 0xaf][..]));
        assert_eq!(read("pkcs11:").unwrap().token, None);
        for pin in ["file:/run/pin", "file:///run/pin", "/run/pin"] {
            let uri: CardUri = format!("pkcs11:{MODULE}&pin-source={pin}").parse().unwrap();
            assert_eq!(uri.pin_file.as_deref(), Some(Path::new("/run/pin")), "{pin}");
        }
    }

    #[test]
    fn what_could_mean_another_key_or_show_a_pin_is_refused() {
        let fault = |text: &str| text.parse::<CardUri>().unwrap_err();
        let with = |path: &str| format!("pkcs11:{path}{MODULE}");
        assert_eq!(fault("PKCS11:token=a"), UriFault::Malformed);
        assert_eq!(fault("pkcs11:token=a"), UriFault::NoModule);
        assert_eq!(fault("pkcs11:?module-path=m.so"), UriFault::NoModule);
        assert_eq!(fault(&with("slot-id=1")), UriFault::Unknown("slot-id".to_owned()));
        assert_eq!(fault(&with("type=public")), UriFault::Unknown("type".to_owned()));
        assert_eq!(fault(&format!("{}&pin-value=1234", with(""))), UriFault::PinInSight);
        for bad in ["token", "token=a;token=b", "token=%4", "token=%zz", "token=%ff", "id=%+1"] {
            assert_eq!(fault(&with(bad)), UriFault::Malformed, "{bad}");
        }
        for source in ["|cat /etc/pin", "pin", "file:pin"] {
            let text = format!("{}&pin-source={source}", with(""));
            assert_eq!(fault(&text), UriFault::Malformed, "{source}");
        }
        let long = with(&format!("token={}", "a".repeat(MAX_URI_OCTETS)));
        assert_eq!(fault(&long), UriFault::Malformed);
    }
}
