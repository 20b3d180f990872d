# Mail that waits for an officer: ssmax hold, and the notices to people.

hold-count = { $count ->
    [one] { $count } mail
   *[other] { $count } mails
}
hold-until = until { $at }
hold-state-held = held
hold-state-released = released
hold-state-deleted = deleted
hold-state-expired = expired
hold-digest = mail { $mail }
hold-no-digest = not known yet
hold-not-readable = what is known of it cannot be read; it expires
hold-times = held since { $at }, until { $until }
hold-from = from { $from } ({ $known })
hold-sender-verified = verified
hold-sender-unverified = not verified
hold-to = to { $people }
hold-mail = { $id }, { $bytes } bytes, { $form }
hold-encrypted = encrypted by the sender
hold-in-clear = came in clear
hold-reason = { $reason } ({ $kind })
hold-outcome-hold = an officer may release it
hold-outcome-block = released only with --override-block and a reason
hold-ended-by = by { $officer }: { $reason }
hold-ended-by-alone = by { $officer }
hold-now = { $id } is now { $state }
hold-ended-before = { $id } was { $state } before; nothing was done

err-hold-unknown = No held mail { $id } is known
rec-hold-unknown = See ssmax hold list; ended mails are shown with --all.
err-hold-busy = Somebody is deciding about { $id } just now
rec-hold-busy = Wait for it, and look with ssmax hold show.
err-hold-malformed = This cannot be done with { $id }: a name, a reason or the certificate is not understood
rec-hold-malformed = Names and reasons are one line of at most 1000 octets; the certificate has a key that can be encrypted for.
err-hold-refused = { $id } is not admitted any more: { $reason }
rec-hold-refused = What has changed since it came stands in the log of the key server.
err-hold-not-a-reviewer = { $id } cannot be shown for this certificate
rec-hold-not-a-reviewer = Use the valid encryption certificate of a person here who may review ([keyserver] reviewers). A mail that no inspection has opened is shown to nobody.
err-hold-blocked = { $id } has findings that block it
rec-hold-blocked = Look at it first. If it may go on, say --override-block and give a --reason.
err-hold-reason-needed = A reason is needed for { $id }
rec-hold-reason-needed = Say it with --reason.
err-hold-key-needed = Who has a mail shown signs for it
rec-hold-key-needed = Give the key with --key (and --cert) or --pkcs11, of a person named in [keyserver] reviewers.
err-hold-not-signed = The key server does not know this signature: it is by no active person here with a valid certificate
rec-hold-not-signed = Use the key file and the certificate that were issued here to who decides. A key that the key server holds does not count.
err-hold-not-an-officer = Who has signed is not among those who decide about held mail
rec-hold-not-an-officer = Have the person named in [keyserver] reviewers, and the key server restarted.
err-hold-officer-concerned = This mail is the officer's own: nobody releases what they sent or what is in their name
rec-hold-officer-concerned = Have another person named in [keyserver] reviewers decide.
err-hold-replayed = This decision was used before
rec-hold-replayed = Decide again.
err-hold-esp = At a provider nobody looks into a mail
rec-hold-esp = Decide by what ssmax hold show tells without --content.
err-hold-another-mail = { $id } is another mail than the one that you name: it is { $mail }
rec-hold-another-mail = Look at it anew with ssmax hold show, and decide about the mail that you have seen. If you did not expect this, the gateway is not to be trusted.
err-hold-unidentified = The digest of { $id } is not known: an earlier version kept it
rec-hold-unidentified = Have it shown once with ssmax hold show --content; then ssmax hold list tells the digest.
err-hold-unreadable = What is known of { $id } cannot be read
rec-hold-unreadable = Use the version of the gateway that kept it; until then it waits, and expires in its time. The log of the gateway says more.
err-hold-failed = { $id }: no answer could be found now
rec-hold-failed = Check that the key server serves, and try again; the log of the gateway says more.
err-hold-octets-missing = The octets of { $id } are not where they were put (SSMAX-9006)
rec-hold-octets-missing =
    Bring them back under the same name from a backup of state_dir/gateway/held or of the bucket, or give the
    mail up with ssmax hold delete and ask its sender for it. The gateway's log names what was looked for.
err-hold-octets-changed = The octets of { $id } are not those that were put there (SSMAX-9007)
rec-hold-octets-changed =
    See who writes below state_dir/gateway/held or into the bucket. Bring them back from a backup, or give
    the mail up with ssmax hold delete and ask its sender for it.
err-hold-store-away = The store with the octets of { $id } does not answer (SSMAX-9005)
rec-hold-store-away = The mail stays held. ssmax check says what is in the way; try again afterwards.

hold-notice-subject-held = A mail is kept for review
hold-notice-subject-expiring = A mail kept for review expires soon
hold-notice-sender-unknown = not verified, so not shown
hold-notice-inbound-held =
    A mail for you is kept for review by your organisation.

    Received: { $at }
    Sender: { $sender }
    Kept under: { $id }
    Kept until: { $expires }

    If you expect it, tell your administrator the name above.
    Nobody has to answer this message.
hold-notice-inbound-expiring =
    A mail for you that is kept for review will be deleted soon.

    Received: { $at }
    Sender: { $sender }
    Kept under: { $id }
    Deleted after: { $expires }

    If you expect it, tell your administrator the name above.
    Nobody has to answer this message.
hold-notice-outbound-held =
    A mail that you sent is kept for review by your organisation and has not left yet.

    Sent: { $at }
    To: { $recipients }
    Kept under: { $id }
    Kept until: { $expires }

    Your administrator can release it by the name above.
    Nobody has to answer this message.
hold-notice-outbound-expiring =
    A mail that you sent is still kept for review and will be deleted soon.

    Sent: { $at }
    To: { $recipients }
    Kept under: { $id }
    Deleted after: { $expires }

    Your administrator can release it by the name above.
    Nobody has to answer this message.
