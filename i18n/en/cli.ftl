# What the command line says in many places. err-* tells what happened, rec-* of the
# same name what to do about it.

## The frame around every answer

cli-error = Error: { $what }
cli-warning = Warning: { $what }
cli-to-do = What to do: { $what }
cli-example = Example:
cli-yes = yes
cli-no = no
cli-none = none
cli-done = Done.
cli-count-mails =
    { $count ->
        [one] { $count } mail
       *[other] { $count } mails
    }
cli-count-delegations =
    { $count ->
        [one] { $count } delegation
       *[other] { $count } delegations
    }
cli-count-users =
    { $count ->
        [one] { $count } user
       *[other] { $count } users
    }
cli-count-findings =
    { $count ->
        [one] { $count } finding
       *[other] { $count } findings
    }

## Words of answers

cli-verdict-good = good
cli-verdict-bad = bad
cli-verdict-none = none (there is no signature to be judged)
cli-verdict-valid = valid
cli-verdict-invalid = invalid
cli-verdict-pass = passed
cli-verdict-block = blocked
cli-verdict-hold = held
scan-verdict = Verdict: { $verdict }
scan-finding = { "  " }{ $outcome }: { $meaning } ({ $rule }) at { $part }: { $what }
finding-held = { "  " }{ $meaning } ({ $rule }) at { $part }: { $what }
finding-leak-my-number = a My Number
finding-leak-my-number-no-context = twelve digits that may be a My Number
finding-leak-card-number = a payment card number
finding-leak-card-number-no-context = digits that may be a card number
finding-malware-eicar = the EICAR test file
finding-malware-clamav = malware known to ClamAV
finding-archive-encrypted = locked with a password
finding-archive-ambiguous = an archive that programs read differently
finding-archive-too-deep = archives nested too deeply
finding-archive-too-many-entries = an archive with too many files
finding-archive-too-large = an archive that expands too far
finding-archive-damaged = a damaged file
finding-archive-unsupported = a container that cannot be opened here
finding-mail-ambiguous = a message that programs read differently
finding-mail-undecodable = a part that cannot be decoded
finding-mail-encrypted = a part that stays encrypted
finding-mail-incomplete = a message whose body is elsewhere
finding-mail-too-deep = messages nested too deeply
finding-text-too-large = more text than is read
finding-document-not-read = a document whose text is not fully read
finding-document-macros = a document with macros
finding-document-active = a document that starts programs or fetches more
finding-document-script = a PDF with a script
err-scan-failed = The inspection has failed: there is no answer about this file
rec-scan-failed = Try again. If ClamAV is configured, see whether clamd runs and takes files of this size: ssmax check
err-scan-timed-out = The inspection took longer than { $seconds } seconds
rec-scan-timed-out = Raise worker_seconds in [inspector], or lower its limits.
cli-check-pass = passed
cli-check-fail = failed
cli-check-skipped = skipped
cli-from = From: { $address }
cli-signer = Signer: { $address }
cli-standing-good = good
cli-standing-watched = watched
cli-standing-suspended = suspended
cli-standing-expelled = expelled

## Roles

cli-role-authority = management organisation
cli-role-ca = certificate issuing system
cli-role-keyserver = key server
cli-role-inspector = inspection server
cli-role-gateway = mail gateway
cli-role-submission = milter at the submission service
cli-role-directory = directory for mailers
cli-role-enrol = enrolment page
cli-role-scim = SCIM service
cli-role-watch = watch
cli-role-starting = { $role } is starting
cli-role-serving = { $role } is serving at { $addresses }
cli-role-ended = { $role } has ended
cli-stopping = Stopping. Ctrl-C once more ends at once.

## Wrong use

err-usage = The command is not complete or not understood: { $what }
rec-usage = See { $command } --help for an example.
err-unknown-command = There is no command { $name }
rec-unknown-command = Did you mean { $nearest }?
err-lang-unknown = There are no texts in the language { $name }
rec-lang-unknown = Choose --lang ja or --lang en.
err-time-unreadable = { $value } is no time
rec-time-unreadable = Write it like 2026-01-02T03:04:05Z.
err-address-unreadable = { $value } is no mail address
rec-address-unreadable = Write it like name@example.jp.

## Files

err-file-missing = { $path } is not there
rec-file-missing = Check the name, or where you started the command.
err-file-forbidden = { $path } may not be read or written
rec-file-forbidden = Start the command as the user who owns it.
err-file-is-directory = { $path } is a folder
rec-file-is-directory = Name a file in it.
err-folder-missing = The folder of { $path } is not there
rec-folder-missing = Make it first, or choose another place.
err-file-exists = { $path } is there already
rec-file-exists = Choose another name, or move the file away.
err-file-failed = { $path } cannot be read or written: { $reason }
rec-file-failed = Check the disk and its free space.
err-file-too-large = { $path } is larger than { $max } bytes
rec-file-too-large = Check that it is the file you meant.
err-file-open-to-others = { $path } can be read or changed by others (mode { $mode })
rec-file-open-to-others = Run: chmod go= { $path }
err-file-foreign-owner = { $path } belongs to another user (number { $uid })
rec-file-foreign-owner = Give it to the user SSMAX runs as, or start as its owner.
err-not-a-mail = { $path } is no mail that can be read: { $reason }
rec-not-a-mail = Save the whole message from your mailer as a file (.eml) and try again.
err-not-a-certificate = { $path } is no certificate that can be read
rec-not-a-certificate = It has to be in PEM or DER form. From a .p12: openssl pkcs12 -nokeys -in FILE; from a .p7b: openssl pkcs7 -print_certs -in FILE.
err-not-a-key = { $path } is no private key that can be read
rec-not-a-key = It has to be in PEM form or a PKCS#12 file with its password.

## Configuration

err-config-unknown-field = { $path }, line { $line }: there is no field { $field }
rec-config-unknown-field = Did you mean { $nearest }?
err-config-unknown-field-here = { $path }, line { $line }: there is no field { $field } here
rec-config-unknown-field-here = Fields known here: { $known }
err-config-unknown-value = { $path }, line { $line }: { $value } is not one of the possible values
rec-config-unknown-value = Possible values: { $known }
err-config-missing-field = { $path }, line { $line }: the field { $field } is missing
rec-config-missing-field = Add it. A complete sample with explanations is part of the documentation.
err-config-address = { $path }, line { $line }: { $address }: { $reason }
rec-config-address = An IP address of this host, a colon, and a port from 1 to 65535: 127.0.0.1:2587, [::1]:2587
config-address-no-port = the port is missing
config-address-port-not-number = the port is not a number
config-address-port-out-of-range = there is no port above 65535
config-address-port-zero = with port 0 the port would be another one at each start
config-address-not-ip = what stands before the port is not an IP address
config-address-not-loopback = other hosts could reach this address
err-config-invalid = { $path }, line { $line }, column { $column }: { $reason }
rec-config-invalid = Text stands in quotation marks, numbers do not. A section begins with [its name].
err-config-encoding = { $path }, line { $line }: the file is not in UTF-8
rec-config-encoding = Save it again in UTF-8.
cli-config-good = { $path } is complete and understood.

## What is needed and does not answer

err-role-unavailable = { $role } does not answer
rec-role-unavailable = Start it: ssmax serve, or systemctl start for the unit of that role. ssmax check tells what it needs.
err-role-timed-out = { $role } did not answer in time
rec-role-timed-out = Look at its log. The request may still have been carried out.
err-not-ready = Not serving in time: { $roles }
rec-not-ready = Their logs above say why.
err-address-in-use = Another program serves { $address } already
rec-address-in-use = End it, or choose another address in the configuration.
err-state-newer = The state in { $path } was written by a newer version of SSMAX: its tables are at version { $found }, this program knows up to { $known }
rec-state-newer = Install that version or a later one. Going back would lose what it wrote.
err-state-changed = The state in { $path } was made by another edition of SSMAX
rec-state-changed = Use the edition that made it, or restore a backup.
err-state-damaged = The state in { $path } is damaged
rec-state-damaged = Restore the last backup of it.
err-state-busy = The state in { $path } is in use by another program
rec-state-busy = Wait for that program to finish, then try again.
err-server-address = The address of the database server in [ROLE.state] url cannot be used
rec-server-address =
    Write it as postgresql://USER@HOST/DATABASE?sslmode=verify-full&sslrootcert=FILE, or over a
    socket of this host, postgresql:///DATABASE?host=/run/postgresql.
err-server-address-password = A password stands in [ROLE.state] url
rec-server-address-password =
    Put it into a file with mode 0600, name that in password_file, and change the password: whoever
    could read the configuration has it.
err-server-address-parameter = [ROLE.state] url has a parameter that is not known
rec-server-address-parameter = These are: host, port, user, dbname, sslmode, sslrootcert, sslcert, sslkey.
err-server-unverified = The database server in [ROLE.state] url is on another host and would not be verified
rec-server-unverified = Add sslmode=verify-full and sslrootcert=FILE, with the CA that issued its certificate.
err-server-password-file = The password_file of [ROLE.state] is not one line of text
rec-server-password-file = Write the password into it, and nothing else.
err-server-not-durable = The database server has { $setting } = { $value }: a crash would lose what it took
rec-server-not-durable = Set it to on for this user or server. Mail waits until then and is not lost.
err-server-unfit = The database server has { $setting } = { $value }; needed is { $needed }
rec-server-unfit = Use a server or a database that has.
err-server-unreachable = The database server does not answer
rec-server-unreachable =
    See whether it runs, and whether this host reaches it. Mail waits in the queue until then and is
    not lost.
err-server-untrusted = The database server's certificate is for another name, or of another CA than that in sslrootcert
rec-server-untrusted =
    See that the name in [ROLE.state] url stands in the certificate, and that sslrootcert has the CA that
    issued it. If both are right, somebody else answers in the server's place.
err-server-refused = The database server refuses this role's user ({ $reason })
rec-server-refused =
    See whether user, password and database are right, and whether the user owns its schemas; see
    scale.md among the operator's documents.
err-state-moved-server = This role's tables were moved to a PostgreSQL server
rec-state-moved-server = Write the server's address into url of the role's state section in ssmax.toml, as ssmax store move was given it. What is left here is what the tables were then.
err-state-moved-default = This role's tables were moved to SQLite in the role's own folder
rec-state-moved-default = Take url out of the role's state section in ssmax.toml. What is left on the server is what the tables were then.
err-store-serving = The role { $role } is running
rec-store-serving = Stop it, on every host that uses these tables, then move.
err-store-no-tables = The role { $role } keeps no tables
rec-store-no-tables = Tables are kept by authority, keyserver, ca and gateway.
err-store-same = The tables are there already
rec-store-same = Give another place by --to: the address of a server, or default for SQLite.
err-store-nothing = There are no tables { $name } to move
rec-store-nothing = Look whether --from and ssmax.toml name the place where the role keeps them. One that never ran has none.
err-store-other-version = The tables are at version { $found }, and this program moves version { $known }
rec-store-other-version = Start the role once with this program, stop it, then move.
err-store-target-rows = The target is not empty: the table { $table } holds rows already
rec-store-target-rows = Nothing was changed. Move to an empty database, or take away by hand what is there.
err-store-not-the-same = The table { $table } was read back otherwise than it was written
rec-store-not-the-same = The target was left empty and the source as it was. Look after the server and its disks.
err-state-served = Another process serves from this role's database
rec-state-served = Key server, CA and authority each run once. Stop the other one first.
err-objects-url = url in [gateway.objects] cannot be used
rec-objects-url = Write it as s3://BUCKET/PREFIX, in lower-case letters, digits, hyphens and dots.
err-objects-endpoint = endpoint in [gateway.objects] is missing or cannot be used
rec-objects-endpoint = Write it as https://HOST or https://HOST:PORT, without a path.
err-objects-secret = A key stands in an address of [gateway.objects]
rec-objects-secret =
    Put it into a file with mode 0600, name that in credentials_file, and change the key: whoever could
    read the configuration has it.
err-objects-unverified = The object store in [gateway.objects] is on another host and would not be verified
rec-objects-unverified = Use https://, and ca_file if its CA is none that the system trusts.
err-objects-region = region in [gateway.objects] cannot be used
rec-objects-region = Write it as the store calls it, as us-east-1.
err-objects-no-credentials = [gateway.objects] has no credentials_file
rec-objects-no-credentials =
    Write a file with the lines aws_access_key_id = ... and aws_secret_access_key = ..., with mode 0600,
    and name it there.
err-objects-credentials = The credentials_file of [gateway.objects] does not have a key and its secret
rec-objects-credentials =
    Write two lines into it, aws_access_key_id = ... and aws_secret_access_key = ..., and nothing else.
err-objects-ca = ca_file of [gateway.objects] has no certificate
rec-objects-ca = Put the certificate of the CA that issued the store's into it, PEM.
err-objects-unreachable = The object store cannot be reached: { $reason }
rec-objects-unreachable =
    See whether it runs, and whether this host reaches it. Mail that is to be held waits in the queue until
    then and is not lost.
err-objects-silent = The object store did not answer in time
rec-objects-silent =
    See whether it is overloaded, or something drops what is sent to it. How long is waited stands in
    timeout_seconds of [gateway.objects].
err-objects-untrusted = The object store's certificate is for another name, or of a CA that is not in ca_file
rec-objects-untrusted =
    See that the name in endpoint stands in the certificate, and that ca_file has the CA that issued it. If
    both are right, somebody else answers in the store's place.
err-objects-busy = The object store cannot do it now (HTTP { $status })
rec-objects-busy = Look at its log. Mail that is to be held waits in the queue until then and is not lost.
err-objects-garbage = What answers at endpoint in [gateway.objects] is no S3-compatible store
rec-objects-garbage = See whether the address and its port are those of the S3 interface.
err-objects-changed = The object store does not give back what was written into it
rec-objects-changed =
    It must show an object to who lists and reads as soon as it has taken it. Use a store that does; mail
    would be lost with this one.
err-objects-key-refused = The key is not accepted by the object store
rec-objects-key-refused = See whether credentials_file has the key and the secret that were made there, and region is right.
err-objects-rights = The key has no right to do that in the bucket
rec-objects-rights =
    Allow it to list, write, read and delete below the prefix: s3:ListBucket, s3:PutObject, s3:GetObject,
    s3:DeleteObject.
err-objects-no-bucket = There is no such bucket in the object store
rec-objects-no-bucket = Make it there, or correct url in [gateway.objects]. The gateway makes none.
err-objects-other-region = The bucket is in another region or at another endpoint
rec-objects-other-region = Correct region and endpoint in [gateway.objects].
err-objects-clock = The object store's clock and that of this host are too far apart
rec-objects-clock = Set both by NTP.
err-objects-full = No room is left in the object store
rec-objects-full = Make room there. Mail that is to be held waits in the queue until then and is not lost.
err-objects-refused = The object store refuses: { $reason }
rec-objects-refused = Look at its log, and see whether it knows version 4 of the signatures of S3.
err-disk-full = No room is left on the disk that holds { $path }
rec-disk-full = Make room. Mail waits in the queue until then and is not lost.

## What the operating system says

io-not-found = not found
io-permission-denied = permission denied
io-connection-refused = connection refused
io-connection-reset = connection reset
io-unreachable = cannot be reached
io-address-in-use = the address is in use
io-address-unavailable = this computer has no such address
io-exists = it exists already
io-timed-out = no answer in time
io-not-a-folder = not a folder
io-a-folder = a folder
io-read-only = the file system is read-only
io-full = no space left
io-invalid = not valid
io-cut-short = it ends too early
io-interrupted = interrupted

## ssmax explain

explain-meaning = {"  "}Meaning: { $meaning }
explain-put-off = {"  "}Reply: { $reply }; the mail stays in the sender's queue and is tried again
explain-held = {"  "}Or: 250; the mail is kept for an officer, where the findings say hold (ssmax hold list)
explain-refused = {"  "}Reply: { $reply }; the same mail is not taken later either
explain-outside = {"  "}Told to the outside as SSMAX-{ $number }, like whatever is found after a private key was used
explain-to-do = {"  "}What to do: { $advice }
err-explain-unknown = There is no number { $number }
rec-explain-unknown = Take it from the reply as it stands there, like SSMAX-1302. ssmax explain lists all.
