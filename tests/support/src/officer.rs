//! Officers at a gateway: what `ssmax hold` asks.

use serde::de::DeserializeOwned;
use ssmax_api::gateway::{HeldMail, OfficerRequest, Released};
use ssmax_api::{Answer, Problem};
use std::path::Path;
use std::time::Duration;

/// A release is a whole journey.
const TIMEOUT: Duration = Duration::from_secs(60);

/// All held mail.
pub async fn list(run_dir: &Path) -> Vec<HeldMail> {
    ask(run_dir, OfficerRequest::List { ended: false }).await.unwrap()
}

/// The one held mail of this Message-ID.
pub async fn find(run_dir: &Path, message_id: &str) -> HeldMail {
    let held = list(run_dir).await;
    let mut found = held.into_iter().filter(|mail| mail.message_id == message_id);
    let mail = found.next().unwrap();
    assert!(found.next().is_none());
    mail
}

/// Releases a mail, over findings that block it if there is a reason.
pub async fn release(
    run_dir: &Path,
    id: &str,
    override_for: Option<&str>,
) -> Result<Released, Problem> {
    let request = OfficerRequest::Release {
        id: id.to_owned(),
        officer: "hanako".to_owned(),
        reason: override_for.unwrap_or_default().to_owned(),
        override_block: override_for.is_some(),
    };
    ask(run_dir, request).await
}

/// Asks the gateway.
pub async fn ask<T: DeserializeOwned>(
    run_dir: &Path,
    request: OfficerRequest,
) -> Result<T, Problem> {
    let socket = ssmax_gateway::Settings::socket(run_dir, "officer");
    let answer: Answer = ssmax_daemon::call::call(&socket, &request, TIMEOUT).await.unwrap();
    ssmax_api::decode(answer)
}
