# コマンドラインの各所で使う文。err-* は起きたこと、同じ名前の rec-* はその対処。

## どの答えにも付く枠

cli-error = エラー: { $what }
cli-warning = 注意: { $what }
cli-to-do = 対処: { $what }
cli-example = 例:
cli-yes = はい
cli-no = いいえ
cli-none = なし
cli-done = 完了しました。
cli-count-mails = メール{ $count }通
cli-count-delegations = 代理送信{ $count }件
cli-count-users = 利用者{ $count }人
cli-count-findings = 検出{ $count }件

## 答えの言葉

cli-verdict-good = 正当
cli-verdict-bad = 不正
cli-verdict-none = なし（判定できる署名がありません）
cli-verdict-valid = 有効
cli-verdict-invalid = 無効
cli-verdict-pass = 通過
cli-verdict-block = 遮断
cli-verdict-hold = 保留
scan-verdict = 判定: { $verdict }
scan-finding = { "  " }{ $outcome }: { $meaning }（{ $rule }）、箇所 { $part }: { $what }
finding-held = { "  " }{ $meaning }（{ $rule }）、箇所 { $part }: { $what }
finding-leak-my-number = 個人番号（マイナンバー）
finding-leak-my-number-no-context = 個人番号かもしれない12桁の数字
finding-leak-card-number = カード番号
finding-leak-card-number-no-context = カード番号かもしれない数字
finding-malware-eicar = EICARテストファイル
finding-malware-clamav = ClamAVの知るマルウェア
finding-archive-encrypted = パスワードで保護されたファイル
finding-archive-ambiguous = プログラムにより読み方の異なる書庫
finding-archive-too-deep = 入れ子の深すぎる書庫
finding-archive-too-many-entries = ファイルの多すぎる書庫
finding-archive-too-large = 展開すると大きすぎる書庫
finding-archive-damaged = 壊れたファイル
finding-archive-unsupported = ここでは開けない書庫
finding-mail-ambiguous = プログラムにより読み方の異なるメッセージ
finding-mail-undecodable = 転送符号を解けないパート
finding-mail-encrypted = 暗号化されたままのパート
finding-mail-incomplete = 本文が別の場所にあるメッセージ
finding-mail-too-deep = 入れ子の深すぎるメッセージ
finding-text-too-large = 検査できる量を超える本文
finding-document-not-read = 本文をすべては読めない文書
finding-document-macros = マクロのある文書
finding-document-active = プログラムを起動したり外部から取得したりする文書
finding-document-script = スクリプトのあるPDF
err-scan-failed = 検査に失敗しました。このファイルについての答えはありません
rec-scan-failed = もう一度試してください。ClamAVを設定している場合は、clamdが動いていてこの大きさのファイルを受け取るか確かめてください: ssmax check
err-scan-timed-out = 検査に{ $seconds }秒以上かかりました
rec-scan-timed-out = [inspector]の worker_seconds を大きくするか、limits を小さくしてください。
cli-check-pass = 合格
cli-check-fail = 不合格
cli-check-skipped = 省略
cli-from = 差出人: { $address }
cli-signer = 署名者: { $address }
cli-standing-good = 良好
cli-standing-watched = 観察中
cli-standing-suspended = 資格停止
cli-standing-expelled = 除名

## 役割

cli-role-authority = 管理組織
cli-role-ca = 公開鍵証明書発行・鍵管理システム
cli-role-keyserver = 鍵管理サーバ
cli-role-inspector = 検査サーバ
cli-role-gateway = ゲートウェイ
cli-role-submission = 提出窓口のミルター
cli-role-directory = メールソフト向けのディレクトリ
cli-role-enrol = 登録ページ
cli-role-scim = SCIMサービス
cli-role-watch = 監視
cli-role-starting = { $role }を起動しています
cli-role-serving = { $role }が{ $addresses }で稼働しています
cli-role-ended = { $role }が終了しました
cli-stopping = 終了しています。もう一度Ctrl-Cを押すと直ちに終了します。

## 使い方の誤り

err-usage = コマンドが不完全か、理解できません: { $what }
rec-usage = { $command } --help で例を確認してください。
err-unknown-command = { $name }というコマンドはありません
rec-unknown-command = { $nearest }ではありませんか。
err-lang-unknown = 言語{ $name }の文はありません
rec-lang-unknown = --lang ja または --lang en を指定してください。
err-time-unreadable = { $value }は日時として読めません
rec-time-unreadable = 2026-01-02T03:04:05Z のように書いてください。
err-address-unreadable = { $value }はメールアドレスとして読めません
rec-address-unreadable = name@example.jp のように書いてください。

## ファイル

err-file-missing = { $path }がありません
rec-file-missing = 名前と、コマンドを実行した場所を確認してください。
err-file-forbidden = { $path }を読み書きする権限がありません
rec-file-forbidden = 所有者の権限でコマンドを実行してください。
err-file-is-directory = { $path }はフォルダです
rec-file-is-directory = その中のファイルを指定してください。
err-folder-missing = { $path }を置くフォルダがありません
rec-folder-missing = 先にフォルダを作るか、別の場所を指定してください。
err-file-exists = { $path }はすでにあります
rec-file-exists = 別の名前にするか、そのファイルを移動してください。
err-file-failed = { $path }を読み書きできません: { $reason }
rec-file-failed = ディスクとその空き容量を確認してください。
err-file-too-large = { $path }は{ $max }バイトを超えています
rec-file-too-large = 意図したファイルかどうか確認してください。
err-file-open-to-others = { $path }を他の利用者が読み書きできます（モード{ $mode }）
rec-file-open-to-others = 次を実行してください: chmod go= { $path }
err-file-foreign-owner = { $path }は別の利用者（番号{ $uid }）のものです
rec-file-foreign-owner = 所有者をSSMAXの実行利用者に変えるか、所有者の権限で実行してください。
err-not-a-mail = { $path }はメールとして読めません: { $reason }
rec-not-a-mail = メールソフトでメッセージ全体をファイル（.eml）に保存してからやり直してください。
err-not-a-certificate = { $path }は証明書として読めません
rec-not-a-certificate = PEMまたはDER形式にしてください。.p12からは openssl pkcs12 -nokeys -in FILE、.p7bからは openssl pkcs7 -print_certs -in FILE で取り出せます。
err-not-a-key = { $path }は秘密鍵として読めません
rec-not-a-key = PEM形式、またはPKCS#12ファイルとそのパスワードが必要です。

## 設定

err-config-unknown-field = { $path }の{ $line }行目: 項目{ $field }はありません
rec-config-unknown-field = { $nearest }ではありませんか。
err-config-unknown-field-here = { $path }の{ $line }行目: ここに項目{ $field }はありません
rec-config-unknown-field-here = ここで使える項目: { $known }
err-config-unknown-value = { $path }の{ $line }行目: { $value }は指定できる値ではありません
rec-config-unknown-value = 指定できる値: { $known }
err-config-missing-field = { $path }の{ $line }行目: 項目{ $field }がありません
rec-config-missing-field = 追加してください。説明付きの見本が文書にあります。
err-config-address = { $path }の{ $line }行目: { $address }: { $reason }
rec-config-address = このホストのIPアドレス、コロン、1から65535のポートを書いてください: 127.0.0.1:2587、[::1]:2587
config-address-no-port = ポートがありません
config-address-port-not-number = ポートが数字ではありません
config-address-port-out-of-range = 65535より大きいポートはありません
config-address-port-zero = ポート0では、起動のたびに別のポートになります
config-address-not-ip = ポートの前がIPアドレスではありません
config-address-not-loopback = ほかのホストから届くアドレスです
err-config-invalid = { $path }の{ $line }行目{ $column }文字目: { $reason }
rec-config-invalid = 文字列は引用符で囲み、数値は囲みません。節は[名前]で始めます。
err-config-encoding = { $path }の{ $line }行目: ファイルがUTF-8ではありません
rec-config-encoding = UTF-8で保存し直してください。
cli-config-good = { $path }は完全で、正しく読めました。

## 必要なものが応答しないとき

err-role-unavailable = { $role }が応答しません
rec-role-unavailable = 起動してください: ssmax serve（パッケージではその役割のサービスを systemctl start で）。足りないものは ssmax check で分かります。
err-role-timed-out = { $role }が時間内に応答しませんでした
rec-role-timed-out = そのログを確認してください。依頼は実行された可能性があります。
err-not-ready = 時間内に稼働しませんでした: { $roles }
rec-not-ready = 上に出ているそれぞれのログに理由があります。
err-address-in-use = 別のプログラムがすでに{ $address }を使っています
rec-address-in-use = そのプログラムを終了するか、設定で別のアドレスにしてください。
err-state-newer = { $path }の状態は、より新しい版のSSMAXが書いたものです（表は版{ $found }、このプログラムが知るのは版{ $known }まで）
rec-state-newer = その版以降を導入してください。前の版に戻すと書かれた内容が失われます。
err-state-changed = { $path }の状態は、別の構成のSSMAXが作ったものです
rec-state-changed = それを作った構成を使うか、バックアップから復元してください。
err-state-damaged = { $path }の状態が壊れています
rec-state-damaged = 最後のバックアップから復元してください。
err-state-busy = { $path }の状態は別のプログラムが使用中です
rec-state-busy = そのプログラムの終了を待ってから、やり直してください。
err-server-address = [ROLE.state]のurlにあるデータベースサーバの場所は使えません
rec-server-address =
    postgresql://利用者@ホスト/データベース?sslmode=verify-full&sslrootcert=ファイル、または同じホストの
    ソケットを使うpostgresql:///データベース?host=/run/postgresqlの形で書いてください。
err-server-address-password = [ROLE.state]のurlにパスワードが書かれています
rec-server-address-password =
    権限0600のファイルに移してpassword_fileに指定し、パスワードを変更してください。設定を読める人には
    知られています。
err-server-address-parameter = [ROLE.state]のurlに知らないパラメーターがあります
rec-server-address-parameter = 使えるのはhost、port、user、dbname、sslmode、sslrootcert、sslcert、sslkeyです。
err-server-unverified = [ROLE.state]のurlのデータベースサーバは別のホストにあり、検証されません
rec-server-unverified = sslmode=verify-fullと、証明書を発行したCAのsslrootcert=ファイルを加えてください。
err-server-password-file = [ROLE.state]のpassword_fileの内容が1行のテキストではありません
rec-server-password-file = パスワードだけを書いてください。
err-server-not-durable = データベースサーバの設定が{ $setting } = { $value }です。障害のとき、受け取ったものが失われます
rec-server-not-durable = この利用者またはサーバでonにしてください。メールはそれまで待ち、失われません。
err-server-unfit = データベースサーバは{ $setting } = { $value }ですが、{ $needed }が必要です
rec-server-unfit = 条件を満たすサーバまたはデータベースを使ってください。
err-server-unreachable = データベースサーバが応答しません
rec-server-unreachable =
    動いているか、このホストから届くかを確かめてください。メールはそれまでキューで待ち、失われません。
err-server-untrusted = データベースサーバの証明書が、別の名前のもの、またはsslrootcertとは別のCAのものです
rec-server-untrusted =
    証明書に[ROLE.state]のurlの名前があるか、sslrootcertが発行したCAのものかを確かめてください。どちらも正しければ、
    別の誰かがサーバになりすましています。
err-server-refused = データベースサーバがこの役割の利用者を拒否しました（{ $reason }）
rec-server-refused =
    利用者、パスワード、データベースが正しいか、利用者がスキーマの所有者かを確かめてください。運用文書の
    scale.mdを見てください。
err-state-moved-server = この役割の表はPostgreSQLサーバへ移されています
rec-state-moved-server = ssmax.tomlの役割のstateの欄のurlに、ssmax store move に渡したサーバのアドレスを書いてください。ここに残っているのは移した時点の表です。
err-state-moved-default = この役割の表は役割自身のフォルダのSQLiteへ移されています
rec-state-moved-default = ssmax.tomlの役割のstateの欄からurlを取り除いてください。サーバに残っているのは移した時点の表です。
err-store-serving = 役割{ $role }が動いています
rec-store-serving = この表を使うすべてのホストで止めてから移してください。
err-store-no-tables = 役割{ $role }は表を持ちません
rec-store-no-tables = 表を持つのは authority、keyserver、ca、gateway です。
err-store-same = 表はすでにそこにあります
rec-store-same = --to に別の場所を指定してください。サーバのアドレス、またはSQLiteなら default です。
err-store-nothing = 移すべき表{ $name }がありません
rec-store-nothing = --from とssmax.tomlが、役割の表のある場所を指しているか確認してください。一度も動いていない役割に表はありません。
err-store-other-version = 表は版{ $found }ですが、このプログラムが移せるのは版{ $known }です
rec-store-other-version = このプログラムで役割を一度起動し、止めてから移してください。
err-store-target-rows = 移す先が空ではありません。表{ $table }にすでに行があります
rec-store-target-rows = 何も変更していません。空のデータベースへ移すか、そこにあるものを手で取り除いてください。
err-store-not-the-same = 表{ $table }を読み返したところ、書いたものと違いました
rec-store-not-the-same = 移す先は空のまま、移す元は元のままです。サーバとそのディスクを調べてください。
err-state-served = この役割のデータベースは別のプロセスが使っています
rec-state-served = 鍵管理サーバ、CA、管理機構はそれぞれ一つだけ動かします。先に他方を止めてください。
err-objects-url = [gateway.objects]のurlが使えません
rec-objects-url = s3://バケット/接頭辞 の形で、英小文字、数字、ハイフン、ピリオドで書いてください。
err-objects-endpoint = [gateway.objects]のendpointがないか、使えません
rec-objects-endpoint = https://ホスト または https://ホスト:ポート の形で、パスを付けずに書いてください。
err-objects-secret = [gateway.objects]のアドレスに鍵が書かれています
rec-objects-secret =
    鍵は権限0600のファイルに書いてcredentials_fileで指定し、鍵を作り直してください。設定を読めた人は
    その鍵を知っています。
err-objects-unverified = [gateway.objects]のストレージは別のホストにあり、検証されません
rec-objects-unverified = https:// を使ってください。システムが信頼しないCAなら、ca_fileも指定してください。
err-objects-region = [gateway.objects]のregionが使えません
rec-objects-region = us-east-1 のように、ストレージでの名前を書いてください。
err-objects-no-credentials = [gateway.objects]にcredentials_fileがありません
rec-objects-no-credentials =
    aws_access_key_id = ... と aws_secret_access_key = ... の行を持つファイルを権限0600で作り、
    ここで指定してください。
err-objects-credentials = [gateway.objects]のcredentials_fileに、鍵とその秘密がそろっていません
rec-objects-credentials =
    aws_access_key_id = ... と aws_secret_access_key = ... の二行だけを書いてください。
err-objects-ca = [gateway.objects]のca_fileに証明書がありません
rec-objects-ca = ストレージの証明書を発行したCAの証明書をPEMで入れてください。
err-objects-unreachable = オブジェクトストレージに届きません: { $reason }
rec-objects-unreachable =
    動いているか、このホストから届くかを確かめてください。保留すべきメールはそれまでキューで待ち、失われません。
err-objects-silent = オブジェクトストレージが時間内に応答しません
rec-objects-silent =
    過負荷でないか、途中で通信が捨てられていないかを確かめてください。待つ時間は[gateway.objects]のtimeout_secondsです。
err-objects-untrusted = オブジェクトストレージの証明書が、別の名前のもの、またはca_fileにないCAのものです
rec-objects-untrusted =
    証明書にendpointの名前があるか、ca_fileが発行したCAのものかを確かめてください。どちらも正しければ、
    別の誰かがストレージになりすましています。
err-objects-busy = オブジェクトストレージは今は処理できません（HTTP { $status }）
rec-objects-busy = ストレージのログを見てください。保留すべきメールはそれまでキューで待ち、失われません。
err-objects-garbage = [gateway.objects]のendpointで応答するものはS3互換のストレージではありません
rec-objects-garbage = アドレスとポートがS3のインターフェースのものか確かめてください。
err-objects-changed = オブジェクトストレージが、書き込んだものを返しません
rec-objects-changed =
    受け取ったオブジェクトは、すぐに一覧と読み出しで見えなければなりません。そうするストレージを使ってください。
    これではメールが失われます。
err-objects-key-refused = オブジェクトストレージが鍵を受け付けません
rec-objects-key-refused = credentials_fileの鍵と秘密がストレージで作ったものか、regionが正しいか確かめてください。
err-objects-rights = この鍵には、バケットでその操作をする権限がありません
rec-objects-rights =
    接頭辞の下での一覧、書き込み、読み出し、削除を許可してください（s3:ListBucket、s3:PutObject、s3:GetObject、
    s3:DeleteObject）。
err-objects-no-bucket = オブジェクトストレージにそのバケットがありません
rec-objects-no-bucket = ストレージで作るか、[gateway.objects]のurlを直してください。ゲートウェイは作りません。
err-objects-other-region = バケットは別のリージョン、または別のエンドポイントにあります
rec-objects-other-region = [gateway.objects]のregionとendpointを直してください。
err-objects-clock = オブジェクトストレージとこのホストの時計が違いすぎます
rec-objects-clock = どちらもNTPで合わせてください。
err-objects-full = オブジェクトストレージに空きがありません
rec-objects-full = 空きを作ってください。保留すべきメールはそれまでキューで待ち、失われません。
err-objects-refused = オブジェクトストレージが拒否しました: { $reason }
rec-objects-refused = ストレージのログを見て、S3の署名の版4に対応しているか確かめてください。
err-disk-full = { $path }のあるディスクに空きがありません
rec-disk-full = 空きを作ってください。メールはそれまでキューで待ち、失われません。

## OSの答え

io-not-found = 見つかりません
io-permission-denied = 権限がありません
io-connection-refused = 接続が拒否されました
io-connection-reset = 接続が切られました
io-unreachable = 到達できません
io-address-in-use = アドレスは使用中です
io-address-unavailable = このコンピュータのアドレスではありません
io-exists = すでにあります
io-timed-out = 時間内に応答がありません
io-not-a-folder = フォルダではありません
io-a-folder = フォルダです
io-read-only = 書き込めないファイルシステムです
io-full = 空き容量がありません
io-invalid = 正しくありません
io-cut-short = 途中で終わっています
io-interrupted = 中断されました

## ssmax explain

explain-meaning = {"  "}意味: { $meaning }
explain-put-off = {"  "}応答: { $reply }（メールは送信側のキューに残り、再送されます）
explain-held = {"  "}または: 250（検査結果が保留なら、メールは担当者の判断を待ちます。ssmax hold list）
explain-refused = {"  "}応答: { $reply }（同じメールは後でも受け付けられません）
explain-outside = {"  "}秘密鍵を使った後に分かった理由はすべて、外には SSMAX-{ $number } と知らされます
explain-to-do = {"  "}対処: { $advice }
err-explain-unknown = { $number }という番号はありません
rec-explain-unknown = 応答にあるとおり SSMAX-1302 のように指定してください。番号を省くとすべて表示します。
