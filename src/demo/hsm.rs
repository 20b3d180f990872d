//! `--hsm`: the keys of two organisations in tokens of SoftHSM, below the folder of the
//! demonstration.

use super::{Plan, unavailable};
use crate::complaint::{Complaint, Exit};
use ssmax_hsm::{Pkcs11Config, UnlockSecret};
use ssmax_primitives::SystemRandom;
use ssmax_store::files::{create_private_dir, write_private};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

/// Where SoftHSM reads which tokens there are.
const CONF: &str = "SOFTHSM2_CONF";

/// Where distributions put the module.
const MODULES: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
];

/// The tokens of the demonstration.
pub(crate) struct Tokens {
    /// `DIR/hsm`.
    dir: PathBuf,
    module: PathBuf,
}

/// Starts this program once more with SoftHSM's environment, unless it has it already:
/// the module reads it when it is loaded, here and in every role.
pub(super) fn set_out(plan: &Plan) -> Result<(), Complaint> {
    let Some(tokens) = Tokens::of(plan)? else { return Ok(()) };
    let conf = tokens.conf();
    if std::env::var_os(CONF).is_some_and(|set| Path::new(&set) == conf) {
        return Ok(());
    }
    tokens.configure()?;
    let program = std::env::current_exe().map_err(unavailable)?;
    let mut again = std::process::Command::new(program);
    // Only comes back when it fails.
    Err(unavailable(again.args(std::env::args_os().skip(1)).env(CONF, conf).exec()))
}

impl Tokens {
    /// The tokens of this run, where they are asked for.
    ///
    /// # Errors
    /// A folder whose keys an earlier run made in the other place: they stay where they are.
    pub(crate) fn of(plan: &Plan) -> Result<Option<Self>, Complaint> {
        let place = std::path::absolute(&plan.dir).map_err(unavailable)?;
        let dir = place.join("hsm");
        let other = match (plan.hsm, dir.exists()) {
            (true, false) if place.join("a/state").exists() => Some("demo-keys-in-files"),
            (false, true) => Some("demo-keys-in-tokens"),
            _ => None,
        };
        if let Some(name) = other {
            return Err(Complaint::new(Exit::WrongUse, name).with("path", plan.dir.display()));
        }
        if !plan.hsm {
            return Ok(None);
        }
        let module = MODULES.iter().map(PathBuf::from).find(|path| path.exists());
        let module = module.ok_or_else(|| Complaint::new(Exit::Unavailable, "softhsm-missing"))?;
        Ok(Some(Self { dir, module }))
    }

    /// SoftHSM's configuration.
    pub(crate) fn conf(&self) -> PathBuf {
        self.dir.join("softhsm2.conf")
    }

    fn configure(&self) -> Result<(), Complaint> {
        let tokens = self.dir.join("tokens");
        let parent = self.dir.parent().unwrap_or(Path::new("/"));
        for dir in [parent, &self.dir, &tokens] {
            create_private_dir(dir)?;
        }
        let text = format!(
            "# Written by `ssmax demo --hsm`.\ndirectories.tokendir = {}\n\
             objectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
            tokens.display()
        );
        Ok(write_private(&self.conf(), text.as_bytes())?)
    }

    /// A member's configuration with its own token for keyserver and CA; the token is
    /// made if it is not there.
    pub(crate) fn written_into(
        &self,
        text: &str,
        name: &str,
        home: &Path,
    ) -> Result<String, Complaint> {
        create_private_dir(home)?;
        let token = Pkcs11Config {
            module: self.module.clone(),
            token_label: format!("ssmax-{name}"),
            pin_file: home.join("pin.secret"),
        };
        let officer = self.dir.join(format!("officer-{name}.secret"));
        for pin in [&token.pin_file, &officer] {
            if !pin.exists() {
                UnlockSecret::generate_file(pin, &SystemRandom)?;
            }
        }
        ssmax_hsm::new_token(&token, &officer)?;
        let mut text = text.to_owned();
        for role in ["keyserver", "ca"] {
            text = text.replacen(
                &format!("[{role}]\n"),
                &format!("[{role}]\nbackend = \"pkcs11\"\n"),
                1,
            );
            text += &format!(
                "\n[{role}.pkcs11]\nmodule = \"{}\"\ntoken_label = \"{}\"\n\
                 # Beside the state only because this is a demonstration: keep it elsewhere.\n\
                 pin_file = \"pin.secret\"\n",
                token.module.display(),
                token.token_label
            );
        }
        Ok(text)
    }
}
