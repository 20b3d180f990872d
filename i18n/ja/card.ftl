# ssmax card と、カードの鍵。

help-card = カードの署名鍵。鍵を作り、証明書を添える
help-card-list = 使えるカードと、その鍵のURIを表示する
help-card-list-pkcs11 = 対象のカード。PKCS#11 URI（RFC 7512）で、少なくとも pkcs11:?module-path=ファイル
help-card-make = カードの中に署名鍵を作り、証明書の要求を書き出す
help-card-make-pkcs11 = 対象のカード。module-pathのあるPKCS#11 URI（RFC 7512）。objectは新しい鍵の名前になる
help-card-make-address = 本人のメールアドレス
help-card-make-rsa = 楕円曲線を使えないカードのために、P-256ではなく2048ビットのRSA鍵を作る
help-card-make-out = 要求（PEM）の書き先。すでにあれば書かない
help-card-install = カードの鍵に証明書を添え、メールソフトから使えるようにする
help-card-install-certificate = 証明書（PEMかDER）
help-card-install-pkcs11 = どのカードのどの鍵か。module-pathのあるPKCS#11 URI（RFC 7512）
help-any-pkcs11 = カードの鍵。module-pathのあるPKCS#11 URI（RFC 7512）
help-any-pin_file = カードのPINを一行目に書いたファイル（省くとURIのpin-source、それもなければ入力を求める）
help-any-sign_pkcs11 = 署名に使うカードの鍵。module-pathのあるPKCS#11 URI（RFC 7512）
help-any-sign_pin_file = そのカードのPINを一行目に書いたファイル（省くとURIのpin-source、それもなければ入力を求める）

card-found = カード「{ $label }」、通し番号 { $serial }
card-key = { "  " }鍵「{ $label }」
card-certificate = { "    " }{ $emails } の証明書、{ $until } まで
card-made =
    鍵を作りました。鍵はカードの外に出ません。証明書の要求: { $path }
    ssmax user add か user renew の --token-csr で証明書を発行してもらい、続けて実行してください: ssmax card install 証明書.pem --pkcs11 '{ $uri }'
card-installed = 証明書をカードの鍵に添えました。

err-signing-key-needed = 署名に使う鍵が指定されていません
rec-signing-key-needed = 鍵ファイルを --key で、カードの鍵を --pkcs11 で指定してください。カードにあるものは ssmax card list で分かります。
err-card-uri = PKCS#11 URIに従えません: { $reason }
rec-card-uri = pkcs11:token=ラベル;object=鍵?module-path=/ファイル の形で、特別な文字は%と二桁の数字で書いてください（RFC 7512）。自分の鍵のURIは ssmax card list で分かります。
err-card-no-module = PKCS#11 URIに、カードの製造元のライブラリの指定がありません
rec-card-no-module = ?module-path= に完全なパスを付けてください。パッケージ opensc-pkcs11 なら /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so です。
err-card-pin-in-sight = URIに書いたPINは、このコンピュータの誰からも見えます
rec-card-pin-in-sight = pin-value を外してください。PINは入力を求められるか、--pin-file のファイルから読まれます。このPINは変更してください。
err-card-pin-needed = カードのPINが必要ですが、入力できる端末がありません
rec-card-pin-needed = 自分だけが読めるファイルを --pin-file で指定してください。
err-card-pin-wrong = カードがPINを受け付けません
rec-card-pin-wrong = 再試行の前に、製造元の道具で残りの回数を確かめてください。誤りを重ねるとカードは施錠されます。
err-card-pin-locked = カードのPINが施錠されているか、あと一度の誤りで施錠されます
rec-card-pin-locked = 製造元の道具で正しいPINを一度入力するか、カードの発行者に解錠を頼んでください。
err-card-missing = PKCS#11 URIに合うカードは{ $found }枚です。1枚必要です
rec-card-missing = カードを挿してください。複数あるときは token= か serial= で選びます。一覧は ssmax card list で分かります。
err-card-key-missing = PKCS#11 URIに合う署名鍵は、カードに{ $found }個です。1個必要です
rec-card-key-missing = id= か object= で選んでください。一覧は ssmax card list で分かります。新しい鍵は ssmax card make で作れます。
err-card-other-key = 証明書は、カードのこの鍵のものではありません
rec-card-other-key = ssmax card make が書いた要求に対して発行された証明書と、そのとき表示されたURIを指定してください。
err-card-write-protected = カードに書き込めません
rec-card-write-protected = 製造元の道具で書き込み保護を外すか、すでにある鍵と証明書を使ってください。
err-card-pin-each-time = このカードの鍵は使うたびにPINを求めますが、それには対応していません
rec-card-pin-each-time = カードの別の鍵を使うか、このカードに対応するメールソフトで署名してください。
err-card-no-public-half = カードがこの鍵の公開鍵を見せません
rec-card-no-public-half = 製造元の道具で、同じidの公開鍵をカードに書いてください。
err-card-unsupported = カードがこれに対応していないか、ここではメールに使わない種類の鍵です
rec-card-unsupported = 使えるのは、P-256と、2048・3072・4096ビットのRSAです。楕円曲線を使えないカードでは --rsa で鍵を作ってください。
