# What the commands for administrators say: serve, authority, org, user, config.

## Wrong use of the command line

cli-usage-unknown-argument = { $argument } is not known here
cli-usage-unknown-argument-near = { $argument } is not known here, did you mean { $nearest }?
cli-usage-missing-argument = missing: { $arguments }
cli-usage-missing-command = a command is missing
cli-usage-missing-value = { $argument } needs a value
cli-usage-value = { $value } is no value for { $argument }
cli-usage-value-known = { $value } is no value for { $argument }; possible: { $known }
cli-usage-conflict = { $argument } and { $other } do not go together
cli-usage-repeated = { $argument } stands there more than once
cli-usage-utf8 = an argument is not in UTF-8
cli-usage-other = { $argument }
err-unknown-command-far = There is no command { $name }
rec-unknown-command-far = See ssmax --help for all commands.

## The configuration as a whole

err-config-log = { $value } is no level of the log
rec-config-log = Possible levels: { $known }
err-config-file-missing = { $path } is not there
rec-config-file-missing = Start the command in the folder of ssmax.toml, or name the file with --config.
err-config-no-role = { $path } has no section of a role
rec-config-no-role = Start from a sample: ssmax config sample
err-config-section = { $path } has no section [{ $section }]
rec-config-section = Add it, or run this on the host of that role. ssmax config sample shows every section with explanations.

## Keys and what unlocks them

err-unlock-wrong = The unlock secret is not the one that these keys were made with
rec-unlock-wrong = Put the right unlock file in its place. Without it the keys cannot be opened by anyone.
err-unlock-short = The unlock secret has { $octets } octets, at least 32 are needed
rec-unlock-short = Check that unlock_file names the right file.
err-unlock-not-text = The unlock file is not one line of text
rec-unlock-not-text = Check that unlock_file names the right file.
err-keys-missing = There are no keys in { $path }
rec-keys-missing = For an organisation that has never had keys, make them: ssmax org init, or ssmax authority init for a management organisation. For one that has, correct state_dir or restore the last backup: new keys do not read old mail.
err-keys-exist = There are keys in { $path } already
rec-keys-exist = Keep them, or choose another state_dir. Deleted keys make old mail unreadable.
err-keys-damaged = The key file { $path } is damaged
rec-keys-damaged = Restore the last backup.
err-token-not-named = The backend is pkcs11, but no section says which token
rec-token-not-named = Add [keyserver.pkcs11] or [ca.pkcs11] with module, token_label and pin_file; ssmax config sample shows them.
err-softhsm-missing = SoftHSM is not installed
rec-softhsm-missing = Install the package softhsm2, or leave out --hsm.
err-demo-keys-in-files = The keys in { $path } are in files, from a run without --hsm
rec-demo-keys-in-files = Give another folder with --dir, or remove this one, or leave out --hsm.
err-demo-keys-in-tokens = The keys in { $path } are in tokens, from a run with --hsm
rec-demo-keys-in-tokens = Add --hsm, or give another folder with --dir.
err-token-not-asked-for = The keys of [{ $section }] would be made in files, not in a token
rec-token-not-asked-for = Set backend = "pkcs11" there and add the section [{ $section }.pkcs11]; ssmax config sample shows it.
err-token-not-configured = A key lives in a token, and none is configured: { $reason }
rec-token-not-configured = Set backend = "pkcs11" and the section pkcs11 as they were when the key was made.
err-token-module = The PKCS#11 module { $path } cannot be used
rec-token-module = Install the vendor's library, or correct module. SoftHSM needs SOFTHSM2_CONF in the service's environment.
err-token-missing = { $found } tokens are labelled { $label }; one is needed
rec-token-missing = Check that the token is connected, and token_label. pkcs11-tool --module FILE --list-slots shows the labels.
err-token-pin = The token does not accept the PIN
rec-token-pin = Correct the PIN file, then start again. The PIN is not tried again by itself, since wrong tries lock the token.
err-token-pin-locked = The token's PIN is locked, or one wrong try away from it
rec-token-pin-locked = Log in once with the vendor's tool and the right PIN, or have the security officer unlock it.
err-token-pin-file = The PIN file is not one line of text
rec-token-pin-file = Check that pin_file names the right file.
err-token-silent = The token does not answer
rec-token-silent = Check the connection to it. The roles go on by themselves when it is back.
err-token-lacks = The token cannot do { $operation }
rec-token-lacks = Use another token, or backend = "file". A member needs ECDSA and ECDH on P-256, and RSA with OAEP.
err-token-object = A key in the token is not what was made: { $reason }
rec-token-object = Find out who has the token's PIN, and restore the token's backup. Only where there is none, have new keys made: ssmax org rotate
err-key-unusable = The key { $id } for { $purpose } is missing or damaged
rec-key-unusable = Restore the last backup.
err-certificate = A certificate cannot be read or used: { $reason }
rec-certificate = Check the file it comes from, or ask whoever sent it to send it again.
err-certificate-profile = A certificate would not follow its profile: { $reason }
rec-certificate-profile = Check the names and domains in the configuration.
err-statement-key = The key of the submission service cannot be used: { $reason }
rec-statement-key = Restore the last backup, or remove statement.pem from gateway or submission below state_dir and run ssmax org init and ssmax org install again.
err-statement-key-missing = The submission service has no key yet: { $path }
rec-statement-key-missing = Make it: ssmax org init, then restart the roles. On a host of the MTA's own, bring the folder submission of state_dir from where that was run.

## Serving

err-already-serving = Another process already serves the role { $role }
rec-already-serving = Its ready file is in { $path }. Stop that process first, or give this configuration another run_dir.
err-roles-ended = Every role has ended
rec-roles-ended = Their logs above say why.
err-socket = A socket below run_dir cannot be used: { $reason }
rec-socket = Check that run_dir belongs to the user SSMAX runs as.
err-socket-in-use = Another process serves this role's socket already
rec-socket-in-use = End it first.
err-socket-path = The path of a socket below run_dir is too long or unusable
rec-socket-path = Choose a shorter run_dir, such as /run/ssmax.
err-statement-key-foreign = The key is no key of a submission service, or another service's already
rec-statement-key-foreign = Give each service a key of its own: statement.pem must not be copied from one to another.
err-gateway-io = The gateway cannot open a file or an address: { $reason }
rec-gateway-io = Run ssmax check: it says which.
err-milter-io = The milter cannot open its socket or a file: { $reason }
rec-milter-io = Run ssmax check: it says which.
err-milter-peer = There is no user { $user } on this computer
rec-milter-peer = Set peers in [submission] to the user that the MTA runs as.
err-listen = { $address } cannot be listened on: { $reason }
rec-listen = Choose an address of this computer; ports below 1024 need a privilege.
err-route = The routes of the gateway do not work: { $reason }
rec-route = Write them like smtp://host:25, lmtp://host:24 or maildir:/var/mail/{"{"}domain{"}"}/{"{"}local{"}"}.
err-route-trust = route_ca cannot be used: { $reason }
rec-route-trust = It has to hold CA certificates in PEM form.
err-listener-tls = The listeners' TLS settings do not work: { $reason }
rec-listener-tls = tls_certificate and tls_key have to belong together, both in PEM form.
err-lists = [gateway.lists] or [gateway.redirects] cannot be used: { $reason }
rec-lists = Write own addresses on the left, and addresses that are no list of ours as members.
err-plaintext-auth = Passwords in clear are allowed on { $address }, which others can reach
rec-plaintext-auth = Set tls_certificate and tls_key, and allow_plaintext_auth = false.
err-failed = It did not work: { $reason }
rec-failed = Try again. If it stays so, report it with what the log says.
err-role-answer = { $role } gave an answer that is not understood
rec-role-answer = Check that all roles are of the same version.

## Files handed in

err-document-unreadable = { $path } is not the document it should be: { $reason }
rec-document-unreadable = Check that it is the file you meant, and that it came whole.
err-password-unreadable = There is no password in { $path }
rec-password-unreadable = Write it on the first line of a file that only you can read (mode 0600).
err-esp-escrows-nothing = { $user } needs an encryption key of their own: an ESP makes and keeps none
rec-esp-escrows-nothing = Have it made where the mail is read (openssl ecparam -name prime256v1 -genkey -noout -out KEY.pem; openssl req -new -key KEY.pem -subj /CN=NAME -out REQUEST.pem), and name the request with --encryption-csr
err-esp-keeps-no-keys = There is no key of { $user } to give out: an ESP makes and keeps none
rec-esp-keeps-no-keys = The person's own computer has it. Who has lost it gets a certificate for a new one: ssmax user renew --encryption-csr
err-organisation-escrows = { $user } cannot bring an encryption key: an organisation makes and keeps its people's
rec-organisation-escrows = Leave out --encryption-csr; ssmax user export gives the key to its owner
err-not-a-request = { $path } is no certificate request that its key has signed
rec-not-a-request = Make it anew: openssl req -new -key KEY.pem -subj /CN=NAME -out REQUEST.pem

## The management organisation

cli-authority-founded = The federation { $name } is founded.
cli-root-sha256 = SHA-256 of its root, to be told to members on another way than the certificate:
    { $sha256 }
cli-root-file = Root certificate: { $path }
cli-unlock-file-made = Made { $path }. Keep it apart from the state, and a copy in a safe place: without it all keys are lost.
cli-admitted = { $id } is a member from version { $version } of the member list.
cli-admission-file = Give { $path } to the member.
cli-answered-before = The same was asked for before. Nothing has changed, and the file is the answer of that time, octet for octet.
cli-domains-unproved = Not checked by this program: that the applicant controls { $domains }.
cli-standing-set = { $id }: { $standing }, from version { $version } of the member list.
cli-no-members = No members yet.
cli-published = Version { $version } of the member list is in { $path }, with the certificates ({ $count }).
err-authority-exists = There is an authority in this state_dir already
rec-authority-exists = Keep it: another one would have other keys, and every member would have to join anew.
err-authority-missing = There is no authority in this state_dir yet
rec-authority-missing = Found it: ssmax authority init
err-authority-url = The authority's address is not https://HOST[:PORT]
rec-authority-url = Write it like https://authority.example:8443, without a path.
err-name-too-long = The organisation's name is longer than 64 characters
rec-name-too-long = Certificates cannot carry it. Use a shorter form of the name.
err-already-member = The applicant is a member already
rec-already-member = See ssmax authority members. Only the same application, whose answer got lost, is answered again; new keys are certified with ssmax authority renew.
err-domain-taken = A domain of the applicant belongs to a member already
rec-domain-taken = See ssmax authority members. A domain has one member.
err-key-request = The request for the key { $key } is not good: { $reason }
rec-key-request = Ask the applicant to run ssmax org init again, which keeps the keys and writes the application anew.
err-key-kind = The key { $key } is of a kind that is not certified
rec-key-kind = Ask the applicant for an application as ssmax org init of this version writes it, unchanged.
err-key-count = The number of federation encryption keys is not between 1 and { $max }
rec-key-count = Ask the applicant for an application as ssmax org init of this version writes it, unchanged.
err-key-twice = The application offers one key for two purposes
rec-key-twice = Ask the applicant for an application as ssmax org init of this version writes it, unchanged.
err-renewal-signer = The renewal is not signed with a current certificate of the member
rec-renewal-signer = Have it made again with ssmax org rotate on the member's key server, where the current keys are.
err-renewal = The renewal is not believed: { $reason }
rec-renewal = Have it made again with ssmax org rotate, and handed over within 30 days.
err-certificate-count = The member has as many certificates as the member list takes
rec-certificate-count = Wait until some have ended.
err-key-known = A key of the application is certified already
rec-key-known = Ask the applicant for new keys, and find out whose application this is. Only what asks for exactly the same as before is answered again.
err-no-such-member = There is no such member
rec-no-such-member = See ssmax authority members for the ids.
err-member-expelled = The member is expelled, which is for good
rec-member-expelled = It can apply anew only as another organisation.
err-standing-reason = The reason is missing, longer than { $max } characters or not plain ASCII
rec-standing-reason = Write a code like incident-2026-0017. Every member can read it.
err-entry = What would stand in the member list is not sound: { $reason }
rec-entry = Correct [organisation] in the applicant's ssmax.toml and make the application anew.
err-entry-number = The corporate number in the member id is impossible
rec-entry-number = The id is NTRJP- and the 13 digits of the corporate number, the first of which is a check digit.
err-entry-id = The member id does not fit the corporate number
rec-entry-id = The id is NTRJP- and the 13 digits of the corporate number.
err-entry-domain = A mail domain is missing, stands there twice or is not in the form used for comparing
rec-entry-domain = Write domains in small letters, international ones in their xn-- form, without a final dot.
err-entry-name = The organisation has no name
rec-entry-name = Set name (and name_ja) in [organisation].
err-entry-text = A text in [organisation] is too long or has control characters
rec-entry-text = Shorten it; write it in plain characters.
err-entry-contact = The address for incident reports is not a mail address
rec-entry-contact = Set incident_contact in [organisation], like abuse@a.example.
err-entry-esp-form = A provider for individuals cannot read the form wrapped-gcm
rec-entry-esp-form = Set fresh_form = "mail-cbc" in [federation].

## A member

cli-org-keys-made = The keys of { $id } are made.
cli-org-keys-kept = The keys of { $id } were there already and are kept.
cli-milter-key-made = The key of the submission service is made, and the key server believes it when the roles are restarted.
cli-nothing-to-give = Nothing has to be given to the management organisation: no new application is written.
cli-application-file = Give { $path } to the management organisation. It answers with an admission and tells you the SHA-256 of its root.
cli-org-installed = { $id } belongs to the federation. Start it: ssmax serve, or systemctl start for the units of its roles.
cli-org-installed-running = The new certificates of { $id } are installed. The roles that run take them up without a restart.
cli-authority-url-differs = The admission names { $said }, the configuration { $set }
cli-key-made = New key for { $purpose }: { $id }
cli-keys-wait = The new keys of an earlier run still wait for the management organisation; none were made.
cli-renewal-file = Give { $path } to the management organisation (ssmax authority renew), and install its answer: ssmax org install. Submission, seal and archive keys are in use already; all old keys stay.
cli-renewed = New keys of { $id } are certified (version { $version } of the member list). The old ones stay in it until they end.
cli-key-line = { $state ->
    [current] { $purpose } key { $id }, in use, age in days: { $days } ({ $home })
    [waiting] { $purpose } key { $id }, waits for the management organisation, age in days: { $days } ({ $home })
   *[old] { $purpose } key { $id }, kept for old mail, age in days: { $days } ({ $home })
}
cli-key-for-organisation-signing = organisation signing
cli-key-for-federation-encryption = federation encryption
cli-key-for-submission-encryption = submission
cli-key-for-seal = seal
cli-key-for-archive = archive
cli-key-for-hold = held mail
cli-key-for-member-ca = member CA
cli-key-for-seal-ca = seal CA
cli-key-home-token = in the token
cli-key-home-file = in a file
cli-org-not-listed-yet = Version { $version } of the member list is from before the admission; this organisation stands in it from version { $from } on. Ask again in a moment; other members learn of it within 30 seconds.
cli-org-not-listed = Version { $version } of the member list does not name this organisation.
cli-org-standing = Standing: { $standing } (version { $version } of the member list)
cli-list-stale = The list is out of date.
cli-certificate-days = { $kind }: days left: { $days }
cli-certificate-organisation-signing = organisation signing
cli-certificate-organisation-encryption = organisation encryption
cli-certificate-member-ca = member CA
cli-certificate-issuing-ca = issuing CA of the federation
cli-certificate-root = root of the federation
err-not-root = { $role } runs as another user on this host
rec-not-root = Do it as root (sudo), who hands to each role what is its own.
err-not-the-role = { $role } runs as another user, and its log must not be on a terminal of root
rec-not-the-role = Start it by systemctl start ssmax-{ $role }, or with 2> and > into files.
err-not-admitted = This organisation does not belong to the federation yet
rec-not-admitted = Apply with ssmax org init, then install the answer: ssmax org install
err-admission-foreign = The admission is for another organisation or for other keys
rec-admission-foreign = Check that it answers your latest application, and [organisation] in the configuration.
err-admission-older = This answer is of version { $version } of the member list, and one of version { $installed } is installed
rec-admission-older = Install the newest answer. The one that is installed is kept in { $path }.
err-admission-chain = A certificate of the admission does not lead to its root: { $reason }
rec-admission-chain = Do not use it. Ask the management organisation for its answer on another way.
err-root-digits = { $value } is no SHA-256
rec-root-digits = Give the 64 hexadecimal digits that the management organisation told you.
err-root-differs = The root of this admission is another one: { $found }
rec-root-differs = Do not use it. Ask the management organisation for the admission again and compare the digits; you gave { $given }.
err-authority-unreachable = The management organisation cannot be reached: { $reason }
rec-authority-unreachable = Check authority_url, the network and the firewall.
err-authority-tls = The TLS connection to the management organisation failed: { $reason }
rec-authority-tls = Check authority_url and tls_ca. Perhaps something stands between.
err-authority-trust = tls_ca holds no usable certificate
rec-authority-trust = Install the admission again (ssmax org install), or leave tls_ca out.
err-authority-answer = The management organisation gives no usable answer: { $reason }
rec-authority-answer = Check authority_url; try again later.
err-list = The member list that is published is not to be believed: { $reason }
rec-list = Tell the management organisation. Gateways go on with the last good list.

## People

cli-user-added = { $user } is registered.
cli-user-without-signing = No signing certificate yet. With a key of the person's own: ssmax user renew { $user } --csr REQUEST --out DIR (--token-csr on a card). Or the key server signs: ssmax user renew { $user } --server-key. A login: ssmax user secret { $user } --proof PROOF
cli-user-device-secret = Device secret, shown this once: { $secret }
cli-user-delegated = { $to } may write in the name of { $from } until { $until }.
cli-user-undelegated = { $to } may no longer write in the name of { $from }.
cli-user-inactive = (revoked on { $day })
cli-user-former-address = { "  " }{ $address } was theirs until { $ended }; another person may get it from { $free } on.
cli-user-renewed = { $user } has new certificates. Old mail stays readable with the old keys.
cli-user-renewed-export = Mail for { $user } is encrypted for the new key from now on. Bring it to the mailer: ssmax user export { $user } --out NEWDIR
cli-user-revoked = { $user } can no longer send or receive. Old mail stays readable to the organisation.
cli-user-secret-renewed = { $user } has a new device secret. The old one no longer counts.
cli-user-password-renewed = { $user } has a new password. The old one no longer counts.
cli-user-otp = { $user } types a one-time code behind the password from now on: the six digits that the authenticator application shows, without a blank.
cli-user-otp-uri = Scan this once, or enter it by hand, and keep it nowhere: { $uri }
cli-user-otp-ended = { $user } needs no one-time code any more: the password alone is enough.
cli-user-invited = { $user } gets their keys at this link, once, until { $expires }: { $link }
cli-user-invited-code = The page asks for this code, too. Hand it over another way than the link: { $code }
cli-user-invitation-ended = { $user } has no invitation any more.
cli-user-key-newest = encryption-key.pem with encryption.pem is the newest key; those with a number are older ones, for old mail.
cli-package-password = The password of the package, shown this once: { $password }
cli-package-advice = Bring the files to the person's computer or device, and the password on another way, not by mail. STEPS.txt says what the person does. Then delete the files here.
err-export-no-package = --signing-key and --password-file are for a package
rec-export-no-package = Add --p12 (Thunderbird, Outlook) or --mobileconfig (iPhone, iPad, Mac), or leave them out.
err-package-password = The password in { $path } protects no keys: it needs at least { $least } characters, letters, digits and signs of ASCII
rec-package-password = Write a longer one, or leave --password-file out: then a good one is made.
package-steps =
    Keys for signed and encrypted mail of { $address }

    You get the password on another way. Never send it by mail, and give the files to nobody.
package-steps-thunderbird =
    Thunderbird (Windows, Mac, Linux)
    1. Settings > Privacy & Security > Certificates > Manage Certificates.
    2. Authorities > Import: seal-ca.crt, then member-ca.crt; each time tick "Trust this CA to identify email users".
    3. Your Certificates > Import: keys.p12, with the password.
    4. Account Settings > End-To-End Encryption > S/MIME: under "Personal certificate for digital signing" choose the one whose name ends in "sign" and its date, under "Personal certificate for encryption" the newest one with "encrypt".
    5. There too: "Require encryption by default" off, "Sign unencrypted messages" on.
package-steps-windows =
    Outlook (Windows)
    1. Put all files into one folder. Right-click install.ps1 > Run with PowerShell. (If Windows refuses scripts: open seal-ca.crt and put it into "Trusted Root Certification Authorities", member-ca.crt into "Intermediate Certification Authorities", then open keys.p12.)
    2. Answer Yes where Windows asks whether to trust the seal CA, and type the password.
    3. Outlook > File > Options > Trust Center > Trust Center Settings > Email Security > Settings: as signing certificate choose the one named "sign", as encryption certificate the newest one named "encrypt", hash algorithm SHA256, encryption algorithm AES (256-bit). Tick "Add digital signature to outgoing messages".
package-steps-apple =
    iPhone, iPad, Mac
    1. Open keys.mobileconfig on the device. iPhone and iPad: Settings > Profile Downloaded > Install. Mac: System Settings > Privacy & Security > Profiles. Type the password where it is asked for.
    2. iPhone and iPad: Settings > Apps > Mail > Accounts > your account > Account > Advanced: Sign on, Encrypt by Default off; choose the certificates. Mac: Mail signs with the lock and the star in the window of a new message.
package-steps-end = When it works, delete these files, also from the wastebasket and from "Downloads".
cli-user-key-advice = Bring the key to the person's mailer on a safe way, then delete it here. The mailer is to trust seal-ca.pem and, for notices and mail that keeps the sender's signature, the member CA, which is the first in chain.pem.
cli-file-written = Written: { $path }
err-user-unknown = There is no { $user } here
rec-user-unknown = See ssmax user list.
err-user-exists = { $user }, or one of the addresses, is registered already
rec-user-exists = See ssmax user list. A number and an address have one holder at a time.
err-user-revoked = { $user } was registered here and is revoked
rec-user-revoked = ssmax user list tells since when. The same person comes back with ssmax user add NUMBER --again, and gets new certificates; another person gets another number.
err-user-address-kept = An address of { $user } belonged to another person, who is revoked
rec-user-address-kept = ssmax user list tells whose it was, and from when on it may go to another person: then add --former-address. The person who had it gets it back at once: ssmax user add NUMBER --again.
err-user-proof-too-weak = The identity of { $user } was proved better at registration than now
rec-user-proof-too-weak = Have it proved at least as well as then, and name that with --proof.
err-delegation-unfit = This delegation is not possible
rec-delegation-unfit = The owner is a person or a shared mailbox, who writes is another person, and it lasts from 1 to 825 days.
err-otp-without-password = { $user } has no password to type a code behind
rec-otp-without-password = Give a password first: ssmax user secret { $user } --proof PROOF --password-file FILE. Shared mailboxes and roles have neither.
err-invite-no-page = There is no enrolment page here
rec-invite-no-page = Set url and the rest in [enrol] and start the role enrol (docs/operator/en/enrol.md).
err-invite-unproved = Nobody has proved the identity of { $user }
rec-invite-unproved = The link would be the only proof. Register the person with a proof of identity (ssmax user add --proof).
err-delegation-unknown = { $to } could not write in the name of { $from }
rec-delegation-unknown = See ssmax user delegations.
err-user-not-allowed = An address of { $user } is not in the organisation's domains, or is reserved
rec-user-not-allowed = Use the domains of [organisation].
err-user-malformed = What was given for { $user } cannot be used
rec-user-malformed = Check addresses, name and certificate requests.
err-user-failed = The certificate issuing system could not do it for { $user }
rec-user-failed = See its log, and whether the key server runs. Nothing is half done that cannot be repeated.

## ssmax audit
audit-good = The log is unbroken and fits the journal. Rows: { $rows }; signed heads: { $heads }; tickets in thirty days: { $tickets }.
audit-bad = The log or the journal was changed, or a mail went another way. Rows: { $rows }; signed heads: { $heads }; tickets in thirty days: { $tickets }.
audit-log-alone = The log is unbroken. Whether mail went past it was not looked at. Rows: { $rows }; signed heads: { $heads }; tickets in thirty days: { $tickets }.
audit-left-out-journal = Not compared: there is no journal of a gateway under state_dir here. Put a copy of the gateway's folder "gateway" there and verify again.
audit-left-out-in-clear = Not compared: whether mail that left in clear for recipients of no member was allowed to; no [gateway] here says so.
audit-altered = Row { $seq } is not what was written there.
audit-missing = Row { $seq } is missing.
audit-chain-broken = Row { $seq } does not follow the one before it.
audit-head-forged = The head of row { $seq } is not signed by this log's key.
audit-head-differs = When row { $seq } was signed, the log was another one.
audit-cut-off = The log ends with row { $last }, and there was a row { $seq }.
audit-unsigned = What follows row { $seq } is not signed.
audit-no-ticket = Mail { $what } was passed on, and the log knows no ticket for it.
audit-no-pass = Mail { $what } was passed on, and no verdict of the inspection let it pass.
audit-not-given-out = Mail { $what } was passed on, and the key server signed or sealed nothing for it.
audit-no-fate = Ticket { $what } had copies made for other members, and no journal tells what became of them.
err-audit-empty = The audit log is empty
rec-audit-empty = Start the key server once.
err-audit-head-unreadable = { $path } is no head of an audit log
rec-audit-head-unreadable = Give a file that ssmax audit head has written.

### ssmax backup and ssmax restore.

backup-made = { $name }: { $files } files, { $bytes } octets, in { $path }
backup-server = Tables on a PostgreSQL server are not in the archives: back them up there, with pg_dump.
restore-server = Tables on a PostgreSQL server are not in the archives: restore them there first, with pg_restore.
backup-guard = Guard these archives as you guard the folders that they are of. What opens the keys is not in them: keep the unlock files and ssmax.toml elsewhere, and keys in a token with the token.
restore-done = { $name }: { $files } files put back from { $path }
restore-next = Put the unlock files and ssmax.toml in their places, then start the roles: ssmax check says whether all is there.
store-table = { $database }.{ $table }: { $rows } rows, SHA-256 { $sha256 }
store-again = All of it had been carried by an earlier run; only the mark at the source was missing.
store-next-server = Moved. Write the address into url of [{ $role }.state] in ssmax.toml, run ssmax check, then start the role. What is left at the source refuses to be used.
store-next-default = Moved. Take url out of [{ $role }.state] in ssmax.toml, run ssmax check, then start the role. What is left at the source refuses to be used.
err-backup-none = There is no archive in { $path } for a role of this configuration
rec-backup-none = Name the folder that ssmax backup has written.
err-backup-foreign-kind = { $path } is a link or a device, which no role makes
rec-backup-foreign-kind = Find out who has put it there, and take it away.
err-backup-too-many = { $path } has more files, or longer names, than an archive holds
rec-backup-too-many = Look into the folder: no role makes that many.
err-backup-not-whole = { $path } is not a whole archive of ssmax backup
rec-backup-not-whole = Fetch it again from where it was kept, or take an older one. Nothing was put back from it.
err-backup-changed = In { $path }, { $name } is not what it was when the archive was made
rec-backup-changed = Fetch the archive again, or take an older one. Nothing was put back from it.
err-backup-foreign-entry = { $path } has an entry that no archive of ssmax backup has: { $name }
rec-backup-foreign-entry = Do not use it, and find out who has had it. Nothing was put back from it.
err-backup-of-another = The archive for { $path } has the state of { $found }
rec-backup-of-another = Take the archive of this role and this member.
err-restore-serving = The role { $role } is running
rec-restore-serving = Stop it first: a role keeps its state open.
err-restore-not-empty = { $path } is not empty, and nothing is overwritten
rec-restore-not-empty = Move what is there away, and keep it until the restored role works.
