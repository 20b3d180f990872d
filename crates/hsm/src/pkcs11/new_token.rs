//! A new token in a free slot, for demonstrations and trials with SoftHSM. A real module
//! is initialised by its security officer with the vendor's tool.

use std::path::Path;

use cryptoki::session::UserType;
use cryptoki::types::AuthPin;

use super::config::Pkcs11Config;
use super::module::Module;
use super::pin::Pin;
use super::turn::Turn;
use crate::HsmError;

/// Initialises a free token with the label and the PIN of `config`; the security
/// officer's PIN is read from `officer_pin_file` in the same way. A token with the label
/// that is there already is left as it is.
///
/// # Errors
/// [`HsmError::Module`], those of the PIN files, and [`HsmError::TokenUnavailable`] when
/// no token is free or it cannot be initialised.
pub fn new_token(config: &Pkcs11Config, officer_pin_file: &Path) -> Result<(), HsmError> {
    let pin = Pin::from_file(&config.pin_file)?;
    let officer = Pin::from_file(officer_pin_file)?;
    let _turn = Turn::take(&config.module);
    let module = Module::load(&config.module)?;
    let _entered = module.enter();
    let make = || -> Result<(), cryptoki::error::Error> {
        let library = &module.library;
        let slot = |wanted: &dyn Fn(&cryptoki::slot::TokenInfo) -> bool| {
            let slots = library.get_slots_with_token()?;
            let fits = |slot: &cryptoki::slot::Slot| {
                library.get_token_info(*slot).is_ok_and(|info| wanted(&info))
            };
            Ok::<_, cryptoki::error::Error>(slots.into_iter().find(fits))
        };
        let labelled = |info: &cryptoki::slot::TokenInfo| info.label() == config.token_label;
        if slot(&labelled)?.is_some() {
            return Ok(());
        }
        let missing = cryptoki::error::Error::InvalidValue;
        let Some(free) = slot(&|info| !info.token_initialized())? else { return Err(missing) };
        library.init_token(free, &officer.secret(), &config.token_label)?;
        let Some(made) = slot(&labelled)? else { return Err(missing) };
        let session = library.open_rw_session(made)?;
        session.login(UserType::So, Some(&officer.secret()))?;
        session.init_pin(&pin.secret())?;
        session.logout()
    };
    make().map_err(|error| {
        tracing::error!(token = %config.token_label, %error, "a token cannot be initialised");
        HsmError::TokenUnavailable
    })
}

impl Pin {
    /// The PIN in the library's own type, which wipes it too. Only text is read as a PIN.
    fn secret(&self) -> AuthPin {
        AuthPin::from(String::from_utf8_lossy(self.octets()).into_owned())
    }
}
