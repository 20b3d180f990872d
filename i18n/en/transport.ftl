# Roles on different hosts: ssmax org transport, and what check says about it.

cli-transport-request = The request is in { $path }. SHA-256 of its key: { $key }. On the host of the certificate issuing system: ssmax org transport issue
cli-transport-issued = { $role } on { $host }: { $days ->
    [one] { $days } day
   *[other] { $days } days
} left
cli-transport-answer = The answer is in { $path }. SHA-256 of the transport CA: { $ca }. On the host of the role: ssmax org transport install
cli-transport-installed = { $role } on { $host } has its certificate, for { $days ->
    [one] { $days } day
   *[other] { $days } days
}; it is renewed by itself
cli-transport-here = { $role } on this host ({ $host }): { $days ->
    [one] { $days } day
   *[other] { $days } days
} left
cli-transport-none = No role of this host has a certificate for TLS; on a single host none is needed
cli-transport-ca = SHA-256 of the transport CA: { $ca }

check-transport = The certificate of { $role } for TLS with other hosts has { $days ->
    [one] { $days } day
   *[other] { $days } days
} left
check-transport-peer = { $role } answers at { $address }

err-role-untrusted = { $role } and this role do not accept each other's certificates
rec-role-untrusted = See ssmax check on both hosts, and ssmax org transport status.
err-config-one-server = { $path }: keyserver and ca under [transport] are one server each
rec-config-one-server = A list is for inspector only: it keeps nothing.
err-transport-missing = There is no certificate for TLS with other hosts: { $path }
rec-transport-missing = Get one: ssmax org transport request, issue and install.
err-transport-expired = The certificate in { $path } has expired
rec-transport-expired = Get a new one: ssmax org transport request, issue and install. Then see why it was not renewed.
err-transport-wrong-role = The certificate in { $path } is not one of the role { $role } of this member
rec-transport-wrong-role = Get one for this role: ssmax org transport request, issue and install.
err-transport-unreadable = { $path } does not hold what belongs there
rec-transport-unreadable = Get a new certificate: ssmax org transport request, issue and install.
err-transport-not-accepted = The certificate in { $path } would be accepted by nobody: { $reason }
rec-transport-not-accepted = Compare this host's clock. If the transport CA was made anew, remove trust.pem and get a new certificate.
err-transport-ends = The certificate of { $role } for TLS with other hosts ends in { $days ->
    [one] { $days } day
   *[other] { $days } days
} and has not been renewed
rec-transport-ends = Start the role, and see that the certificate issuing system is reached from here. The role's log says why it was not.
err-transport-denied-line = Line { $line } of { $path } is no SHA-256 of a certificate
rec-transport-denied-line = Write 64 hexadecimal digits, as ssmax org transport status shows them; # begins a remark.
err-transport-denied = A certificate of { $role } on { $host } is denied
rec-transport-denied = A host that is put up anew gets another name: ssmax org transport request --host
err-transport-no-renewal = The certificate of { $role } for TLS with other hosts will not be renewed
rec-transport-no-renewal = Name the certificate issuing system under [transport], on its own host too: it renews over TLS only.
err-transport-public = { $address } is open to more than the own network
rec-transport-public = Listen on an address of the inner network, or let only the own hosts through the packet filter.
err-transport-unreachable = { $role } does not answer at { $address }
rec-transport-unreachable = Start it there; see its listen setting, and packet filters in between.
err-transport-untrusted = What answers at { $address } is not accepted as { $role }, or does not accept this host
rec-transport-untrusted = Compare ssmax org transport status on both hosts: roles, transport CA, what is denied.
err-transport-document = { $path } is not a file of ssmax org transport
rec-transport-document = issue reads what request wrote, install what issue wrote.
err-transport-key-differs = The request is for another key: { $found }, not { $given }
rec-transport-key-differs = Compare with what ssmax org transport request showed on the role's host. If it differs there too, somebody has changed the file.
err-transport-role = A member has no role { $role }
rec-transport-role = gateway, inspector, keyserver or ca.
err-transport-foreign = The file belongs to another member, another role or another key than this host's
rec-transport-foreign = On the role's host ssmax org transport request, then issue with that file, then install with the answer.
err-transport-other-ca = The answer comes from another transport CA: { $found }
rec-transport-other-ca = Compare with ssmax org transport status on the host of the certificate issuing system. If that CA was made anew, remove trust.pem on this host first.
err-transport-refused = The certificate is not accepted: { $reason }
rec-transport-refused = Compare the clocks of both hosts.
