# The person behind a mail or a certificate: ssmax trace, and the notice of it.

trace-what-hop = { $proposer } is to learn who submitted the mail of the hop { $id }.
trace-what-certificate = { $proposer } is to learn whose the certificate with this SHA-256 is: { $id }
trace-what-serial = { $proposer } is to learn whose the certificate with this serial number is: { $id }
trace-case = Case: { $case }
trace-why = Why: { $reason }
trace-when = Written { $at }, to be carried out until { $until }
trace-who = Approved by: { $officers }
trace-name = In the audit log: { $digest }
trace-proposed = { $path } is written. Now another officer approves it: ssmax trace approve
trace-approved = { $path } is approved. Now the officer who proposed it has it carried out: ssmax trace identify

trace-found-hop = The mail of the hop { $id } was submitted { $at } by:
trace-found-certificate = The certificate { $serial }, issued { $at }, is of:
trace-in-name-of = It was written in the name of:
trace-user = number { $user }, name { $name }
trace-kind = no person, but: { $kind }
trace-addresses = addresses: { $addresses }
trace-former = addresses before: { $addresses }
trace-registered = registered { $at }, identity proved by { $proof } (level { $level })
trace-ended = rights ended { $at }
trace-told = The audit log has that this was asked. Whoever [keyserver.trace] notice names is told that it was, and not whom it found.

trace-notice-subject = Two officers had a person identified
trace-notice-body =
    The person behind a mail or certificate was identified, by the word of two officers.

    Hop or certificate: { $traced }
    Told to: { $reader }
    By the word of: { $officers }
    Case and reason given: { $reason }
    When: { $at }

    Who was found does not stand here. The audit log has who asked for what.
    Please do not answer this mail.

check-trace-officers = Officers of whom two can have the person behind a mail identified: { $count }
err-trace-one-officer = Only one officer is named to have people identified, and it takes two
rec-trace-one-officer = Name at least three in [keyserver.trace] officers: who is looked for is none of the two.
err-trace-no-notice = Nobody is told when the person behind a mail is identified
rec-trace-no-notice = Set [keyserver.trace] notice to the address of the data-protection officer.

## What a request cannot be

err-trace-no-request = { $path } is no request of this version to identify somebody
rec-trace-no-request = Take the file as ssmax trace propose wrote it.
err-trace-same-officer = You have approved { $path } before
rec-trace-same-officer = Another officer has to approve it.
err-trace-complete = { $path } has the approvals of two officers already
rec-trace-complete = Who proposed it has it carried out: ssmax trace identify.
err-trace-words = Case and reason have to be there, in one line each, the case of at most 200 bytes, the reason of at most 1000
rec-trace-words = Shorten what is longer.
err-trace-no-id = { $id } is neither a hop nor the serial number or SHA-256 of a certificate
rec-trace-no-id = ssmax verify --json shows the hop of a mail, ssmax cert show the serial number of a certificate; or name its file with --certificate.
err-trace-one-certificate = { $path } holds several certificates
rec-trace-one-certificate = Put the one that it is about into a file of its own.

## What the key server answers

err-trace-not-signed = The key server does not know a signature as one of the officer it is said to be of
rec-trace-not-signed = Each officer signs with the key of a certificate of their own that is valid now and not held by the key server, and names the user id with --user.
err-trace-two-officers = The request is not approved by two different officers
rec-trace-two-officers = Have another officer approve it: ssmax trace approve.
err-trace-not-an-officer = Somebody who approved it or asks for it is no officer for this
rec-trace-not-an-officer = The officers are named in [keyserver.trace] officers.
err-trace-not-the-proposer = The answer is for the officer who proposed the request, and for nobody else
rec-trace-not-the-proposer = Who proposed it types ssmax trace identify, with the own key.
err-trace-officer-concerned = The person that was found is one of the two officers, and nothing is told
rec-trace-officer-concerned = Have a new request written and approved by two others. This one is used up.
err-trace-expired = The time in which the request may be carried out is over, has not begun, or is longer than allowed
rec-trace-expired = Write a new request; how long it may last is [keyserver.trace] request_hours.
err-trace-replayed = The request was used before
rec-trace-replayed = Write a new request: each serves once.
err-trace-not-as-approved = What was handed in is not what the officers approved
rec-trace-not-as-approved = Take the file as both have signed it, or write a new request.
err-trace-unknown = Nothing is known here of that hop or certificate
rec-trace-unknown = Either it is not of this organisation, or no person's, or older than hops are kept ([keyserver.trace] hop_days). Compare it with the mail.
err-trace-erased = The person was registered here, and the registration was deleted when its time had come
rec-trace-erased = Nothing more is to be had from this organisation's systems; the deletion stands in the audit log.
err-trace-limit-reached = As many people as is allowed in a day have been looked for
rec-trace-limit-reached = Go on tomorrow with the same request if it lasts so long, or have [keyserver.trace] requests_per_day raised.
