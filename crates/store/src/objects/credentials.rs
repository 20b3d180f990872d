//! The key to a bucket, from a file of its own.

use super::fault::{AddressFault, ObjectFault};
use crate::error::{SqlFault, StoreError};
use crate::files;
use async_trait::async_trait;
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Octets of the file at most.
const MAX_FILE_BYTES: u64 = 16 * 1024;

/// Reads the key for every request: who changes it restarts nothing.
#[derive(Debug)]
pub(super) struct CredentialsFile(pub(super) PathBuf);

#[async_trait]
impl CredentialProvider for CredentialsFile {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let path = self.0.clone();
        let read = tokio::task::spawn_blocking(move || read(&path)).await;
        let read = read.unwrap_or(Err(StoreError::Sql(SqlFault::Closed)));
        read.map(Arc::new)
            .map_err(|error| object_store::Error::Generic { store: "S3", source: Box::new(error) })
    }
}

/// Reads what stands in the file, which is private.
pub(super) fn read(path: &Path) -> Result<AwsCredential, StoreError> {
    let octets = files::read_private_up_to(path, MAX_FILE_BYTES)?;
    let text = std::str::from_utf8(&octets).ok();
    text.and_then(parse).ok_or_else(|| ObjectFault::Address(AddressFault::Credentials).into())
}

/// The form that the tools of S3 write: one profile of `~/.aws/credentials`, with or without
/// its name in brackets.
fn parse(text: &str) -> Option<AwsCredential> {
    let (mut key_id, mut secret_key, mut token) = (None, None, None);
    let mut profiles = 0;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with('[') && line.ends_with(']') {
            profiles += 1;
            continue;
        }
        let (name, value) = line.split_once('=')?;
        let place = match name.trim() {
            "aws_access_key_id" => &mut key_id,
            "aws_secret_access_key" => &mut secret_key,
            "aws_session_token" => &mut token,
            _ => return None,
        };
        let value = value.trim();
        let is_visible = !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_graphic());
        if !is_visible || place.replace(value.to_owned()).is_some() {
            return None;
        }
    }
    if profiles > 1 {
        return None;
    }
    Some(AwsCredential { key_id: key_id?, secret_key: secret_key?, token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_in_the_form_of_the_tools_of_s3() {
        let text = "# made today\n[default]\naws_access_key_id = AKIA1\n\
                    aws_secret_access_key=a/b+c==\n\naws_session_token = t\n";
        let key = parse(text).unwrap();
        assert_eq!((key.key_id.as_str(), key.secret_key.as_str()), ("AKIA1", "a/b+c=="));
        assert_eq!(key.token.as_deref(), Some("t"));
        for bad in [
            "",
            "aws_access_key_id = AKIA1",
            "aws_access_key_id = AKIA1\naws_secret_access_key =",
            "aws_access_key_id = A\naws_access_key_id = B\naws_secret_access_key = c",
            "aws_access_key_id = A\naws_secret_access_key = b c",
            "[a]\naws_access_key_id = A\n[b]\naws_secret_access_key = c",
            "aws_access_key_id = A\naws_secret_access_key = c\nregion = x",
            "s3cret",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_and_none_is_shown() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        files::write_private(&path, b"s3cret").unwrap();
        let error = read(&path).unwrap_err();
        assert_eq!(error, ObjectFault::Address(AddressFault::Credentials).into());
        assert!(!format!("{error} {error:?}").contains("s3cret"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read(&path), Err(StoreError::OpenToOthers { mode: 0o640, .. })));
    }
}
