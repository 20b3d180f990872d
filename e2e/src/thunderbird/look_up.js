// The directory at given.uri is asked for the certificates of recipients, and for names that
// are being typed; where there is a certificate, mail is encrypted.
const set = (name, value) => {
  const kind = { string: "setStringPref", number: "setIntPref", boolean: "setBoolPref" };
  Services.prefs[kind[typeof value]](name, value);
};
const server = "ldap_2.servers.organisation";
set(`${server}.description`, "Organisation");
set(`${server}.filename`, "organisation.sqlite");
set(`${server}.dirType`, 0);
set(`${server}.maxHits`, 100);
set(`${server}.uri`, given.uri);
set("ldap_2.autoComplete.useDirectory", true);
set("ldap_2.autoComplete.directoryServer", server);
set("mail.e2ee.auto_enable", true);
