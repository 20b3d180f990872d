// Opens a window for a new mail, as the button for it does.
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const account = MailServices.accounts.accounts.find(one => one.identities.length);
MailServices.compose.OpenComposeWindow(
  null,
  null,
  null,
  Ci.nsIMsgCompType.New,
  Ci.nsIMsgCompFormat.Default,
  account.defaultIdentity,
  null,
  null
);
