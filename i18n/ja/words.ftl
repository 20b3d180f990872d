# ログ、記録、JSONにある語を、人が読む形で: word-種類-名前。

word-direction-inbound = 受信
word-direction-outbound = 送信

word-outcome-pass = 通過
word-outcome-hold = 保留
word-outcome-block = 遮断

word-standing-good = 良好
word-standing-watched = 観察中
word-standing-suspended = 資格停止
word-standing-expelled = 除名

word-stage-accept = 受付
word-stage-authenticate = 認証
word-stage-inspect = 検査
word-stage-reencrypt = 再暗号化
word-stage-sign = 署名
word-stage-transmit = 転送

word-certificate-organisation-signing = 組織の署名用
word-certificate-federation-encryption = 組織間の暗号用
word-certificate-issuing-ca = 連合の発行認証局
word-certificate-root = 連合のルート認証局
word-certificate-member-ca = 組織の認証局
word-certificate-seal-ca = 封印用認証局
word-certificate-tls = TLS用

word-result-ok = 成功
word-result-again = 再度
word-result-refused = 拒否
word-result-no-ticket = チケットなし
word-result-not-allowed = 許されない
word-result-malformed = 読めない
word-result-not-found = なし
word-result-exists = すでにある
word-result-failed = 失敗

word-operation-admit-outbound = 送信メールの承認
word-operation-admit-inbound = 受信メールの承認
word-operation-readmit-inbound = 受信メールの再承認
word-operation-admit-outside = 連合の外のメールの承認
word-operation-sign-user = 本人に代わる署名
word-operation-rewrap = 宛先組織への鍵の付け替え
word-operation-sign-hop = 組織の署名
word-operation-preserve = 鍵の付け替え（元の暗号文）
word-operation-tolerate = 担当者による許可
word-operation-decide = 担当者の決定
word-operation-new-secret = 端末用の秘密の再発行
word-operation-open-held = 保留メールの開封
word-operation-release-for-review = 確認者への引き渡し
word-operation-install-list = 会員名簿の取り込み
word-operation-advance-list = 会員名簿の差分の取り込み
word-operation-kept-list = 保存した会員名簿の受け渡し
word-operation-notice-ended = 通知の終了
word-operation-release = 検査への鍵の引き渡し
word-operation-verify-submission = 提出の検証
word-operation-verified = 検証の結果
word-operation-verdict = 検査の結果
word-operation-encrypt-fresh = 新しい暗号化
word-operation-seal = 封印
word-operation-sign-post = リストの署名
word-operation-encrypt-post = リストの暗号化
word-operation-rewrap-to = 受信者への鍵の付け替え
word-operation-encrypt-outside = 連合の外への暗号化
word-operation-encrypt-to = 受信者への暗号化
word-operation-make-user-keys = 利用者の鍵の作成
word-operation-install-user = 利用者の登録
word-operation-delegate = 代理送信の登録
word-operation-end-delegation = 代理送信の終了
word-operation-export-key = 鍵の引き渡し
word-operation-export-earlier-keys = 以前の鍵の引き渡し
word-operation-rewrap-own = 本人のメールの鍵の付け替え
word-operation-rewrap-archive = 保管メールの開封
word-operation-erase = 保存期間を過ぎた記録の削除
word-operation-trace = メールの背後にいる人の特定
