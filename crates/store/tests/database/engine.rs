//! Both databases, one after the other.

use ssmax_store::{Place, StateConfig};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use tempfile::{TempDir, tempdir};

/// An empty place.
pub(crate) struct Site {
    pub(crate) place: Place,
    pub(crate) address: Option<String>,
    _dir: TempDir,
}

impl Site {
    pub(crate) fn is_server(&self) -> bool {
        self.address.is_some()
    }
}

pub(crate) fn private_dir() -> TempDir {
    let dir = tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
    dir
}

/// A place whose tables are at this address.
pub(crate) fn at(address: &str) -> Site {
    let dir = private_dir();
    let state = StateConfig { url: Some(address.to_owned()), ..StateConfig::default() };
    let place = Place::new(dir.path().to_owned(), &state);
    Site { place, address: Some(address.to_owned()), _dir: dir }
}

/// A directory, and an empty database on a server.
pub(crate) fn sites() -> Vec<Site> {
    let dir = private_dir();
    let file = Site { place: Place::in_directory(dir.path()), address: None, _dir: dir };
    let server = ssmax_test_postgres::shared().map(|server| at(&server.database()));
    [Some(file), server].into_iter().flatten().collect()
}
