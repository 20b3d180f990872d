//! Delivery into a Maildir: whole and synced, or not at all.
//!
//! The file holds the mail octet for octet, CRLF line ends and all, so that signatures
//! and digests can be checked on it as it lies there; IMAP servers read that form too.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::{
    io::AsyncWriteExt as _,
    time::{Instant, timeout_at},
};

use crate::wire::{ClientSettings, Delivery, Outcome, OutgoingEnvelope, Reply};

/// Longest file name that the usual file systems take, in octets.
const MAX_FILE_NAME_BYTES: usize = 255;

/// Writes a copy for each recipient, one after the other.
pub(super) async fn deliver(
    template: &str,
    envelope: &OutgoingEnvelope,
    octets: &[u8],
    settings: &ClientSettings,
) -> Vec<Delivery> {
    let deadline = settings.deadline(octets.len());
    let mut deliveries = Vec::with_capacity(envelope.recipients.len());
    for recipient in &envelope.recipients {
        let result = match mailbox(template, recipient) {
            Some(mailbox) => store(mailbox, octets, deadline).await,
            None => {
                let reply = Reply::new(553, "5.1.3", "this address cannot have a Maildir");
                Err(Outcome::Permanent(reply))
            }
        };
        deliveries.push((recipient.clone(), result));
    }
    deliveries
}

/// A mail that was not written whole in time was never there.
async fn store(mailbox: PathBuf, octets: &[u8], deadline: Instant) -> Result<Reply, Outcome> {
    match timeout_at(deadline, write_mail(mailbox, octets)).await {
        Ok(Ok(())) => Ok(Reply::new(250, "2.0.0", "stored in the Maildir")),
        Ok(Err(error)) => Err(failure(&error)),
        Err(_) => Err(failure(&io::Error::from(io::ErrorKind::TimedOut))),
    }
}

fn failure(error: &io::Error) -> Outcome {
    let enhanced = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "4.3.1",
        _ => "4.2.0",
    };
    let text = format!("the Maildir could not be written ({})", error.kind());
    Outcome::Temporary(Reply::new(451, enhanced, text))
}

/// The recipient's Maildir, or `None` if its address could lead out of the template.
fn mailbox(template: &str, recipient: &str) -> Option<PathBuf> {
    // `rsplit_once`: a quoted local part may hold an @; it is refused below for its quotes.
    let (local, domain) = recipient.rsplit_once('@').unwrap_or((recipient, "localhost"));
    let domain = domain.to_lowercase();
    if !is_file_name(local) || !is_file_name(&domain) {
        return None;
    }
    // Piece by piece: a local part of the text `{domain}` is not a placeholder.
    let parts = template.split('/').map(|part| fill(part, local, &domain));
    let parts: Vec<String> = parts.collect();
    let fits = parts.iter().all(|part| part.len() <= MAX_FILE_NAME_BYTES);
    fits.then(|| PathBuf::from(parts.join("/")))
}

fn fill(part: &str, local: &str, domain: &str) -> String {
    let filled = part.split("{local}").map(|piece| piece.replace("{domain}", domain));
    filled.collect::<Vec<_>>().join(local)
}

/// Whether this is one ordinary file name. A leading dot is not: `.`, `..` and, in
/// Maildir++, folders of the directory above.
fn is_file_name(name: &str) -> bool {
    let ordinary = |c: char| !c.is_control() && !c.is_whitespace() && !"/\\\"".contains(c);
    !name.is_empty() && !name.starts_with('.') && name.chars().all(ordinary)
}

/// Piece by piece, so that a large mail is not in memory once more for the thread that
/// waits for the disk.
async fn write_mail(mailbox: PathBuf, octets: &[u8]) -> io::Result<()> {
    let (written, stored, file) = aside(move || begin(&mailbox)).await?;
    let mut file = tokio::fs::File::from_std(file);
    let content = async {
        file.write_all(octets).await?;
        file.flush().await?;
        file.sync_all().await
    };
    let whole = content.await;
    aside(move || {
        whole
            .and_then(|()| {
                fs::rename(&written, &stored)?;
                sync_directory(stored.parent().ok_or(io::ErrorKind::NotFound)?)
            })
            // Best effort: what stays in tmp is never read, and swept away by IMAP servers.
            .inspect_err(|_| drop(fs::remove_file(&written)))
    })
    .await
}

/// Where a new mail is written, where it belongs when it is whole, and the open file.
fn begin(mailbox: &Path) -> io::Result<(PathBuf, PathBuf, File)> {
    let (tmp, new) = (mailbox.join("tmp"), mailbox.join("new"));
    for directory in [&tmp, &new, &mailbox.join("cur")] {
        if !directory.is_dir() {
            create_synced(directory)?;
        }
    }
    let name = unique_name()?;
    let written = tmp.join(&name);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&written)?;
    Ok((written, new.join(&name), file))
}

/// Runs what waits for the disk where nobody else waits for it.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}

/// Makes a directory, and those above it, each synced into the one above: else a crash
/// could take the directory away with the mail in it.
fn create_synced(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let above = directory.parent().ok_or(io::ErrorKind::NotFound)?;
    create_synced(above)?;
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => {}
        other => other?,
    }
    sync_directory(above)
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// A name that no other delivery on this host uses: time, process, counter.
fn unique_name() -> io::Result<String> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    let (seconds, micros) = (now.as_secs(), now.subsec_micros());
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    Ok(format!("{seconds}.M{micros:06}P{}Q{count}.ssmax", process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "/mail/{domain}/{local}";

    #[test]
    fn a_recipient_has_a_directory_of_its_own() {
        let expected = Some(PathBuf::from("/mail/b.example/Taro.Yamada+x"));
        assert_eq!(mailbox(TEMPLATE, "Taro.Yamada+x@B.Example"), expected);
        let fixed = Some(PathBuf::from("/mail/all"));
        assert_eq!(mailbox("/mail/all", "x@b.example"), fixed);
        let two = Some(PathBuf::from("/mail/x-b.example-x"));
        assert_eq!(mailbox("/mail/{local}-{domain}-{local}", "x@b.example"), two);
    }

    #[test]
    fn no_address_leads_out_of_its_directory() {
        for recipient in [
            "../x@b.example",
            "a/b@b.example",
            ".@b.example",
            "..@b.example",
            "...@b.example",
            ".hidden@b.example",
            "@b.example",
            "x@..",
            "x@",
            "x@a/b",
            "\"a b\"@b.example",
            "a\\b@b.example",
            "a\0@b.example",
            "",
        ] {
            assert_eq!(mailbox(TEMPLATE, recipient), None, "{recipient}");
        }
    }

    #[test]
    fn an_address_that_looks_like_a_placeholder_is_only_a_name() {
        let expected = Some(PathBuf::from("/mail/b.example/{domain}"));
        assert_eq!(mailbox(TEMPLATE, "{domain}@b.example"), expected);
    }

    #[test]
    fn a_name_longer_than_a_file_system_takes_is_refused() {
        let recipient = |n| format!("{}@b.example", "x".repeat(n));
        assert!(mailbox(TEMPLATE, &recipient(MAX_FILE_NAME_BYTES)).is_some());
        assert_eq!(mailbox(TEMPLATE, &recipient(MAX_FILE_NAME_BYTES + 1)), None);
    }

    #[test]
    fn names_are_unique() {
        let names: std::collections::HashSet<_> =
            (0..1000).map(|_| unique_name().unwrap()).collect();
        assert_eq!(names.len(), 1000);
    }
}
