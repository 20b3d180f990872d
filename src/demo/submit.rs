//! Handing mail in as a person does, and handing it over as another organisation does.

use super::unavailable;
use crate::complaint::Complaint;
use ssmax_agent::submission::{self, Envelope, Login, Security, SendFault, Server};
use ssmax_mail::address::Address;
use std::net::SocketAddr;
use std::time::Duration;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Sends a mail and gives the server's last word, refusal or not.
pub(crate) async fn send(
    server: SocketAddr,
    login: Option<(&str, &str)>,
    from: &str,
    recipients: &[&str],
    mail: &[u8],
) -> Result<String, Complaint> {
    let address = |text: &str| Address::parse(text).map_err(unavailable);
    let envelope = Envelope {
        from: address(from)?,
        to: recipients.iter().map(|one| address(one)).collect::<Result<_, _>>()?,
    };
    let login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
    let mail = mail.to_vec();
    tokio::task::spawn_blocking(move || {
        let server = Server {
            host: &server.ip().to_string(),
            port: server.port(),
            security: Security::None,
            timeout: TIMEOUT,
        };
        let login = login.as_ref().map(|(user, password)| Login { user, password });
        match submission::send(&server, login.as_ref(), &envelope, &mail) {
            Ok(reply)
            | Err(
                SendFault::Login(reply) | SendFault::Recipient(reply) | SendFault::Refused(reply),
            ) => Ok(reply.to_string()),
            Err(fault) => Err(unavailable(fault)),
        }
    })
    .await
    .map_err(unavailable)?
}
