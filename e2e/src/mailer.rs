//! What a person's mailer does: hand in, decrypt, verify. By programs that others wrote.

use crate::mails::Mail;
use crate::member::{Member, Person};
use crate::process::{Said, run, wait_for};
use crate::ssmax::Site;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long a server may take for one answer: a mail's journey and more.
const ANSWER: Duration = Duration::from_secs(60);

/// A mail as its recipient reads it.
#[derive(Debug)]
pub struct Opened {
    /// The signed content, as `openssl cms -verify` prints it.
    pub entity: Vec<u8>,
    /// The addresses in the certificate of whoever signed it.
    pub signer: String,
}

/// Submits a mail at the own organisation, with a login. What swaks ended with, and
/// the dialogue.
#[track_caller]
pub fn submit(member: &Member, sender: &Person, recipients: &[&str], mail: &[u8]) -> Said {
    let login = ["--auth", "PLAIN", "--auth-user", &sender.address, "--auth-password"];
    let login = [&login[..], &[&sender.secret]].concat();
    hand_in(&sender.dir, member.submission(), &login, &sender.address, recipients, mail)
}

/// Where and as whom somebody's mailer submits.
#[derive(Debug, Clone)]
pub struct Account {
    /// The own organisation's listener.
    pub server: SocketAddr,
    /// The one address.
    pub address: String,
    /// What it logs in with.
    pub secret: String,
}

impl Account {
    /// A person's.
    pub fn of(member: &Member, person: &Person) -> Self {
        let (address, secret) = (person.address.clone(), person.secret.clone());
        Self { server: member.submission(), address, secret }
    }

    /// A person's at the own Postfix, with the mailbox's password.
    pub fn at_postfix(member: &Member, person: &Person) -> Self {
        let secret = crate::dovecot::PASSWORD.to_owned();
        Self { server: member.mta_submission(), secret, ..Self::of(member, person) }
    }
}

/// Submits a mail with a login, and says behind MAIL and each RCPT what the sender wants
/// to hear of the delivery (RFC 3461), for which swaks has no words. What is put off is
/// tried again, as a mailer's outbox does.
#[track_caller]
pub fn submit_asking(
    member: &Member,
    sender: &Person,
    of_mail: &str,
    recipients: &[(&str, &str)],
    mail: &[u8],
) {
    let account = Account::of(member, sender);
    wait_for("the mail is taken", ANSWER, || {
        let said = try_submit(&account, of_mail, recipients, mail).unwrap();
        assert!(said.starts_with(['2', '4']), "{said}");
        said.starts_with('2').then_some(())
    });
}

/// One try: the answer to the mail, or the first that is a refusal.
///
/// # Errors
/// Whatever ends the connection before.
pub fn try_submit(
    account: &Account,
    of_mail: &str,
    recipients: &[(&str, &str)],
    mail: &[u8],
) -> io::Result<String> {
    match log_in(account)? {
        Ok(session) => session.submit(of_mail, recipients, mail),
        Err(said) => Ok(said),
    }
}

/// A session of somebody who is logged in.
#[derive(Debug)]
pub struct Session {
    stream: BufReader<TcpStream>,
    address: String,
}

/// Logs in: the session, or the answer that is a refusal.
///
/// # Errors
/// Whatever ends the connection before.
pub fn log_in(account: &Account) -> io::Result<Result<Session, String>> {
    let stream = TcpStream::connect(account.server)?;
    stream.set_read_timeout(Some(ANSWER))?;
    let mut stream = BufReader::new(stream);
    let login = STANDARD.encode(format!("\0{}\0{}", account.address, account.secret));
    for command in ["", "EHLO mailer.example\r\n", &format!("AUTH PLAIN {login}\r\n")] {
        let said = say(&mut stream, command.as_bytes())?;
        if !said.starts_with('2') {
            return Ok(Err(said));
        }
    }
    Ok(Ok(Session { stream, address: account.address.clone() }))
}

impl Session {
    /// One try, as [`try_submit`].
    ///
    /// # Errors
    /// Whatever ends the connection before.
    pub fn submit(
        mut self,
        of_mail: &str,
        recipients: &[(&str, &str)],
        mail: &[u8],
    ) -> io::Result<String> {
        let mut commands = vec![format!("MAIL FROM:<{}> {of_mail}\r\n", self.address)];
        let to =
            |(recipient, options): &(&str, &str)| format!("RCPT TO:<{recipient}> {options}\r\n");
        commands.extend(recipients.iter().map(to));
        commands.push("DATA\r\n".to_owned());
        for command in commands {
            let said = say(&mut self.stream, command.as_bytes())?;
            if !said.starts_with(['2', '3']) {
                return Ok(said);
            }
        }
        say(&mut self.stream, &dot_stuffed(mail))
    }
}

/// Is greeted and says hello, as the beginning of any session.
///
/// # Errors
/// Whatever ends the connection before.
pub fn greet(server: SocketAddr) -> io::Result<String> {
    let mut stream = BufReader::new(TcpStream::connect(server)?);
    say(&mut stream, b"")?;
    say(&mut stream, b"EHLO other.example\r\n")
}

/// The largest mail that a server says it takes (RFC 1870).
///
/// # Errors
/// Whatever ends the connection before, and an answer without a size.
pub fn announced_size(server: SocketAddr) -> io::Result<usize> {
    let mut stream = BufReader::new(TcpStream::connect(server)?);
    say(&mut stream, b"")?;
    stream.get_mut().write_all(b"EHLO other.example\r\n")?;
    let mut size = None;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(number) = line.get(4..).and_then(|word| word.strip_prefix("SIZE ")) {
            size = number.trim().parse().ok();
        }
        if line.as_bytes().get(3) == Some(&b' ') {
            return size.ok_or_else(|| io::ErrorKind::InvalidData.into());
        }
    }
}

/// Says something and reads the whole answer; gives its last line.
fn say(stream: &mut BufReader<TcpStream>, octets: &[u8]) -> io::Result<String> {
    stream.get_mut().write_all(octets)?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.as_bytes().get(3) == Some(&b' ') {
            return Ok(line);
        }
    }
}

/// Submits a mail at the own Postfix, with the mailbox's password. `mechanism` is a SASL
/// mechanism that swaks knows.
#[track_caller]
pub fn submit_at_postfix(
    member: &Member,
    sender: &Person,
    mechanism: &str,
    recipients: &[&str],
    mail: &[u8],
) -> Said {
    let login = ["--auth", mechanism, "--auth-user", &sender.address, "--auth-password"];
    let login = [&login[..], &[crate::dovecot::PASSWORD]].concat();
    hand_in(&sender.dir, member.mta_submission(), &login, &sender.address, recipients, mail)
}

/// Hands a mail to an MX, as any host may. Files are written to `dir`.
#[track_caller]
pub fn hand_in(
    dir: &Path,
    server: SocketAddr,
    more: &[&str],
    sender: &str,
    recipients: &[&str],
    mail: &[u8],
) -> Said {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let file = dir.join(format!("sent-{}", FILES.fetch_add(1, Ordering::Relaxed)));
    fs::write(&file, dot_stuffed(mail)).unwrap();
    run(Command::new("swaks")
        .args(["--server", &server.ip().to_string(), "--port", &server.port().to_string()])
        .args(["--helo", "mailer.example", "--from", sender, "--to", &recipients.join(",")])
        // The octets as they are: swaks replaces %TOKENS% and adds fields otherwise.
        .args(["--no-data-fixup", "--data", &format!("@{}", file.display())])
        .args(more))
}

/// The content with its end, RFC 5321 4.5.2.
fn dot_stuffed(mail: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(mail.len() + 64);
    for line in mail.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    assert!(stuffed.ends_with(b"\r\n"));
    stuffed.extend_from_slice(b".\r\n");
    stuffed
}

/// Decrypts and verifies a mail with nothing but OpenSSL, the person's key and the one
/// anchor that their mailer was given.
#[track_caller]
pub fn open(person: &Person, mail: &[u8]) -> Opened {
    open_under(person, "-CAfile seal-ca.pem", mail)
}

/// As [`open`], for mail from inside the own organisation: the anchor is its own CA.
#[track_caller]
pub fn open_from_inside(person: &Person, mail: &[u8]) -> Opened {
    open_under(person, "-partial_chain -CAfile chain.pem", mail)
}

#[track_caller]
fn open_under(person: &Person, anchor: &str, mail: &[u8]) -> Opened {
    fs::write(person.dir.join("mail.eml"), mail).unwrap();
    openssl(
        person,
        "cms -decrypt -in mail.eml -recip encryption.pem -inkey encryption-key.pem -out inner.eml",
    );
    let verify = format!("cms -verify -in inner.eml {anchor} -signer signer.pem -out entity");
    openssl(person, &verify);
    let signer = openssl(person, "x509 -in signer.pem -noout -email");
    let read = |name| fs::read(person.dir.join(name)).unwrap();
    Opened { entity: read("entity"), signer: signer.text().trim().to_owned() }
}

/// Opens a mail from another organisation with our own verifier, which finds it good.
#[track_caller]
pub fn judge(site: &Site, person: &Person, mail: &[u8]) {
    let file = |name: &str| person.dir.join(name).to_str().unwrap().to_owned();
    fs::write(file("mail.eml"), mail).unwrap();
    let (key, certificate) = (file("encryption-key.pem"), file("encryption.pem"));
    let keys = ["--key", &key, "--cert", &certificate, "--trust", &file("seal-ca.pem")];
    let _ = site.run(&[&["mail", "open", &file("mail.eml")], &keys[..]].concat()).ends(0);
}

/// Signs a mail with the person's own key, in clear. Gives the mail and what is signed in
/// it: what is not 7-bit gets a transfer encoding before.
#[track_caller]
pub fn sign(site: &Site, person: &Person, mail: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let file = |name: &str| person.dir.join(name).to_str().unwrap().to_owned();
    fs::write(file("mail.eml"), mail).unwrap();
    let (key, signing) = (file("signing-key.pem"), file("signing-file.pem"));
    let (chain, plain, signed) = (file("chain.pem"), file("mail.eml"), file("signed.eml"));
    let keys = ["--key", &key, "--cert", &signing, "--chain", &chain];
    let more = ["--encryption-cert", &file("encryption.pem"), "--out", &signed];
    let _ = site.run(&[&["mail", "sign", &plain], &keys[..], &more].concat()).ends(0);
    openssl(person, "cms -verify -noverify -in signed.eml -out signed-entity");
    (fs::read(signed).unwrap(), fs::read(file("signed-entity")).unwrap())
}

/// Signs a mail with the person's own key, and encrypts it with the certificates that
/// a mail they got has taught them. Gives the mail to submit and what is signed in it:
/// what is not 7-bit gets a transfer encoding before.
#[track_caller]
pub fn sign_and_encrypt(
    site: &Site,
    person: &Person,
    learn_from: &[u8],
    mail: &[u8],
) -> (Vec<u8>, Vec<u8>) {
    let file = |name: &str| person.dir.join(name).to_str().unwrap().to_owned();
    fs::write(file("learn-from.eml"), learn_from).unwrap();
    fs::write(file("mail.eml"), mail).unwrap();
    let command = |line: &[&str]| {
        let _ = site.run(line).ends(0);
    };
    let trust = file("seal-ca.pem");
    let (key, certificate) = (file("encryption-key.pem"), file("encryption.pem"));
    let (from, opened) = (file("learn-from.eml"), file("opened.eml"));
    let keys = ["--key", &key, "--cert", &certificate, "--trust", &trust];
    command(&[&["mail", "open", &from, "--out", &opened], &keys[..]].concat());
    let (signing_key, signing) = (file("signing-key.pem"), file("signing-file.pem"));
    let (chain, plain, signed) = (file("chain.pem"), file("mail.eml"), file("signed.eml"));
    let keys = ["--key", &signing_key, "--cert", &signing, "--chain", &chain];
    let more = ["--encryption-cert", &certificate, "--out", &signed];
    command(&[&["mail", "sign", &plain], &keys[..], &more].concat());
    let encrypted = file("encrypted.eml");
    let to = ["--learn-from", &opened, "--trust", &trust, "--to", &certificate];
    command(&[&["mail", "encrypt", &signed, "--out", &encrypted], &to[..]].concat());
    openssl(person, "cms -verify -noverify -in signed.eml -out signed-entity");
    (fs::read(encrypted).unwrap(), fs::read(file("signed-entity")).unwrap())
}

/// The certificate with which to encrypt for somebody, as a mailer learns it from a signed
/// mail that its owner got from them: by OpenSSL. A file in the owner's folder.
#[track_caller]
pub fn learn(owner: &Person, mail: &[u8], of: &str) -> PathBuf {
    let _ = open(owner, mail);
    openssl(owner, "cms -verify -noverify -in inner.eml -out entity -certsout certificates.pem");
    let certificates = fs::read_to_string(owner.dir.join("certificates.pem")).unwrap();
    let end = "-----END CERTIFICATE-----\n";
    for certificate in certificates.split_inclusive(end) {
        fs::write(owner.dir.join("learnt.pem"), certificate).unwrap();
        let said = openssl(owner, "x509 -in learnt.pem -noout -ext keyUsage,subjectAltName").text();
        if said.contains(of) && said.contains("Key Agreement") {
            let learnt = owner.dir.join(format!("learnt-{of}.pem"));
            fs::rename(owner.dir.join("learnt.pem"), &learnt).unwrap();
            return learnt;
        }
    }
    panic!("no certificate of {of}:\n{certificates}");
}

/// A mail that OpenSSL has signed for `signer` and encrypted with these certificates, for
/// `draft` with its fields; the object beside it.
#[track_caller]
pub fn encrypted_by_openssl(signer: &Person, to: &[&Path], draft: &Mail) -> (Mail, Vec<u8>) {
    let file = |name: &str| signer.dir.join(name);
    fs::write(file("entity"), &draft.entity).unwrap();
    openssl(
        signer,
        "cms -sign -md sha256 -in entity -signer signing-file.pem -inkey signing-key.pem \
         -certfile chain.pem -out signed.eml",
    );
    // Its own lines end in LF, and with -crlfeol only some do not.
    let signed = crate::parts::with_crlf(&fs::read(file("signed.eml")).unwrap());
    fs::write(file("signed.eml"), signed).unwrap();
    let to: Vec<String> = to.iter().map(|path| path.display().to_string()).collect();
    let line = "cms -encrypt -binary -aes256 -in signed.eml -outform DER -out encrypted.der";
    openssl(signer, &format!("{line} {}", to.join(" ")));
    let object = fs::read(file("encrypted.der")).unwrap();
    let entity = format!(
        "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}",
        crate::mails::base64_lines(&object)
    );
    let fields = draft.octets.strip_suffix(draft.entity.as_slice()).unwrap();
    let octets = [fields, entity.as_bytes()].concat();
    (Mail { octets, ..draft.clone() }, object)
}

/// Runs OpenSSL among somebody's files.
#[track_caller]
fn openssl(person: &Person, line: &str) -> Said {
    crate::openssl::openssl(&person.dir, line).ends(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_begins_with_a_dot_gets_another() {
        assert_eq!(dot_stuffed(b".\r\n..x\r\ny.\r\n"), b"..\r\n...x\r\ny.\r\n.\r\n");
    }
}
