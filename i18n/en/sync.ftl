# ssmax user sync.

help-user-sync = Carry out the joins, changes and leavings of an LDAP directory or Active Directory ([sync])
help-user-sync-dry_run = Say what would be done, and do nothing
help-user-sync-allow_leave = So many people may leave, although they are more than [sync] lets
help-user-sync-again = Who was revoked and is in the directory comes back under the same number, with all old mail
help-user-sync-former_address = Give addresses that were another person's, once they have rested

sync-left-out = { $user } is left out: { $why }
sync-fault = { $entry } is left as it is: { $what }
sync-fault-text = a value is no UTF-8
sync-fault-control = userAccountControl is missing or no number; the account that reads may have to be let see it
sync-fault-address = there is no mail address in our domains
sync-fault-addresses = addresses have to be there, at most 16, each a mail address and none twice
sync-fault-twice = another entry has the same number
sync-fault-no-number = it has an address of somebody who is registered, and no number
sync-fault-field = a value is longer than 128 characters, or has control characters

err-sync-leaving = { $leaving } people would leave, more than { $percent } % of the { $people } that the directory tells of. Nothing was done
rec-sync-leaving = Look whether base and filter still find everybody (--dry-run --allow-leave { $leaving }). If they do leave, add --allow-leave { $leaving }.
err-sync-nobody = No person was found below { $base } ({ $entries } entries). Nothing was done
rec-sync-nobody = See [sync] base, filter and attributes, and whether the account may read them.
err-sync-tls-ca = { $path } has no certificate of a CA
rec-sync-tls-ca = Put there, as PEM, the CA that the directory's certificate comes from.
err-sync-unreachable = The directory { $server } is not reached: { $reason }. Nothing was done
rec-sync-unreachable = See [sync] url and the network between.
err-sync-untrusted = No TLS with { $server }: { $reason }. Nothing was done
rec-sync-untrusted = See [sync] tls_ca, and that the url has the name in the server's certificate.
err-sync-plaintext = { $server } is on another host: without TLS the password would be read on the way
rec-sync-plaintext = Take plaintext away from [sync], or use ldaps://.
err-sync-slow = { $server } was too slow. Nothing was done
rec-sync-slow = See its load, and answer_seconds and seconds in [sync.limits].
err-sync-login = { $server } does not know bind_dn or its password
rec-sync-login = Try it with ldapsearch -D BIND_DN -W, and see [sync] password_file.
err-sync-start-tls = { $server } does not begin TLS (StartTLS, code { $code })
rec-sync-start-tls = Give the server a certificate, or use ldaps://.
err-sync-refused = { $server } refuses the search with code { $code } (RFC 4511, appendix A). Nothing was done
rec-sync-refused = 12: it has no paged results. 32: there is no such base. 50: the account may not read there. 10: base is on another server.
err-sync-part = { $server } gives a part of the entries only (code { $code }). Nothing was done
rec-sync-part = Raise the server's limits of size and time for the account, or lower page_entries in [sync.limits].
err-sync-part-of-values = { $server } gives a part of the values of { $attribute } only. Nothing was done
rec-sync-part-of-values = An entry has more values than the server gives at once; take the attribute out of [sync.attributes].
err-sync-too-much = { $server } answers more than { $limit } in [sync.limits] lets. Nothing was done
rec-sync-too-much = If there are so many people, raise it.
err-sync-malformed = { $server } does not answer as LDAP does: { $reason }. Nothing was done
rec-sync-malformed = See [sync] url: ldaps:// is for port 636, ldap:// for 389.
