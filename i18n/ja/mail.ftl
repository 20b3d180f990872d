# ssmax decrypt、ssmax rewrap、ssmax mail が表示する文。

## 答え

mail-sent = サーバがメールを受け取りました: { $reply }
mail-many-attachments = 添付ファイル{ $count }個を一つずつ暗号化しました。組織が1通で開く数は、設定（max_private_operations）で増やしていなければ{ $usual }個までで、それを超えるメールは拒否されます。ファイルを一つにまとめるか、メール全体を暗号化してください。
mail-part = 添付: { $name }
mail-files-listed = 一つずつ暗号化され、いずれも署名された一覧のとおり: { $names }
mail-forwarded-rewrapped = 復号せずに転送: { $kept }。除いたもの: { $dropped }。
mail-none = なし
mail-forwarded-without-files = ファイルのないメールです。本文だけを全体として暗号化して送れるようにしました。
mail-forwarded-text = ファイルは残っていません。本文だけを、全体を暗号化して転送します。除いたもの: { $dropped }
mail-forwarded-anew = 新しいメールにして転送: { $kept }。除いたもの: { $dropped }。
mail-unreadable = 内容をここに表示できません。--out でファイルに書き出してください。
mail-copy-for = { $file }: { $people } あて
mail-cannot-read = 受信者 { $address } の証明書がありません。この人はメールを読めません
mail-entry-unreadable = 受信者の「{ $entry }」はアドレスとして読めないため、証明書を探していません
mail-field-differs = { $name }: 外側の値が、差出人が内側で保護した値と異なります
mail-field-kept = { $name }: 差出人が内側に置いた値です
mail-field-only-outer = { $name }: 外側だけにあり、誰でも書けた値です
rewrapped = このメールを読める人: { $people }
mail-no-chain = 上位認証局の証明書が付いていません。それを持たない受信者は署名を検証できません（--chain）。

## 鍵

err-key-password-needed = { $path }はパスワードで保護されています
rec-key-password-needed = パスワードをファイルに書き、--password-file で指定してください。
err-key-password-wrong = { $path }はこのパスワードでは開けません
rec-key-password-wrong = パスワードファイルの1行目を確認してください。
err-key-several = { $path }には鍵が複数あります
rec-key-several = 使う鍵の証明書を --cert で指定してください。
err-key-unsupported = { $path }の鍵の種類または保護の方式に対応していません
rec-key-unsupported = EC（P-256、P-384、P-521）、Ed25519、X25519と、2048・3072・4096ビットのRSAに対応しています。ファイルはAESで保護してください。
err-password-not-text = { $path }の1行目が文字として読めません
rec-password-not-text = UTF-8で保存し直してください。
err-certificate-of-another-key = { $path }: 証明書と鍵が対応していません
rec-certificate-of-another-key = この鍵に発行された証明書を指定してください。
err-certificate-needed = 鍵の証明書が添えられていません
rec-certificate-needed = --cert で指定してください。
err-key-home-unavailable = { $path }を今は開けません。鍵の保管先が応答しません
rec-key-home-unavailable = トークンの接続を確認して、やり直してください。

## 復号

err-not-encrypted = { $path }は暗号化されていません
rec-not-encrypted = そのまま読むか、ssmax verify で検証してください。
err-encrypted-object-refused = { $path }の暗号化の方式は受け入れられません: { $reason }
rec-encrypted-object-refused = AESで暗号化するよう差出人に依頼してください。
err-cipher-refused = { $path }は古い方式で暗号化されているため受け入れません
rec-cipher-refused = AESで暗号化するよう差出人に依頼してください。古いメールのトリプルDESは --allow-3des で開けます。
err-pkcs1-refused = { $path }の鍵はRSA PKCS#1 v1.5で渡されており、受け入れない設定です
rec-pkcs1-refused = --refuse-pkcs1 を外すか、OAEPを使うよう差出人に依頼してください。
err-not-a-recipient = { $path }は他の人あてに暗号化されています
rec-not-a-recipient = 以前の鍵があれば試してください。
err-several-recipients = { $path }にはこの種類の鍵の受信者が複数います
rec-several-recipients = 鍵の証明書を --cert で指定してください。
err-decryption-failed = { $path }を復号できません
rec-decryption-failed = 鍵が正しいか、ファイルが完全かを確認してください。

## メールの作成

err-mail-not-one-from = { $path }の差出人アドレスが一つではありません
rec-mail-not-one-from = Fromを一つ、アドレスを一つにしてください。
err-mail-other-address = 証明書のアドレスが{ $path }の差出人と異なります
rec-mail-other-address = そのアドレスの鍵で署名するか、Fromを変えてください。
err-mail-not-for-signing = { $path }: 署名用の証明書ではありません
rec-mail-not-for-signing = 署名用の鍵を使ってください。もう一つは復号用です。
err-mail-certificate-not-valid-now = { $path }: 証明書が有効期間外です
rec-mail-certificate-not-valid-now = 更新を依頼し、このコンピュータの時計も確認してください。
err-mail-signing-failed = { $path }に署名できませんでした: { $reason }
rec-mail-signing-failed = 鍵と証明書を確認してください。
err-mail-open-several = --outは1通に対するものですが、複数のメールが指定されています
rec-mail-open-several = 1通ずつ開くか、--outを外して表示してください。
err-mail-no-certificate = 暗号化に使う証明書がありません
rec-mail-no-certificate = --to で証明書を、または --learn-from で受信者からのメールを指定してください。
err-mail-not-for-encryption = { $subject }の証明書は暗号化用ではありません
rec-mail-not-for-encryption = もう一方の証明書をもらってください。署名用と暗号化用は別です。
err-mail-recipient-not-valid-now = { $subject }の証明書は有効期間外です
rec-mail-recipient-not-valid-now = 新しい証明書をもらい、このコンピュータの時計も確認してください。
err-mail-recipient-key = { $subject }の鍵は使えません
rec-mail-recipient-key = EC（P-256、P-384、P-521、X25519）と2048ビット以上のRSAが使えます。
err-mail-recipient-weak = { $subject }のメールソフトは古い暗号しか読めません
rec-mail-recipient-weak = 別のアドレスか、新しいメールソフトを使うよう依頼してください。
err-sign-key-needed = 添付ファイルを一つずつ暗号化するときはメッセージに署名もするが、その鍵が指定されていない
rec-sign-key-needed = 署名用の鍵を --sign-key（カードの鍵なら --sign-pkcs11）で指定してください。
err-mail-no-attachment = { $path } に添付ファイルがない
rec-mail-no-attachment = --attachments を付けず、全体を暗号化してください。
err-mail-attachment-below = { $path } には、本文中の画像など別の部分の内側にあるファイルがあり、暗号化されずに残ってしまう
rec-mail-attachment-below = 本文と並べて添付するか、--attachments を付けず全体を暗号化してください。
err-mail-attachment-name = { $path } の「{ $name }」は添付ファイルの名前にできない
rec-mail-attachment-name = 斜線や制御文字のない、250バイト以内の名前にしてください。
err-mail-too-many-attachments = { $path } の添付ファイルは { $max } 個を超えている
rec-mail-too-many-attachments = 一つにまとめるか、メッセージ全体を暗号化してください。
err-mail-attachments-not-as-listed = { $path } の添付ファイルは、署名された一覧にあるものではない
rec-mail-attachments-not-as-listed = 使わずに、送信者に再送を頼んでください。
err-mail-forward-not-good = { $path }の署名が正当でないか、判定の根拠がありません
rec-mail-forward-not-good = --trust で信頼する認証局を指定してください。理由は ssmax mail open で分かります。それでも転送するには --unverified を付けてください。
err-mail-forward-needs-key = { $path } は全体が暗号化されていて、開く必要がある
rec-mail-forward-needs-key = 復号用の鍵を --key で指定してください。
err-mail-forward-no-certificate = { $to }宛てに暗号化するための証明書がありません
rec-mail-forward-no-certificate = --to で証明書のファイルを指定するか、その人からのメールを先に開いて --known に覚えさせてください: ssmax mail open --known ファイル
err-mail-forward-needs-address = { $to }はメールアドレスではありません。鍵管理サーバはアドレス宛てに鍵を付け替えます
rec-mail-forward-needs-address = --to でアドレスを指定するか、--key で自分で開いてください。
err-mail-no-such-attachment = { $path } に添付ファイル「{ $name }」はない
rec-mail-no-such-attachment = ssmax mail open で名前を確かめてください。位置は最初のファイルが 2 です。
err-mail-mixed-keys = RSA鍵の受信者とEC鍵の受信者がいます。両方あての1通は、読めないメールソフトがあります
rec-mail-mixed-keys = --split と --out を指定してください。メールを2通作り、どれが誰あてかを示します。
err-mail-split-needs-out = 2通のメールは標準出力に書けません
rec-mail-split-needs-out = --out でファイルを指定してください。2通目は拡張子の前に -2 を付けて隣に書きます。
err-mail-subject-not-inside = { $path }の署名の内側に件名がないため、件名を隠せません
rec-mail-subject-not-inside = 先に --hide-subject を付けて署名してください。
err-mail-signed-already = { $path }はすでに署名されています
rec-mail-signed-already = そのまま送るか、署名する前のメールに署名してください。署名の中の署名は、メールソフトによって扱いが違います。
err-mail-header-unprotected = { $path }のヘッダを内側に写せません: { $reason }
rec-mail-header-unprotected = --no-header-protection を指定するか、各フィールドを一つにしてください。
err-too-many-recipients = 受信者が{ $max }人を超えています
rec-too-many-recipients = 複数のメールに分けてください。
err-rewrap-mixed-keys = 新しい受信者にRSA鍵の人とEC鍵の人がいます。両方あての1通は、読めないメールソフトがあります
rec-rewrap-mixed-keys = 鍵の種類ごとに、2回に分けて実行してください。
err-rewrap-triple-des = { $path }はトリプルDESで暗号化されています。トリプルDESは読むだけで、書きません
rec-rewrap-triple-des = ssmax decrypt --allow-3des で復号し、内容を暗号化し直してください。
err-rewrap-signed-around = { $path }は暗号の外側に署名があり、受信者を変えると署名が無効になります
rec-rewrap-signed-around = 暗号化された部分だけを保存し、それを指定してください。
err-mail-encrypting-failed = 暗号化できませんでした: { $reason }
rec-mail-encrypting-failed = メールの大きさを確認してください。
err-mail-nothing-learnt = { $path }は正当と判定されないため、証明書を取り出しません
rec-mail-nothing-learnt = ssmax verify で確認し、信頼する証明書を --trust で指定してください。
err-mail-teaches-nothing = { $path }は正当ですが、暗号化用の証明書がありません
rec-mail-teaches-nothing = 差出人から証明書をもらい、--to で指定してください。
err-mail-recipients-unreadable = { $path }: { $field }にアドレスとして読めない項目があります（{ $reason }）
rec-mail-recipients-unreadable = 受信者はすべて 名前@ドメイン の形で書いてください。読めない欄の人は、隠れた受信者として扱われます。
err-known-unreadable = { $path }は相手の一覧のファイルとして読めません
rec-known-unreadable = 別のファイルを指定してください。学ぶメールから作り直されます。
err-known-version = { $path }は版{ $version }で、このプログラムでは読めません
rec-known-version = 書いたプログラムを使うか、別のファイルを指定してください。
err-known-full = { $path }には{ $max }人までしか保存できません
rec-known-full = 新しいファイルを使ってください。
err-mail-no-recipient = { $path }に読み取れる受信者がありません
rec-mail-no-recipient = Toを加えるか、--to で受信者を指定してください。

## 送信

err-mail-server-unreadable = { $value }はメールサーバとして読めません
rec-mail-server-unreadable = mail.example.jp:587 のように書いてください。
err-mail-server-unreachable = { $server }に接続できません: { $reason }
rec-mail-server-unreachable = 名前、ポート、ネットワークを確認してください。最後に切れた場合は、送信済みのこともあります。
err-mail-server-tls = { $server }と安全に接続できません
rec-mail-server-tls = --ca にサーバの認証局を、--server に証明書にある名前を指定しているか確認してください。
err-mail-server-no-starttls = { $server }はSTARTTLSに対応していません
rec-mail-server-no-starttls = 送信用ポートを使うか、465番ポートで --implicit-tls を指定してください。
err-mail-login-in-clear = TLSなしでは{ $server }にパスワードを送りません
rec-mail-login-in-clear = サーバの認証局を --ca で指定してください。
err-mail-server-no-login = { $server }は対応するログイン方式を提供していません
rec-mail-server-no-login = 送信用ポート（通常587番）を使ってください。
err-mail-login-put-off = { $server }は今ログインを受け付けません: { $reply }
rec-mail-login-put-off = 数分後にやり直してください。
err-mail-login-refused = { $server }がログインを拒否しました: { $reply }
rec-mail-login-refused = 利用者名とパスワードを確認してください。
err-mail-recipient-put-off = { $server }は今宛先の一つを受け付けず、メールは誰にも送られませんでした: { $reply }
rec-mail-recipient-put-off = 数分後に送り直してください。
err-mail-recipient-refused = { $server }が受信者を拒否し、メールは誰にも送られていません: { $reply }
rec-mail-recipient-refused = アドレスを確認してください。
err-mail-put-off = { $server }は今メールを受け取りません: { $reply }
rec-mail-put-off = 数分後に送り直してください。続くときは、そのサーバの管理者に尋ねてください。
err-mail-refused = { $server }がメールを受け取りませんでした: { $reply }
rec-mail-refused = そのまま送り直しても同じです。サーバの応答に従ってください。
err-mail-eight-bit = { $server }は符号化していない非ASCII文字を受け取れません
rec-mail-eight-bit = 先に署名か暗号化をすると符号化されます。
err-mail-bare-line-end = { $server }がメールの終わりと誤解しうる改行があります
rec-mail-bare-line-end = メールソフトで保存し直してください。
err-mail-address-unusable = { $server }に伝えられないアドレスがあります
rec-mail-address-unusable = --to で通常のアドレスを一つ以上指定してください。
err-mail-server-nonsense = { $server }はSMTPで応答していません
rec-mail-server-nonsense = ポートを確認してください。通常587番、--implicit-tls なら465番です。

## ssmax mail rekey
mail-rekeyed = { $mailbox } のメールとして鍵を付け替えました
mail-rekeyed-own = 開くのは最新の暗号鍵です。まだ手元にないときは: ssmax user export { $mailbox } --out 新しいフォルダ
err-person-malformed = 鍵管理サーバが依頼を読めません
rec-person-malformed = 鍵管理サーバと同じ版のプログラムを使ってください。
err-person-time-outside = この計算機と鍵管理サーバの時計が10分より大きくずれています
rec-person-time-outside = 時計を合わせて、もう一度実行してください。
err-person-not-signed = 鍵管理サーバに{ $user }という利用者が登録されていないか、この署名鍵がその人のものではありません
rec-person-not-signed = 登録済みで現在有効な証明書の鍵で署名してください。--user で指定する利用者IDは、ssmax user list の表示どおりにしてください。
err-person-replayed = この依頼は、鍵管理サーバですでに使われています
rec-person-replayed = もう一度実行してください。実行ごとに新しい依頼を作ります。
err-person-not-your-mailbox = そのメールボックスは本人のアドレスではありません
rec-person-not-your-mailbox = 自分のアドレスを --mailbox で指定してください。
err-person-keeps-no-keys = この組織はESPで、だれの暗号鍵も預かっていません
rec-person-keeps-no-keys = 自分の古い鍵で ssmax rewrap を使ってください。
err-person-encryption-refused = { $path } は、鍵を付け替えられない方式で暗号化されています
rec-person-encryption-refused = 古い鍵と ssmax decrypt で復号し、内容を暗号化し直してください。
err-person-not-for-you = { $path } は、本人のこれまでのどの証明書あてにも暗号化されていません
rec-person-not-for-you = 本人のメールボックスにあったものなら、役員二人に保存用の鍵で開くよう依頼してください。
err-person-no-certificate = 本人に、現在有効な暗号用証明書がありません
rec-person-no-certificate = ssmax user renew で更新してから、もう一度実行してください。
err-person-limit-reached = 一日に許された数だけ、すでに鍵を付け替えました
rec-person-limit-reached = 明日続けるか、rewrap_own_per_day を上げてもらってください。
err-person-not-opened = { $path } を、宛先とされている鍵で開けませんでした
rec-person-not-opened = メールが壊れています。バックアップから取り出してください。
err-person-failed = 鍵管理サーバが今は答えられません
rec-person-failed = しばらくしてからもう一度実行してください。何が足りないかは鍵管理サーバのログにあります。

## メーリングリストのメール

list-note = { $name } <{ $address }> さんが { $list } に送ったメールです。{ $list } の組織が送信者を確認しました。メールは書かれ、署名されたままの形で添付されています。
