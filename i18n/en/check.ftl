# What ssmax check says. check-* is what is in order; err-* and rec-* are what is not.

check-line-ok = [ok] { $name }: { $what }
check-line-warning = [warning] { $name }: { $what }
check-line-error = [error] { $name }: { $what }
check-end =
    { $errors ->
        [0] Nothing is in the way
        [one] { $errors } error
       *[other] { $errors } errors
    }, { $warnings ->
        [one] { $warnings } warning
       *[other] { $warnings } warnings
    }.
check-role = this file runs: { $role }
check-organisation = { $id }, { $name }
check-dir = { $path } is ours and closed to others
check-dir-of-roles = only its owner can change { $path }, in which each role has a folder
check-dir-will-be-made = { $path } will be made
check-server = PostgreSQL { $server } keeps what { $database } writes; its schema is at version { $version } of { $known }
check-objects = { $url } takes objects, gives them back and removes them
check-running = all roles of this file serve
check-not-started = not started yet: { $roles }
check-to-start = Nothing is broken. Start them: ssmax serve, or systemctl start for their units. Just started, they need some seconds.
check-clock = the date is { $date }
check-sandbox = workers can be shut off from files and the network
check-swap = memory is not swapped to a disk
check-clamd = clamd answers at { $address }
check-clamd-temporary = clamd keeps temporary files in memory ({ $path })
check-clamd-settings = { $path } has what the inspector relies on
check-unlock = { $path } can be read by us only
check-token = the token { $label } does { $can }
check-token-cannot = the token { $label } does { $can }, but not { $cannot }: mail that needs it is refused
check-keys = the keys in { $path } open
check-admitted = { $id } is admitted
check-milter-key = the submission service has its key
check-listen-free = { $address } is free
check-listen-ours = { $address } is served by this role already
check-tls = { $path } and its key work together
check-milter = the MTA can reach the milter at { $address }
check-next-hop = { $route } can be reached
check-next-hop-reject = mail on this route is refused
check-list = version { $version } of the member list is published and genuine
check-standing = standing: { $standing } (version { $version })

err-socket-too-long = Sockets in { $path } would have paths of { $octets } octets; { $max } are possible
rec-socket-too-long = Choose a shorter run_dir, such as /run/ssmax.
err-clock-early = The clock of this computer says { $date }
rec-clock-early = Set it, and keep it right by NTP. Signatures and certificates depend on it.
err-clock-behind = The member list was issued in the future: the clock of this computer is behind
rec-clock-behind = Set it, and keep it right by NTP.
err-sandbox-missing = The kernel cannot shut workers off (no seccomp): decrypted mail would be read unprotected
rec-sandbox-missing = Use Linux on x86-64 or arm64 with seccomp, outside of containers that forbid it.
err-landlock-missing = The kernel knows landlock not at all or in part; workers are held by seccomp alone
rec-landlock-missing = Use Linux 6.12 or later, with landlock among its security modules.
err-swap = Memory is swapped to a disk: keys and decrypted mail may end up there
rec-swap = Run swapoff -a and remove the lines from /etc/fstab, or swap to encrypted or compressed memory only.
err-clamd-unreachable = clamd does not answer at { $address }
rec-clamd-unreachable = Start clamd, or correct clamav in [inspector]. Mail waits with temporary failures until then.
err-clamd-conf = clamd's configuration cannot be read: { $path }
rec-clamd-conf = Name clamd's configuration as clamd_conf in [inspector], and let this user read it.
err-clamd-temporary = clamd writes what it unpacks to a disk: { $path } is not on a tmpfs
rec-clamd-temporary = Mount a tmpfs, for example on /run/clamav/tmp (owner clamav, mode 0700), write TemporaryDirectory with it in { $conf }, and restart clamd.
err-clamd-leaves-files = clamd keeps its temporary files: LeaveTemporaryFiles in { $conf }
rec-clamd-leaves-files = Take the line away and restart clamd: these files are plaintext of mail.
err-clamd-limits = clamd calls a file clean that it has not wholly looked at: AlertExceedsMax is not set in { $conf }
rec-clamd-limits = Write AlertExceedsMax yes and restart clamd; such mail is then held.
err-clamd-encrypted = clamd does not tell of files locked with a password: AlertEncrypted is not set in { $conf }
rec-clamd-encrypted = Write AlertEncrypted yes and restart clamd; such mail is then held.
err-clamd-stream = clamd takes { $octets } octets at most, and the inspector would send { $max }
rec-clamd-stream = Raise StreamMaxLength in { $conf }, or lower clamav_bytes in [inspector].
err-core-dumps = A crash would write memory with keys to a file
rec-core-dumps = Run: ulimit -c 0 (in a systemd unit LimitCORE=0)
err-unlock-beside = { $path } is below state_dir, beside the keys that it unlocks
rec-unlock-beside = Keep it on another medium, or have the service manager hand it in. Whoever gets a copy of state_dir has all keys.
err-token-pkcs1 = allow_pkcs1_decryption is set, and the token { $label } cannot do the raw RSA operation that it needs
rec-token-pkcs1 = Set it to false: PKCS#1 v1.5 is opened only where nobody learns from the answer whether the padding was good.
err-unlock-lost = The keys in { $keys } are there, and what unlocks them is not: { $path }
rec-unlock-lost = Bring the file back from where its copy is kept, mount its medium, or correct unlock_file. Make no new keys: without this file nobody reads what the old ones closed.
err-org-keys-missing = { $role } has no keys, or its unlock file is missing
rec-org-keys-missing = For an organisation that has never had keys, make them: ssmax org init. For one that has, correct state_dir or restore the last backup.
err-no-inspector = The gateway has no inspector, which judges every mail, or at a provider for individuals verifies its signature
rec-no-inspector = Add the section [inspector], which may be empty, or name the inspector's host as inspector in [transport].
err-renewal-pending = New keys of this organisation wait for the management organisation
rec-renewal-pending = Give it the renewal (ssmax org rotate --out FILE writes it again) and install its answer: ssmax org install.
err-no-listener = The gateway listens nowhere
rec-no-listener = Set submission, submission_lmtp, inbound_smtp or inbound_lmtp in [gateway].
err-no-tls = Nobody can log in: there is no TLS, and passwords in clear are not allowed
rec-no-tls = Set tls_certificate and tls_key in [gateway].
err-tls-half = Only one of tls_certificate and tls_key is set
rec-tls-half = Set both, or none.
err-submission-too-large = People may submit mails of { $set } octets; what has more than { $fits } may be refused by other members once it is encrypted
rec-submission-too-large = Lower max_submission_bytes in [gateway] or leave it out; or raise max_mail_bytes in [gateway.limits], here and at the other members.
err-next-hop = { $route } cannot be reached: { $reason }
rec-next-hop = Start it, or correct the route in [gateway]. Mail waits with temporary failures until then.
err-next-hop-circle = { $route } is the gateway itself, which listens at { $address }: mail would go round in a circle
rec-next-hop-circle = Name where the mail server takes mail back from the gateway, on a port of its own (ssmax setup postfix shows the lines).
err-next-hop-dsn = { $route } makes no reports of delivery (DSN), and dsn = true offers them
rec-next-hop-dsn = Set dsn = false in [gateway], or name a next hop that offers DSN: Postfix does unless smtpd_discard_ehlo_keywords says otherwise, Dovecot does not.
err-milter-open = Every process of this computer can speak to the milter at { $address }, and say that anybody has logged in
rec-milter-open = Use a UNIX socket: milter = "unix:PATH" in [submission].
err-milter-folder = The folder of { $address } is not there, or we may not write to it
rec-milter-folder = Make it, owned by the user of this role and with the MTA's group: install -d -o USER -g postfix -m 2750 FOLDER.
err-list-stale = The published member list is out of date
rec-list-stale = Tell the management organisation: it no longer issues lists.
err-not-listed-yet = Version { $version } of the member list is from before this organisation was admitted; it stands in it from version { $from } on
rec-not-listed-yet = Wait a moment: the management organisation publishes the new list within seconds while ssmax serve runs there. Other members fetch it every 30 seconds.
err-not-listed = Version { $version } of the member list does not name this organisation
rec-not-listed = Ask the management organisation; check id in [organisation].
err-domains-unlisted = The member list does not name these domains as this organisation's: { $domains } (it names { $listed })
rec-domains-unlisted = Correct domains in [organisation], or have the management organisation admit the domain. Until then other members refuse its mail.
err-standing-lost = This organisation exchanges no mail: { $standing } ({ $reason })
rec-standing-lost = Speak to the management organisation.

check-outside-certificates = Certificates of people outside that can be read: { $count }
err-outside-certificate-file = { $path } is no certificate that can be read
rec-outside-certificate-file = Mend or remove it (one certificate, PEM, at most 64 KiB). Until then mail to people outside of whom no other certificate is known waits.
err-watch-open = [watch] listens on { $address }, where others than this host reach it
rec-watch-open = Nobody logs in there: use a loopback address, or put what encrypts and asks for a login in front
err-watch-io = HTTP for metrics and health cannot be served: { $reason }
rec-watch-io = Look at listen in [watch]: another program may have the port, or the address is not this host's
err-scim-io = The SCIM service cannot open its listener, certificate or socket: { $reason }
rec-scim-io = Run ssmax check: it says which.
err-scim-tls = [scim] has one of certificate and key, or none of them although the address is not of this host alone
rec-scim-tls = Set tls_certificate and tls_key in [scim]; behind a proxy on this host, set listen to a loopback address and allow_plaintext = true.
err-scim-nowhere = The SCIM service listens nowhere
rec-scim-nowhere = Set listen in [scim].
err-scim-nobody = Nobody may use the SCIM service: there is no token
rec-scim-nobody = Run ssmax setup scim, and put what it prints into [scim].
err-scim-proof = The proof of identity in [scim] is not known
rec-scim-proof = Set proof to in-person, employee-card, my-number-card, hr-record or e-mail.
err-directory-io = The directory cannot open a listener, its certificate or its socket: { $reason }
rec-directory-io = Run ssmax check: it says which.
err-enrol-io = The enrolment page cannot listen
rec-enrol-io = { $reason }. See listen, tls_certificate and tls_key in [enrol].
err-directory-tls = [directory] has ldaps, or one of certificate and key, and not all that TLS needs
rec-directory-tls = Set tls_certificate and tls_key in [directory], or leave ldaps out.
err-directory-nowhere = The directory listens nowhere
rec-directory-nowhere = Set ldaps or ldap in [directory].
err-directory-plaintext = The directory answers without TLS beyond this host: whoever listens on the network sees whom people write to
rec-directory-plaintext = Set allow_plaintext = false in [directory], and have mailers use ldaps.
err-directory-answers-nobody = The directory has no certificate and answers nothing without TLS
rec-directory-answers-nobody = Set tls_certificate and tls_key in [directory].
err-directory-no-networks = Nobody is answered without a login, and Thunderbird and others log in nowhere by themselves
rec-directory-no-networks = Set networks in [directory] to those of your own people's computers.
err-directory-everybody = The whole world may look people up without a login
rec-directory-everybody = Set networks in [directory] to those of your own people's computers.
