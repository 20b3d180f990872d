//! Marionette, by which Mozilla's programs are driven: JSON texts over TCP, each with its
//! length in front, answered in order.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a script may take, waits for mail included.
pub const SCRIPT: Duration = Duration::from_secs(40);

/// The version of the protocol that is spoken here.
const PROTOCOL: u64 = 3;

/// A session in the chrome context, where scripts may do whatever the program may.
#[derive(Debug)]
pub struct Marionette {
    stream: BufReader<TcpStream>,
    commands: u64,
}

impl Marionette {
    /// Begins a session, if anybody answers there by now.
    #[track_caller]
    pub fn connect(server: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(server).ok()?;
        stream.set_read_timeout(Some(2 * SCRIPT)).unwrap();
        let mut session = Self { stream: BufReader::new(stream), commands: 0 };
        assert_eq!(session.read()["marionetteProtocol"], PROTOCOL);
        // A dialogue that asks for something must not be answered unseen.
        let prompts =
            json!({"capabilities": {"alwaysMatch": {"unhandledPromptBehavior": "ignore"}}});
        session.command("WebDriver:NewSession", prompts);
        session.command("WebDriver:SetTimeouts", json!({"script": SCRIPT.as_millis()}));
        session.command("Marionette:SetContext", json!({"value": "chrome"}));
        Some(session)
    }

    /// Goes to the first window whose address ends like this, if it is open.
    #[track_caller]
    pub fn go_to(&mut self, address: &str) -> Option<()> {
        let handles = self.command("WebDriver:GetWindowHandles", json!({}));
        for handle in handles.as_array().unwrap() {
            // It may close meanwhile.
            let to = json!({"handle": handle, "focus": true});
            let here = self.try_command("WebDriver:SwitchToWindow", to);
            let asked = json!({"script": "return window.location.href;", "args": []});
            let here = here.and_then(|_| self.try_command("WebDriver:ExecuteScript", asked));
            let ends_so = |here: Value| here["value"].as_str().map(|here| here.ends_with(address));
            if here.ok().and_then(ends_so) == Some(true) {
                return Some(());
            }
        }
        None
    }

    /// What a script returns in the window gone to last. It finds `values` in `arguments`.
    #[track_caller]
    pub fn script(&mut self, script: &str, values: Value) -> Value {
        let values = json!({"script": script, "args": values, "newSandbox": true});
        self.command("WebDriver:ExecuteScript", values)["value"].take()
    }

    /// As [`Marionette::script`], for the body of an asynchronous function that finds its
    /// values in `given`. What it throws fails the test.
    #[track_caller]
    pub fn steps(&mut self, script: &str, values: Value) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async given => {{ {script} }})(arguments[0]).then(
               value => done({{ value }}),
               error => done({{ error: `${{error}} ${{error.stack}}` }}));"
        );
        let values = json!({"script": script, "args": [values], "newSandbox": true});
        let mut said = self.command("WebDriver:ExecuteAsyncScript", values)["value"].take();
        if let Some(error) = said["error"].as_str() {
            panic!("{error}");
        }
        said["value"].take()
    }

    #[track_caller]
    fn command(&mut self, name: &str, values: Value) -> Value {
        self.try_command(name, values).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The result, or the error that the program answered.
    #[track_caller]
    fn try_command(&mut self, name: &str, values: Value) -> Result<Value, Value> {
        self.commands += 1;
        let text = json!([0, self.commands, name, values]).to_string();
        write!(self.stream.get_mut(), "{}:{text}", text.len()).unwrap();
        let mut answer = self.read();
        assert_eq!((&answer[0], &answer[1]), (&json!(1), &json!(self.commands)), "{name}");
        match answer[2].take() {
            Value::Null => Ok(answer[3].take()),
            error => Err(error),
        }
    }

    #[track_caller]
    fn read(&mut self) -> Value {
        let mut length = Vec::new();
        self.stream.read_until(b':', &mut length).unwrap();
        let digits = length.strip_suffix(b":").unwrap_or_default();
        let length = std::str::from_utf8(digits).unwrap().parse().unwrap();
        let mut text = vec![0; length];
        self.stream.read_exact(&mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}
