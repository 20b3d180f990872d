// Fetches what is new, opens the mail with the Message-ID given.message_id as somebody who
// clicks it, and tells what is shown. Its attachments are saved into the folder given.folder.
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const until = async (what, look) => {
  for (let turn = 0; turn < 300; turn++) {
    const found = await look();
    if (found) return found;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error(`not within 30 s: ${what}`);
};

const account = MailServices.accounts.accounts.find(one => one.incomingServer.type == "imap");
const server = account.incomingServer;
server.password = given.password;
if (!server.rootFolder.hasSubFolders) server.performExpand(null);
const inbox = await until("an inbox", () =>
  server.rootFolder.subFolders.find(one => one.flags & Ci.nsMsgFolderFlags.Inbox));
const tabs = document.getElementById("tabmail");
const pane = await until("the first tab", () => tabs.currentAbout3Pane);
if (pane.gFolder?.URI != inbox.URI) pane.displayFolder(inbox.URI);
await until("the folder", () => pane.gFolder?.URI == inbox.URI && pane.gDBView);
const header = await until("the mail", () => {
  for (const one of inbox.messages) if (one.messageId == given.message_id) return one;
  inbox.updateFolder(null);
  return null;
});
await until("a row", () => {
  const row = pane.gDBView.findIndexOfMsgHdr(header, true);
  if (row == 0xffffffff) return false;
  pane.threadTree.selectedIndex = row;
  return true;
});
const address = inbox.getUriForMsg(header);
// Signature and encryption are told one after the other, and the panel shows what is known when
// it opens; every mail here has both.
const shown = await until("the mail to be shown", () => {
  const now = tabs.currentAboutMessage;
  const unknown = [-1, Ci.nsICMSMessageErrors.VERIFY_NOT_YET_ATTEMPTED];
  const told = ![now?.gSignatureStatus, now?.gEncryptionStatus].some(one => unknown.includes(one));
  return now?.gMessageURI == address && now.msgLoaded && now.gSmimeProcessedDispatched && told && now;
});

const page = shown.document;
const icon = id => {
  const image = page.getElementById(id);
  return image.hidden ? null : image.getAttribute("src").split("/").pop();
};
shown.showMessageReadSecurityInfo();
const panel = page.getElementById("messageSecurityPanel");
await until("the panel", () => panel.state == "open");
const label = id => {
  const text = page.getElementById(id);
  return text.collapsed || text.hidden ? "" : text.textContent.trim();
};
const names = Object.keys(Ci.nsICMSMessageErrors);
const status = value =>
  names.find(name => Ci.nsICMSMessageErrors[name] === value) ?? String(value);

const attachments = [];
for (const one of shown.currentAttachments) {
  const path = PathUtils.join(given.folder, `attachment-${attachments.length}`);
  await one.saveToFile(path, true);
  attachments.push({ name: one.name, path });
}
// Drawn a little later than told; for the picture.
await new Promise(resolve => setTimeout(resolve, 400));
return {
  signature: status(shown.gSignatureStatus),
  encryption: status(shown.gEncryptionStatus),
  signature_icon: icon("signedHdrIcon"),
  encryption_icon: icon("encryptedHdrIcon"),
  signer: shown.gSignerCert?.emailAddress ?? null,
  signer_name: shown.gSignerCert?.commonName ?? null,
  panel: ["signatureLabel", "signatureHeader", "signatureExplanation", "signatureCert",
    "encryptionLabel", "encryptionHeader", "encryptionExplanation"].map(label).filter(Boolean),
  subject: page.getElementById("expandedsubjectBox").textContent.trim(),
  from: page.getElementById("expandedfromBox").textContent.trim(),
  body: shown.getMessagePaneBrowser().contentDocument.body.textContent,
  attachments,
};
