# Words of logs, records and JSON, as people read them: word-KIND-NAME.

word-direction-inbound = inbound
word-direction-outbound = outbound

word-outcome-pass = passed
word-outcome-hold = held
word-outcome-block = blocked

word-standing-good = good
word-standing-watched = watched
word-standing-suspended = suspended
word-standing-expelled = expelled

word-stage-accept = accept
word-stage-authenticate = authenticate
word-stage-inspect = inspect
word-stage-reencrypt = re-encrypt
word-stage-sign = sign
word-stage-transmit = transmit

word-certificate-organisation-signing = organisation signing
word-certificate-federation-encryption = federation encryption
word-certificate-issuing-ca = issuing CA of the federation
word-certificate-root = root of the federation
word-certificate-member-ca = member CA
word-certificate-seal-ca = seal CA
word-certificate-tls = TLS

word-result-ok = done
word-result-again = again
word-result-refused = refused
word-result-no-ticket = no ticket
word-result-not-allowed = not allowed
word-result-malformed = malformed
word-result-not-found = not found
word-result-exists = exists already
word-result-failed = failed

word-operation-admit-outbound = admit outgoing mail
word-operation-admit-inbound = admit incoming mail
word-operation-readmit-inbound = admit incoming mail anew
word-operation-admit-outside = admit mail from outside
word-operation-sign-user = sign for the person
word-operation-rewrap = re-wrap for the member
word-operation-sign-hop = sign for the organisation
word-operation-preserve = re-wrap, content kept
word-operation-tolerate = allowed by an officer
word-operation-decide = decision of an officer
word-operation-new-secret = new device secret
word-operation-open-held = open held mail
word-operation-release-for-review = give to a reviewer
word-operation-install-list = install the member list
word-operation-advance-list = bring the member list forward
word-operation-kept-list = give the member list that is kept
word-operation-notice-ended = end of a notice
word-operation-release = give the key to the inspection
word-operation-verify-submission = verify a submission
word-operation-verified = outcome of the verification
word-operation-verdict = verdict of the inspection
word-operation-encrypt-fresh = encrypt anew
word-operation-seal = seal
word-operation-sign-post = sign for a list
word-operation-encrypt-post = encrypt for a list
word-operation-rewrap-to = re-wrap for the recipient
word-operation-encrypt-outside = encrypt for outside
word-operation-encrypt-to = encrypt for the recipient
word-operation-make-user-keys = make keys of a person
word-operation-install-user = register a person
word-operation-delegate = register a delegation
word-operation-end-delegation = end a delegation
word-operation-export-key = export a key
word-operation-export-earlier-keys = export earlier keys
word-operation-rewrap-own = re-wrap a person's own mail
word-operation-rewrap-archive = open archived mail
word-operation-erase = delete what is kept no longer
word-operation-trace = identify the person behind a mail
