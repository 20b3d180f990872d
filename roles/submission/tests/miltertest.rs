//! An MTA's side of the protocol that others wrote: `miltertest` of the OpenDKIM project.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test")]

use ssmax_daemon::stop::Stop;
use ssmax_submission::{Settings, SubmissionConfig};
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

const MILTERTEST: &str = "/usr/bin/miltertest";

/// A milter on a socket of its own; gives what miltertest ended with and said of a script
/// that finds the connection in `conn`. `None` if it is not installed.
async fn speak(more: &str, script: &str) -> Option<(i32, String)> {
    if !Path::new(MILTERTEST).exists() {
        assert!(std::env::var_os("CI").is_none(), "{MILTERTEST} is not installed");
        println!("skipped: {MILTERTEST} is not installed");
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("m.sock");
    let config = format!("milter = 'unix:{}'\npeers = []\n{more}", socket.display());
    let submission: SubmissionConfig = toml::from_str(&config).unwrap();
    let (state_dir, run_dir) = (dir.path().join("state"), dir.path().join("run"));
    for private in [&state_dir, &run_dir] {
        ssmax_store::files::create_private_dir(private).unwrap();
    }
    let settings = Settings { state_dir, run_dir: run_dir.clone(), submission };
    ssmax_daemon::statement_key::initialise(&settings.dir()).unwrap();
    let stop = Stop::new();
    let serving = tokio::spawn(ssmax_submission::serve(settings, stop.clone()));
    let wait = std::time::Duration::from_secs(30);
    ssmax_daemon::ready::wait_ready(&run_dir, &["submission"], wait).await.unwrap();
    let file = dir.path().join("script.lua");
    let head = format!(
        "conn = mt.connect('{}')\nif conn == nil then error 'no connection' end\n\
         function go_on(what, fault)\n\
         if fault ~= nil then error(what) end\n\
         if mt.getreply(conn) ~= SMFIR_CONTINUE then error(what .. ': another reply') end\nend\n",
        socket.display()
    );
    std::fs::write(&file, head + script).unwrap();
    let output =
        Command::new(MILTERTEST).arg("-s").arg(&file).stdin(Stdio::null()).output().await.unwrap();
    stop.trigger();
    serving.await.unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Some((output.status.code().unwrap_or(-1), said))
}

/// What Postfix offers: by itself miltertest does not give the white space behind the colon.
/// It takes steps before actions, other than its manual says.
const OFFER: &str = "if mt.negotiate(conn, 6, 2097151, 511) ~= nil then error 'negotiation' end\n";

const LOGIN: &str =
    "mt.macro(conn, SMFIC_MAIL, '{auth_type}', 'PLAIN', '{auth_authen}', 'alice')\n";

#[tokio::test(flavor = "multi_thread")]
async fn miltertest_sees_a_field_inserted_and_a_forged_one_deleted() {
    let script = format!(
        "{OFFER}{LOGIN}
go_on('MAIL', mt.mailfrom(conn, '<alice@a.example>'))
go_on('RCPT', mt.rcptto(conn, '<bob@b.example>'))
mt.header(conn, 'From', ' alice@a.example')
mt.header(conn, 'SSMAX-Statement', ' forged')
mt.header(conn, 'Date', ' Thu, 01 Jan 2026 00:00:00 +0000')
mt.header(conn, 'Message-ID', ' <x@a.example>')
mt.bodystring(conn, 'words\\r\\n')
go_on('end', mt.eom(conn))
if not mt.eom_check(conn, MT_HDRINSERT, 'SSMAX-Statement') then error 'nothing inserted' end
if not mt.eom_check(conn, MT_HDRDELETE, 'SSMAX-Statement') then error 'nothing deleted' end
if mt.eom_check(conn, MT_HDRINSERT, 'Date') then error 'a second date' end
if mt.eom_check(conn, MT_BODYCHANGE) then error 'another body' end
mt.disconnect(conn)
"
    );
    let Some((code, said)) = speak("", &script).await else { return };
    assert_eq!(code, 0, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn miltertest_sees_which_steps_are_left_out_and_which_actions_wanted() {
    let script = format!(
        "{OFFER}
for _, action in pairs({{SMFIF_ADDHDRS, SMFIF_CHGHDRS}}) do
  if not mt.test_action(conn, action) then error 'an action is missing' end
end
for _, action in pairs({{SMFIF_CHGBODY, SMFIF_ADDRCPT, SMFIF_DELRCPT, SMFIF_QUARANTINE}}) do
  if mt.test_action(conn, action) then error 'an action too many' end
end
for _, step in pairs({{SMFIP_NOCONNECT, SMFIP_NOHELO, SMFIP_NOEOH, SMFIP_NR_HDR}}) do
  if not mt.test_option(conn, step) then error 'a step too many' end
end
for _, step in pairs({{SMFIP_NOMAIL, SMFIP_NORCPT, SMFIP_NOHDRS, SMFIP_NOBODY}}) do
  if mt.test_option(conn, step) then error 'a step is missing' end
end
mt.disconnect(conn)
"
    );
    let Some((code, said)) = speak("", &script).await else { return };
    assert_eq!(code, 0, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn miltertest_is_refused_without_a_login_or_with_too_many_recipients() {
    let refused = format!(
        "{OFFER}mt.mailfrom(conn, '<alice@a.example>')
if mt.getreply(conn) ~= SMFIR_REPLYCODE then error 'MAIL passes' end
{LOGIN}go_on('MAIL', mt.mailfrom(conn, '<alice@a.example>'))
go_on('RCPT', mt.rcptto(conn, '<bob@b.example>'))
mt.rcptto(conn, '<dave@b.example>')
if mt.getreply(conn) ~= SMFIR_REPLYCODE then error 'a second recipient passes' end
mt.disconnect(conn)
"
    );
    let more = "limits = { max_recipients = 1 }";
    let Some((code, said)) = speak(more, &refused).await else { return };
    assert_eq!(code, 0, "{said}");
    // And the other way round, so that a script that fails is seen to fail.
    let passes = refused.replace("SMFIR_REPLYCODE", "SMFIR_CONTINUE");
    let Some((code, said)) = speak(more, &passes).await else { return };
    assert_ne!(code, 0, "{said}");
}
