//! A new mail, written with what the directory knows.

use super::{READY, SENT, Thunderbird};
use crate::process::wait_for;
use serde_json::{Value, json};

impl Thunderbird {
    /// Opens a new mail, types the beginning of a name to see who is suggested, and writes to
    /// `to`. Nothing about certificates is touched. With `waits`, what the window says once
    /// it encrypts; else a second later. A picture is taken.
    #[track_caller]
    pub fn compose(
        &mut self,
        typed: &str,
        to: &str,
        text: &str,
        picture: &str,
        waits: bool,
    ) -> Value {
        wait_for("its window", READY, || self.session.go_to("/messenger.xhtml"));
        self.session.steps(include_str!("open_composer.js"), json!({}));
        wait_for("the new mail", SENT, || self.session.go_to("/messengercompose.xhtml"));
        let given =
            json!({"typed": typed, "to": to, "subject": "御挨拶", "text": text, "waits": waits});
        let said = self.session.steps(include_str!("compose.js"), given);
        self.picture(picture);
        said
    }

    /// Sends the mail in the window gone to last, by the button for it.
    #[track_caller]
    pub fn send(&mut self) {
        // It answers when the window is gone.
        let send = "window.setTimeout(() => window.goDoCommand('cmd_sendNow'), 0);";
        self.session.script(send, json!([]));
        wait_for("its window", SENT, || self.session.go_to("/messenger.xhtml"));
        let open = "return Services.wm.getMostRecentWindow('msgcompose') != null;";
        wait_for("the mail is sent", SENT, || {
            (self.session.script(open, json!([])) == false).then_some(())
        });
    }

    /// Closes the mail in the window gone to last, unsent.
    #[track_caller]
    pub fn discard(&mut self) {
        let close = "window.gMsgCompose.bodyModified = false; window.gContentChanged = false;
             window.setTimeout(() => window.close(), 0);";
        self.session.script(close, json!([]));
        wait_for("its window", SENT, || self.session.go_to("/messenger.xhtml"));
    }
}
