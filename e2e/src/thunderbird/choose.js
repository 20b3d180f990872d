// Chooses the certificates with the SHA-256 fingerprints given.signing and given.encryption
// for the account, and knows the password of its submission.
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const certificates = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).getCerts();
const account = MailServices.accounts.accounts.find(one => one.identities.length);
for (const use of ["signing", "encryption"]) {
  const chosen = certificates.find(one => one.sha256Fingerprint == given[use]);
  account.defaultIdentity.setUnicharAttribute(`${use}_cert_name`, chosen.displayName);
  account.defaultIdentity.setUnicharAttribute(`${use}_cert_dbkey`, chosen.dbKey);
}
MailServices.outgoingServer.defaultServer.password = given.password;
