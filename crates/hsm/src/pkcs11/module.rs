//! A vendor's library: loaded once per process, started anew when its tokens were lost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};

use crate::HsmError;

/// How long after a start the next one is tried at the earliest. While a token is away,
/// every mail asks for it.
pub(super) const PAUSE: Duration = Duration::from_millis(500);

/// The libraries of this process: PKCS#11 lets an application start each only once.
static MODULES: Mutex<BTreeMap<PathBuf, Arc<Module>>> = Mutex::new(BTreeMap::new());

/// A loaded library.
pub(crate) struct Module {
    pub(crate) library: Pkcs11,
    path: PathBuf,
    /// Read by whoever calls the library; written only to start it anew, when nobody
    /// else may be in it.
    run: RwLock<Run>,
}

/// One run of the library, from its start to its end. Sessions and handles of an earlier
/// run mean nothing, or something else, in a later one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// Counts the starts.
    pub(crate) number: u64,
    started: bool,
    last_start: Instant,
}

impl Module {
    /// Loads and starts the library, or gives the one that is there.
    pub(crate) fn load(path: &Path) -> Result<Arc<Self>, HsmError> {
        let failed = || HsmError::Module { path: path.to_owned() };
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = modules.get(path) {
            return Ok(Arc::clone(module));
        }
        let library = Pkcs11::new(path).map_err(|error| {
            tracing::error!(path = %path.display(), %error, "a PKCS#11 module cannot be loaded");
            failed()
        })?;
        start(&library).map_err(|error| {
            tracing::error!(path = %path.display(), %error, "a PKCS#11 module does not start");
            failed()
        })?;
        let run = Run { number: 1, started: true, last_start: Instant::now() };
        let module = Arc::new(Self { library, path: path.to_owned(), run: RwLock::new(run) });
        modules.insert(path.to_owned(), Arc::clone(&module));
        Ok(module)
    }

    /// Enters the library. As long as the guard lives, it is not started anew.
    pub(crate) fn enter(&self) -> RwLockReadGuard<'_, Run> {
        self.run.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the library and starts it anew, unless somebody has since the run that was
    /// `seen`. Whether it runs now; it does not when the last start was a moment ago.
    pub(crate) fn restart(&self, seen: u64) -> bool {
        let mut run = self.run.write().unwrap_or_else(PoisonError::into_inner);
        if run.number != seen {
            return run.started;
        }
        if run.last_start.elapsed() < PAUSE {
            return false;
        }
        tracing::warn!(module = %self.path.display(), "a token was lost; its module starts anew");
        let _ = self.library.clone().finalize();
        let started = start(&self.library);
        if let Err(error) = &started {
            tracing::error!(module = %self.path.display(), %error, "a PKCS#11 module does not start");
        }
        let number = run.number + 1;
        *run = Run { number, started: started.is_ok(), last_start: Instant::now() };
        run.started
    }
}

fn start(library: &Pkcs11) -> Result<(), Error> {
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Somebody else in this process uses the library too.
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        other => other,
    }
}
