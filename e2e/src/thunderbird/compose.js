// In the window of a new mail: types the beginning of a name, takes what is suggested, types
// an address, and tells what the window has made of it once it knows a certificate of each.
const until = async (what, look) => {
  for (let turn = 0; turn < 300; turn++) {
    const found = await look();
    if (found) return found;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error(`not within 30 s: ${what}`);
};
await until("the composer", () => window.gMsgCompose?.editor);
const input = document.getElementById("toAddrInput");
const suggested = [];
if (given.typed) {
  // Focus alone would do where somebody looks at the window.
  input.focus();
  input.attachController();
  input.setUserInput(given.typed);
  await until("suggestions", () => {
    const { controller } = input;
    suggested.length = 0;
    for (let at = 0; at < controller.matchCount; at++) suggested.push(controller.getValueAt(at));
    return suggested.length > 0;
  });
  input.value = "";
}
input.value = given.to;
recipientAddPills(input);
const pills = await until("a recipient", () => {
  const found = [...document.querySelectorAll("mail-address-pill")];
  return found.length && found;
});
document.getElementById("msgSubject").value = given.subject;
const editor = window.gMsgCompose.editor;
editor.beginningOfDocument();
editor.insertText(given.text);
if (given.waits) {
  await until("encryption", () => window.gSendEncrypted);
}
// Drawn a little later than told; for the picture.
await new Promise(resolve => setTimeout(resolve, 1000));
return {
  suggested,
  to: pills.map(pill => pill.fullAddress),
  signs: window.gSendSigned,
  encrypts: window.gSendEncrypted,
  by_smime: window.gSelectedTechnologyIsPGP === false,
};
