# What ssmax decrypt, ssmax rewrap and ssmax mail say.

## Answers

mail-sent = The server took the mail: { $reply }
mail-many-attachments = { $count } attachments are encrypted one by one; organisations open { $usual } in one mail unless they have set more (max_private_operations), and refuse the mail otherwise. Put files into an archive, or encrypt the message as a whole.
mail-part = Attachment: { $name }
mail-files-listed = Encrypted one by one, and each the one that the signature lists: { $names }
mail-forwarded-rewrapped = Goes on, not decrypted: { $kept }. Left out: { $dropped }.
mail-none = nothing
mail-forwarded-without-files = The mail has no files: its text goes on, encrypted as a whole.
mail-forwarded-text = No file is left: the text goes on alone, encrypted as a whole. Left out: { $dropped }.
mail-forwarded-anew = Goes on in a new message: { $kept }. Left out: { $dropped }.
mail-unreadable = The content cannot be shown here. Write it to a file with --out.
mail-copy-for = { $file }: for { $people }
mail-cannot-read = { $address } is among the recipients, but there is no certificate for it: its owner will not be able to read the message
mail-entry-unreadable = "{ $entry }" among the recipients is no address; no certificate was looked for
mail-field-differs = { $name }: what stands outside is not what the sender protected inside
mail-field-kept = { $name }: the sender kept it inside
mail-field-only-outer = { $name }: only outside, where anybody could have put it
rewrapped = The message can now be read by: { $people }
mail-no-chain = The certificate of the CA above does not go along; recipients without it cannot check the signature (--chain).

## Keys

err-key-password-needed = { $path } is protected by a password
rec-key-password-needed = Write it into a file and name that with --password-file.
err-key-password-wrong = { $path } does not open with this password
rec-key-password-wrong = Check the first line of the password file.
err-key-several = { $path } holds several keys
rec-key-several = Name the certificate of the one you mean with --cert.
err-key-unsupported = { $path } holds a key of a kind, or protected in a way, that is not supported
rec-key-unsupported = EC keys on P-256, P-384 and P-521, Ed25519, X25519, and RSA keys of 2048, 3072 and 4096 bits are; protect the file with AES.
err-password-not-text = The first line of { $path } is no text
rec-password-not-text = Save it again in UTF-8.
err-certificate-of-another-key = { $path }: certificate and key do not belong together
rec-certificate-of-another-key = Name the certificate that was issued for this key.
err-certificate-needed = There is no certificate for the key beside it
rec-certificate-needed = Name it with --cert.
err-key-home-unavailable = { $path } cannot be opened now: the home of the key does not answer
rec-key-home-unavailable = Check that the token is plugged in, and try again.

## Opening

err-not-encrypted = { $path } is not encrypted
rec-not-encrypted = Read it as it is, or judge it with ssmax verify.
err-encrypted-object-refused = { $path } is encrypted in a way that is refused: { $reason }
rec-encrypted-object-refused = Ask the sender to encrypt with AES.
err-cipher-refused = { $path } is encrypted with an old cipher, which is refused
rec-cipher-refused = Ask the sender to encrypt with AES. Triple-DES of old mail is opened with --allow-3des.
err-pkcs1-refused = { $path } gives the key by RSA PKCS#1 v1.5, which was to be refused
rec-pkcs1-refused = Leave out --refuse-pkcs1, or ask the sender to use OAEP.
err-not-a-recipient = { $path } is encrypted to somebody else
rec-not-a-recipient = Try an older key of yours, if you have one.
err-several-recipients = { $path } has several recipients with keys of this kind
rec-several-recipients = Name the key's certificate with --cert.
err-decryption-failed = { $path } cannot be decrypted
rec-decryption-failed = Check that it is the right key, and that the file is complete.

## Making a mail

err-mail-not-one-from = { $path } has not exactly one sender address
rec-mail-not-one-from = Write one From field with one address.
err-mail-other-address = The certificate is for another address than the From of { $path }
rec-mail-other-address = Sign with the key of that address, or change From.
err-mail-not-for-signing = { $path }: the certificate is not for signing
rec-mail-not-for-signing = Use your signing key; the other one is for decrypting.
err-mail-certificate-not-valid-now = { $path }: the certificate is not valid now
rec-mail-certificate-not-valid-now = Have it renewed, and check this computer's clock.
err-mail-signing-failed = { $path } could not be signed: { $reason }
rec-mail-signing-failed = Check key and certificate.
err-mail-open-several = --out takes one message, and several are named
rec-mail-open-several = Open them one at a time, or leave out --out to see them here.
err-mail-no-certificate = There is no certificate to encrypt to
rec-mail-no-certificate = Name one with --to, or a mail by the recipient with --learn-from.
err-mail-not-for-encryption = The certificate of { $subject } is not for encryption
rec-mail-not-for-encryption = Ask for the other one: people have one for signing and one for encryption.
err-mail-recipient-not-valid-now = The certificate of { $subject } is not valid now
rec-mail-recipient-not-valid-now = Ask for a new one, and check this computer's clock.
err-mail-recipient-key = The key of { $subject } cannot be used
rec-mail-recipient-key = EC keys on P-256, P-384, P-521 and X25519 and RSA keys of at least 2048 bits can.
err-mail-recipient-weak = The mailer of { $subject } reads old ciphers only
rec-mail-recipient-weak = Ask for another address, or for a newer mailer.
err-sign-key-needed = Attachment by attachment, the message is signed as well, and no key is named for that
rec-sign-key-needed = Name your signing key with --sign-key, or --sign-pkcs11 on a card.
err-mail-no-attachment = { $path } has no attachment
rec-mail-no-attachment = Encrypt it as a whole: leave out --attachments.
err-mail-attachment-below = { $path } has a file inside another part, such as a picture in the text, which would stay readable
rec-mail-attachment-below = Attach it beside the text, or encrypt the message as a whole: leave out --attachments.
err-mail-attachment-name = "{ $name }" in { $path } cannot be the name of an attachment
rec-mail-attachment-name = Give it a name without slashes and control characters, of at most 250 octets.
err-mail-too-many-attachments = { $path } has more than { $max } attachments
rec-mail-too-many-attachments = Put them into an archive, or encrypt the message as a whole.
err-mail-attachments-not-as-listed = The attachments of { $path } are not the ones that its signature lists
rec-mail-attachments-not-as-listed = Do not use them. Ask the sender to send the message again.
err-mail-forward-not-good = The signature of { $path } is not good, or there is nothing to judge it by
rec-mail-forward-not-good = Name the CA to trust with --trust; ssmax mail open says what is wrong. To give it on all the same: --unverified.
err-mail-forward-needs-key = { $path } is encrypted as a whole, which has to be opened
rec-mail-forward-needs-key = Name your decryption key with --key.
err-mail-forward-no-certificate = There is no certificate of { $to } to encrypt for
rec-mail-forward-no-certificate = Name the certificate's file with --to, or open a mail by that person first, so that --known has it: ssmax mail open --known FILE
err-mail-forward-needs-address = { $to } is no mail address, and the key server wraps for addresses
rec-mail-forward-needs-address = Name the address with --to, or open the message yourself with --key.
err-mail-no-such-attachment = { $path } has no attachment "{ $name }"
rec-mail-no-such-attachment = Look at the names with ssmax mail open; a place is 2 for the first file.
err-mail-mixed-keys = Some recipients have RSA keys and some EC keys, and some mailers cannot read a message for both
rec-mail-mixed-keys = Use --split and --out: two messages are made, and you are told which one is for whom.
err-mail-split-needs-out = Two messages do not go to standard output
rec-mail-split-needs-out = Name a file with --out; the second one is written beside it, with -2 before the ending.
err-mail-subject-not-inside = { $path } is signed without the subject inside, so it cannot be hidden
rec-mail-subject-not-inside = Sign it with --hide-subject first.
err-mail-signed-already = { $path } is signed already
rec-mail-signed-already = Send it as it is, or sign the mail as it was before: mailers disagree about a signature in a signature.
err-mail-header-unprotected = The header of { $path } cannot be repeated inside: { $reason }
rec-mail-header-unprotected = Use --no-header-protection, or write each field once.
err-too-many-recipients = There are more than { $max } recipients
rec-too-many-recipients = Make several messages.
err-rewrap-mixed-keys = Some of the new recipients have RSA keys and some EC keys, and some mailers cannot read a message for both
rec-rewrap-mixed-keys = Run the command twice, once for each kind of keys.
err-rewrap-triple-des = { $path } is encrypted with Triple-DES, which is only read and never written
rec-rewrap-triple-des = Decrypt it with ssmax decrypt --allow-3des, and encrypt the content anew.
err-rewrap-signed-around = { $path } is signed around the encryption; with other recipients that signature would break
rec-rewrap-signed-around = Save the encrypted part on its own, and re-wrap that.
err-mail-encrypting-failed = Encrypting failed: { $reason }
rec-mail-encrypting-failed = Check the size of the mail.
err-mail-nothing-learnt = { $path } is not judged good, so no certificate is taken from it
rec-mail-nothing-learnt = See ssmax verify; name what you trust with --trust.
err-mail-teaches-nothing = { $path } is good, but carries no certificate to encrypt for
rec-mail-teaches-nothing = Ask the sender for one, and name it with --to.
err-mail-recipients-unreadable = { $path }: { $field } has an entry that is no address ({ $reason })
rec-mail-recipients-unreadable = Write every recipient as name@domain; who stands in a field that cannot be read would get the message as a hidden recipient.
err-known-unreadable = { $path } is no file of known correspondents
rec-known-unreadable = Name another file; it is made anew from the messages you learn from.
err-known-version = { $path } is of version { $version }, which this program does not know
rec-known-version = Use the program that wrote it, or name another file.
err-known-full = { $path } has no room for more than { $max } correspondents
rec-known-full = Begin another file.
err-mail-no-recipient = { $path } names no recipient that can be read
rec-mail-no-recipient = Add To, or name recipients with --to.

## Sending

err-mail-server-unreadable = { $value } is no mail server
rec-mail-server-unreadable = Write it like mail.example.jp:587.
err-mail-server-unreachable = { $server } cannot be reached: { $reason }
rec-mail-server-unreachable = Check name, port and network. If the connection broke at the end, the mail may be on its way.
err-mail-server-tls = There is no safe connection to { $server }
rec-mail-server-tls = Check that --ca names the CA of the server, and --server the name in its certificate.
err-mail-server-no-starttls = { $server } offers no STARTTLS
rec-mail-server-no-starttls = Use the submission port, or --implicit-tls with port 465.
err-mail-login-in-clear = No password goes to { $server } without TLS
rec-mail-login-in-clear = Name the CA of the server with --ca.
err-mail-server-no-login = { $server } offers no login that is known here
rec-mail-server-no-login = Use the submission port, which is 587 as a rule.
err-mail-login-put-off = { $server } takes no login just now: { $reply }
rec-mail-login-put-off = Try again in some minutes.
err-mail-login-refused = { $server } refused the login: { $reply }
rec-mail-login-refused = Check user and password.
err-mail-recipient-put-off = { $server } does not take a recipient just now, the mail went to nobody: { $reply }
rec-mail-recipient-put-off = Send it again in some minutes.
err-mail-recipient-refused = { $server } refused a recipient, the mail went to nobody: { $reply }
rec-mail-recipient-refused = Check the address.
err-mail-put-off = { $server } does not take the mail just now: { $reply }
rec-mail-put-off = Send it again in some minutes. If it stays so, ask whoever looks after the server.
err-mail-refused = { $server } did not take the mail: { $reply }
rec-mail-refused = Sending it again as it is changes nothing: act on what the server says.
err-mail-eight-bit = { $server } does not take mail with characters beyond ASCII unencoded
rec-mail-eight-bit = Sign or encrypt the mail first, which encodes it.
err-mail-bare-line-end = The mail has line ends that { $server } could take for its end
rec-mail-bare-line-end = Save it again in your mailer.
err-mail-address-unusable = An address cannot be told to { $server }
rec-mail-address-unusable = Name at least one plain address with --to.
err-mail-server-nonsense = { $server } does not speak SMTP
rec-mail-server-nonsense = Check the port: 587 as a rule, 465 with --implicit-tls.

## ssmax mail rekey
mail-rekeyed = The message is now wrapped anew for { $mailbox }
mail-rekeyed-own = It opens with the newest encryption key. Who does not have it yet: ssmax user export { $mailbox } --out NEWDIR
err-person-malformed = The key server cannot read the request
rec-person-malformed = Use the same version of this program as the key server.
err-person-time-outside = The clocks of this computer and of the key server are more than ten minutes apart
rec-person-time-outside = Set the clock and ask again.
err-person-not-signed = The key server knows nobody as { $user }, or not with this signing key
rec-person-not-signed = Sign with the key of a registered certificate that is valid now. Name the user id with --user, as ssmax user list shows it.
err-person-replayed = The key server has seen this request before
rec-person-replayed = Run the command again: each run makes a new request.
err-person-not-your-mailbox = The mailbox is not one of the person's addresses
rec-person-not-your-mailbox = Name one of your own addresses with --mailbox.
err-person-keeps-no-keys = This organisation is an ESP, which keeps nobody's encryption keys
rec-person-keeps-no-keys = Use ssmax rewrap with your own old key.
err-person-encryption-refused = { $path } is encrypted in a way that is not wrapped anew
rec-person-encryption-refused = Decrypt it with ssmax decrypt and the old key, and encrypt the content anew.
err-person-not-for-you = { $path } is not encrypted for any certificate that this person ever had
rec-person-not-for-you = If it lay in this person's mailbox, ask two officers to open the archive copy.
err-person-no-certificate = The person has no encryption certificate that is valid now
rec-person-no-certificate = Have it renewed with ssmax user renew, then ask again.
err-person-limit-reached = The person has had as much mail wrapped anew as is allowed in a day
rec-person-limit-reached = Go on tomorrow, or have rewrap_own_per_day raised.
err-person-not-opened = { $path } could not be opened with the key that it names
rec-person-not-opened = The message is damaged; take it from a backup.
err-person-failed = The key server cannot answer now
rec-person-failed = Ask again later; its log says what is missing.

## A list's mail

list-note = { $name } <{ $address }> wrote to { $list }. The organisation of { $list } has verified the sender; the mail is attached as it was written and signed.
