//! The executable under test, run as people run it.

use crate::process::{Running, Said, run, wait_for};
use crate::token::Token;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// How long a role may take to serve, on a busy machine.
const READY: Duration = Duration::from_secs(30);

/// A folder with an `ssmax.toml`.
#[derive(Debug)]
pub struct Site {
    /// The folder.
    pub dir: PathBuf,
    /// What every `ssmax` here has in its environment.
    environment: Vec<(&'static str, PathBuf)>,
}

impl Site {
    /// Writes the configuration into the folder.
    pub fn new(dir: PathBuf, config: &str) -> Self {
        fs::write(dir.join("ssmax.toml"), config).unwrap();
        Self { dir, environment: Vec::new() }
    }

    /// As [`Site::new`], with the keys in a token.
    pub fn with_token(dir: PathBuf, config: &str, token: &Token) -> Self {
        let site = Self::new(dir, &token.written_into(config));
        Self { environment: token.environment(), ..site }
    }

    /// A file of it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Runs `ssmax` in the folder.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Said {
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        run(Command::new(executable()).args(arguments).envs(environment).current_dir(&self.dir))
    }

    /// As [`Site::run`], of somebody with a card.
    #[track_caller]
    pub fn run_with_card(&self, card: &Token, arguments: &[&str]) -> Said {
        let mut command = Command::new(executable());
        run(command.args(arguments).env("SOFTHSM2_CONF", &card.conf).current_dir(&self.dir))
    }

    /// As [`Site::run`], with `--json`: the facts it prints.
    #[track_caller]
    pub fn facts(&self, arguments: &[&str]) -> Value {
        let said = self.run(&[arguments, &["--json"]].concat()).ends(0);
        serde_json::from_slice(&said.out)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", said.text()))
    }

    /// Runs `ssmax serve`, and waits until these roles serve.
    #[track_caller]
    pub fn serve(&self, arguments: &[&str], roles: &[&str]) -> Running {
        let config = self.path("ssmax.toml");
        let config = config.to_str().unwrap();
        let arguments = [&["serve", "--config", config], arguments].concat();
        let log = self.path(&format!("serve-{}.log", roles.first().unwrap_or(&"")));
        let running = Running::start_with(executable(), &arguments, &log, &self.environment);
        for role in roles {
            wait_for(&format!("{role} serves"), READY, || self.process(role));
        }
        running
    }

    /// The process id of a role that serves.
    pub fn process(&self, role: &str) -> Option<i32> {
        let record = fs::read(self.path(&format!("run/{role}.ready"))).ok()?;
        let record: Value = serde_json::from_slice(&record).ok()?;
        record.get("pid")?.as_i64()?.try_into().ok()
    }
}

/// Where the executable is: what `SSMAX_BIN` names, or what was built beside this test.
/// If there is none, it is built.
fn executable() -> &'static Path {
    static EXECUTABLE: OnceLock<PathBuf> = OnceLock::new();
    EXECUTABLE.get_or_init(|| match std::env::var_os("SSMAX_BIN") {
        Some(path) => path.into(),
        None => built(),
    })
}

fn built() -> PathBuf {
    // target/debug/deps/TEST and target/debug/ssmax
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join("ssmax");
    if !path.exists() {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = manifest.parent().unwrap();
        let _ =
            run(Command::new(cargo).args(["build", "-p", "ssmax"]).current_dir(workspace)).ends(0);
        assert!(path.exists(), "{} was not built", path.display());
    }
    path
}
