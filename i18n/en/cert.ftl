# What ssmax cert says.

help-cert = Show, lint and verify certificates, offline; publish those of the own people in the DNS
help-cert-show = Show what certificates say
help-cert-show-file = The certificates, PEM (also several) or DER; - is standard input
help-cert-lint = Check certificates against our profiles and the S/MIME Baseline Requirements
help-cert-lint-file = The certificates, PEM (also several) or DER; - is standard input
help-cert-lint-profile = What to hold them to, such as user-signing or sponsor-strict (default: what they look like)
help-cert-verify = Find and check the path from a certificate to a trusted one
help-cert-verify-leaf = The certificate in question, PEM or DER; others in the same file may lie on the way
help-cert-verify-intermediate = Certificates that may lie on the way; may be repeated
help-cert-verify-trust = Certificates to trust; may be repeated
help-cert-verify-crl = Revocation lists, also deltas; may be repeated
help-cert-verify-ocsp = OCSP responses; may be repeated
help-cert-verify-at = The moment for which to judge, as 2026-01-02T03:04:05Z (default: now)
help-cert-verify-purpose = What the key is to be used for: signing, encryption or any (default: any)
help-cert-smimea = Write the certificates of a domain's people as records for its DNS zone (SMIMEA, RFC 8162)
help-cert-smimea-domain = The mail domain; to be told where the member has several
help-cert-smimea-out = Where to write the records, as a new file (default: standard output)
help-cert-smimea-ttl = How long resolvers may keep a record, in seconds, 60 to 604800
help-cert-smimea-uninspected = At a member that inspects: publish people's own certificates, although mail encrypted with them cannot be inspected

smimea-written = Records of { $count } addresses are in { $path }. Have the zone of the domain include it ($INCLUDE), sign the zone with DNSSEC, and write it anew each day.
smimea-without = { $address } has no certificate that is valid now, and no record.
err-smimea-uninspected = This member inspects mail, and cannot open what a stranger encrypts
rec-smimea-uninspected = With --uninspected people's own certificates are published. Mail encrypted with them is held for an officer (inbound rule mail.encrypted), who sees no content, and opens with the person's own key (ssmax user export).
err-smimea-which-domain = The member has several domains: { $domains }
rec-smimea-which-domain = Name one with --domain: each has a zone of its own.
err-smimea-other-domain = { $domain } is no domain of this member
rec-smimea-other-domain = Its domains are: { $domains }.

## Certificates of people outside

help-cert-outside = Certificates of people outside: learnt from their signed mail, and which of them are used
help-cert-outside-learn = Learn from good signed mails of people outside; each waits for approval
help-cert-outside-learn-files = The messages as the mailer saves them
help-cert-outside-learn-approve = Approve what was learnt, where no other certificate of the address is in use
help-cert-outside-import = Take a certificate from a file; it waits for approval
help-cert-outside-import-certificate = The certificate, PEM or DER
help-cert-outside-import-address = Whose it is: an address in it
help-cert-outside-list = List what is known
help-cert-outside-list-text = Only what has this in its address, its subject or its hash
help-cert-outside-list-state = Only those that are learnt, approved or rejected
help-cert-outside-show = Show one certificate
help-cert-outside-show-sha256 = The SHA-256 of the certificate, its first 16 digits or more
help-cert-outside-approve = Have mail to its owner encrypted with it
help-cert-outside-approve-sha256 = The SHA-256 of the certificate, its first 16 digits or more
help-cert-outside-approve-replace = Use it instead of the certificate that is in use for the address
help-cert-outside-reject = Use it no longer, and do not learn it again
help-cert-outside-reject-sha256 = The SHA-256 of the certificate, its first 16 digits or more

outside-learnt = waits for approval
outside-approved = in use
outside-rejected = rejected
outside-from-mail = from a signed mail
outside-from-file = from a file
outside-count = { $count ->
    [one] { $count } certificate
   *[other] { $count } certificates
 }
err-outside-no-folder = There is no folder for certificates of people outside
rec-outside-no-folder = Set outside_certificates in [keyserver], and make the folder.
err-outside-entry = { $path } cannot be read
rec-outside-entry = Put the register back from a backup, or take the file away: what was decided about that certificate is then forgotten.
err-outside-waiting = As many certificates of { $address } wait for a decision as are kept: { $max }
rec-outside-waiting = Look at them (ssmax cert outside list), and approve or reject some.
err-outside-full = The register has { $max } certificates, as many as it takes
rec-outside-full = Take away files of rejected certificates from its folder.
err-outside-not-found = There is not exactly one certificate whose SHA-256 begins with { $sha256 }
rec-outside-not-found = Give its first 16 digits or more, as ssmax cert outside list shows them.
err-outside-unusable = { $path }: no mail to that address can be encrypted with it now
rec-outside-unusable = It has to be one certificate that carries the address, is for encryption, and is valid today.
err-outside-own = { $address } is an address of this organisation
rec-outside-own = Own people's certificates are issued here: ssmax user list.
err-outside-other = Another certificate is in use for { $address }: { $path }
rec-outside-other = Ask its owner, on another way than by mail, which of the two is right. Then: --replace
err-outside-shared = { $path } serves other addresses too
rec-outside-shared = Without it mail to those might leave in clear. Approve certificates for these first, then take the file away by hand.

## What ssmax cert says is wrong

err-profile-unknown = { $name } is no profile
rec-profile-unknown = Known are: { $known }.
err-not-an-ocsp-response = { $path } is no OCSP response that can be read
rec-not-an-ocsp-response = It has to be a successful basic response in PEM or DER form.

## What a certificate says

cert-subject = Subject: { $value }
cert-addresses = Addresses: { $value }
cert-hosts = Host names: { $value }
cert-other-names = Other names: { $value }
cert-organization = Organisation: { $value }
cert-issuer = Issuer: { $value }
cert-serial = Serial number: { $value }
cert-validity = Valid: { $value }
cert-validity-value = { $from } to { $until } ({ $left })
cert-days-left = { $days ->
    [one] { $days } day left
   *[other] { $days } days left
 }
cert-expired = { $days ->
    [one] expired { $days } day ago
   *[other] expired { $days } days ago
 }
cert-not-yet-valid = not valid yet
cert-key = Key: { $value }
cert-signature = Signed with: { $value }
cert-authority = CA: { $value }
cert-authority-any = yes, any number of CAs below
cert-authority-length = yes, CAs below: { $length }
cert-key-usage = Key usage: { $value }
cert-extended-key-usage = Purposes: { $value }
cert-policies = Policies: { $value }
cert-policy-any = any policy
cert-policy-relay = relay certificate
cert-policy-server-held = key held by the key server
cert-policy-organisation = member organisation
cert-policy-list-signer = signs the member list
cert-permitted = Only for: { $value }
cert-excluded = Never for: { $value }
cert-identity-proof = Identity proof: { $value }
cert-identity-proof-value = level { $level }, { $date }
cert-sha256 = SHA-256: { $value }
cert-sha1 = SHA-1: { $value }
cert-key-id = Key identifier: { $value }
cert-issuer-key-id = Issuer's key identifier: { $value }
cert-crl = Revocation list: { $value }
cert-ocsp = OCSP: { $value }
cert-ca-issuers = Issuer's certificate: { $value }
cert-capabilities = Mailer reads: { $value }
cert-profile = Looks like: { $value }
cert-refused = refused: { $reason }
cert-refusal-malformed = it cannot be read
cert-refusal-too-large = it is too large
cert-refusal-malformed-extension = an extension cannot be read
cert-refusal-duplicate-extension = an extension occurs twice
cert-refusal-wrong-version = its version has no extensions
cert-refusal-unusable-address = an address or host name in it could be read in two ways
cert-refusal-algorithm-mismatch = it names two signature algorithms

## Whether to believe it

cert-verdict-valid = Valid
cert-verdict-invalid = Invalid
cert-reason-since = { $reason } since { $since }
cert-reason-valid = not revoked as far as the lists and responses tell
cert-reason-valid-revocation-not-checked = whether it is revoked was not asked (--crl, --ocsp)
cert-reason-no-issuer = no issuer leads to what is trusted
cert-reason-certificate-signature-wrong = the signature on a certificate is wrong
cert-reason-certificate-algorithm = a certificate uses a weak or unknown algorithm or key
cert-reason-path-too-deep = too many certificates above
cert-reason-path-too-much-work = checking the certificates takes too much work
cert-reason-not-yet-valid = a certificate is not valid yet
cert-reason-expired = a certificate has expired
cert-reason-unknown-critical-extension = a critical extension is unknown
cert-reason-not-ca = an issuer is no CA
cert-reason-may-not-sign-certificates = an issuer may not sign certificates
cert-reason-path-length-exceeded = more CAs than one above allows
cert-reason-name-not-permitted = a name is outside what a CA may vouch for
cert-reason-name-excluded = a CA is barred from a name
cert-reason-unsupported-constraint = a constraint of a CA is unknown
cert-reason-no-acceptable-policy = no policy is granted all the way
cert-reason-bad-policy-mapping = a policy mapping is not allowed
cert-reason-wrong-key-usage = the key is not for that purpose
cert-reason-wrong-extended-key-usage = a certificate is not for that purpose
cert-reason-wrong-policy = the certificate lacks its policy
cert-reason-revocation-unknown = nothing tells whether it is revoked
cert-reason-revocation-stale = the revocation list is out of date
cert-reason-revoked = revoked
cert-reason-ocsp-other-certificate = the OCSP response is about another certificate
cert-reason-ocsp-other-issuer = the OCSP response is about another issuer's certificate
cert-reason-ocsp-several-answers = the OCSP response answers more than once
cert-reason-ocsp-algorithm = the OCSP response uses a weak or unknown algorithm
cert-reason-ocsp-unknown-critical-extension = the OCSP response has an unknown critical extension
cert-reason-ocsp-not-for-this-time = the OCSP response does not count at that time
cert-reason-ocsp-stale = the OCSP response is out of date
cert-reason-ocsp-no-responder = the OCSP responder's certificate is missing
cert-reason-ocsp-responder-of-other-issuer = the issuer did not authorise the OCSP responder
cert-reason-ocsp-responder-not-allowed = the OCSP responder's certificate is not for OCSP
cert-reason-ocsp-responder-not-valid = the OCSP responder's certificate is not valid at that time
cert-reason-ocsp-responder-may-be-revoked = the OCSP responder's certificate may be revoked
cert-reason-ocsp-signature-wrong = the signature of the OCSP response is wrong
cert-reason-ocsp-unknown = the OCSP responder does not know the certificate

## What is wrong with it

cert-lint-held = { $subject }, held to { $profile }:
cert-lint-error = error
cert-lint-warning = warning
cert-lint-nothing = Nothing found.
cert-lint-signature-algorithm = signed with a weak or unknown algorithm
cert-lint-key-strength = the key is too weak or of an unknown kind
cert-lint-positive-serial = the serial number is not positive or too long
cert-lint-authority-key-id = the issuer's key is not named as it should be
cert-lint-authority-subject-key-id = a CA without a key identifier
cert-lint-subject-key-id = no key identifier
cert-lint-criticality = an extension is critical that must not be, or the other way round
cert-lint-authority-bits = rights of a CA without being one
cert-lint-subject-name = an empty subject
cert-lint-address-place = for mail, but no address among the alternative names
cert-lint-key-usage-critical = the key usage should be critical
cert-lint-names-critical = the alternative names should not be critical
cert-lint-known-standard = no policy says what was validated; judged by RFC 5280 alone
cert-lint-baseline-policies = not exactly the one policy of its profile
cert-lint-baseline-policies-critical = the policies should not be critical
cert-lint-baseline-serial = the serial number has less than 64 bits
cert-lint-legacy-generation = a profile that has not been issued since July 2025
cert-lint-baseline-validity = valid for too long
cert-lint-baseline-key-usage = the key usage does not fit the key
cert-lint-baseline-extended-key-usage = not for e-mail, or for more than that
cert-lint-baseline-no-authority = a CA with a subscriber's policy
cert-lint-baseline-names = no address, or names of another kind beside it
cert-lint-baseline-subject = attributes of the subject are missing or too many
cert-lint-baseline-common-name = the common name was not validated
cert-lint-baseline-mailbox-in-subject = an address in the subject is not among the alternative names
cert-lint-baseline-organization-identifier = the organisation's identifier has the wrong form
cert-lint-baseline-country = the country is not two capital letters, or not the one of registration
cert-lint-baseline-crl = no http address of a revocation list, or one of another kind
cert-lint-baseline-authority-information = the issuer's certificate should be findable
cert-lint-authority-constraints = not a CA that signs certificates and lists
cert-lint-authority-purposes = not bound to e-mail
cert-lint-authority-subject = common name, organisation and country belong in a CA's subject
cert-lint-authority-policies = no policies
cert-lint-authority-crl = no address of a revocation list
cert-lint-nothing-else = something that the profile does not have
cert-lint-serial-number = the serial number is not 8 to 20 octets and positive
cert-lint-validity-order = it ends before it begins
cert-lint-user-validity = valid for more than 825 days
cert-lint-relay-validity = valid for longer than a relay certificate may be
cert-lint-authority-validity = valid for longer than the profile allows
cert-lint-subject-key = the key is not of the profile's kind
cert-lint-subject-text = a text in the subject is too long, empty or has hidden characters
cert-lint-subject-attributes = attributes of the subject are missing or too many
cert-lint-common-name = an address in the common name is not among the alternative names
cert-lint-organization-identifier = the organisation's identifier is no corporate number
cert-lint-number-of-names = too many or too few names
cert-lint-addresses-in-names = an address is not written as it should be
cert-lint-reserved-local-parts = an address that is reserved for the organisation
cert-lint-role-addresses = not the organisation's addresses
cert-lint-server-names = a host name is not written as it should be
cert-lint-key-usage = the key usage is not the profile's
cert-lint-extended-key-usage = the purposes are not the profile's
cert-lint-basic-constraints = CA and path length are not the profile's
cert-lint-name-constraints = the name constraints are not the profile's
cert-lint-certificate-policies = the policies are not the profile's
cert-lint-crl-distribution-points = the address of the revocation list is not plain http
cert-lint-authority-information = the address of OCSP or of the issuer is not plain http
cert-lint-identity-proof = the identity proof is out of place or after the beginning
