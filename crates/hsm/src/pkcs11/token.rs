//! A token: found by its label, logged in to, with sessions to lend.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use cryptoki::session::Session;
use cryptoki::slot::Slot;
use ssmax_token::{KeyAlgorithm, TokenError};

use super::config::Pkcs11Config;
use super::fault::Fault;
use super::module::{Module, PAUSE};
use super::object::{self, Life};
use super::pin::Pin;
use super::probe::{self, Capabilities};
use super::turn::Turn;
use crate::{HsmError, KeyPurpose};

/// The tokens in use in this process, by module and label.
static TOKENS: Mutex<BTreeMap<(PathBuf, String), Weak<Token>>> = Mutex::new(BTreeMap::new());

/// A token, logged in to. Shared between threads by reference; each operation has a
/// session for itself.
///
/// All functions block on the token. A token that was lost is looked for again with the
/// next operation, at most twice a second.
pub struct Token {
    module: Arc<Module>,
    label: String,
    pin: Pin,
    /// Where turns are taken.
    pin_file: PathBuf,
    /// Set when the token refused the PIN: it would be locked by more tries.
    refused: AtomicBool,
    sessions: Mutex<Sessions>,
    /// Until then [`Token::open`] holds the turn to start the module.
    opened: AtomicBool,
    capabilities: OnceLock<Capabilities>,
}

/// The sessions of one run of the module.
#[derive(Default)]
struct Sessions {
    run: u64,
    slot: Option<Slot>,
    /// Holds the login, which ends with an application's last session.
    login: Option<Session>,
    idle: Vec<Session>,
}

/// A lent session, within one run of the module.
pub(crate) struct Lent {
    pub(crate) session: Session,
    pub(crate) run: u64,
}

/// How often a token is asked that fails without a reason.
const ATTEMPTS: usize = 3;

/// How often a token is looked for when it is opened.
const LOOKS: usize = 5;

/// Asks again where a token fails without a reason, as happens while another session or
/// process writes to it. For what has no input that could be at fault.
pub(crate) fn patiently<T>(ask: impl Fn() -> Result<T, HsmError>) -> Result<T, HsmError> {
    let mut answer = ask();
    for _ in 1..ATTEMPTS {
        if matches!(answer, Err(HsmError::Key(TokenError::Failed))) {
            answer = ask();
        }
    }
    answer
}

impl Token {
    /// Opens the token that `config` names and logs in.
    ///
    /// # Errors
    /// [`HsmError::Module`], [`HsmError::TokenNotFound`], [`HsmError::WrongPin`],
    /// [`HsmError::PinLocked`], [`HsmError::PinNotText`], [`HsmError::Files`] for the PIN
    /// file, [`HsmError::TokenLacks`] without elliptic curves, [`HsmError::TokenUnavailable`].
    pub fn open(config: &Pkcs11Config) -> Result<Arc<Self>, HsmError> {
        let pin = Pin::from_file(&config.pin_file)?;
        let name = (config.module.clone(), config.token_label.clone());
        let mut tokens = TOKENS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = tokens.get(&name).and_then(Weak::upgrade) {
            // Logged in already, the token would not look at a second PIN.
            return if token.pin.is(&pin) { Ok(token) } else { Err(HsmError::WrongPin) };
        }
        let _turn = Turn::take(&config.pin_file);
        let token = Arc::new(Self {
            module: Module::load(&config.module)?,
            label: config.token_label.clone(),
            pin,
            pin_file: config.pin_file.clone(),
            refused: AtomicBool::new(false),
            sessions: Mutex::default(),
            opened: AtomicBool::new(false),
            capabilities: OnceLock::new(),
        });
        token.appear()?;
        token.opened.store(true, Ordering::Relaxed);
        tokens.insert(name, Arc::downgrade(&token));
        Ok(token)
    }

    /// The label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What the token really does: tried with keys made for that, once per process, and
    /// logged. Takes as long as making an RSA key.
    ///
    /// # Errors
    /// [`HsmError::TokenLacks`] for what no member can do without,
    /// [`HsmError::TokenUnavailable`].
    pub fn capabilities(&self) -> Result<&Capabilities, HsmError> {
        if let Some(known) = self.capabilities.get() {
            return Ok(known);
        }
        let found = patiently(|| Ok(self.run(None, &|lent| probe::probe(self, lent))?))?;
        let found = found.required()?;
        tracing::info!(
            token = %self.label,
            rsa = found.rsa,
            oaep_sha1 = found.oaep_sha1,
            oaep_sha256 = found.oaep_sha256,
            rsa_raw = found.rsa_raw,
            mechanisms = found.mechanisms,
            "what the token can do was tried"
        );
        Ok(self.capabilities.get_or_init(|| found))
    }

    /// Makes a key pair, and gives its public half (SubjectPublicKeyInfo).
    pub(crate) fn make(
        &self,
        purpose: KeyPurpose,
        algorithm: KeyAlgorithm,
    ) -> Result<Vec<u8>, HsmError> {
        let make = |lent: &Lent| object::make(&lent.session, purpose, algorithm, Life::Token);
        Ok(self.run(None, &make)?.spki)
    }

    /// Takes a private key out of the token again that nothing refers to.
    pub(crate) fn destroy(&self, purpose: KeyPurpose, id: &str, algorithm: KeyAlgorithm) {
        let destroy = |lent: &Lent| {
            let found = object::find(&lent.session, purpose, id, algorithm)?;
            object::destroy(&lent.session, &[found]);
            Ok(())
        };
        if self.run(None, &destroy).is_err() {
            tracing::warn!(key = %id, "a key without a reference stays behind in the token");
        }
    }

    /// Does `operation` with a session. When the token was lost, starts anew and does it
    /// once more. `alive` tells after a failure without a reason whether the token is
    /// there; without it, it is taken to be.
    pub(crate) fn run<T>(
        &self,
        alive: Option<&dyn Fn(&Lent) -> bool>,
        operation: &dyn Fn(&Lent) -> Result<T, Fault>,
    ) -> Result<T, RunFault> {
        let mut turn = None;
        loop {
            let (fault, seen) = {
                let run = self.module.enter();
                match self.attempt(run.number, alive, operation) {
                    Ok(value) => return Ok(value),
                    Err(fault) => (fault, run.number),
                }
            };
            if turn.is_some() || !fault.may_pass() {
                return Err(fault);
            }
            // Kept over the login of the next attempt.
            let opened = self.opened.load(Ordering::Relaxed);
            turn = Some(opened.then(|| Turn::take(&self.pin_file)));
            if !self.module.restart(seen) {
                return Err(fault);
            }
        }
    }

    fn attempt<T>(
        &self,
        run: u64,
        alive: Option<&dyn Fn(&Lent) -> bool>,
        operation: &dyn Fn(&Lent) -> Result<T, Fault>,
    ) -> Result<T, RunFault> {
        let lent = self.lend(run)?;
        let fault = match operation(&lent) {
            Ok(value) => {
                self.give_back(lent);
                return Ok(value);
            }
            Err(Fault::Vague) if alive.is_some_and(|alive| !alive(&lent)) => Fault::Lost,
            Err(fault) => fault,
        };
        // Not lent again: an operation may still be under way in it.
        let _ = lent.session.close();
        Err(fault.into())
    }

    /// A session of this run of the module; the guard of [`Module::enter`] is held.
    fn lend(&self, run: u64) -> Result<Lent, HsmError> {
        if self.refused.load(Ordering::Relaxed) {
            return Err(HsmError::WrongPin);
        }
        let mut sessions = self.sessions();
        if sessions.run != run {
            // Those of an earlier run have ended with it, and their numbers may be those
            // of others now: forgotten, not closed.
            *sessions = Sessions { run, ..Sessions::default() };
        }
        if let Some(session) = sessions.idle.pop() {
            return Ok(Lent { session, run });
        }
        let slot = match sessions.slot {
            Some(slot) => slot,
            None => self.find_slot()?,
        };
        sessions.slot = Some(slot);
        let open = || {
            let session = self.module.library.open_rw_session_no_drop(slot);
            session.map_err(|_| HsmError::TokenUnavailable)
        };
        if sessions.login.is_none() {
            let session = open()?;
            self.pin.log_in(&self.module.library, slot, &session).inspect_err(|error| {
                tracing::error!(token = %self.label, %error, "cannot log in to a token");
                let refused = matches!(error, HsmError::WrongPin | HsmError::PinLocked);
                self.refused.store(refused, Ordering::Relaxed);
            })?;
            sessions.login = Some(session);
            tracing::info!(token = %self.label, "logged in to a token");
        }
        Ok(Lent { session: open()?, run })
    }

    fn give_back(&self, lent: Lent) {
        let mut sessions = self.sessions();
        if sessions.run == lent.run {
            sessions.idle.push(lent.session);
        }
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find_slot(&self) -> Result<Slot, HsmError> {
        let library = &self.module.library;
        let slots = library.get_slots_with_token().map_err(|_| HsmError::TokenUnavailable)?;
        let mut found = slots.into_iter().filter(|slot| {
            library.get_token_info(*slot).is_ok_and(|info| info.label() == self.label)
        });
        match (found.next(), found.count()) {
            (Some(slot), 0) => Ok(slot),
            (first, more) => {
                let found = usize::from(first.is_some()) + more;
                Err(HsmError::TokenNotFound { label: self.label.clone(), found })
            }
        }
    }

    /// Waits a moment for a token that is not seen at the first look: SoftHSM rewrites the
    /// file of a token when somebody logs in, and a process that starts just then reads a
    /// token without a label. Roles of one member start together and share one.
    fn appear(&self) -> Result<(), HsmError> {
        let mut looked = 1;
        loop {
            match self.check_mechanisms() {
                Err(HsmError::TokenNotFound { found: 0, .. } | HsmError::TokenUnavailable)
                    if looked < LOOKS =>
                {
                    looked += 1;
                    std::thread::sleep(PAUSE);
                }
                outcome => return outcome,
            }
        }
    }

    /// Before anything is made: a token without the curve is of no use here.
    fn check_mechanisms(&self) -> Result<(), HsmError> {
        let slot = |_: &Lent| Ok(self.sessions().slot);
        let slot = self.run(None, &slot)?.ok_or(HsmError::TokenUnavailable)?;
        let _entered = self.module.enter();
        let list = self.module.library.get_mechanism_list(slot);
        probe::required_mechanisms(&list.map_err(|_| HsmError::TokenUnavailable)?)
    }

    /// The mechanisms that the token names.
    pub(crate) fn mechanisms(&self) -> Result<Vec<cryptoki::mechanism::MechanismType>, Fault> {
        let slot = self.sessions().slot.ok_or(Fault::Lost)?;
        Ok(self.module.library.get_mechanism_list(slot)?)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("label", &self.label).finish_non_exhaustive()
    }
}

/// Why [`Token::run`] gave nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RunFault {
    /// No session could be had.
    Open(HsmError),
    /// The operation itself.
    Operation(Fault),
}

impl RunFault {
    /// Whether a new start of the module may help.
    pub(super) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Open(HsmError::TokenUnavailable | HsmError::TokenNotFound { .. })
                | Self::Operation(Fault::Lost | Fault::Missing)
        )
    }
}

impl RunFault {
    /// What is said of a decryption that the token was asked for. That it will not do this
    /// at all was known before, by its list of mechanisms: said now it may be about what
    /// the sender wrote, and is told like every other failure.
    pub(crate) fn of_decryption(self) -> TokenError {
        match self.into() {
            TokenError::WrongAlgorithm => TokenError::Failed,
            fault => fault,
        }
    }
}

impl From<HsmError> for RunFault {
    fn from(error: HsmError) -> Self {
        Self::Open(error)
    }
}

impl From<Fault> for RunFault {
    fn from(fault: Fault) -> Self {
        Self::Operation(fault)
    }
}

impl From<RunFault> for HsmError {
    fn from(fault: RunFault) -> Self {
        match fault {
            RunFault::Open(error) => error,
            RunFault::Operation(Fault::Lost | Fault::Busy) => Self::TokenUnavailable,
            RunFault::Operation(fault) => Self::Key(fault.into()),
        }
    }
}

impl From<RunFault> for TokenError {
    fn from(fault: RunFault) -> Self {
        match fault {
            // Whatever keeps us out, it is not the message.
            RunFault::Open(_) => Self::Unavailable,
            RunFault::Operation(fault) => fault.into(),
        }
    }
}
