# ssmax setup postfix, and what check says of Postfix.

setup-main = # main.cf
setup-master = # master.cf
setup-note-machines =
    # Scanners, monitors and Sieve need a listener of their own, reachable for these alone. It is
    # not among these lines: the operator's page on Postfix has it.
setup-note-next-hop =
    # next_hop in [gateway] is no smtp:// address with the number of a host, so no listener for
    # what the gateway hands back is among these lines. Make it where next_hop leads.
setup-note-milter =
    # submission_lmtp is set and there is no section [submission] here: the milter is elsewhere, and
    # the lines of the submission service are not among these. Run it where the milter is set up.
setup-same = Postfix in { $dir } has all of it.
setup-differs = In { $dir } this is missing or otherwise (to write it: --write):
setup-difference = {"  "}{ $name }: { $found } -> { $wanted }
setup-not-there = not set
setup-written = Written in { $dir }; what was there before is kept in { $undo } (to restore it: --undo):
setup-undone = What was there before is restored in { $dir }.
setup-left = {"  "}{ $name } was changed by somebody else since, and stays as it is.
setup-reload = Now: postfix reload, or postfix stop and start where a listener was added or removed.

err-setup-conflict = Somebody else has set in { $dir }: { $names }
rec-setup-conflict = Nothing was written. See what that is for; then take it away there, or let it be replaced with --write --replace. --undo brings it back.
err-setup-no-postfix = Postfix is not installed here
rec-setup-no-postfix = Run it on the host of Postfix, with a copy of ssmax.toml. Without --write it shows the lines anywhere.
err-setup-postconf = Postfix's own program postconf refuses: { $reason }
rec-setup-postconf = Run it as root, and see whether --config-dir is the folder of main.cf. What was begun is taken back with --undo.
err-setup-nothing = Nothing in [gateway] is for an MTA
rec-setup-nothing = Set inbound_lmtp, submission_lmtp, or lmtp in [gateway.system] first.
err-setup-circle = next_hop leads to the port where mail of others arrives: { $route }
rec-setup-circle = Mail would go in a circle. Choose another port, such as smtp://127.0.0.1:10025; the listener there is among the lines.
err-setup-no-service = There is no service { $service } in master.cf
rec-setup-no-service = Name the one that there is with --mx or --submission, or take away the # before it.
err-setup-milter-path = { $address } cannot stand in master.cf
rec-setup-milter-path = Choose a path without spaces, commas, braces and dollar signs for milter in [submission].
err-setup-milter-chroot = { $service } runs in the chroot { $dir } and cannot reach { $address }
rec-setup-milter-chroot = Put the milter's socket below that folder, or let the service run without a chroot.
err-setup-undo-damaged = { $path } is not what this version wrote
rec-setup-undo-damaged = Restore the settings by hand with its help, then remove it.
err-setup-not-done = Nothing was written in { $dir } that could be taken back
rec-setup-not-done = Name the folder of main.cf with --config-dir.

check-postfix = Postfix in { $dir } is told what it has to be told
err-postfix-differs = Postfix in { $dir } is not told what ssmax setup postfix would write: { $names }
rec-postfix-differs = See ssmax setup postfix, and write it with --write.

setup-mailers-written = Written to { $dir }:
setup-mailers-next =
    Copy all of it into Thunderbird's own folder on each computer, such as /usr/lib/thunderbird,
    C:\Program Files\Mozilla Thunderbird, or Thunderbird.app/Contents/Resources; then start it anew.
err-setup-mailers-server = { $server } is no host, or host with a port
rec-setup-mailers-server = Write it as directory.a.example:3636.
err-setup-mailers-anchor = There is no certificate in { $path }
rec-setup-mailers-anchor = Give the CA's certificate as PEM, or leave --anchor out if mailers know it.
setup-scim =
    The token, for the identity provider. It is shown now and never again:

        { $token }

    The line for [scim] in ssmax.toml, by which it is known:

        { $line }

    Then start the role again: systemctl restart ssmax-scim. The provider's address ends in /scim/v2.
err-setup-scim-name = The name of a token has up to 64 letters, digits, hyphens, underscores and dots
rec-setup-scim-name = Write for example --name entra.
