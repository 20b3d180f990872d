//! A token of SoftHSM for one organisation, made as its administrator makes it.

use crate::process::run;
use crate::tap::Fault;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program that makes one, with its Debian package.
pub const PROGRAM: (&str, &str) = ("softhsm2-util", "softhsm2");

/// What makes the module that fails, with its Debian package.
pub const COMPILER: (&str, &str) = ("cc", "gcc");

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
    /// Where the module that fails looks how.
    fault: Option<PathBuf>,
}

/// What a token gives wrong octets of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// What it signs.
    Signature,
    /// What it agrees on or decrypts.
    Secret,
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
        Self { conf, module, pin_file, fault: None }
    }

    /// As [`Token::make`], behind a module that fails when it is told to.
    #[track_caller]
    pub fn make_failing(dir: &Path) -> Self {
        let token = Self::make(dir);
        let (source, built) = (dir.join("failing.c"), dir.join("failing.so"));
        fs::write(&source, include_str!("failing_token.c")).unwrap();
        let mut compiler = Command::new(COMPILER.0);
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]);
        let _ = run(compiler.args([&built, &source]).arg("-ldl")).ends(0);
        Self { fault: Some(dir.join("fault")), ..token }
    }

    /// What the processes that use it have to be told.
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        // SoftHSM knows its tokens from there alone.
        let mut environment = vec![("SOFTHSM2_CONF", self.conf.clone())];
        if let Some(fault) = &self.fault {
            environment.push(("SSMAX_TOKEN_MODULE", self.module.clone()));
            environment.push(("SSMAX_TOKEN_FAULT", fault.clone()));
        }
        environment
    }

    /// Lets it fail from now on; `None` ends it.
    pub fn fail(&self, fault: Option<Fault>) {
        self.write(&fault.map_or_else(String::new, |fault| format!("{fault:?}")));
    }

    /// Lets it give wrong octets as if they were right, until [`Token::fail`] ends it.
    pub fn lie(&self, about: Lie) {
        self.write(&format!("Lying{about:?}"));
    }

    fn write(&self, fault: &str) {
        let file = self.fault.as_ref().unwrap();
        // In one step: it is read all the time.
        let new = file.with_extension("new");
        fs::write(&new, fault).unwrap();
        fs::rename(new, file).unwrap();
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
        let failing = self.fault.as_ref().map(|fault| fault.with_file_name("failing.so"));
        let module = failing.as_ref().unwrap_or(&self.module);
        for role in ["keyserver", "ca"] {
            let section = format!("[{role}]\n");
            text = text.replacen(&section, &format!("{section}backend = \"pkcs11\"\n"), 1);
            text += &format!(
                "\n[{role}.pkcs11]\nmodule = \"{}\"\ntoken_label = \"{LABEL}\"\n\
                 pin_file = \"{}\"\n",
                module.display(),
                self.pin_file.display()
            );
        }
        text
    }
}
