# What `ssmax demo` tells.
demo-begin = An authority, A Corporation (a.example), B City (b.example) and C Trading (c.example), in { $dir }
demo-tokens = The keys of A and B are in tokens of SoftHSM, those of C in files. A role started by hand needs SOFTHSM2_CONF={ $path } in its environment.
demo-unlock-beside = (The unlock secrets lie beside the keys only because this is a demonstration.)
demo-site = { $name }: { $domain }, people submit at { $at }
demo-title = { "" }
    Case { $case }: { $words }
demo-case-1 = Japanese mail with a PDF and a sheet, signed and encrypted by alice, to bob
demo-case-2 = Unsigned mail to bob, dave and carol: the key server signs for alice
demo-case-3 = A My Number in a sheet
demo-case-4 = The EICAR test file in a zip, encrypted by alice
demo-case-5 = carol's signature under alice's name
demo-case-6-stranger = An organisation that is no member
demo-case-6-suspended = C Trading, suspended while its mail was on the way
demo-case-7 = bob's encrypted reply, with what mail 1 taught his mailer
demo-case-8 = carol submits what alice encrypted, as her own
demo-case-9 = C signs what A sent to B, as its own
demo-submitted = { "  " }own gateway answered: { $reply }
demo-hop =
    { "  " }hop { $id }: signed by { $from }, encrypted for { $to } ({ $cipher })
    { "  " }tail { $tail }…, { $size } octets on the wire
demo-hop-reply = { "  " }other gateway answered: { $reply }
demo-arrived = { "  " }{ $recipient }: verdict { $verdict }, signed as { $signer }, entity { $entity }…, same as sent: { $same }
demo-stopped =
    { "  " }stopped at { $at }, { $place }: { $why }
    { "  " }answer: { $reply }
demo-not-stopped =
    { "  " }NOT as it must be: at { $at }, { $place }: { $why }
    { "  " }answer: { $reply }
demo-place = { $direction }, step { $stage }
demo-good = { "" }
    All as it must be: { $delivered } mails delivered, { $stopped } stopped. Details: { $file }
demo-bad = { "" }
    NOT as it must be: { $cases }. Details: { $file }
demo-stay = { "" }
    Everything stays up. Mail for bob arrives in { $maildir }. To send one more:
demo-stay-directory = { "" }
    A mailer of alice's submits at { $submission }, and finds with what mail is encrypted in the
    directory, as this does (package ldap-utils):
demo-stop = Stop with Ctrl-C.
