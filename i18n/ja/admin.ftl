# 管理者向けコマンド（serve、authority、org、user、config）の文。

## コマンドラインの誤り

cli-usage-unknown-argument = { $argument }はここでは使えません
cli-usage-unknown-argument-near = { $argument }はここでは使えません。{ $nearest }ではありませんか
cli-usage-missing-argument = 不足しています: { $arguments }
cli-usage-missing-command = コマンドがありません
cli-usage-missing-value = { $argument }には値が必要です
cli-usage-value = { $value }は{ $argument }の値として使えません
cli-usage-value-known = { $value }は{ $argument }の値として使えません。使える値: { $known }
cli-usage-conflict = { $argument }と{ $other }は同時に指定できません
cli-usage-repeated = { $argument }が二度以上指定されています
cli-usage-utf8 = 引数がUTF-8ではありません
cli-usage-other = 誤り: { $argument }
err-unknown-command-far = { $name }というコマンドはありません
rec-unknown-command-far = ssmax --help ですべてのコマンドを確認してください。

## 設定全体

err-config-log = { $value }はログの段階ではありません
rec-config-log = 指定できる段階: { $known }
err-config-file-missing = { $path }がありません
rec-config-file-missing = ssmax.toml のあるフォルダで実行するか、--config でファイルを指定してください。
err-config-no-role = { $path }に役割の節がありません
rec-config-no-role = 見本から始めてください: ssmax config sample
err-config-section = { $path }に[{ $section }]の節がありません
rec-config-section = 追加するか、その役割のホストで実行してください。ssmax config sample ですべての節を説明付きで表示します。

## 鍵とその解錠

err-unlock-wrong = 解錠用の秘密が、この鍵を作ったときのものと違います
rec-unlock-wrong = 正しい解錠ファイルを置いてください。それがなければ鍵は誰にも開けません。
err-unlock-short = 解錠用の秘密が{ $octets }バイトしかありません。32バイト以上必要です
rec-unlock-short = unlock_file が正しいファイルを指しているか確認してください。
err-unlock-not-text = 解錠ファイルが一行の文字列ではありません
rec-unlock-not-text = unlock_file が正しいファイルを指しているか確認してください。
err-keys-missing = { $path }に鍵がありません
rec-keys-missing = まだ鍵を作ったことのない組織なら、作成してください: ssmax org init（管理組織は ssmax authority init）。鍵のあった組織なら、state_dir を直すか、最後のバックアップを復元してください。新しい鍵では古いメールを読めません。
err-keys-exist = { $path }にはすでに鍵があります
rec-keys-exist = そのまま使うか、別の state_dir にしてください。鍵を消すと古いメールが読めなくなります。
err-keys-damaged = 鍵ファイル{ $path }が壊れています
rec-keys-damaged = 最後のバックアップを復元してください。
err-token-not-named = backend が pkcs11 ですが、どのトークンかを示す節がありません
rec-token-not-named = [keyserver.pkcs11] または [ca.pkcs11] に module、token_label、pin_file を書いてください。ssmax config sample に例があります。
err-softhsm-missing = SoftHSMが入っていません
rec-softhsm-missing = パッケージ softhsm2 を入れるか、--hsm なしで実行してください。
err-demo-keys-in-files = { $path }の鍵は、--hsmなしの実行で作られたファイルにあります
rec-demo-keys-in-files = --dirで別のフォルダを指定するか、このフォルダを消すか、--hsmを外してください。
err-demo-keys-in-tokens = { $path }の鍵は、--hsm付きの実行で作られたトークンにあります
rec-demo-keys-in-tokens = --hsmを付けるか、--dirで別のフォルダを指定してください。
err-token-not-asked-for = [{ $section }]の鍵は、トークンではなくファイルに作られます
rec-token-not-asked-for = そこに backend = "pkcs11" と節 [{ $section }.pkcs11] を書いてください。ssmax config sample に例があります。
err-token-not-configured = 鍵がトークンの中にありますが、トークンが設定されていません: { $reason }
rec-token-not-configured = 鍵を作ったときと同じ backend = "pkcs11" と pkcs11 の節を設定してください。
err-token-module = PKCS#11モジュール{ $path }を使えません
rec-token-module = 製造元のライブラリを入れるか、module を直してください。SoftHSMではサービスの環境に SOFTHSM2_CONF が必要です。
err-token-missing = ラベルが{ $label }のトークンは{ $found }個です。1個必要です
rec-token-missing = トークンの接続と token_label を確認してください。ラベルは pkcs11-tool --module FILE --list-slots で分かります。
err-token-pin = トークンがPINを受け付けません
rec-token-pin = PINのファイルを直してから再開してください。誤りを重ねるとトークンが施錠されるため、自動では再試行しません。
err-token-pin-locked = トークンのPINが施錠されているか、あと一度の誤りで施錠されます
rec-token-pin-locked = 製造元の道具で正しいPINを使って一度ログインするか、保安担当者に解錠を頼んでください。
err-token-pin-file = PINのファイルが一行の文字列ではありません
rec-token-pin-file = pin_file が正しいファイルを指しているか確認してください。
err-token-silent = トークンが応答しません
rec-token-silent = 接続を確認してください。戻れば、各役割は自動で再開します。
err-token-lacks = トークンは{ $operation }ができません
rec-token-lacks = 別のトークンか backend = "file" を使ってください。P-256のECDSAとECDH、OAEPのRSAが必要です。
err-token-object = トークンの中の鍵が、作ったときのものではありません: { $reason }
rec-token-object = トークンのPINを誰が持っているか調べ、トークンのバックアップを戻してください。バックアップがない場合に限り、新しい鍵を作ってください: ssmax org rotate
err-key-unusable = { $purpose }用の鍵{ $id }がないか、壊れています
rec-key-unusable = 最後のバックアップを復元してください。
err-certificate = 証明書を読み込めないか、使えません: { $reason }
rec-certificate = 元のファイルを確認するか、送り主に送り直してもらってください。
err-certificate-profile = 証明書がプロファイルに合いません: { $reason }
rec-certificate-profile = 設定の名前とドメインを確認してください。
err-statement-key = 提出窓口の鍵を使えません: { $reason }
rec-statement-key = 最後のバックアップを復元するか、state_dir の gateway または submission にある statement.pem を除いて ssmax org init と ssmax org install をやり直してください。
err-statement-key-missing = 提出証明の鍵がまだありません: { $path }
rec-statement-key-missing = 作成してから、役割を起動し直してください: ssmax org init。MTAが別のホストなら、それを実行したホストの state_dir から submission のフォルダを移してください。

## 稼働

err-already-serving = 役割 { $role } は、すでに別のプロセスが動かしています
rec-already-serving = 準備完了のファイルは { $path } にあります。先にそのプロセスを終了するか、この設定に別の run_dir を指定してください。
err-roles-ended = すべての役割が終了しました
rec-roles-ended = 上に出ているそれぞれのログに理由があります。
err-socket = run_dir のソケットを使えません: { $reason }
rec-socket = run_dir の所有者がSSMAXの実行利用者か確認してください。
err-socket-in-use = 別のプロセスがすでにこの役割のソケットを使っています
rec-socket-in-use = 先にそれを終了してください。
err-socket-path = run_dir のソケットのパスが長すぎるか、使えません
rec-socket-path = /run/ssmax のような短い run_dir にしてください。
err-statement-key-foreign = 提出証明の鍵ではないか、すでに別のサービスの鍵です
rec-statement-key-foreign = 鍵はサービスごとに別にし、statement.pem を写して使わないでください。
err-gateway-io = ゲートウェイがファイルかアドレスを開けません: { $reason }
rec-gateway-io = ssmax check を実行すると、どれかが分かります。
err-milter-io = ミルターがソケットかファイルを開けません: { $reason }
rec-milter-io = ssmax check を実行すると、どれかが分かります。
err-milter-peer = このコンピュータに利用者{ $user }がいません
rec-milter-peer = [submission]の peers を、MTAを動かす利用者にしてください。
err-listen = { $address }で待ち受けできません: { $reason }
rec-listen = このコンピュータのアドレスにしてください。1024未満のポートには権限が必要です。
err-route = ゲートウェイの経路が使えません: { $reason }
rec-route = smtp://host:25、lmtp://host:24、maildir:/var/mail/{"{"}domain{"}"}/{"{"}local{"}"} のように書いてください。
err-route-trust = route_ca を使えません: { $reason }
rec-route-trust = PEM形式のCA証明書にしてください。
err-listener-tls = 待ち受けのTLS設定が使えません: { $reason }
rec-listener-tls = tls_certificate と tls_key は対応するものを、どちらもPEM形式にしてください。
err-lists = [gateway.lists] か [gateway.redirects] が使えません: { $reason }
rec-lists = 左には自組織のアドレスを、メンバーには自組織のリストでないアドレスを書いてください。
err-plaintext-auth = 他から接続できる{ $address }で、暗号化しないパスワードが許されています
rec-plaintext-auth = tls_certificate と tls_key を設定し、allow_plaintext_auth = false にしてください。
err-failed = うまくいきませんでした: { $reason }
rec-failed = やり直してください。続くときはログとともに報告してください。
err-role-answer = { $role }の応答を理解できません
rec-role-answer = すべての役割が同じ版か確認してください。

## 受け取ったファイル

err-document-unreadable = { $path }は求める文書ではありません: { $reason }
rec-document-unreadable = 意図したファイルか、欠けていないか確認してください。
err-password-unreadable = { $path }にパスワードがありません
rec-password-unreadable = 自分だけが読めるファイル（モード0600）の一行目に書いてください。
err-esp-escrows-nothing = { $user }さん自身の暗号化鍵が必要です。ESPは利用者の鍵を作らず、預かりません
rec-esp-escrows-nothing = メールを読む側で作り（openssl ecparam -name prime256v1 -genkey -noout -out KEY.pem; openssl req -new -key KEY.pem -subj /CN=NAME -out REQUEST.pem）、その要求を--encryption-csrで指定してください
err-esp-keeps-no-keys = { $user }の鍵は渡せません。個人向け事業者は鍵を作らず、預かりません
rec-esp-keeps-no-keys = 鍵は本人の機器にあります。失った場合は、新しい鍵の証明書を発行してください: ssmax user renew --encryption-csr
err-organisation-escrows = { $user }さんは暗号化鍵を持ち込めません。組織が構成員の鍵を作って預かります
rec-organisation-escrows = --encryption-csrを付けずに登録してください。本人への受け渡しはssmax user exportです
err-not-a-request = { $path }は、その鍵で署名された証明書署名要求ではありません
rec-not-a-request = 作り直してください: openssl req -new -key KEY.pem -subj /CN=NAME -out REQUEST.pem

## 管理組織

cli-authority-founded = 連合「{ $name }」を設立しました。
cli-root-sha256 = ルート証明書のSHA-256（証明書とは別の経路で参加組織に伝えてください）:
    { $sha256 }
cli-root-file = ルート証明書: { $path }
cli-unlock-file-made = { $path }を作りました。状態とは別の場所に置き、控えを安全に保管してください。失うとすべての鍵が失われます。
cli-admitted = { $id }は会員名簿の第{ $version }版から参加組織です。
cli-admission-file = { $path }を参加組織に渡してください。
cli-answered-before = 同じ内容の申請に以前答えています。何も変わっておらず、このファイルはそのときの回答と1バイトも違いません。
cli-domains-unproved = このプログラムは、申請者が{ $domains }を管理していることを確認していません。
cli-standing-set = { $id }: { $standing }（会員名簿の第{ $version }版から）
cli-no-members = 参加組織はまだありません。
cli-published = 会員名簿の第{ $version }版と証明書{ $count }通を{ $path }に書きました。
err-authority-exists = この state_dir にはすでに管理組織があります
rec-authority-exists = そのまま使ってください。作り直すと鍵が変わり、全参加組織が入り直すことになります。
err-authority-missing = この state_dir に管理組織はまだありません
rec-authority-missing = 設立してください: ssmax authority init
err-authority-url = 管理組織のアドレスが https://HOST[:PORT] ではありません
rec-authority-url = https://authority.example:8443 のように、パスを付けずに書いてください。
err-name-too-long = 組織の名前が64文字を超えています
rec-name-too-long = 証明書に入りません。短い形の名前にしてください。
err-already-member = 申請者はすでに参加組織です
rec-already-member = ssmax authority members で確認してください。もう一度答えられるのは、回答を失った同じ申請書だけです。新しい鍵の証明には ssmax authority renew を使います。
err-domain-taken = 申請者のドメインはすでに参加組織のものです
rec-domain-taken = ssmax authority members で確認してください。ドメインは一つの組織にだけ属します。
err-key-request = 鍵{ $key }の署名要求が正しくありません: { $reason }
rec-key-request = 申請者に ssmax org init をもう一度実行してもらってください。鍵はそのままで、申請書だけが書き直されます。
err-key-kind = 鍵{ $key }は証明できない種類です
rec-key-kind = この版の ssmax org init が書いたままの申請書を、申請者に求めてください。
err-key-count = 組織暗号の鍵の数が1から{ $max }の間にありません
rec-key-count = この版の ssmax org init が書いたままの申請書を、申請者に求めてください。
err-key-twice = 一つの鍵が二つの用途に出されています
rec-key-twice = この版の ssmax org init が書いたままの申請書を、申請者に求めてください。
err-renewal-signer = 更新申請が、参加組織の現在の証明書で署名されていません
rec-renewal-signer = 現在の鍵がある参加組織の鍵管理サーバで、ssmax org rotate で作り直してもらってください。
err-renewal = 更新申請を信用できません: { $reason }
rec-renewal = ssmax org rotate で作り直し、30日以内に渡してもらってください。
err-certificate-count = 参加組織の証明書が、会員名簿に載せられる数に達しています
rec-certificate-count = いくつかの期限が切れるまで待ってください。
err-key-known = 申請書の鍵はすでに証明されています
rec-key-known = 新しい鍵を申請者に求め、誰の申請書かを確かめてください。もう一度答えられるのは、以前とまったく同じ内容の申請だけです。
err-no-such-member = その参加組織はありません
rec-no-such-member = 番号は ssmax authority members で確認してください。
err-member-expelled = この組織は除名されており、取り消せません
rec-member-expelled = 別の組織としてのみ、改めて申請できます。
err-standing-reason = 理由がないか、{ $max }文字を超えるか、ASCIIではありません
rec-standing-reason = incident-2026-0017 のような符号で書いてください。全参加組織が読めます。
err-entry = 会員名簿の記載として正しくありません: { $reason }
rec-entry = 申請者の ssmax.toml の[organisation]を直し、申請書を作り直してください。
err-entry-number = 参加組織の番号に含まれる法人番号があり得ない番号です
rec-entry-number = 番号は NTRJP- と法人番号13桁です。法人番号の最初の桁は検査用数字です。
err-entry-id = 参加組織の番号が法人番号と合いません
rec-entry-id = 番号は NTRJP- と法人番号13桁です。
err-entry-domain = メールドメインがないか、重複しているか、比較用の形ではありません
rec-entry-domain = 小文字で、国際化ドメインは xn-- の形で、末尾の点なしに書いてください。
err-entry-name = 組織の名前がありません
rec-entry-name = [organisation]に name（と name_ja）を書いてください。
err-entry-text = [organisation]の文字列が長すぎるか、制御文字を含みます
rec-entry-text = 短く、普通の文字で書いてください。
err-entry-contact = 事故報告の宛先がメールアドレスではありません
rec-entry-contact = [organisation]の incident_contact に abuse@a.example のように書いてください。
err-entry-esp-form = 個人向け事業者は wrapped-gcm の形を読めません
rec-entry-esp-form = [federation]に fresh_form = "mail-cbc" と書いてください。

## 参加組織

cli-org-keys-made = { $id }の鍵を作りました。
cli-org-keys-kept = { $id }の鍵はすでにあり、そのまま使います。
cli-milter-key-made = 提出証明の鍵を作りました。役割を起動し直すと、鍵管理サーバがそれを信じます。
cli-nothing-to-give = 管理組織に渡すものはありません。申請書は新たに書きません。
cli-application-file = { $path }を管理組織に渡してください。承認書が返り、ルート証明書のSHA-256が伝えられます。
cli-org-installed = { $id }は連合に参加しました。起動してください: ssmax serve（パッケージでは各役割のサービスを systemctl start で）
cli-org-installed-running = { $id }の新しい証明書を入れました。動いている役割は再起動なしに使い始めます。
cli-authority-url-differs = 承認書は{ $said }を、設定は{ $set }を指しています
cli-key-made = { $purpose }用の新しい鍵: { $id }
cli-keys-wait = 前回作った新しい鍵がまだ管理組織の証明を待っているため、新たには作りませんでした。
cli-renewal-file = { $path }を管理組織に渡し（ssmax authority renew）、回答を ssmax org install で入れてください。提出用・封印用・保管用の鍵は既に使われています。古い鍵はすべて残ります。
cli-renewed = { $id }の新しい鍵を証明しました（会員名簿の版{ $version }）。古い証明書は期限まで名簿に残ります。
cli-key-line = { $state ->
    [current] { $purpose }の鍵{ $id }: 使用中、{ $days }日経過（{ $home }）
    [waiting] { $purpose }の鍵{ $id }: 管理組織の証明を待っている、{ $days }日経過（{ $home }）
   *[old] { $purpose }の鍵{ $id }: 古いメールのために保持、{ $days }日経過（{ $home }）
}
cli-key-for-organisation-signing = 組織の署名
cli-key-for-federation-encryption = 組織間の暗号化
cli-key-for-submission-encryption = 提出
cli-key-for-seal = 封印
cli-key-for-archive = 保管
cli-key-for-hold = 保留メール
cli-key-for-member-ca = 組織の認証局
cli-key-for-seal-ca = 封印用認証局
cli-key-home-token = トークン内
cli-key-home-file = ファイル内
cli-org-not-listed-yet = 会員名簿の第{ $version }版は加入より前のものです。この組織は第{ $from }版から載ります。しばらくして確かめてください。ほかの参加組織には30秒以内に伝わります。
cli-org-not-listed = 会員名簿の第{ $version }版にこの組織はありません。
cli-org-standing = 資格: { $standing }（会員名簿の第{ $version }版）
cli-list-stale = 名簿が古くなっています。
cli-certificate-days = { $kind }: 残り{ $days }日
cli-certificate-organisation-signing = 組織の署名用証明書
cli-certificate-organisation-encryption = 組織の暗号用証明書
cli-certificate-member-ca = 参加組織の認証局
cli-certificate-issuing-ca = 連合の発行認証局
cli-certificate-root = 連合のルート認証局
err-not-root = このホストでは { $role } は別の利用者で動いています
rec-not-root = root で（sudo を付けて）実行してください。各役割のものは、その役割の利用者に渡されます。
err-not-the-role = { $role } は別の利用者で動くため、ログを root の端末に出すことはできません
rec-not-the-role = systemctl start ssmax-{ $role } で起動するか、2> と > でファイルに出力してください。
err-not-admitted = この組織はまだ連合に参加していません
rec-not-admitted = ssmax org init で申請し、返った承認書を ssmax org install で取り込んでください。
err-admission-foreign = 承認書は別の組織か別の鍵のものです
rec-admission-foreign = 最新の申請書への承認書か、設定の[organisation]は正しいか確認してください。
err-admission-older = この回答は会員名簿の第{ $version }版のものですが、第{ $installed }版のものがすでに入っています
rec-admission-older = 最新の回答を入れてください。入っているものは { $path } に残っています。
err-admission-chain = 承認書の証明書がそのルートにつながりません: { $reason }
rec-admission-chain = 使わないでください。別の経路で管理組織に承認書を求めてください。
err-root-digits = { $value }はSHA-256ではありません
rec-root-digits = 管理組織から伝えられた16進数64桁を指定してください。
err-root-differs = 承認書のルートが違います: { $found }
rec-root-differs = 使わないでください。承認書を改めて受け取り、桁を見比べてください。指定されたもの: { $given }
err-authority-unreachable = 管理組織に接続できません: { $reason }
rec-authority-unreachable = authority_url とネットワーク、ファイアウォールを確認してください。
err-authority-tls = 管理組織とのTLS接続に失敗しました: { $reason }
rec-authority-tls = authority_url と tls_ca を確認してください。間に何かがあるかもしれません。
err-authority-trust = tls_ca に使える証明書がありません
rec-authority-trust = 承認書を取り込み直す（ssmax org install）か、tls_ca を省いてください。
err-authority-answer = 管理組織から使える応答がありません: { $reason }
rec-authority-answer = authority_url を確認し、後でやり直してください。
err-list = 公開されている会員名簿を信用できません: { $reason }
rec-list = 管理組織に知らせてください。ゲートウェイは最後の正しい名簿を使い続けます。

## 利用者

cli-user-added = { $user }を登録しました。
cli-user-without-signing = 署名用証明書はまだありません。本人の鍵で署名するなら: ssmax user renew { $user } --csr 要求 --out フォルダ（カードの鍵なら --token-csr）。鍵管理サーバに署名させるなら: ssmax user renew { $user } --server-key。ログインには: ssmax user secret { $user } --proof 本人確認
cli-user-device-secret = 端末用の秘密（表示は今回限り）: { $secret }
cli-user-delegated = { $to } は { $until } まで { $from } の名で送信できます。
cli-user-undelegated = { $to } はもう { $from } の名で送信できません。
cli-user-inactive = （{ $day }に失効）
cli-user-former-address = { "  " }{ $address } は{ $ended }までこの人のもので、{ $free }から別の人に渡せます。
cli-user-renewed = { $user } に新しい証明書を発行しました。古いメールは古い鍵で読めます。
cli-user-renewed-export = これから{ $user }宛てのメールは新しい鍵で暗号化されます。メールソフトに入れてください: ssmax user export { $user } --out 新しいフォルダ
cli-user-revoked = { $user }は送受信できなくなりました。古いメールは組織が引き続き読めます。
cli-user-secret-renewed = { $user }に新しい端末用の秘密を発行しました。古いものはもう使えません。
cli-user-password-renewed = { $user }のパスワードを替えました。古いものはもう使えません。
cli-user-otp = 今後、{ $user }はパスワードのすぐ後ろに、認証アプリに表示される6桁のコードを空白なしで続けて入力します。
cli-user-otp-uri = 一度だけ読み取るか手で入力し、どこにも保存しないでください: { $uri }
cli-user-otp-ended = { $user }にワンタイムコードは不要になりました。パスワードだけでログインできます。
cli-user-invited = { $user }は、このリンクで{ $expires }まで一度だけ鍵を受け取れます: { $link }
cli-user-invited-code = ページで次のコードも尋ねます。リンクとは別の方法で伝えてください: { $code }
cli-user-invitation-ended = { $user }の招待を終わらせました。
cli-user-key-newest = encryption-key.pem と encryption.pem が最新の鍵です。番号の付いたものは古いメールのための古い鍵です。
cli-package-password = パッケージのパスワード（表示は今回限り）: { $password }
cli-package-advice = ファイルは本人のコンピュータか端末へ、パスワードは別の方法で（メール以外で）渡してください。本人の手順は STEPS.txt にあります。渡したら、ここのファイルは消してください。
err-export-no-package = --signing-key と --password-file はパッケージのためのものです
rec-export-no-package = --p12（Thunderbird、Outlook）か --mobileconfig（iPhone、iPad、Mac）を付けるか、これらを外してください。
err-package-password = { $path } のパスワードでは鍵を守れません。ASCIIの文字・数字・記号で{ $least }文字以上が必要です
rec-package-password = もっと長いものにするか、--password-file を外してください。外せば、十分なものが作られます。
package-steps =
    { $address } の署名・暗号メールの鍵

    パスワードは別の方法で届きます。メールで送らないでください。ファイルは誰にも渡さないでください。
package-steps-thunderbird =
    Thunderbird（Windows、Mac、Linux）
    1. 設定 > プライバシーとセキュリティ > 証明書 > 証明書を管理。
    2. 認証局証明書 > インポート: seal-ca.crt、続いて member-ca.crt。どちらもメールの識別に使う方に印を付けます。
    3. あなたの証明書 > インポート: keys.p12（パスワードを入力）。
    4. アカウント設定 > エンドツーエンド暗号化 > S/MIME: 「デジタル署名に使う証明書」に名前の終わりが「sign 日付」のもの、「暗号化に使う証明書」に「encrypt」の最も新しいものを選びます。
    5. 同じ画面で、「既定で暗号化を必須にする」は切、「未暗号化のメッセージに署名する」は入にします。
package-steps-windows =
    Outlook（Windows）
    1. すべてのファイルを一つのフォルダに置き、install.ps1 を右クリックして「PowerShellで実行」を選びます。（スクリプトが禁止されている場合は、seal-ca.crt を開いて「信頼されたルート証明機関」に、member-ca.crt を「中間証明機関」に入れ、最後に keys.p12 を開きます。）
    2. seal CAを信頼するか尋ねられたら「はい」と答え、パスワードを入力します。
    3. Outlook > ファイル > オプション > トラスト センター > トラスト センターの設定 > 電子メールのセキュリティ > 設定: 署名用の証明書に「sign」のもの、暗号化用の証明書に「encrypt」の最も新しいもの、ハッシュアルゴリズムに SHA256、暗号化アルゴリズムに AES（256ビット）を選び、「送信メッセージにデジタル署名を追加する」に印を付けます。
package-steps-apple =
    iPhone、iPad、Mac
    1. 端末で keys.mobileconfig を開きます。iPhoneとiPad: 設定 > プロファイルがダウンロード済み > インストール。Mac: システム設定 > プライバシーとセキュリティ > プロファイル。求められたらパスワードを入力します。
    2. iPhoneとiPad: 設定 > アプリ > メール > メールアカウント > 自分のアカウント > アカウント > 詳細: 署名は入、デフォルトで暗号化は切にし、証明書を選びます。Mac: 新規メッセージの画面の鍵と星の印で署名します。
package-steps-end = 使えるようになったら、これらのファイルを、ゴミ箱と「ダウンロード」の中も含めて消してください。
cli-user-key-advice = 鍵は安全な方法で本人のメールソフトに入れ、ここからは消してください。メールソフトが信頼するのは seal-ca.pem と、通知や送信者の署名のままのメールのための組織の認証局（chain.pem の先頭）です。
cli-file-written = 書き込みました: { $path }
err-user-unknown = { $user }は登録されていません
rec-user-unknown = ssmax user list で確認してください。
err-user-exists = { $user }か、そのアドレスのどれかがすでに登録されています
rec-user-exists = ssmax user list で確認してください。番号とアドレスの持ち主は、同時には一人だけです。
err-user-revoked = { $user }はここに登録されていましたが、失効しています
rec-user-revoked = いつからかは ssmax user list で分かります。同じ人が戻るときは ssmax user add 番号 --again で新しい証明書を発行します。別の人には別の番号を付けてください。
err-user-address-kept = { $user }のアドレスのどれかは、失効した別の人のものでした
rec-user-address-kept = 誰のものだったか、いつから別の人に渡せるかは ssmax user list で分かります。その日からは --former-address を付けてください。元の持ち主にはすぐに戻せます: ssmax user add 番号 --again
err-user-proof-too-weak = { $user }の今回の本人確認は、登録したときのものより弱いものです
rec-user-proof-too-weak = 登録したときと同等以上の本人確認をして、それを --proof で指定してください。
err-delegation-unfit = この代理送信は設定できません
rec-delegation-unfit = 名義人は利用者か共有メールボックス、書く人は別の利用者で、期間は1日から825日までです。
err-otp-without-password = { $user }には、コードを後ろに続けるパスワードがありません
rec-otp-without-password = 先にパスワードを設定してください: ssmax user secret { $user } --proof PROOF --password-file FILE。共有メールボックスや役割にはどちらもありません。
err-invite-no-page = ここには登録ページがありません
rec-invite-no-page = [enrol] に url などを書き、役割enrolを起動してください（docs/operator/ja/enrol.md）。
err-invite-unproved = { $user }の本人確認がされていません
rec-invite-unproved = リンクだけが本人確認になってしまいます。本人確認をして登録してください（ssmax user add --proof）。
err-delegation-unknown = { $to } は { $from } の名で送信できることになっていません
rec-delegation-unknown = ssmax user delegations で確認してください。
err-user-not-allowed = { $user }のアドレスが組織のドメインにないか、予約されています
rec-user-not-allowed = [organisation]のドメインを使ってください。
err-user-malformed = { $user }について指定されたものが使えません
rec-user-malformed = アドレス、名前、証明書署名要求を確認してください。
err-user-failed = { $user }について公開鍵証明書発行・鍵管理システムが処理できませんでした
rec-user-failed = そのログと、鍵管理サーバの稼働を確認してください。やり直して困ることは残っていません。

## ssmax audit
audit-good = ログは途切れておらず、記録簿とも合っています: { $rows } 行、署名付き先頭 { $heads } 個、30日間のチケット { $tickets } 枚。
audit-bad = ログか記録簿が改変されたか、別の道を通ったメールがあります: { $rows } 行、署名付き先頭 { $heads } 個、30日間のチケット { $tickets } 枚。
audit-log-alone = ログに切れ目はありません。ログを通らなかったメールがあるかは調べていません。行: { $rows }、署名された先頭: { $heads }、30日間のチケット: { $tickets }。
audit-left-out-journal = 照合していないもの: この state_dir にゲートウェイの記録簿がありません。ゲートウェイのフォルダ「gateway」の写しをそこに置き、もう一度検査してください。
audit-left-out-in-clear = 照合していないもの: 連合の外へ平文で出たメールが、出てよいものだったか。ここには [gateway] の設定がありません。
audit-altered = { $seq } 行目が書かれたときの内容と違います。
audit-missing = { $seq } 行目がありません。
audit-chain-broken = { $seq } 行目が直前の行につながっていません。
audit-head-forged = { $seq } 行目の先頭が、このログの鍵で署名されていません。
audit-head-differs = { $seq } 行目に署名したときのログは、今のものと違います。
audit-cut-off = ログは { $last } 行目で終わっていますが、{ $seq } 行目がありました。
audit-unsigned = { $seq } 行目より後に署名がありません。
audit-no-ticket = メール { $what } は送り出されましたが、ログにそのチケットがありません。
audit-no-pass = メール { $what } は送り出されましたが、検査を通っていません。
audit-not-given-out = メール { $what } は送り出されましたが、鍵管理サーバはそのために署名も封印もしていません。
audit-no-fate = チケット { $what } で他組織あての写しが作られましたが、その行方が記録簿にありません。
err-audit-empty = 監査ログが空です
rec-audit-empty = 鍵管理サーバを一度起動してください。
err-audit-head-unreadable = { $path } は監査ログの先頭ではありません
rec-audit-head-unreadable = ssmax audit head が書いたファイルを指定してください。

### ssmax backup と ssmax restore。

backup-made = { $name }: ファイル{ $files }個、{ $bytes }バイト、{ $path }
backup-server = PostgreSQLサーバにある表はアーカイブに入りません。そちらで pg_dump を使って控えてください。
restore-server = PostgreSQLサーバにある表はアーカイブに入っていません。先にそちらで pg_restore を使って戻してください。
backup-guard = これらのアーカイブは、元のフォルダと同じように守ってください。鍵を開くものは入っていません。アンロックファイルとssmax.tomlは別に保管し、トークンの鍵はトークンごと保管してください。
restore-done = { $name }: { $path }からファイル{ $files }個を戻しました
restore-next = アンロックファイルとssmax.tomlを所定の場所に置き、役割を起動してください。揃っているかは ssmax check で分かります。
store-table = { $database }.{ $table }: { $rows }行、SHA-256 { $sha256 }
store-again = 以前の実行ですべて移し終えていました。移す元の印だけが欠けていました。
store-next-server = 移しました。ssmax.tomlの[{ $role }.state]のurlにアドレスを書き、ssmax check で確かめてから役割を起動してください。移す元に残ったものは使えません。
store-next-default = 移しました。ssmax.tomlの[{ $role }.state]からurlを取り除き、ssmax check で確かめてから役割を起動してください。移す元に残ったものは使えません。
err-backup-none = { $path }には、この構成の役割のアーカイブがありません
rec-backup-none = ssmax backup が書いたフォルダを指定してください。
err-backup-foreign-kind = { $path }は、どの役割も作らないリンクまたはデバイスです
rec-backup-foreign-kind = 誰が置いたのかを調べ、取り除いてください。
err-backup-too-many = { $path }には、アーカイブに収まらない数のファイル、または長い名前があります
rec-backup-too-many = フォルダの中を確かめてください。役割がこれほど多くを作ることはありません。
err-backup-not-whole = { $path }は、ssmax backup の完全なアーカイブではありません
rec-backup-not-whole = 保管先から取り直すか、以前のものを使ってください。ここからは何も戻していません。
err-backup-changed = { $path }の{ $name }は、アーカイブを作ったときの内容と違います
rec-backup-changed = アーカイブを取り直すか、以前のものを使ってください。ここからは何も戻していません。
err-backup-foreign-entry = { $path }に、ssmax backup のアーカイブにはない項目があります: { $name }
rec-backup-foreign-entry = 使わずに、誰の手を経たのかを調べてください。ここからは何も戻していません。
err-backup-of-another = { $path }のためのアーカイブに、{ $found }の状態が入っています
rec-backup-of-another = この役割、この組織のアーカイブを使ってください。
err-restore-serving = 役割{ $role }が動いています
rec-restore-serving = 先に止めてください。役割は状態を開いたままにしています。
err-restore-not-empty = { $path }は空ではありません。上書きはしません
rec-restore-not-empty = そこにあるものを移し、戻した役割が動くことを確かめるまで保管してください。
