# ssmax card, and keys on cards.

help-card = A signing key on a card: make it, and lay its certificate beside it
help-card-list = Show the cards that are there, with their keys and the URIs of these
help-card-list-pkcs11 = Which cards: a PKCS#11 URI (RFC 7512), at least pkcs11:?module-path=FILE
help-card-make = Make a signing key in a card, and the request for its certificate
help-card-make-pkcs11 = Which card: a PKCS#11 URI (RFC 7512) with module-path; object names the new key
help-card-make-address = The person's address
help-card-make-rsa = An RSA key of 2,048 bits, for cards without elliptic curves, instead of P-256
help-card-make-out = Where to write the request (PEM); nothing is replaced
help-card-install = Lay a certificate beside its key on a card, for mailers to find
help-card-install-certificate = The certificate, PEM or DER
help-card-install-pkcs11 = Which key on which card: a PKCS#11 URI (RFC 7512) with module-path
help-any-pkcs11 = The key on a card: a PKCS#11 URI (RFC 7512) with module-path
help-any-pin_file = File with the card's PIN on its first line (default: pin-source of the URI, or it is asked for)
help-any-sign_pkcs11 = The key to sign with on a card: a PKCS#11 URI (RFC 7512) with module-path
help-any-sign_pin_file = File with that card's PIN on its first line (default: pin-source of the URI, or it is asked for)

card-found = Card "{ $label }", serial number { $serial }
card-key = { "  " }Key "{ $label }"
card-certificate = { "    " }certificate for { $emails }, until { $until }
card-made =
    The key is made; it does not leave the card. The request for its certificate: { $path }
    Have it certified: ssmax user add or user renew with --token-csr. Then: ssmax card install CERT.pem --pkcs11 '{ $uri }'
card-installed = The certificate is on the card, beside its key.

err-signing-key-needed = No key to sign with is named
rec-signing-key-needed = Name a key file with --key, or a key on a card with --pkcs11; ssmax card list shows what a card holds.
err-card-uri = The PKCS#11 URI cannot be followed: { $reason }
rec-card-uri = Write it as pkcs11:token=LABEL;object=KEY?module-path=/FILE, with % and two digits for what is special in it (RFC 7512). ssmax card list shows those of your keys.
err-card-no-module = The PKCS#11 URI does not name the library of the card's maker
rec-card-no-module = Add ?module-path= with its whole path, as /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so of the package opensc-pkcs11.
err-card-pin-in-sight = A PIN in the URI can be read by everybody on this computer
rec-card-pin-in-sight = Leave pin-value out; the PIN is asked for, or read from the file that --pin-file names. Change this PIN.
err-card-pin-needed = The card wants its PIN, and there is no terminal to ask at
rec-card-pin-needed = Name a file that only you can read with --pin-file.
err-card-pin-wrong = The card does not accept the PIN
rec-card-pin-wrong = Look how many tries are left with the program of its maker before you try again: after a few wrong ones it is locked.
err-card-pin-locked = The card's PIN is locked, or one wrong try away from it
rec-card-pin-locked = Type the right PIN once in the program of its maker, or have it unlocked by whoever gave you the card.
err-card-missing = { $found } cards fit the PKCS#11 URI; one is needed
rec-card-missing = Put the card in. Where there are several, name one with token= or serial=; ssmax card list shows them.
err-card-key-missing = { $found } signing keys on the card fit the PKCS#11 URI; one is needed
rec-card-key-missing = Name one with id= or object=; ssmax card list shows them. A new one is made with ssmax card make.
err-card-other-key = The certificate is not for this key of the card
rec-card-other-key = Give the certificate that was issued for the request that ssmax card make wrote, and the URI that it said.
err-card-write-protected = The card cannot be written to
rec-card-write-protected = Have its maker's program lift the protection, or use the key and certificate that are on it.
err-card-pin-each-time = The card wants the PIN anew for each use of this key, which is not supported
rec-card-pin-each-time = Use another key of the card, or sign with a mailer that supports this card.
err-card-no-public-half = The card does not show the public half of this key
rec-card-no-public-half = Have its maker's program write the public key onto the card under the same id.
err-card-unsupported = The card cannot do this, or the key is of a kind that is not used for mail here
rec-card-unsupported = P-256 and RSA of 2,048, 3,072 and 4,096 bits are. For a card without elliptic curves make the key with --rsa.
