//! `ssmax card`: a signing key on a card, from its making to the certificate beside it.

use super::{Context, verify};
use crate::complaint::{Complaint, Exit};
use crate::files;
use serde_json::{Value, json};
use ssmax_hsm::{Card, CardCertificate, CardFault, CardUri, HsmError, OnCard, Pin, UriFault};
use ssmax_pki::{Certificate, request};
use ssmax_token::KeyAlgorithm;
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The label of a key that nothing else is said about.
const LABEL: &str = "mail";

/// How much is read where a PIN is typed.
const MAX_TYPED_OCTETS: usize = 512;

/// Arguments of `ssmax card`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show the cards that are there, with their keys and the URIs of these.
    List(List),
    /// Make a signing key in a card, and the request for its certificate.
    Make(Make),
    /// Lay a certificate beside its key on a card, for mailers to find.
    Install(Install),
}

#[derive(Debug, clap::Args)]
struct List {
    /// Which cards: a PKCS#11 URI (RFC 7512), at least `pkcs11:?module-path=FILE`.
    #[arg(long, value_name = "URI")]
    pkcs11: String,
}

#[derive(Debug, clap::Args)]
struct Make {
    /// Which card: a PKCS#11 URI (RFC 7512) with module-path; object names the new key.
    #[arg(long, value_name = "URI")]
    pkcs11: String,
    #[command(flatten)]
    pin: PinArgs,
    /// The person's address.
    #[arg(long, value_name = "ADDRESS")]
    address: String,
    /// An RSA key of 2,048 bits, for cards without elliptic curves, instead of P-256.
    #[arg(long)]
    rsa: bool,
    /// Where to write the request (PEM); nothing is replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
struct Install {
    /// The certificate, PEM or DER.
    #[arg(value_name = "CERT.pem")]
    certificate: PathBuf,
    /// Which key on which card: a PKCS#11 URI (RFC 7512) with module-path.
    #[arg(long, value_name = "URI")]
    pkcs11: String,
    #[command(flatten)]
    pin: PinArgs,
}

/// How the card learns that its owner is there.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PinArgs {
    /// File with the card's PIN on its first line. Default: pin-source, or it is asked for.
    #[arg(long, value_name = "FILE")]
    pub(super) pin_file: Option<PathBuf>,
}

/// Does what was asked for.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(match args.action {
        Action::List(args) => list(&args, context),
        Action::Make(args) => make(&args, context),
        Action::Install(args) => install(&args, context),
    })
}

fn list(args: &List, context: &Context) -> Result<ExitCode, Complaint> {
    let asked = uri(&args.pkcs11)?;
    let mut cards = Vec::new();
    let mut lines = Vec::new();
    for card in Card::all(&asked)? {
        let of_card = CardUri {
            module: asked.module.clone(),
            token: Some(card.label.clone()),
            serial: Some(card.serial.clone()),
            ..CardUri::default()
        };
        let named = [("label", card.label.as_str()), ("serial", card.serial.as_str())];
        lines.push(verify::printable(&context.text("card-found", &named)));
        let mut keys = Vec::new();
        for key in card.contents()? {
            keys.push(facts(&key, &of_card));
            lines.extend(describe(&key, &of_card, context));
        }
        cards.push(json!({
            "label": card.label, "serial": card.serial, "pkcs11": of_card.to_string(),
            "keys": keys,
        }));
    }
    if cards.is_empty() {
        return Err(CardFault::Tokens { found: 0 }.into());
    }
    context.print(&json!({ "cards": cards }), || lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn uri_of(key: &OnCard, card: &CardUri) -> String {
    CardUri { id: Some(key.id.clone()), ..card.clone() }.to_string()
}

fn facts(key: &OnCard, card: &CardUri) -> Value {
    let certificates = key.certificates.iter().filter_map(|der| Certificate::from_der(der).ok());
    let certificates = certificates.map(|one| {
        json!({
            "subject": one.subject_text(), "emails": one.emails(),
            "not_after": one.not_after().unix_timestamp(),
        })
    });
    json!({
        "label": key.label, "pkcs11": uri_of(key, card),
        "certificates": certificates.collect::<Vec<_>>(),
    })
}

fn describe(key: &OnCard, card: &CardUri, context: &Context) -> Vec<String> {
    let mut lines = vec![context.text("card-key", &[("label", &key.label)])];
    for certificate in key.certificates.iter().filter_map(|der| Certificate::from_der(der).ok()) {
        let (emails, until) =
            (certificate.emails().join(", "), certificate.not_after().date().to_string());
        lines.push(context.text("card-certificate", &[("emails", &emails), ("until", &until)]));
    }
    lines.push(format!("    {}", uri_of(key, card)));
    lines.iter().map(|line| verify::printable(line)).collect()
}

fn make(args: &Make, context: &Context) -> Result<ExitCode, Complaint> {
    let asked = uri(&args.pkcs11)?;
    files::refuse_existing(&args.out)?;
    let card = open(&asked, &args.pin)?;
    let algorithm = if args.rsa { KeyAlgorithm::Rsa2048 } else { KeyAlgorithm::EcP256 };
    let key = card.make(asked.object.as_deref().unwrap_or(LABEL), algorithm)?;
    // The name in the certificate is the CA's to give.
    let der = request::create(&key, &args.address, Some(&args.address))?;
    files::write_document(&args.out, request::to_pem(&der).as_bytes())?;
    let made = CardUri { object: None, id: Some(key.id().to_vec()), pin_file: None, ..asked };
    let (path, made) = (args.out.display().to_string(), made.to_string());
    context.print(&json!({ "request": path, "pkcs11": made }), || {
        let arguments = [("uri", made.as_str()), ("path", &verify::printable(&path))];
        context.text("card-made", &arguments)
    });
    Ok(ExitCode::SUCCESS)
}

fn install(args: &Install, context: &Context) -> Result<ExitCode, Complaint> {
    let asked = uri(&args.pkcs11)?;
    let found = verify::certificates(&args.certificate)?;
    let card = open(&asked, &args.pin)?;
    let key = card.key(&asked)?;
    let certificate = found.iter().find(|one| one.spki() == ssmax_token::KeyPair::spki(&key));
    let certificate = certificate.ok_or(CardFault::OtherKey)?;
    card.install(
        &key,
        &CardCertificate {
            der: certificate.der(),
            spki: certificate.spki(),
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            serial: &integer(certificate.serial()),
        },
    )?;
    let facts = json!({ "pkcs11": args.pkcs11, "emails": certificate.emails() });
    context.print(&facts, || context.text("card-installed", &[]));
    Ok(ExitCode::SUCCESS)
}

/// The content octets of an INTEGER with its head. Serial numbers have 20 octets at most
/// (RFC 5280 4.1.2.2), and certificates with longer ones are not read.
fn integer(content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or_default();
    [&[0x02, length], content].concat()
}

/// Reads the URI.
pub(super) fn uri(text: &str) -> Result<CardUri, Complaint> {
    text.parse().map_err(|fault| {
        let name = match fault {
            UriFault::PinInSight => "card-pin-in-sight",
            UriFault::NoModule => "card-no-module",
            _ => "card-uri",
        };
        Complaint::new(Exit::WrongUse, name).with("reason", fault)
    })
}

/// Finds the card and logs in.
pub(super) fn open(uri: &CardUri, pin: &PinArgs) -> Result<Arc<Card>, Complaint> {
    let card = Card::one(uri)?;
    if card.has_pin_pad() {
        card.log_in(None)?;
    } else {
        let pin = match pin.pin_file.as_ref().or(uri.pin_file.as_ref()) {
            Some(path) => Pin::from_file(path)?,
            None => typed(&card.label)?,
        };
        card.log_in(Some(&pin))?;
    }
    Ok(Arc::new(card))
}

/// Asks for the PIN at the terminal, which does not show it.
fn typed(label: &str) -> Result<Pin, Complaint> {
    let needed = |_| Complaint::new(Exit::WrongUse, "card-pin-needed");
    let mut terminal =
        OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(needed)?;
    let _ = write!(terminal, "PIN ({}): ", verify::printable(label));
    let mut typed = Zeroizing::new(Vec::with_capacity(MAX_TYPED_OCTETS));
    {
        let _hidden = Hidden::new(&terminal).map_err(needed)?;
        let mut octet = Zeroizing::new([0]);
        while typed.len() < MAX_TYPED_OCTETS {
            if (&terminal).read(&mut octet[..]).map_err(needed)? == 0 || octet[0] == b'\n' {
                break;
            }
            typed.push(octet[0]);
        }
    }
    let _ = writeln!(terminal);
    Ok(Pin::from_line(&typed)?)
}

/// A terminal that does not show what is typed, as long as this lives.
struct Hidden<'a> {
    terminal: &'a std::fs::File,
    before: rustix::termios::Termios,
}

impl<'a> Hidden<'a> {
    fn new(terminal: &'a std::fs::File) -> std::io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &hidden)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

impl From<CardFault> for Complaint {
    fn from(fault: CardFault) -> Self {
        let of = |name| Self::new(Exit::Unavailable, name);
        match fault {
            CardFault::Token(HsmError::PinLocked) => of("card-pin-locked"),
            CardFault::Token(HsmError::WrongPin) => of("card-pin-wrong"),
            CardFault::Token(error) => error.into(),
            CardFault::Tokens { found } => of("card-missing").with("found", found),
            CardFault::Keys { found } => of("card-key-missing").with("found", found),
            CardFault::OtherKey => Self::new(Exit::WrongUse, "card-other-key"),
            CardFault::WriteProtected => of("card-write-protected"),
            CardFault::PinEachTime => of("card-pin-each-time"),
            CardFault::NoPublicHalf => of("card-no-public-half"),
            _ => of("card-unsupported"),
        }
    }
}
