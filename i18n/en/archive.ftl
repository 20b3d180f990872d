# Mail of somebody who lost the key or left: ssmax archive, and the notice to its owner.

archive-what = Mail of { $mailbox } becomes readable for { $reader }.
archive-why = Why: { $reason }
archive-how-many = How much: { $mails } { $mails ->
    [one] mail
   *[other] mails
}, { $parts } encrypted { $parts ->
    [one] part
   *[other] parts
}
archive-when = Written { $at }, to be carried out until { $until }
archive-who = Approved by: { $officers }
archive-name = In the audit log: { $digest }
archive-looked-into = { $seen } of { $all } messages shown with it; what their header says is not verified.
archive-left-out = Not encrypted, and left out: { $count } ({ $names })
archive-proposed = { $path } is written. Now another officer approves it: ssmax archive approve
archive-approved = { $path } is approved. Now either of you has it carried out: ssmax archive rewrap
archive-rewrapped = The messages are now readable for { $reader }, in { $path }. The owner is told.

archive-notice-subject = Mail of a mailbox was opened for somebody else
archive-notice-body =
    Mail that was delivered to { $mailbox } has become readable for another key, by its archive copy.

    Readable for: { $reader }
    By the word of: { $officers }
    Reason given: { $reason }
    Mails: { $mails } (encrypted parts: { $parts })
    When: { $at }

    If you do not know why, ask your administrator: the audit log has who asked for what.
    Please do not answer this mail.

check-archive-officers = Officers of whom two can have mail of others opened: { $count }
check-reviewers = People who decide about held mail: { $count }
err-officer-cannot-sign = { $officer } is named to decide, and is no active person here with a signing certificate whose key the person holds
rec-officer-cannot-sign = Register the person with --csr or --token-csr (ssmax user add), or take the name out of reviewers and officers in ssmax.toml.
check-gateway-logins-off = Logins count by the word of the MTA's submission service alone
err-gateway-logins-beside-milter = The MTA's submission service says who has logged in, and the gateway's word counts as well: who takes the gateway over can write as anybody
rec-gateway-logins-beside-milter = Where nobody logs in at the gateway, take gateway_logins out of [keyserver] and restart the key server.
err-gateway-logins-off = People submit at the gateway's own listener (submission in [gateway]), and their logins do not count since the milter's key is installed: SSMAX-1109
rec-gateway-logins-off = Set gateway_logins = true in [keyserver] and restart the key server, or have people submit at the MTA: submission_lmtp instead of submission.
err-milter-unknown = The key server does not know the key of the submission service: every mail through it is refused with SSMAX-1109
rec-milter-unknown = Run ssmax org init once more, and restart the roles.
err-archive-one-officer = Only one officer is named for mail of others, and it takes two
rec-archive-one-officer = Name at least three in [keyserver.archive] officers: neither owner nor reader of a mail is one of the two.
err-archive-no-notice = Mail of who has left cannot be opened: nobody is named who is told instead
rec-archive-no-notice = Set [keyserver.archive] notice to an address, if it is to be.

## What a request cannot be

err-archive-no-request = { $path } is no request for archive copies of this version
rec-archive-no-request = Take the file as ssmax archive propose wrote it.
err-archive-same-officer = You have approved { $path } before
rec-archive-same-officer = Another officer has to approve it.
err-archive-complete = { $path } has the approvals of two officers already
rec-archive-complete = Have it carried out: ssmax archive rewrap.
err-archive-words = Owner, reader and reason have to be there, the reason in one line of at most 1000 bytes
rec-archive-words = Shorten the reason.
err-archive-too-many = One request has at most { $max } encrypted parts
rec-archive-too-many = Write several requests.
err-archive-not-archived-file = { $path } has no copy for the archive
rec-archive-not-archived-file = Only mail that this organisation delivered encrypted has one. Its owner may still have it wrapped anew: ssmax mail rekey.
err-archive-mail-missing = A part of the request is in none of the messages: tail { $tail }
rec-archive-mail-missing = Name all messages of the request.
err-archive-mail-not-approved = A message has a part that the request does not name: tail { $tail }
rec-archive-mail-not-approved = Leave it out, or write a new request.

err-archive-same-name = Two messages have the name of { $path }, and would be written to one file
rec-archive-same-name = Give one of them another name.

## What the key server answers

err-archive-not-signed = The key server does not know a signature as one of the officer it is said to be of
rec-archive-not-signed = Each officer signs with the key of a certificate of their own that is valid now and not held by the key server, and names the user id with --user.
err-archive-two-officers = The request is not approved by two different officers
rec-archive-two-officers = Have another officer approve it: ssmax archive approve.
err-archive-not-an-officer = Somebody who approved it or asks for it is no officer for this
rec-archive-not-an-officer = The officers are named in [keyserver.archive] officers; one of the two who approved has it carried out.
err-archive-officer-concerned = An officer is the owner of the mail, or would be its reader
rec-archive-officer-concerned = Have it approved by two officers whom the mail does not concern.
err-archive-expired = The time in which the request may be carried out is over, has not begun, or is longer than allowed
rec-archive-expired = Write a new request; how long it may last is [keyserver.archive] request_hours.
err-archive-replayed = The request was used before
rec-archive-replayed = Write a new request: each serves once.
err-archive-not-as-approved = What was handed in is not what the officers approved
rec-archive-not-as-approved = Hand in the very messages that the request was written for.
err-archive-too-many-here = The request has more encrypted parts than this key server allows
rec-archive-too-many-here = Write several requests, or have [keyserver.archive] parts_per_request raised.
err-archive-esp = This organisation is an ESP, which keeps no archive
rec-archive-esp = Only the owner's own key opens this mail.
err-archive-encryption-refused = A message is encrypted in a way that is not wrapped anew
rec-archive-encryption-refused = Leave it out of the request.
err-archive-not-archived = A message names no archive key of this organisation
rec-archive-not-archived = Leave it out of the request; old archive keys are kept, so it was never one of ours.
err-archive-other-mailbox = A message is not shown to be from the mailbox that the request names
rec-archive-other-mailbox = Name the address that it was delivered to. A copy for an RSA key needs the message as it was delivered, with its owner's part.
err-archive-nobody-to-tell = Nobody could be told: the mailbox has no reader any more
rec-archive-nobody-to-tell = Have [keyserver.archive] notice set to the address of whoever is told instead.
err-archive-no-certificate = The reader is not known here, or has no encryption certificate that is valid now
rec-archive-no-certificate = Have it issued with ssmax user add or ssmax user renew, then ask again with the same request.
err-archive-limit-reached = As much archived mail as is allowed in a day has been opened
rec-archive-limit-reached = Go on tomorrow with the same request if it lasts so long, or have [keyserver.archive] parts_per_day raised.
err-archive-not-opened = A message could not be opened with the archive's key; none was given out
rec-archive-not-opened = One of the messages is damaged. Write new requests for fewer messages each.
