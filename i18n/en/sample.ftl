# The comments in the sample of ssmax.toml (ssmax config sample).

sample-head-member =
    Sample configuration of a member of the federation.
    What begins with "# " is explanation; what begins with "#" alone is a setting that
    need not be made, shown with its default or, where there is none, an example.
    Relative paths start at the folder of this file. Test it with: ssmax check
sample-head-authority =
    Sample configuration of a management organisation.
    What begins with "# " is explanation; what begins with "#" alone is a setting that
    need not be made, shown with its default.
    Relative paths start at the folder of this file. Test it with: ssmax check
sample-top-state_dir = Where roles keep their state, each in a directory of its own that only its user may enter.
sample-top-run_dir = Where roles have their sockets. Keep it short: a socket's path has at most 107 octets.
sample-top-log = How much is logged: off, error, warn, info, debug or trace.
sample-top-log_format = How its lines are written: text, or json, one object a line for programs that gather logs.

sample-organisation = Who we are.
sample-organisation-id = The member id: NTRJP- and the 13 digits of the corporate number.
sample-organisation-kind =
    What we are: organisation, or esp, a provider for individuals. An ESP inspects no mail, keeps no
    key that opens its users' mail, and always delivers preserved. Default organisation.
sample-organisation-name = The name in English, as certificates carry it; at most 64 characters.
sample-organisation-name_ja = The name in Japanese.
sample-organisation-name_kana = The reading of the name in kana.
sample-organisation-domains = The mail domains, the main one first.
sample-organisation-incident_contact = The mail address where other members report incidents.

sample-federation = The federation we belong to.
sample-federation-authority_url = The address of the management organisation.
sample-federation-tls_ca =
    What its TLS certificate is verified with, PEM. Default: federation/tls-ca.pem below
    state_dir, which ssmax org install writes.
sample-federation-root =
    The federation's root, PEM: what the member list is verified with. Default:
    federation/root.pem below state_dir, which ssmax org install writes.
sample-federation-poll_seconds = How often the member list is asked for, in seconds.
sample-federation-fresh_form =
    How mail that came in clear is encrypted for us: wrapped-gcm (the whole mail, AES-GCM)
    or mail-cbc (AES-CBC, which stock mailers read). Told to the federation when applying.
sample-federation-enforce =
    What others do with mail in our name that does not come from our gateway: none (shown
    as suspicious at best) or refuse. Told to the federation when applying.

sample-transport = Roles on other hosts, over TLS. Without it all roles are on this host.
sample-transport-keyserver = Where the key server is, tls://HOST:PORT.
sample-transport-ca = Where the certificate issuing system is, tls://HOST:PORT.
sample-transport-inspector =
    Where the inspectors are, tls://HOST:PORT: one, or a list of which the next is asked
    when one is away.
sample-transport-denied =
    SHA-256 of certificates that count no more: of a host that was lost. On every host; takes
    effect with the next start. ssmax org transport status shows what was issued.
sample-transport-denied_file =
    A file with more of them, one on each line, # for remarks. Looked at with every new connection,
    so nothing has to be started anew. Only root may change it; if it cannot be read, nobody starts.
sample-transport-handshake_seconds = Time for a TLS handshake, in seconds.
sample-transport-max_handshakes =
    TLS handshakes under way at one port, until a certificate is shown; one more ends the oldest
    of the host that has the most. Hosts from which a role has come are spared.
sample-transport-max_handshakes_per_host =
    Of those, how many of one host (an IPv4 address, 64 bits of an IPv6 address); one more ends
    the oldest of that host.
sample-transport-transfer_seconds =
    How long a request or an answer may be slower on its way than the next setting says, in seconds.
sample-transport-transfer_octets_per_second =
    How fast it has to be, in octets per second: a mail of 100 MB may take some seven minutes.

sample-keyserver = The key server: every private key, used only on a ticket.
sample-keyserver-unlock_file =
    The file with the secret that unlocks the keys, readable by us only. Keep it on another
    medium than state_dir. The first ssmax org init makes it
    together with the keys; keys that are there open with their own one only.
sample-keyserver-backend =
    Where new keys are made: file (encrypted files), or pkcs11 (a token, see [keyserver.pkcs11]).
    Keys that are there already are used from either.
sample-keyserver-pkcs11 = The token, for backend = "pkcs11"; else this is not read.
sample-keyserver-pkcs11-module = The vendor's PKCS#11 library.
sample-keyserver-pkcs11-token_label = The label that the token was initialised with.
sample-keyserver-pkcs11-pin_file = The file with the user's PIN, for its owner only.
sample-keyserver-max_private_operations = How many private-key operations one mail may cost.
sample-keyserver-allow_pkcs1_decryption = Whether RSA keys open PKCS#1 v1.5, for old mailers.
sample-keyserver-sign_for_users =
    Whether the key server may sign for people who sent unsigned mail with a strong login.
sample-keyserver-gateway_logins =
    Whether the gateway's own word counts that a person has logged in there; automatic mail is
    not affected. Left out: until the key of an MTA's submission service ([submission]) is
    registered. true where people log in at both.
sample-keyserver-outside_certificates =
    A folder with S/MIME certificates (PEM, *.pem, one each) of people outside the federation,
    to whom mail may be encrypted ([gateway] outside). Left out: nobody.
sample-keyserver-outside_certificates_seconds =
    How long what was found there is used before the folder is looked at again, in seconds.
sample-keyserver-reviewers =
    Addresses or user ids of the people here who decide about held mail, each by a signature
    with a key of their own. Without this line: nobody looks, releases or deletes.
sample-keyserver-rewrap_own_per_day =
    How many encrypted parts of their own mail one person may have wrapped anew in a day (UTC),
    after a lost card or to forward it; 0 switches this off.
sample-keyserver-audit_days = How long the audit log is kept, in days.
sample-keyserver-listen = Where roles of other hosts ask, over TLS. Needs a certificate: ssmax org transport.
sample-keyserver-state = A PostgreSQL server for the tables, in place of SQLite below state_dir (scale.md).
sample-keyserver-state-url =
    Where it is: verified over TLS, or over a socket of this host
    (postgresql:///ssmax?host=/run/postgresql). No password stands here.
sample-keyserver-state-password_file = The file with the user's password, readable by us only. Left out: none is needed.
sample-keyserver-state-connections = Most connections of one process for each of its schemas, 2 to 100.
sample-keyserver-demands = How well own people have to be known to write to somebody, by the recipient's address or domain, or "*"; the closest entry counts alone. Below it the recipient is refused (1116).
sample-keyserver-demands-entry = signed_by: server, file or token. aal: level of the login. ial: level of the proof of identity. What is not set asks for nothing.
sample-keyserver-expects = How well senders of other members are expected to be known, by address or domain of From, or "*".
sample-keyserver-expects-entry = As in demands. below: mark (SSMAX-Result says level=below) or stop (1917: held or refused, as inbound_after_opening says).
sample-keyserver-archive =
    Mail of somebody who lost the key or left: two officers have its archive copies opened
    (ssmax archive). Without officers nobody may.
sample-keyserver-archive-officers = User ids of the officers; any two of them, whom the mail does not concern.
sample-keyserver-archive-notice =
    An address that is told each time beside the owner, and alone where the owner has left; without
    it mail of who has left is not opened.
sample-keyserver-archive-parts_per_request = How many encrypted parts one request may name, at most 5000.
sample-keyserver-archive-parts_per_day = How many encrypted parts may be opened in a day (UTC), over all requests.
sample-keyserver-archive-request_hours = For how many hours at most a request may be carried out.
sample-keyserver-trace =
    The person behind a mail or a certificate: two officers have one of them told
    (ssmax trace). Without officers nobody may.
sample-keyserver-trace-officers = User ids of the officers; any two of them, none of whom is the person looked for.
sample-keyserver-trace-notice = An address that is told each time: the data-protection officer's.
sample-keyserver-trace-request_hours = For how many hours at most a request may be carried out.
sample-keyserver-trace-requests_per_day = How many requests may be carried out in a day (UTC).
sample-keyserver-trace-hop_days = For how many days it is kept who submitted a mail, 1 or more; nobody is traced after that.
sample-keyserver-limits = How much is taken from one person or one other member; the rest waits with its sender.
sample-keyserver-limits-mails_per_hour = Mails that one person may submit in an hour.
sample-keyserver-limits-recipients_per_hour = Recipients that one person may write to in an hour, over all mails.
sample-keyserver-limits-member_mails_per_hour = Mails that one other member may send in an hour.
sample-keyserver-limits-member_mails_at_once = Mails of one other member that may be on their way through here at a time.
sample-keyserver-limits-opened_refusals_per_hour =
    Refusals after a private key was used, in an hour and for one person or member, before nothing
    more of theirs is looked at.

sample-ca = The certificate issuing system: people and their certificates.
sample-ca-unlock_file = As in [keyserver]; another file.
sample-ca-backend = As in [keyserver].
sample-ca-state = As in [keyserver.state].
sample-ca-state-url = As in [keyserver.state].
sample-ca-state-password_file = As in [keyserver.state].
sample-ca-state-connections = As in [keyserver.state].
sample-ca-login = Logins with more than a password.
sample-ca-login-code_drift_steps = How many half minutes early or late a one-time code may be, 0 to 10.
sample-ca-login-wrong_codes = How many wrong one-time codes behind the right password, 1 to 100, before none counts for a while.
sample-ca-login-wrong_codes_minutes = For how many minutes, 1 to 1440.
sample-ca-login-certificates = Whether people may log in by TLS with their signing certificate.
sample-ca-login-card_aal = The authenticator assurance level of such a login with a card, 1 to 3.
sample-ca-login-key_file_aal = The same with a key in a file, 1 or 2.
sample-ca-login-invitation_hours = For how many hours an invitation to the enrolment page counts, 1 to 720.
sample-ca-login-invitation_tries = How many wrong codes it stands, 1 to 20.
sample-ca-pkcs11 = As [keyserver.pkcs11]; the same token or another.
sample-ca-pkcs11-module = The vendor's PKCS#11 library.
sample-ca-pkcs11-token_label = The label that the token was initialised with.
sample-ca-pkcs11-pin_file = The file with the user's PIN, for its owner only.
sample-ca-user_days = How long certificates of people run, in days; at most 825.
sample-ca-relay_days = How long relay encryption certificates run, in days; at most 400.
sample-ca-directory_relays_per_hour = How many new relay certificates the directory ([directory]) may cause in an hour; those that are there do not count.
sample-ca-device_secret_aal =
    The authenticator assurance level of a device secret: 1, or 2 where it is handed out
    only after the person has proved two factors.
sample-ca-address_quarantine_days = For how many days after its holder was revoked an address rests before another person may get it (ssmax user add --former-address).
sample-ca-registration_days = For how many days after the rights have ended name, addresses and proof of identity are kept, 825 to 36500; the number stays.
sample-ca-relay_kept_days = For how many days a relay certificate is kept after it has run out, at most 36500.
sample-ca-listen = As in [keyserver].
sample-ca-transport_days =
    How long the certificates of roles for TLS run, in days, 1 to 398. They are renewed in the
    last third of that.
sample-ca-publish = Revocation lists (CRL) and OCSP: what everybody may ask about certificates of this member. Without listen and directory nothing is published.
sample-ca-publish-url = The http address that new certificates name. It has to lead to listen, or to a web server of the files in directory.
sample-ca-publish-ocsp = Whether new certificates name that address for OCSP too; false where a web server of files answers there.
sample-ca-publish-listen = Where CRLs, CA certificates and OCSP are served, over HTTP without login. Left out: nowhere.
sample-ca-publish-directory = Where CRLs and CA certificates are written as files. Left out: nowhere.
sample-ca-publish-crl_hours = How long a CRL counts, in hours, 25 to 240. A new one is made every day and at each revocation.
sample-ca-publish-ocsp_minutes = How long an OCSP answer counts, in minutes, 1 to 1440.
sample-ca-publish-max_connections = How many are served at a time, 1 to 4096, a quarter of them for one address; others wait.
sample-ca-publish-seconds = How long one connection may take, in seconds, 1 to 300.
sample-ca-publish-max_request_bytes = How large an OCSP request may be, in octets; at most 4096.
sample-ca-publish-answers_per_second = How many OCSP answers are signed in a second, 1 to 10,000; who asks beyond is told to try later.

sample-inspector = The inspection server: one worker process for each mail.
sample-inspector-workers = How many mails are inspected at a time.
sample-inspector-worker_seconds = How long one mail may take, in seconds.
sample-inspector-worker_mebibytes = How much memory one worker may use, in MiB.
sample-inspector-clamav = Where ClamAV's clamd listens on this computer: unix:/PATH or tcp:127.0.0.1:PORT. Without it, ClamAV is not asked.
sample-inspector-clamav_seconds = How long connecting to clamd and each scan may take, in seconds; past it, mail waits.
sample-inspector-clamav_bytes = The largest file that clamd is given, in octets; at most its StreamMaxLength. A larger one is archive.too-large.
sample-inspector-clamd_conf = clamd's own configuration, for ssmax check: its temporary files must not be on a disk.
sample-inspector-listen = As in [keyserver].
sample-inspector-policy = What becomes of a mail in which a rule fired: pass, hold or block.
sample-inspector-policy-entry = One line for a rule, or for a family such as "archive.*".
sample-inspector-limits = How far a mail is taken apart; beyond, it counts as not inspected.
sample-inspector-limits-expanded_bytes = Octets that all archives of one mail may expand to.
sample-inspector-limits-archive_depth = How many archives may lie within each other.
sample-inspector-limits-archive_entries = Entries of all archives of one mail.
sample-inspector-limits-text_bytes = Octets of text of one mail.
sample-inspector-limits-message_depth = How many messages may be attached within each other.
sample-inspector-limits-findings = Findings that are kept for one mail.

sample-gateway = The mail gateway.
sample-gateway-host_name = The name of this host in greetings and in Authentication-Results.
sample-gateway-submission = Where our own people hand in mail, with a login. Left out: nowhere.
sample-gateway-submission_lmtp = Where our own MTA hands in by LMTP what people submitted at it ([submission]). Left out: nowhere.
sample-gateway-inbound_smtp = Where other organisations' mail arrives by SMTP. Left out: nowhere.
sample-gateway-inbound_lmtp = Where our own MTA hands in arriving mail by LMTP. Left out: nowhere.
sample-gateway-tls_certificate = Certificate chain of the listeners, PEM. Left out: no TLS.
sample-gateway-tls_key = Its private key, PEM, readable by us only.
sample-gateway-allow_plaintext_auth = Whether passwords may come without TLS; on loopback only.
sample-gateway-client_certificates = Whether submission asks clients for a certificate to log in with (SASL EXTERNAL); see [ca.login] certificates.
sample-gateway-next_hop =
    Where mail goes that no route names, normally our own MTA: smtp://HOST:PORT,
    smtp+tls://HOST:PORT, lmtp://HOST:PORT, lmtp:///PATH, maildir:/PATH or reject.
sample-gateway-dsn = Whether reports of delivery are offered (DSN): only where every next hop offers them, as Postfix does.
sample-gateway-route_ca = What smtp+tls routes are verified with, PEM.
sample-gateway-inbound_after_opening =
    What becomes of arriving mail that is stopped after it was opened: hold or refuse.
sample-gateway-outbound_after_opening = The same for mail of our own people.
sample-gateway-ambiguous =
    What becomes of a mail that two programs may read differently: rebuild (written anew
    so that all read it alike, if it is neither signed nor encrypted and has one sane
    reading; else refused) or refuse.
sample-gateway-delivery =
    What a recipient here gets of a mail over the chain or from a colleague: seal, the content under
    our seal, freshly encrypted; or preserve, what the sender encrypted, with the sender's own
    signature. What cannot be preserved is sealed. Join with the setting you want: the member list
    then says mail-cbc for a member that preserves. Default seal.
sample-gateway-attachments =
    What a recipient gets of a mail whose attachments came encrypted one by one: whole (one
    encrypted mail, which every mailer shows) or keep (each file as it came, re-wrapped).
sample-gateway-outside =
    Mail of our people to recipients outside the federation: reject, clear (as the mailer made
    it; what was encrypted is refused), encrypt-if-known (by [keyserver] outside_certificates)
    or hold (for an officer).
sample-gateway-max_held_mebibytes =
    Most mail that is held for a person, in MiB. Past it, senders are told to try again later.
sample-gateway-max_list_members = Most members of one list.
sample-gateway-max_submission_bytes =
    Largest mail that is taken from our own people, in octets. Left out: what fits into max_mail_bytes
    of [gateway.limits] once it is encrypted for another member.
sample-gateway-state = As in [keyserver.state].
sample-gateway-state-url = As in [keyserver.state].
sample-gateway-state-password_file = As in [keyserver.state].
sample-gateway-state-connections = As in [keyserver.state].
sample-gateway-objects =
    An S3-compatible store for held mail, which is encrypted before it leaves. Without it held mail is in
    the role's folder, or in its database where that is a server.
sample-gateway-objects-url = The bucket, and a prefix of one's own in it.
sample-gateway-objects-endpoint = The store's address. http:// only to this very host.
sample-gateway-objects-region = The region that requests are signed for.
sample-gateway-objects-credentials_file =
    A file with the lines aws_access_key_id = ... and aws_secret_access_key = ..., mode 0600, of the role's
    user. A changed key needs no restart.
sample-gateway-objects-ca_file = What the store's certificate is verified with, PEM.
sample-gateway-objects-timeout_seconds =
    How long an answer may take, 1 to 20, and a second more for every 4 MiB on its way. Past it, senders
    are told to try again later.
sample-gateway-objects-orphan_hours =
    After how many hours an object that belongs to no held mail is removed, 1 to 720.
sample-gateway-lists =
    Lists (ssmax user add-role --kind list): what comes in goes on as new mail "NAME via LIST".
sample-gateway-lists-entry =
    One line for a list: its members here or at other members of the federation, and
    to whom answers go: sender or list.
sample-gateway-redirects =
    Redirects, lists of one (ssmax user add-role --kind list). In place of .forward files and
    Sieve redirects, by which no sealed mail can leave.
sample-gateway-redirects-entry = One line for an address: where its mail goes on to.
sample-gateway-journal_days =
    How long the journal tells what became of a mail (ssmax journey), in days, 30 to 3660. Addresses
    and Message-IDs stand in it.

sample-gateway-hold = Mail that waits for an officer (ssmax hold).
sample-gateway-hold-days = How long a mail is held, in days, 1 to 90; then it expires.
sample-gateway-hold-notify =
    Who is told that a mail is held, and that it expires soon: recipient (the own recipients
    of mail that came in, the sender of mail that goes out) or none.
sample-gateway-hold-max_mails = Most mails that are held. Past it, senders are told to try again later.
sample-gateway-volume =
    To how many recipients one person may send. Past it their mail is held for an officer:
    whoever took over an account sends to many, and soon.
sample-gateway-volume-recipients_per_hour = Recipients in an hour; each recipient of each mail counts, and so does what is held.
sample-gateway-volume-recipients_per_day = Recipients in a day.
sample-gateway-volume-exempt = User ids to whom this does not apply.
sample-gateway-system = Automatic mail of this organisation, which nobody logs in for.
sample-gateway-system-lmtp = Where our own MTA hands in automatic mail by LMTP. Left out: nowhere.
sample-gateway-system-smtp =
    Where the devices of the table below hand in by SMTP, at a site without an MTA. Left
    out: nowhere.
sample-gateway-system-report_address =
    The role that delivery reports are from (ssmax user add-role --kind system).
    Default: mailer-daemon@ the main domain.
sample-gateway-system-reply_address =
    The role that vacation, calendar and other replies of mailboxes are from.
    Default: auto-reply@ the main domain.
sample-gateway-system-sources = Scanners, printers, monitors: in the name of which role they write.
sample-gateway-system-sources-entry = One line for an address or a network; the narrowest counts.
sample-gateway-routes = Other ways for single domains.
sample-gateway-routes-entry = One line for a domain; forms as for next_hop.
sample-gateway-limits = What one client, and all together, may ask of a listener.
sample-gateway-limits-max_mail_bytes = Largest mail, in octets.
sample-gateway-limits-max_recipients = Most recipients of one mail.
sample-gateway-limits-max_line_bytes = Longest command line, in octets.
sample-gateway-limits-max_auth_line_bytes = Longest line of a login, in octets.
sample-gateway-limits-max_data_line_bytes = Longest line of a mail, in octets.
sample-gateway-limits-max_buffered_bytes = Octets of mail that a listener holds in memory.
sample-gateway-limits-max_connections = Connections at the same time.
sample-gateway-limits-max_connections_per_address = Connections from one address at the same time.
sample-gateway-limits-max_errors = Refused commands before the connection ends.
sample-gateway-limits-max_idle_commands = Commands in a row that bring no mail forward.
sample-gateway-limits-max_auth_attempts = Failed logins before the connection ends.
sample-gateway-limits-failed_logins_per_hour = Failed logins from one address, or one IPv6 /64, in an hour.
sample-gateway-limits-command_timeout_seconds = Time for a command line to arrive, in seconds.
sample-gateway-limits-data_timeout_seconds = Longest silence within a mail, in seconds.
sample-gateway-limits-min_data_bytes_per_second = How fast a mail must arrive, in octets per second.
sample-gateway-limits-data_grace_seconds = How long it may be slower than that, in seconds.
sample-gateway-limits-tls_timeout_seconds = Time for a TLS handshake, in seconds.

sample-enrol = The enrolment page: people get their keys by a link that counts once (ssmax user invite).
sample-enrol-listen = Where browsers connect, over TLS.
sample-enrol-url = What stands before the secret in a link: https://HOST or https://HOST:PORT, as people reach it.
sample-enrol-tls_certificate = The certificate chain for TLS, PEM, leaf first; one that browsers trust.
sample-enrol-tls_key = Its private key, PEM, for its owner only.
sample-enrol-limits = What browsers may ask.
sample-enrol-limits-max_connections = Connections at the same time.
sample-enrol-limits-max_connections_per_address = Of one address or one IPv6 /64.
sample-enrol-limits-failures_per_hour = Wrong links and codes of one address in an hour; then 429.
sample-enrol-limits-max_form_bytes = Octets of what a form sends.
sample-enrol-limits-request_seconds = How long a request may take to come in.
sample-enrol-limits-max_packages = Packages that are kept to be fetched; then 503, and the link stays good.
sample-enrol-limits-package_minutes = For how many minutes.
sample-submission =
    The milter at the MTA's submission service: says by a key of its own who logged in. Only where
    people submit at the MTA, with submission_lmtp in [gateway]; else leave this section out.
sample-submission-milter =
    Where the MTA connects to, as in smtpd_milters: unix:PATH, or inet:127.0.0.1:PORT, where
    every process of this host can say that anybody has logged in.
sample-submission-access = Who may open the UNIX socket: group (of its folder) or owner.
sample-submission-peers = The users whose processes are answered on the UNIX socket.
sample-submission-unauthenticated =
    What becomes of mail without a login: refuse, or pass (without a statement; the gateway
    refuses it then at submission_lmtp).
sample-submission-aal =
    Authenticator assurance level of a login, 1 to 3. 2 allows unsigned mail to be signed for
    people ([keyserver] sign_for_users).
sample-submission-mechanisms = The level of logins by single SASL mechanisms.
sample-submission-mechanisms-entry = One line for a mechanism.
sample-submission-certificates = Clients without a login that the MTA has verified by a TLS certificate (Postfix: smtpd_tls_ask_ccert, smtpd_tls_CAfile).
sample-submission-certificates-issuer = The common name of the issuer whose certificates have a user id or an address as their common name. Nobody else whom the MTA trusts may issue under that name.
sample-submission-certificates-aal = The authenticator assurance level of that, 1 to 3; 1 if it is not set.
sample-submission-limits = What the MTA may ask of the milter.
sample-submission-limits-max_connections = Connections at the same time.
sample-submission-limits-max_frame_bytes = Octets of one frame of the milter protocol.
sample-submission-limits-max_header_bytes = Octets of a mail's header.
sample-submission-limits-max_recipients = Most recipients of one mail.
sample-submission-limits-max_field_bytes = Octets of the field with the statement. Postfix cuts fields after 60000.
sample-submission-limits-idle_seconds = How long the MTA may be silent, in seconds, while its client writes.

sample-directory =
    LDAP for mailers: with what mail to somebody is encrypted, and whom one means while one
    types. It holds no key and asks the CA. Off without this section.
sample-directory-ldap = Where mailers connect without TLS at first (StartTLS with a certificate). Left out: nowhere.
sample-directory-ldaps = Where they connect with TLS from the start. Left out: nowhere.
sample-directory-tls_certificate = PEM chain for TLS, leaf first, that mailers believe.
sample-directory-tls_key = PEM key of that certificate.
sample-directory-allow_plaintext =
    Answer anonymous searches without TLS: whoever listens on the network then sees whom
    people write to. A password is never taken without TLS.
sample-directory-networks =
    From where anonymous searches are answered: Thunderbird and others say no name. From
    elsewhere one has to bind. Left out: from nowhere.
sample-directory-base = The distinguished name below which people are. Left out: the main domain.
sample-directory-internal =
    With what mail to colleagues is encrypted: relay (so that it is inspected) or own (their
    own certificates, where mail between colleagues does not go through the gateway).
sample-directory-limits = What mailers may ask for.
sample-directory-limits-max_connections = Connections at the same time.
sample-directory-limits-max_connections_per_address = Connections from one address, or one IPv6 /64.
sample-directory-limits-requests_per_second = Requests of one address in a second; ten times as many for a moment.
sample-directory-limits-max_request_bytes = Octets of a request.
sample-directory-limits-max_filter_depth = Filters within filters.
sample-directory-limits-max_filter_terms = Filters of one search, and pieces of values in them.
sample-directory-limits-max_addresses = Addresses that one search names.
sample-directory-limits-min_letters = Letters of a name that have to be typed before somebody is suggested.
sample-directory-limits-max_suggestions = People that are suggested at a time.
sample-directory-limits-suggestions_per_hour = People that are suggested to one address in an hour.
sample-directory-limits-failed_binds_per_hour = Wrong passwords of one address in an hour.
sample-directory-limits-idle_seconds = How long a client may take for a request, in seconds.
sample-directory-limits-tls_timeout_seconds = Time for a TLS handshake, in seconds.
sample-directory-limits-answer_seconds = How long an answer may take, in seconds: a mailer waits for it, and does nothing else.
sample-scim =
    Hears by SCIM 2.0 who works here, as Entra ID or another identity provider tells it. ssmax setup scim makes
    a token.
sample-scim-listen = Where the identity provider connects, with TLS.
sample-scim-tls_certificate = PEM chain for TLS, leaf first, that the provider believes.
sample-scim-tls_key = PEM key of that certificate.
sample-scim-allow_plaintext = Without TLS, behind a proxy on this host: only with listen at a loopback address.
sample-scim-url = The address as the provider has it: https://HOST[:PORT]. Left out: that of listen.
sample-scim-number = By what a person is known here for ever: "employeeNumber", "externalId" or "userName".
sample-scim-proof = How identity is proved of people who come this way.
sample-scim-tokens = Who may ask: name and SHA-256 of each token, such as { "{" } name = "entra", sha256 = "..." { "}" }.
sample-scim-limits = What an identity provider may do.
sample-scim-limits-max_connections = Connections at the same time, a quarter of them from one address.
sample-scim-limits-max_request_bytes = Octets of a request.
sample-scim-limits-max_results = Users of one answer.
sample-scim-limits-requests_per_second = Requests of one token in a second; ten times as many for a moment.
sample-scim-limits-failed_logins_per_hour = Wrong tokens from one address in an hour.
sample-scim-limits-request_seconds = How long a request may take to come in, in seconds.
sample-scim-limits-answer_seconds = How long an answer may take, in seconds: keys are made for who joins.
sample-scim-limits-connection_seconds = How long a connection may last, in seconds.
sample-authority = The management organisation: admits members, publishes the member list.
sample-authority-name = The name of the federation in its certificates. Used by ssmax authority init only.
sample-authority-url = Where members reach it: https://HOST[:PORT], without a path.
sample-authority-listen = The address of the HTTPS listener.
sample-authority-unlock_file =
    The file with the secret that unlocks the keys, readable by us only. Keep it on another
    medium than state_dir. ssmax authority init makes it
    together with the keys; keys that are there open with their own one only.
sample-authority-reissue_seconds = How often an unchanged list is issued again, in seconds.
sample-authority-list_hours = How long after its issue a list is accepted as news, in hours.
sample-authority-max_connections = Connections at the same time.
sample-authority-request_seconds = Time for a TLS handshake and for a request, in seconds.
sample-authority-connection_seconds = How long one connection may last, in seconds.
sample-authority-state = A PostgreSQL server for the tables, in place of SQLite below state_dir (scale.md).
sample-authority-state-url =
    Where it is: verified over TLS, or over a socket of this host
    (postgresql:///ssmax?host=/run/postgresql). No password stands here.
sample-authority-state-password_file = The file with the user's password, readable by us only. Left out: none is needed.
sample-authority-state-connections = Most connections of one process for each of its schemas, 2 to 100.

sample-watch = How the roles of this host are, over HTTP: /metrics for Prometheus, /health/live, /health/ready. Off without this section.
sample-watch-listen = Where HTTP is served. Nobody logs in and nothing is encrypted: keep it on loopback, or behind what does both.
sample-watch-max_connections = Connections at the same time; further ones wait.
sample-watch-seconds = How long one connection may last, in seconds; the roles have 8 of them to answer.

sample-sync =
    The LDAP directory or Active Directory that tells of people. "ssmax user sync" reads it and
    has the CA register, change and revoke; a timer does so every hour (ssmax-sync.timer).
sample-sync-url = ldaps://HOST[:PORT], or ldap://HOST[:PORT] with StartTLS.
sample-sync-tls_ca = The CAs that its certificate may come from, PEM.
sample-sync-plaintext = true: ldap:// without TLS, on this very host only.
sample-sync-bind_dn = As whom is read. Active Directory also takes user@domain.
sample-sync-password_file = A file with the password on its first line, that only the CA's user can read.
sample-sync-base = The name below which people are.
sample-sync-schema = How attributes are called: inetorgperson or active-directory.
sample-sync-filter = Which entries are people (RFC 4515). Left out: by the schema.
sample-sync-leave_percent = More than this part of those who came from the directory do not leave at once.
sample-sync-leave_people = So many may leave at once, also where they are more than that part.
sample-sync-attributes =
    Which attributes have what: the first counts that an entry has, and "sn+givenName" is both.
    Left out: by the schema; what stands here is that of inetorgperson.
sample-sync-attributes-number = The employee number: one person's for ever. An entry without it is nobody's.
sample-sync-attributes-name = The name in certificates.
sample-sync-attributes-kana = The name in kana.
sample-sync-attributes-english = The name in Latin letters.
sample-sync-attributes-address = The main address; a value with SMTP: before it is it.
sample-sync-attributes-aliases = All addresses. Those outside our domains are left out.
sample-sync-attributes-department = Where the person works.
sample-sync-limits = What the directory may answer. If it is more, nothing is done.
sample-sync-limits-page_entries = Entries of a page, at most 100,000. Active Directory gives 1,000 at most.
sample-sync-limits-max_entries = Entries in all.
sample-sync-limits-max_answer_bytes = Octets of an entry.
sample-sync-limits-max_bytes = Octets in all.
sample-sync-limits-max_values = Values of one attribute.
sample-sync-limits-answer_seconds = How long the server may keep silent.
sample-sync-limits-seconds = How long the reading may take.
