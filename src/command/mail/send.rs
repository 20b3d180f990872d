//! `ssmax mail send`: hand a message to the own mail server.

use super::envelope_complaint;
use crate::command::{Context, decrypt, explain, verify};
use crate::complaint::{Complaint, Exit};
use serde_json::json;
use ssmax_agent::submission::{
    Envelope, Login, Reply, Security, SendFault, Server, named_recipients, send, without_bcc,
};
use ssmax_mail::address::Address;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// How long to wait for the server at each step.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Arguments of `ssmax mail send`.
#[derive(Debug, clap::Args)]
pub(super) struct Send {
    /// The message; `-` is standard input.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    /// The mail server, as `mail.a.example:587` or `[2001:db8::1]:587`.
    #[arg(long, value_name = "HOST:PORT")]
    server: String,
    /// Certificates of CAs that the server's certificate must lie under: the connection
    /// is then protected by STARTTLS. Without, there is no TLS.
    #[arg(long, value_name = "CA.pem")]
    ca: Vec<PathBuf>,
    /// TLS from the first octet instead of STARTTLS (port 465).
    #[arg(long, requires = "ca")]
    implicit_tls: bool,
    /// The user to log in as.
    #[arg(long, value_name = "USER", requires = "password_file")]
    user: Option<String>,
    /// File with the password on its first line.
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// The envelope sender. Default: Sender or From of the message.
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,
    /// An envelope recipient; may be given several times. Default: To, Cc and Bcc.
    #[arg(long, value_name = "ADDRESS")]
    to: Vec<String>,
}

/// Sends the message.
pub(super) fn run(args: &Send, context: &Context) -> Result<ExitCode, Complaint> {
    let message = verify::mail(&args.file)?;
    let (host, port) = host_and_port(&args.server)?;
    let envelope = envelope(args, &message)?;
    let message = without_bcc(&message).map_err(|fault| {
        Complaint::new(Exit::WrongUse, "not-a-mail")
            .with("path", args.file.display())
            .with("reason", fault.code())
    })?;
    let mut anchors = Vec::new();
    for path in &args.ca {
        anchors.extend(verify::certificates(path)?);
    }
    let security = match (args.ca.is_empty(), args.implicit_tls) {
        (true, _) => Security::None,
        (false, false) => Security::StartTls(&anchors),
        (false, true) => Security::Tls(&anchors),
    };
    let password = args.password_file.as_deref().map(decrypt::password).transpose()?;
    let login = match (&args.user, &password) {
        (Some(user), Some(password)) => Some(Login { user, password }),
        _ => None,
    };
    let server = Server { host, port, security, timeout: TIMEOUT };
    let reply = send(&server, login.as_ref(), &envelope, &message)
        .map_err(|fault| complaint(fault, &args.server))?;
    let text = verify::printable(&reply.text);
    context.print(&json!({ "code": reply.code, "text": text }), || {
        context.text("mail-sent", &[("reply", &text)])
    });
    Ok(ExitCode::SUCCESS)
}

fn host_and_port(text: &str) -> Result<(&str, u16), Complaint> {
    let unreadable =
        || Complaint::new(Exit::WrongUse, "mail-server-unreadable").with("value", text);
    let (host, port) = text.rsplit_once(':').ok_or_else(unreadable)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match port.parse() {
        Ok(port) if !host.is_empty() && port > 0 => Ok((host, port)),
        _ => Err(unreadable()),
    }
}

fn envelope(args: &Send, message: &[u8]) -> Result<Envelope, Complaint> {
    let address = |text: &String| {
        Address::parse(text)
            .map_err(|_| Complaint::new(Exit::WrongUse, "address-unreadable").with("value", text))
    };
    // Also where the envelope does not come from there: those in a field that no gateway
    // can read would count as hidden recipients.
    named_recipients(message).map_err(|fault| envelope_complaint(fault, &args.file))?;
    let from = args.from.as_ref().map(address).transpose()?;
    let to = args.to.iter().map(address).collect::<Result<Vec<_>, _>>()?;
    match from {
        Some(from) if !to.is_empty() => Ok(Envelope { from, to }),
        from => {
            let named =
                Envelope::of(message).map_err(|fault| envelope_complaint(fault, &args.file))?;
            Ok(Envelope {
                from: from.unwrap_or(named.from),
                to: if to.is_empty() { named.to } else { to },
            })
        }
    }
}

fn complaint(fault: SendFault, server: &str) -> Complaint {
    let of = |exit, name| Complaint::new(exit, name).with("server", server);
    // RFC 5321 4.2.1: 4yz may be good later, 5yz will not.
    let refused = |reply: Reply, put_off, refused| {
        let (exit, name) =
            if reply.code < 500 { (Exit::Unavailable, put_off) } else { (Exit::Bad, refused) };
        let reply = reply.to_string();
        let complaint = of(exit, name).with("reply", verify::printable(&reply));
        match explain::in_reply(&reply) {
            Some(reason) => complaint.advised(explain::advice(reason)),
            None => complaint,
        }
    };
    match fault {
        SendFault::Unreachable(kind) => {
            of(Exit::Unavailable, "mail-server-unreachable").because(kind)
        }
        SendFault::Tls => of(Exit::Unavailable, "mail-server-tls"),
        SendFault::NoStartTls => of(Exit::Unavailable, "mail-server-no-starttls"),
        SendFault::LoginInClear => of(Exit::WrongUse, "mail-login-in-clear"),
        SendFault::NoAuth => of(Exit::Unavailable, "mail-server-no-login"),
        SendFault::Login(reply) => refused(reply, "mail-login-put-off", "mail-login-refused"),
        SendFault::Recipient(reply) => {
            refused(reply, "mail-recipient-put-off", "mail-recipient-refused")
        }
        SendFault::Refused(reply) => refused(reply, "mail-put-off", "mail-refused"),
        SendFault::EightBit => of(Exit::Bad, "mail-eight-bit"),
        SendFault::BareLineEnd => of(Exit::WrongUse, "mail-bare-line-end"),
        SendFault::Address => of(Exit::WrongUse, "mail-address-unusable"),
        _ => of(Exit::Unavailable, "mail-server-nonsense"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_texts::Language;

    #[test]
    fn a_server_is_a_host_and_a_port() {
        assert_eq!(host_and_port("mail.a.example:587"), Ok(("mail.a.example", 587)));
        assert_eq!(host_and_port("[::1]:25"), Ok(("::1", 25)));
        for text in ["mail.a.example", ":25", "a:", "a:0", "a:65536", "a:b"] {
            assert_eq!(host_and_port(text).unwrap_err().name, "mail-server-unreadable", "{text}");
        }
    }

    #[test]
    fn what_to_do_about_a_refusal_is_the_advice_of_its_number() {
        let advice = |code, text: &str| {
            let reply = Reply { code, text: text.into() };
            complaint(SendFault::Refused(reply), "mail.a.example:587").to_do(Language::En)
        };
        let from = advice(550, "5.7.1 SSMAX-1102: From is not an address the login may use");
        assert!(from.starts_with("Sender: choose your own address"), "{from}");
        let other = advice(450, "4.7.1 SSMAX-1190: as much as is allowed");
        assert!(other.starts_with("Sender: wait"), "{other}");
        // Without a number, whether it may be good later is all that is known.
        assert!(advice(451, "4.3.0 busy").starts_with("Send it again"));
        assert!(!advice(550, "5.1.1 no such user").contains("again in"));
    }

    #[test]
    fn every_complaint_about_sending_has_its_texts_and_exit() {
        let reply = |code| Reply { code, text: "no".into() };
        for (fault, exit) in [
            (SendFault::Unreachable(std::io::ErrorKind::TimedOut), Exit::Unavailable),
            (SendFault::Tls, Exit::Unavailable),
            (SendFault::NoStartTls, Exit::Unavailable),
            (SendFault::LoginInClear, Exit::WrongUse),
            (SendFault::NoAuth, Exit::Unavailable),
            (SendFault::Login(reply(535)), Exit::Bad),
            (SendFault::Login(reply(454)), Exit::Unavailable),
            (SendFault::Recipient(reply(550)), Exit::Bad),
            (SendFault::Recipient(reply(450)), Exit::Unavailable),
            (SendFault::Refused(reply(451)), Exit::Unavailable),
            (SendFault::Refused(reply(550)), Exit::Bad),
            (SendFault::EightBit, Exit::Bad),
            (SendFault::BareLineEnd, Exit::WrongUse),
            (SendFault::Address, Exit::WrongUse),
            (SendFault::Nonsense, Exit::Unavailable),
        ] {
            let complaint = complaint(fault.clone(), "mail.a.example:587");
            assert_eq!(complaint.exit, exit, "{fault:?}");
            for language in Language::ALL {
                let what = complaint.what(language);
                assert!(!what.starts_with("err-") && !what.contains("{$"), "{what}");
                assert!(!complaint.to_do(language).is_empty(), "{}", complaint.name);
            }
        }
    }
}
