// In the window of a reply that has just been opened: tells what it is set to, and writes
// given.text above what it quotes.
const until = async (what, look) => {
  for (let turn = 0; turn < 300; turn++) {
    const found = await look();
    if (found) return found;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error(`not within 30 s: ${what}`);
};
await until("the composer", () => window.gMsgCompose?.editor);
const pills = await until("a recipient", () => {
  const found = [...document.querySelectorAll("mail-address-pill")];
  return found.length && found;
});
const editor = window.gMsgCompose.editor;
await until("the quotation", () => editor.document.body.textContent.trim());
editor.beginningOfDocument();
editor.insertText(given.text);
editor.insertLineBreak();
// Drawn a little later than told; for the picture.
await new Promise(resolve => setTimeout(resolve, 400));
return {
  to: pills.map(pill => pill.fullAddress),
  subject: document.getElementById("msgSubject").value,
  signs: window.gSendSigned,
  encrypts: window.gSendEncrypted,
  by_smime: window.gSelectedTechnologyIsPGP === false,
};
