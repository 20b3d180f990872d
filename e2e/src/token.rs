//! A token of SoftHSM for one organisation, made as its administrator makes it.

use crate::process::run;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program that makes one, with its Debian package.
pub const PROGRAM: (&str, &str) = ("softhsm2-util", "softhsm2");

/// Where distributions put the module.
const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
];

const LABEL: &str = "ssmax";
const PIN: &str = "4711-stone";

/// A token with nothing in it.
#[derive(Debug)]
pub struct Token {
    /// SoftHSM's configuration, which the processes that use the token have to be told.
    pub conf: PathBuf,
    module: PathBuf,
    pin_file: PathBuf,
}

impl Token {
    /// Makes one below a folder that only its owner may look into.
    #[track_caller]
    pub fn make(dir: &Path) -> Self {
        let module = MODULES.iter().map(PathBuf::from).find(|path| path.exists()).unwrap();
        let (conf, tokens, pin_file) =
            (dir.join("softhsm2.conf"), dir.join("tokens"), dir.join("pin"));
        fs::create_dir(&tokens).unwrap();
        let text = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n\
             slots.removable = false\n",
            tokens.display()
        );
        fs::write(&conf, text).unwrap();
        fs::write(&pin_file, format!("{PIN}\n")).unwrap();
        fs::set_permissions(&pin_file, fs::Permissions::from_mode(0o600)).unwrap();
        let new = ["--init-token", "--free", "--label", LABEL, "--so-pin", "12345678"];
        let mut program = Command::new(PROGRAM.0);
        let _ = run(program.args(new).args(["--pin", PIN]).env("SOFTHSM2_CONF", &conf)).ends(0);
        Self { conf, module, pin_file }
    }

    /// How a person names a key on it, or with none the whole (RFC 7512), and its PIN.
    pub fn uri(&self, object: &str) -> String {
        let (module, pin) = (self.module.display(), self.pin_file.display());
        let object = if object.is_empty() { String::new() } else { format!(";object={object}") };
        format!("pkcs11:token={LABEL}{object}?module-path={module}&pin-source={pin}")
    }

    /// A member's configuration with key server and CA making their keys here.
    pub fn written_into(&self, config: &str) -> String {
        let mut text = config.to_owned();
        for role in ["keyserver", "ca"] {
            let section = format!("[{role}]\n");
            text = text.replacen(&section, &format!("{section}backend = \"pkcs11\"\n"), 1);
            text += &format!(
                "\n[{role}.pkcs11]\nmodule = \"{}\"\ntoken_label = \"{LABEL}\"\n\
                 pin_file = \"{}\"\n",
                self.module.display(),
                self.pin_file.display()
            );
        }
        text
    }
}
