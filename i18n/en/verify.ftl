# What ssmax verify says.

## The answer

verify-verdict = Verdict: { $verdict }
verify-covers-whole = The signature covers the whole body.
verify-covers-part = The signature covers only a part of the body.
verify-covers-none = No part of the body is under a signature that holds.
verify-on-behalf = Written by { $actor } for { $from }, as the sealing organisation says
verify-seal = Sealed for the recipient by { $to }, from { $from }, { $at }
verify-hop = Sent by { $from } to { $to }, { $at }

## The checks

verify-check-one-from = one sender address
verify-check-structure = clear structure
verify-check-signature = signature
verify-check-binding = signer is the sender
verify-check-whole-message = whole message signed
verify-check-path = certificate is trusted
verify-check-revocation = not revoked
verify-check-time = certificate in its time
verify-check-algorithm = strong algorithms
verify-check-standing = standing of the organisation

## Why a check ended so

verify-reason-holds = in order
verify-reason-not-reached = not looked at after what was found before
verify-reason-not-signed = the mail is not signed
verify-reason-not-smime = the signature is not S/MIME
verify-reason-encrypted = encrypted: open it first
verify-reason-compressed = compressed: unpack it first
verify-reason-no-from = there is no From
verify-reason-several-from-fields = From stands there twice
verify-reason-several-from-addresses = From has several addresses
verify-reason-display-shows-other-address = the display name shows another address
verify-reason-address = From cannot be read: { $code }
verify-reason-mail = could be read in two ways: { $code }
verify-reason-signed-multipart-shape = not exactly a content and its signature
verify-reason-signature-unreadable = the signature cannot be read
verify-reason-two-contents = the signature brings a second content
verify-reason-label-differs = announced as something else than a signature
verify-reason-protocol-differs = the type announced is not that of the signature
verify-reason-micalg-differs = in order; the hash announced is not that of the signature
verify-reason-not-data = what is signed is no mail content
verify-reason-header-protection-mode = the signed header is protected in an unknown way
verify-reason-hp-outer-malformed = the signed header has a record of the outer one that cannot be read
verify-reason-protected-field-twice = a signed header field stands there twice
verify-reason-header-protection-refused = the protection of the header is not accepted
verify-reason-nested-signature = a signature directly inside a signature
verify-reason-wrapped-twice = a wrapped message that wraps another one
verify-reason-hop-record-malformed = an organisation's record that cannot be believed
verify-reason-no-signer = nobody signed
verify-reason-several-signers = several signers
verify-reason-no-certificate = the signer's certificate is not in the mail
verify-reason-weak-algorithm = not looked at, the algorithm is too weak
verify-reason-sha1-allowed = in order; the broken hash SHA-1, which was allowed (--allow-sha1)
verify-reason-weak-key = the signer's key is too short
verify-reason-key-of-another-kind = the key is of another kind than the signature
verify-reason-key-unusable = the key cannot be used
verify-reason-wrong-certificate = the certificate is another one
verify-reason-weak-digest = a broken hash such as SHA-1
verify-reason-unsupported-digest = an unknown hash
verify-reason-unsupported-algorithm = an unknown signature algorithm
verify-reason-digest-disagrees = two different hashes are named
verify-reason-pss-parameters = unusual parameters of RSA-PSS
verify-reason-no-signed-attributes = the signed attributes are missing
verify-reason-ambiguous-content = the content could be taken for attributes
verify-reason-duplicate-attribute = a signed attribute twice
verify-reason-attribute-values = a signed attribute without exactly one value
verify-reason-malformed-attribute = a signed attribute cannot be read
verify-reason-content-type-attribute = the signed type is another
verify-reason-no-message-digest = the signed digest is missing
verify-reason-content-changed = the content was changed
verify-reason-signing-certificate = the signature names another certificate
verify-reason-signature-wrong = the signature is wrong
verify-reason-signature-refused = the signature is not accepted
verify-reason-other-address = the certificate is for another address
verify-reason-address-in-subject = in order; an old certificate, with the address in its subject
verify-reason-inner-from-differs = the signed header names another sender
verify-reason-record-of-other-content = the seal is of another content
verify-reason-headers-changed = a field was changed after an organisation signed it
verify-reason-signed-part-below = only a part further down is signed
verify-reason-attachments-not-as-listed = the encrypted attachments are not the ones that the sender listed
verify-reason-text-behind = text behind the signed part
verify-reason-encrypted-part-below = an encrypted or compressed part lies beside others
verify-reason-outer-field-differs = a field that is shown is not the signed one
verify-reason-outer-field-unsigned = a subject or date that stands outside only, where anybody could have put it
verify-reason-body-elsewhere = a part is only a pointer to a body elsewhere
verify-reason-no-anchor = nothing was named as trusted (--trust)
verify-reason-no-issuer = no issuer leads to what is trusted
verify-reason-certificate-signature-wrong = the signature on a certificate is wrong
verify-reason-certificate-algorithm = a certificate uses a weak or unknown algorithm
verify-reason-path-too-deep = too many certificates above
verify-reason-path-too-much-work = checking the certificates takes too much work
verify-reason-not-yet-valid = not valid yet
verify-reason-expired = expired
verify-reason-unknown-critical-extension = a critical extension is unknown
verify-reason-not-ca = an issuer is no CA
verify-reason-may-not-sign-certificates = an issuer may not sign certificates
verify-reason-path-length-exceeded = more CAs than one above allows
verify-reason-name-not-permitted = the address is outside what the CA may vouch for
verify-reason-name-excluded = the CA is barred from the address
verify-reason-unsupported-constraint = a constraint of a CA is unknown
verify-reason-no-acceptable-policy = no policy is granted all the way
verify-reason-bad-policy-mapping = a policy mapping is not allowed
verify-reason-wrong-key-usage = the key is not for signing
verify-reason-wrong-extended-key-usage = the certificate is not for mail
verify-reason-wrong-policy = the certificate lacks its policy
verify-reason-revocation-unknown = the lists do not tell about the certificate
verify-reason-revocation-stale = the lists about the certificate are out of date
verify-reason-ocsp-stale = the OCSP response is out of date
verify-reason-ocsp-unknown = the OCSP responder does not know the certificate
verify-reason-ocsp-signature-wrong = the signature of the OCSP response is wrong
verify-reason-ocsp-responder = the OCSP response is by somebody who may not answer
verify-reason-ocsp-refused = the OCSP response does not count for the certificate
verify-reason-revoked = revoked
verify-reason-path-refused = the certificate is not accepted
verify-reason-signed-before-date = signed more than an hour before the Date: an old mail sent again
verify-reason-several-dates = several Date fields
verify-reason-date-unreadable = Date cannot be read
verify-reason-signed-after-date = in order; signed more than an hour after the Date
verify-reason-no-crl = no revocation list was given (--crl)
verify-reason-authorities-unknown = in order; the lists do not tell about all CAs above
verify-reason-no-member-list = no member list at hand

## Files

err-not-a-crl = { $path } is no revocation list that can be read
rec-not-a-crl = It has to be in PEM or DER form.
mail-no-header = it does not begin with a header field
