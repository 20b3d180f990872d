# ssmax check の文。check-* は正常なもの、err-* と rec-* は問題のあるもの。

check-line-ok = [正常] { $name }: { $what }
check-line-warning = [注意] { $name }: { $what }
check-line-error = [異常] { $name }: { $what }
check-end =
    { $errors ->
        [0] 支障はありません
       *[other] 異常{ $errors }件
    }（注意{ $warnings }件）。
check-role = このファイルで動く役割: { $role }
check-organisation = 組織: { $id }、{ $name }
check-dir = { $path }は自分のもので、他の利用者は入れません
check-dir-of-roles = { $path } は所有者だけが変更でき、役割ごとのフォルダがあります
check-dir-will-be-made = { $path }は起動時に作られます
check-server = PostgreSQL { $server }は{ $database }の書き込みを保持し、スキーマは版{ $version }（最新{ $known }）です
check-objects = { $url }は、オブジェクトの書き込み、読み出し、削除ができます
check-running = このファイルの役割はすべて動いています
check-not-started = まだ起動していません: { $roles }
check-to-start = 故障ではありません。ssmax serve か、役割のユニットの systemctl start で起動してください。起動した直後なら、数秒待ってください。
check-clock = 日付は{ $date }です
check-sandbox = 検査プロセスをファイルとネットワークから隔離できます
check-swap = メモリの内容はディスクに書き出されません
check-clamd = { $address }のclamdが応答します
check-clamd-temporary = clamdの一時ファイルはメモリ上にあります（{ $path }）
check-clamd-settings = { $path }は検査サーバに必要な設定になっています
check-unlock = { $path }は自分だけが読めます
check-token = トークン{ $label }は{ $can }ができます
check-token-cannot = トークン{ $label }は{ $can }ができますが、{ $cannot }はできません。それが必要なメールは拒否されます
check-keys = { $path }の鍵を開けます
check-admitted = { $id }は承認されています
check-milter-key = 提出証明の鍵があります
check-listen-free = { $address }は空いています
check-listen-ours = { $address }ではこの役割がすでに稼働しています
check-tls = { $path }と鍵は対応しています
check-milter = MTAは{ $address }でミルターに接続できます
check-next-hop = { $route }に接続できます
check-next-hop-reject = この経路のメールは拒否されます
check-list = 会員名簿の第{ $version }版が公開されており、本物です
check-standing = 資格: { $standing }（第{ $version }版）

err-socket-too-long = { $path }のソケットのパスが{ $octets }バイトになります。上限は{ $max }バイトです
rec-socket-too-long = /run/ssmax のような短い run_dir にしてください。
err-clock-early = このコンピュータの時計が{ $date }になっています
rec-clock-early = 合わせて、NTPで保ってください。署名と証明書は時刻に依存します。
err-clock-behind = 会員名簿の発行時刻が未来です。このコンピュータの時計が遅れています
rec-clock-behind = 合わせて、NTPで保ってください。
err-sandbox-missing = カーネルが検査プロセスを隔離できません（seccompがありません）。復号したメールを保護なしで読むことになります
rec-sandbox-missing = seccompのあるx86-64かarm64のLinuxを、それを禁じるコンテナの外で使ってください。
err-landlock-missing = カーネルがlandlockに対応していないか、一部だけです。隔離はseccompだけになります
rec-landlock-missing = landlockを有効にしたLinux 6.12以降を使ってください。
err-swap = メモリの内容がディスクに書き出されます。鍵や復号したメールが残るおそれがあります
rec-swap = swapoff -a を実行して /etc/fstab から外すか、暗号化または圧縮メモリのスワップだけにしてください。
err-clamd-unreachable = { $address }のclamdが応答しません
rec-clamd-unreachable = clamdを起動するか、[inspector]の clamav を直してください。それまでメールは一時エラーで待ちます。
err-clamd-conf = clamdの設定を読めません: { $path }
rec-clamd-conf = clamdの設定ファイルを[inspector]の clamd_conf に書き、この利用者が読めるようにしてください。
err-clamd-temporary = clamdが展開した内容をディスクに書きます。{ $path }はtmpfsではありません
rec-clamd-temporary = tmpfsを、例えば /run/clamav/tmp に（所有者clamav、0700で）マウントし、{ $conf }の TemporaryDirectory に書いて、clamdを再起動してください。
err-clamd-leaves-files = clamdが一時ファイルを残します（{ $conf }の LeaveTemporaryFiles）
rec-clamd-leaves-files = その行を消してclamdを再起動してください。これらのファイルはメールの平文です。
err-clamd-limits = 全部を調べていないファイルもclamdは無害と答えます（{ $conf }に AlertExceedsMax がありません）
rec-clamd-limits = AlertExceedsMax yes と書いてclamdを再起動してください。該当するメールは保留になります。
err-clamd-encrypted = パスワード付きのファイルをclamdは知らせません（{ $conf }に AlertEncrypted がありません）
rec-clamd-encrypted = AlertEncrypted yes と書いてclamdを再起動してください。該当するメールは保留になります。
err-clamd-stream = clamdが受け取るのは{ $octets }バイトまでですが、検査サーバは{ $max }バイトまで送ります
rec-clamd-stream = { $conf }の StreamMaxLength を大きくするか、[inspector]の clamav_bytes を小さくしてください。
err-core-dumps = 異常終了すると、鍵を含むメモリがファイルに書かれます
rec-core-dumps = 次を実行してください: ulimit -c 0（systemdでは LimitCORE=0）
err-unlock-beside = { $path }が state_dir の中、それが開ける鍵のそばにあります
rec-unlock-beside = 別の媒体に置くか、サービス管理から渡してください。state_dir の写しを得た者がすべての鍵を得ます。
err-token-pkcs1 = allow_pkcs1_decryption が設定されていますが、トークン{ $label }はそれに必要な素のRSA演算ができません
rec-token-pkcs1 = false にしてください。PKCS#1 v1.5は、パディングの良否が応答から分からない場合に限って開きます。
err-unlock-lost = { $keys }に鍵はありますが、それを開ける{ $path }がありません
rec-unlock-lost = 控えから戻すか、その媒体をマウントするか、unlock_file を直してください。新しい鍵を作らないでください。このファイルがなければ、古い鍵で閉じたものは誰にも読めません。
err-org-keys-missing = { $role }の鍵がないか、解錠ファイルがありません
rec-org-keys-missing = まだ鍵を作ったことのない組織なら、作成してください: ssmax org init。鍵のあった組織なら、state_dir を直すか、最後のバックアップを復元してください。
err-no-inspector = ゲートウェイに検査サーバがありません。検査サーバはすべてのメールを検査し、個人向け事業者ではその署名を確かめます
rec-no-inspector = [inspector] の節を追加する（空でもかまいません）か、検査サーバのホストを [transport] の inspector に書いてください。
err-renewal-pending = この組織の新しい鍵が、管理組織の証明を待っています
rec-renewal-pending = 更新申請（ssmax org rotate --out FILE で書き直せます）を管理組織に渡し、回答を ssmax org install で入れてください。
err-no-listener = ゲートウェイがどこでも待ち受けていません
rec-no-listener = [gateway]に submission、submission_lmtp、inbound_smtp、inbound_lmtp のどれかを書いてください。
err-no-tls = 誰もログインできません。TLSがなく、暗号化しないパスワードも許されていません
rec-no-tls = [gateway]に tls_certificate と tls_key を書いてください。
err-tls-half = tls_certificate と tls_key の片方だけが設定されています
rec-tls-half = 両方を設定するか、両方を省いてください。
err-submission-too-large = { $set }バイトまでのメールを受け付けますが、{ $fits }バイトを超えるメールは、暗号化した後でほかの参加組織に拒否されることがあります
rec-submission-too-large = [gateway]のmax_submission_bytesを小さくするか省いてください。または[gateway.limits]のmax_mail_bytesを、ここでもほかの参加組織でも大きくしてください。
err-next-hop = { $route }に接続できません: { $reason }
rec-next-hop = それを起動するか、[gateway]の経路を直してください。それまでメールは一時エラーで待ちます。
err-next-hop-circle = { $route }はゲートウェイ自身（{ $address }）です。メールが巡り続けます
rec-next-hop-circle = メールサーバがゲートウェイからメールを受け戻す、別のポートを書いてください（必要な行は ssmax setup postfix が示します）。
err-next-hop-dsn = { $route }は配送の通知(DSN)に応じませんが、dsn = trueで受け付けています
rec-next-hop-dsn = [gateway]でdsn = falseにするか、DSNに応じる配送先を指定してください。Postfixはsmtpd_discard_ehlo_keywordsで止めないかぎり応じ、Dovecotは応じません。
err-milter-open = このコンピュータのどのプロセスも{ $address }でミルターに接続でき、誰がログインしたとも言えてしまいます
rec-milter-open = UNIXソケットにしてください: [submission]に milter = "unix:パス"。
err-milter-folder = { $address }のフォルダがないか、書き込めません
rec-milter-folder = この役割の利用者が所有し、MTAのグループが入れるように作ってください: install -d -o 利用者 -g postfix -m 2750 フォルダ
err-list-stale = 公開されている会員名簿が古くなっています
rec-list-stale = 名簿が発行されなくなっていることを管理組織に知らせてください。
err-not-listed-yet = 会員名簿の第{ $version }版は、この組織の加入より前のものです。この組織は第{ $from }版から載ります
rec-not-listed-yet = しばらくお待ちください。管理組織で ssmax serve が動いていれば、新しい名簿は数秒で公開されます。ほかの参加組織は30秒ごとに取得します。
err-not-listed = 会員名簿の第{ $version }版にこの組織がありません
rec-not-listed = 管理組織に問い合わせ、[organisation]の id を確認してください。
err-domains-unlisted = 名簿でこの組織のものになっていないドメインがあります: { $domains }（名簿にあるのは{ $listed }）
rec-domains-unlisted = [organisation] の domains を直すか、管理組織にそのドメインの参加を認めてもらってください。それまで、ほかの参加組織はそのメールを拒否します。
err-standing-lost = この組織はメールを交換できません: { $standing }（{ $reason }）
rec-standing-lost = 管理組織に連絡してください。

check-outside-certificates = 読み取れる連合の外の人の証明書: { $count }件
err-outside-certificate-file = { $path }を証明書として読み取れません
rec-outside-certificate-file = 直すか取り除いてください（証明書一つ、PEM、64 KiBまで）。それまで、ほかに証明書のない連合の外の人あてのメールは待たされます。
err-watch-open = [watch] は { $address } で待ち受け、ほかのコンピュータからも届きます
rec-watch-open = そこには認証がありません。ループバックのアドレスにするか、暗号化と認証を行うものを前に置いてください
err-watch-io = メトリクスと状態をHTTPで提供できません: { $reason }
rec-watch-io = [watch] の listen を確かめてください。ほかのプログラムがポートを使っているか、このコンピュータのアドレスではありません
err-scim-io = SCIMサービスの待ち受け、証明書またはソケットを開けません: { $reason }
rec-scim-io = ssmax check を実行してください。どれかが分かります。
err-scim-tls = [scim] に証明書と鍵の片方だけがあるか、このホストの外で待ち受けるのにどちらもありません
rec-scim-tls = [scim] に tls_certificate と tls_key を設定してください。このホストのプロキシの後ろに置くなら、listen をループバックアドレスにして allow_plaintext = true とします。
err-scim-nowhere = SCIMサービスの待ち受けがありません
rec-scim-nowhere = [scim] に listen を設定してください。
err-scim-nobody = SCIMサービスのトークンが一つもないため、だれも使えません
rec-scim-nobody = ssmax setup scim を実行し、表示されたものを [scim] に入れてください。
err-scim-proof = [scim] の本人確認の方法が正しくありません
rec-scim-proof = proof を in-person、employee-card、my-number-card、hr-record、e-mail のいずれかにしてください。
err-directory-io = ディレクトリが待ち受け、証明書、ソケットのどれかを開けません: { $reason }
rec-directory-io = ssmax check を実行すると、どれかが分かります。
err-enrol-io = 登録ページが待ち受けを始められません
rec-enrol-io = { $reason }。[enrol] の listen、tls_certificate、tls_key を確認してください。
err-directory-tls = [directory] に ldaps があるか、証明書と鍵の片方しかなく、TLSに必要なものが揃っていません
rec-directory-tls = [directory] に tls_certificate と tls_key を書くか、ldaps を省いてください。
err-directory-nowhere = ディレクトリがどこでも待ち受けていません
rec-directory-nowhere = [directory] に ldaps か ldap を書いてください。
err-directory-plaintext = ディレクトリは、このコンピュータの外にもTLSなしで答えます。ネットワークを盗み見る人に、誰が誰に書くかが見えます
rec-directory-plaintext = [directory] で allow_plaintext = false とし、メールソフトでは ldaps を使ってください。
err-directory-answers-nobody = ディレクトリに証明書がなく、TLSなしでは何にも答えません
rec-directory-answers-nobody = [directory] に tls_certificate と tls_key を書いてください。
err-directory-no-networks = ログインなしでは誰にも答えません。Thunderbirdなどは自分からはログインしません
rec-directory-no-networks = [directory] の networks に、自組織の人のコンピュータのネットワークを書いてください。
err-directory-everybody = 世界中の誰もが、ログインなしで人を調べられます
rec-directory-everybody = [directory] の networks に、自組織の人のコンピュータのネットワークだけを書いてください。
