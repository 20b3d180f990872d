//! What a failed call says: the token is gone, or it does not want this input.

use cryptoki::error::{Error, RvError};
use cryptoki::session::Session;
use ssmax_token::TokenError;

use crate::ObjectFault;

/// Why an operation on a token gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Session, login or token are gone: start anew, and once more. Only for what a token
    /// never says of an input: the module's new start ends every session of this process,
    /// so whoever writes to us could otherwise have it started anew by a bad message, and
    /// learn from the answer, which is "later" and not "no".
    Lost,
    /// The call failed without a reason. Some tokens say so for a bad padding, some for
    /// a cut cable (`CKR_DEVICE_ERROR`, `CKR_FUNCTION_FAILED`, `CKR_GENERAL_ERROR`);
    /// whether the token is there must be asked. If it is, the input is at fault.
    Vague,
    /// Whatever is asked of it: the token cannot now.
    Busy,
    /// The token does not let this key do what it is for: as it is set up now, not by
    /// what was asked.
    Forbidden,
    /// The token will not do this, whatever the input.
    Unable,
    /// It says that it did something, and has done something else.
    Wrong,
    /// The input is at fault.
    Input,
    /// The object is not there.
    Missing,
    /// The object is not the right one.
    Object(ObjectFault),
}

impl Fault {
    /// What it was, where no object can be asked for: a token that does not even tell of
    /// the session is away.
    pub(crate) fn within(self, session: &Session) -> Self {
        match self {
            Self::Vague if session.get_session_info().is_err() => Self::Lost,
            fault => fault,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let Error::Pkcs11(value, _) = error else {
            return match error {
                Error::NullFunctionPointer | Error::NotSupported => Self::Unable,
                _ => Self::Vague,
            };
        };
        match value {
            RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::UserNotLoggedIn
            | RvError::DeviceRemoved
            | RvError::TokenNotPresent
            | RvError::TokenNotRecognized
            | RvError::SlotIdInvalid
            | RvError::CryptokiNotInitialized
            | RvError::ObjectHandleInvalid
            | RvError::KeyHandleInvalid => Self::Lost,
            RvError::HostMemory
            | RvError::DeviceMemory
            | RvError::SessionCount
            | RvError::OperationActive
            | RvError::FunctionCanceled
            | RvError::PinExpired => Self::Busy,
            RvError::KeyFunctionNotPermitted | RvError::ActionProhibited => Self::Forbidden,
            RvError::MechanismInvalid
            | RvError::MechanismParamInvalid
            | RvError::FunctionNotSupported
            | RvError::CurveNotSupported
            | RvError::KeyTypeInconsistent => Self::Unable,
            RvError::DataInvalid
            | RvError::DataLenRange
            | RvError::EncryptedDataInvalid
            | RvError::EncryptedDataLenRange
            | RvError::ArgumentsBad
            | RvError::PublicKeyInvalid
            | RvError::DomainParamsInvalid => Self::Input,
            _ => Self::Vague,
        }
    }
}

impl From<Fault> for TokenError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Lost
            | Fault::Busy
            | Fault::Forbidden
            | Fault::Wrong
            | Fault::Missing
            | Fault::Object(_) => Self::Unavailable,
            Fault::Unable => Self::WrongAlgorithm,
            Fault::Vague | Fault::Input => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pkcs11::token::RunFault;
    use cryptoki::context::Function;

    fn told(value: RvError) -> TokenError {
        Fault::from(Error::Pkcs11(value, Function::DeriveKey)).into()
    }

    #[test]
    fn whatever_a_token_says_of_a_decryption_is_told_in_one_of_two_ways() {
        for value in [
            RvError::MechanismInvalid,
            RvError::MechanismParamInvalid,
            RvError::FunctionNotSupported,
            RvError::CurveNotSupported,
            RvError::KeyTypeInconsistent,
            RvError::DataInvalid,
            RvError::DataLenRange,
            RvError::EncryptedDataInvalid,
            RvError::EncryptedDataLenRange,
            RvError::ArgumentsBad,
            RvError::PublicKeyInvalid,
            RvError::DomainParamsInvalid,
            RvError::DeviceError,
            RvError::FunctionFailed,
            RvError::GeneralError,
            RvError::BufferTooSmall,
            RvError::TemplateInconsistent,
            RvError::AttributeValueInvalid,
        ] {
            let fault = Fault::from(Error::Pkcs11(value, Function::DeriveKey));
            let said = RunFault::Operation(fault).of_decryption();
            assert_eq!(said, TokenError::Failed, "{value:?}");
        }
        let away = RunFault::Operation(Fault::Lost).of_decryption();
        assert_eq!(away, TokenError::Unavailable);
    }

    #[test]
    fn what_a_token_may_say_of_an_input_does_not_start_it_anew() {
        for value in [RvError::DeviceError, RvError::FunctionFailed, RvError::GeneralError] {
            let fault = Fault::from(Error::Pkcs11(value, Function::Decrypt));
            assert_eq!(fault, Fault::Vague, "{value:?}");
            assert!(!RunFault::Operation(fault).may_pass(), "{value:?}");
        }
        for value in [RvError::DeviceRemoved, RvError::SessionHandleInvalid] {
            let fault = Fault::from(Error::Pkcs11(value, Function::Decrypt));
            assert!(RunFault::Operation(fault).may_pass(), "{value:?}");
        }
    }

    #[test]
    fn what_the_token_is_in_want_of_is_not_the_inputs_fault() {
        for value in [
            RvError::HostMemory,
            RvError::DeviceMemory,
            RvError::SessionCount,
            RvError::OperationActive,
            RvError::FunctionCanceled,
            RvError::PinExpired,
            RvError::KeyFunctionNotPermitted,
            RvError::ActionProhibited,
            RvError::DeviceRemoved,
        ] {
            assert_eq!(told(value), TokenError::Unavailable, "{value:?}");
        }
        assert_eq!(told(RvError::EncryptedDataInvalid), TokenError::Failed);
        assert_eq!(told(RvError::FunctionFailed), TokenError::Failed);
        assert_eq!(told(RvError::MechanismInvalid), TokenError::WrongAlgorithm);
    }
}
