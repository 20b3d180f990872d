# ssmax verify が表示する文。

## 答え

verify-verdict = 判定: { $verdict }
verify-covers-whole = 署名は本文全体に及びます。
verify-covers-part = 署名は本文の一部にしか及びません。
verify-covers-none = 成り立つ署名の及ぶ本文はありません。
verify-on-behalf = 書いた人: { $actor }（{ $from } の代理。封印した組織の記録による）
verify-seal = 受信者向けに{ $to }が封印（送信元{ $from }、{ $at }）
verify-hop = { $from }から{ $to }へ送信（{ $at }）

## 検査項目

verify-check-one-from = 差出人アドレスが一つ
verify-check-structure = 構造が明確
verify-check-signature = 署名
verify-check-binding = 署名者が差出人
verify-check-whole-message = 全体に署名
verify-check-path = 証明書が信頼できる
verify-check-revocation = 失効していない
verify-check-time = 証明書の有効期間
verify-check-algorithm = 十分な強度の方式
verify-check-standing = 組織の資格

## 検査の結果の理由

verify-reason-holds = 問題なし
verify-reason-not-reached = 先に見つかった問題のため未検査
verify-reason-not-signed = 署名のないメール
verify-reason-not-smime = S/MIME以外の署名
verify-reason-encrypted = 暗号化されているため、先に復号が必要
verify-reason-compressed = 圧縮されているため、先に展開が必要
verify-reason-no-from = 差出人がない
verify-reason-several-from-fields = 差出人の欄が複数ある
verify-reason-several-from-addresses = 差出人のアドレスが複数ある
verify-reason-display-shows-other-address = 表示名が別のアドレスを示している
verify-reason-address = 差出人が読めない: { $code }
verify-reason-mail = 二通りに読める: { $code }
verify-reason-signed-multipart-shape = 内容と署名の二部になっていない
verify-reason-signature-unreadable = 署名が読めない
verify-reason-two-contents = 署名が別の内容を含んでいる
verify-reason-label-differs = 署名以外のものと宣言されている
verify-reason-protocol-differs = 宣言された種類が署名と異なる
verify-reason-micalg-differs = 問題なし。ただし宣言されたハッシュが署名と異なる
verify-reason-not-data = 署名の対象がメールの内容ではない
verify-reason-header-protection-mode = 署名されたヘッダの保護方式が未知
verify-reason-hp-outer-malformed = 署名されたヘッダにある外側の記録が読めない
verify-reason-protected-field-twice = 署名されたヘッダの欄が重複している
verify-reason-header-protection-refused = ヘッダの保護を受け付けられない
verify-reason-nested-signature = 署名のすぐ内側に署名がある
verify-reason-wrapped-twice = 包まれたメールがさらに別のメールを包んでいる
verify-reason-hop-record-malformed = 信じられない組織の記録がある
verify-reason-no-signer = 署名者がいない
verify-reason-several-signers = 署名者が複数いる
verify-reason-no-certificate = 署名者の証明書が付いていない
verify-reason-weak-algorithm = 方式が弱いため未検査
verify-reason-sha1-allowed = 問題なし。ただし許可されたSHA-1（--allow-sha1）
verify-reason-weak-key = 署名者の鍵が短すぎる
verify-reason-key-of-another-kind = 鍵の種類が署名と異なる
verify-reason-key-unusable = 鍵が使えない
verify-reason-wrong-certificate = 別の証明書
verify-reason-weak-digest = SHA-1など破られたハッシュ
verify-reason-unsupported-digest = 未対応のハッシュ
verify-reason-unsupported-algorithm = 未対応の署名方式
verify-reason-digest-disagrees = ハッシュの指定が食い違う
verify-reason-pss-parameters = RSA-PSSのパラメータが特殊
verify-reason-no-signed-attributes = 署名属性がない
verify-reason-ambiguous-content = 内容が属性とも読める
verify-reason-duplicate-attribute = 署名属性が重複している
verify-reason-attribute-values = 署名属性の値が一つではない
verify-reason-malformed-attribute = 署名属性が読めない
verify-reason-content-type-attribute = 署名された種類が異なる
verify-reason-no-message-digest = 署名されたダイジェストがない
verify-reason-content-changed = 内容が変更されている
verify-reason-signing-certificate = 署名が別の証明書を指している
verify-reason-signature-wrong = 署名が正しくない
verify-reason-signature-refused = 署名を受け入れられない
verify-reason-other-address = 証明書のアドレスが差出人と異なる
verify-reason-address-in-subject = 問題なし。ただし古い形式の証明書で、主体者名にアドレスがある
verify-reason-inner-from-differs = 署名されたヘッダの差出人が異なる
verify-reason-record-of-other-content = 封印が別の内容のもの
verify-reason-headers-changed = 組織の署名後にヘッダが変更されている
verify-reason-signed-part-below = 内側の一部にだけ署名がある
verify-reason-attachments-not-as-listed = 暗号化された添付ファイルが、送信者の一覧にあるものではない
verify-reason-text-behind = 署名された部分の後ろに文がある
verify-reason-encrypted-part-below = 暗号化または圧縮された部分がほかと並んでいる
verify-reason-outer-field-differs = 表示される欄が署名されたものと異なる
verify-reason-outer-field-unsigned = 件名または日付が外側だけにあり、誰でも書けた
verify-reason-body-elsewhere = 別の場所の本文を指すだけの部分がある
verify-reason-no-anchor = 信頼する証明書の指定がない（--trust）
verify-reason-no-issuer = 信頼する証明書につながらない
verify-reason-certificate-signature-wrong = 証明書の署名が正しくない
verify-reason-certificate-algorithm = 証明書の方式が弱いか未対応
verify-reason-path-too-deep = 上位の証明書が多すぎる
verify-reason-path-too-much-work = 証明書の検査に手間がかかりすぎる
verify-reason-not-yet-valid = まだ有効ではない
verify-reason-expired = 期限切れ
verify-reason-unknown-critical-extension = 重要な拡張が未対応
verify-reason-not-ca = 発行者が認証局ではない
verify-reason-may-not-sign-certificates = 発行者に証明書への署名が許されていない
verify-reason-path-length-exceeded = 上位が許すより認証局が多い
verify-reason-name-not-permitted = 認証局に許された範囲外のアドレス
verify-reason-name-excluded = 認証局に禁じられたアドレス
verify-reason-unsupported-constraint = 認証局の制約が未対応
verify-reason-no-acceptable-policy = 必要なポリシーが与えられていない
verify-reason-bad-policy-mapping = 許されないポリシーの対応付け
verify-reason-wrong-key-usage = 署名用の鍵ではない
verify-reason-wrong-extended-key-usage = メール用の証明書ではない
verify-reason-wrong-policy = 証明書に必要なポリシーがない
verify-reason-revocation-unknown = 失効リストからは分からない
verify-reason-revocation-stale = 失効リストが古い
verify-reason-ocsp-stale = OCSP応答が古い
verify-reason-ocsp-unknown = OCSPレスポンダが証明書を知らない
verify-reason-ocsp-signature-wrong = OCSP応答の署名が正しくない
verify-reason-ocsp-responder = 応答の資格のない者によるOCSP応答
verify-reason-ocsp-refused = この証明書に使えないOCSP応答
verify-reason-revoked = 失効している
verify-reason-path-refused = 証明書を受け入れられない
verify-reason-signed-before-date = Dateより1時間以上前の署名（古いメールの再送）
verify-reason-several-dates = 日付の欄が複数ある
verify-reason-date-unreadable = 日付が読めない
verify-reason-signed-after-date = 問題なし（署名はDateの1時間以上後）
verify-reason-no-crl = 失効リストの指定がない（--crl）
verify-reason-authorities-unknown = 問題なし（上位の認証局の一部は失効リストにない）
verify-reason-no-member-list = 会員名簿が手元にない

## ファイル

err-not-a-crl = { $path }は失効リストとして読めません
rec-not-a-crl = PEMまたはDER形式にしてください。
mail-no-header = 先頭がヘッダではありません
