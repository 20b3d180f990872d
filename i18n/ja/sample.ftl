# ssmax.toml の見本（ssmax config sample）の説明。

sample-head-member =
    参加組織の設定の見本。
    「# 」で始まる行は説明です。「#」だけで始まる行は省ける設定で、既定値（ないものは例）を示します。
    相対パスはこのファイルのフォルダから始まります。確認するには: ssmax check
sample-head-authority =
    管理組織の設定の見本。
    「# 」で始まる行は説明です。「#」だけで始まる行は省ける設定で、既定値を示します。
    相対パスはこのファイルのフォルダから始まります。確認するには: ssmax check
sample-top-state_dir = 状態の置き場。役割ごとに、その利用者だけが入れるフォルダができます。
sample-top-run_dir = ソケットの置き場。ソケットのパスは107バイトまでなので、短くしてください。
sample-top-log = ログの段階: off、error、warn、info、debug、trace
sample-top-log_format = ログの行の形: text、または json（一行に一つのオブジェクト。ログを集めるプログラム向け）

sample-organisation = 自分の組織。
sample-organisation-id = 参加組織の番号: NTRJP- と法人番号13桁。
sample-organisation-kind =
    種別: organisation（組織）か esp（個人向けの事業者）。ESPはメールを検査せず、利用者のメールを開く鍵を持たず、
    常に preserve で配送する。既定は organisation。
sample-organisation-name = 証明書に載る英語の名前。64文字まで。
sample-organisation-name_ja = 日本語の名前。
sample-organisation-name_kana = 名前のかな読み。
sample-organisation-domains = メールドメイン。最初のものが主。
sample-organisation-incident_contact = 他の参加組織が事故を報告するメールアドレス。

sample-federation = 参加している連合。
sample-federation-authority_url = 管理組織のアドレス。
sample-federation-tls_ca =
    そのTLS証明書を検証するPEMファイル。省くと state_dir の federation/tls-ca.pem
    （ssmax org install が書きます）。
sample-federation-root =
    会員名簿を検証する連合のルート証明書（PEM）。省くと state_dir の federation/root.pem
    （ssmax org install が書きます）。
sample-federation-poll_seconds = 会員名簿を確認する間隔（秒）。
sample-federation-fresh_form =
    暗号化されずに来たメールを自組織宛てに暗号化する形: wrapped-gcm（全体をAES-GCM）か
    mail-cbc（一般のメールソフトが読めるAES-CBC）。申請のとき連合に伝わります。
sample-federation-enforce =
    自組織を名乗りながら自組織のシステムを通っていないメールの扱い: none（よくて「不審」）か
    refuse（拒否）。申請のとき連合に伝わります。

sample-transport = 他のホストの役割（TLSで）。なければ、すべての役割がこのホストにあります。
sample-transport-keyserver = 鍵管理サーバの場所。tls://ホスト:ポート
sample-transport-ca = 公開鍵証明書発行・鍵管理システムの場所。tls://ホスト:ポート
sample-transport-inspector =
    検査サーバの場所。tls://ホスト:ポート を一つ、または並べて。一つが止まれば次に頼みます。
sample-transport-denied =
    もう通用しない証明書のSHA-256（失われたホストのもの）。全ホストに書き、次の起動から効きます。
    発行したものは ssmax org transport status で分かります。
sample-transport-denied_file =
    同じものを一行に一つずつ書いたファイル（#の後は覚え書き）。新しい接続のたびに見るので、再起動は要りません。
    変更できるのはrootだけにしてください。読めないと、どの役割も起動しません。
sample-transport-handshake_seconds = TLSの接続にかけてよい時間（秒）。
sample-transport-max_handshakes =
    一つのポートで、証明書を見せるまでのTLSの接続を同時に進める数。超えると、最も多く持つホストの
    一番古いものを切ります。役割が来たことのあるホストのものは後回しです。
sample-transport-max_handshakes_per_host =
    そのうち一つのホスト（IPv4アドレス、IPv6アドレスの64ビット）の数。超えるとそのホストの一番古いものを切ります。
sample-transport-transfer_seconds =
    要求や応答の送受信が次の設定より遅くてよい時間（秒）。
sample-transport-transfer_octets_per_second =
    求める速さ（バイト毎秒）。100 MBのメールなら7分ほどかかってもかまいません。

sample-keyserver = 鍵管理サーバ: すべての秘密鍵。チケットがあるときだけ使われます。
sample-keyserver-unlock_file =
    鍵を開ける秘密のファイル。自分だけが読めるようにし、state_dir とは別の媒体に置いてください。
    最初の ssmax org init が鍵とともに作ります。すでにある鍵は、その鍵のものでしか開きません。
sample-keyserver-backend =
    新しい鍵を作る場所: file（暗号化したファイル）または pkcs11（トークン。[keyserver.pkcs11]を参照）。
    既にある鍵は、どちらにあっても使われます。
sample-keyserver-pkcs11 = backend = "pkcs11" のときのトークン。それ以外では読まれません。
sample-keyserver-pkcs11-module = 製造元のPKCS#11ライブラリ。
sample-keyserver-pkcs11-token_label = トークンの初期化時に付けたラベル。
sample-keyserver-pkcs11-pin_file = 利用者PINのファイル。所有者だけが読めるようにします。
sample-keyserver-max_private_operations = メール一通に使える秘密鍵演算の回数。
sample-keyserver-allow_pkcs1_decryption = 古いメールソフトのため、RSA鍵でPKCS#1 v1.5を開くか。
sample-keyserver-sign_for_users = 強いログインで署名なしに送られたメールに、本人に代わり署名してよいか。
sample-keyserver-gateway_logins =
    ゲートウェイでログインがあったという、それ自身の言葉を信じるか。自動メールには関わりません。
    省略すると、MTAの提出窓口（[submission]）の鍵が登録されるまで信じます。両方でログインする
    なら true。
sample-keyserver-outside_certificates =
    連合の外の人のS/MIME証明書（PEM、*.pem、一つずつ）のフォルダ。その人あてのメールを
    暗号化できるようになります（[gateway] outside）。省略するとなし。
sample-keyserver-outside_certificates_seconds =
    そこで見つけたものを、もう一度フォルダを見るまで使う時間（秒）。
sample-keyserver-reviewers =
    保留中のメールについて、自分の鍵の署名で決める、自組織の人のアドレスか利用者ID。
    この行がなければ、誰も見られず、解放も削除もできません。
sample-keyserver-rewrap_own_per_day =
    カードの紛失後や転送のために、一人が一日（UTC）に鍵を付け替えられる自分のメールの暗号化部分の数。
    0で使わない。
sample-keyserver-audit_days = 監査ログを残す日数。
sample-keyserver-listen = 他のホストの役割がTLSで頼みに来る場所。証明書が要ります: ssmax org transport
sample-keyserver-state = 表を置くPostgreSQLサーバ。state_dirの下のSQLiteの代わり（scale.md）。
sample-keyserver-state-url =
    サーバの場所。TLSで検証するか、同じホストのソケットを使う
    （postgresql:///ssmax?host=/run/postgresql）。パスワードはここに書かない。
sample-keyserver-state-password_file = 利用者のパスワードのファイル。読めるのは自分だけにする。省くと不要とみなす。
sample-keyserver-state-connections = 一つのプロセスから一つのスキーマへの接続の最大数、2から100。
sample-keyserver-demands = 宛先のアドレス、ドメイン、または "*" ごとに、自組織の送信者に求める水準。最も近い項目だけが効きます。届かないと、その宛先は拒否されます（1116）。
sample-keyserver-demands-entry = signed_by: server、file、token。aal: ログインの水準。ial: 本人確認の水準。書かないものは求めません。
sample-keyserver-expects = ほかの組織の送信者に求める水準。Fromのアドレス、ドメイン、または "*" ごと。
sample-keyserver-expects-entry = demandsと同じ。below: mark（SSMAX-Resultにlevel=below）または stop（1917: inbound_after_opening に従って保留か拒否）。
sample-keyserver-archive =
    鍵を失った人や離れた人のメール。二人の担当者が、保管用の鍵による写しを開封させます
    （ssmax archive）。担当者がいなければ誰もできません。
sample-keyserver-archive-officers = 担当者の利用者ID。そのメールに関わりのない、うちの二人。
sample-keyserver-archive-notice =
    開封のたびに、本人のほかに通知を受けるアドレス。本人が離れたときはここだけに通知します。
    この行がなければ、離れた人のメールは開封できません。
sample-keyserver-archive-parts_per_request = 一つの申請に書ける暗号化された部分の数（5000まで）。
sample-keyserver-archive-parts_per_day = 一日（UTC）に開封できる暗号化された部分の数。すべての申請を合わせて。
sample-keyserver-archive-request_hours = 申請を実行できる期間の上限（時間）。
sample-keyserver-trace =
    メールや証明書の背後にいる人。二人の担当者の承認で、その一人に知らせます
    （ssmax trace）。担当者がいなければ誰もできません。
sample-keyserver-trace-officers = 担当者の利用者ID。探される本人でない、うちの二人。
sample-keyserver-trace-notice = そのたびに通知を受けるアドレス。個人情報保護の担当者など。
sample-keyserver-trace-request_hours = 申請を実行できる期間の上限（時間）。
sample-keyserver-trace-requests_per_day = 一日（UTC）に実行できる申請の数。
sample-keyserver-trace-hop_days = 誰がメールを提出したかを残す日数（1以上）。過ぎると特定できません。
sample-keyserver-limits = 一人または一つの他組織から受け取る量の上限。超えた分は送信者の側で待ちます。
sample-keyserver-limits-mails_per_hour = 一人が一時間に提出できるメールの数。
sample-keyserver-limits-recipients_per_hour = 一人が一時間に、全メールを合わせて送れる宛先の数。
sample-keyserver-limits-member_mails_per_hour = 一つの他組織が一時間に送れるメールの数。
sample-keyserver-limits-member_mails_at_once = 一つの他組織のメールで、同時に処理できる数。
sample-keyserver-limits-opened_refusals_per_hour =
    秘密鍵を使った後に断った数（一人または一組織、一時間あたり）の上限。超えるとその相手のメールは見ません。

sample-ca = 公開鍵証明書発行・鍵管理システム: 利用者とその証明書。
sample-ca-unlock_file = [keyserver]と同様の、別のファイル。
sample-ca-backend = [keyserver]と同様。
sample-ca-state = [keyserver.state]と同じ。
sample-ca-state-url = [keyserver.state]と同じ。
sample-ca-state-password_file = [keyserver.state]と同じ。
sample-ca-state-connections = [keyserver.state]と同じ。
sample-ca-login = パスワードだけではないログイン。
sample-ca-login-code_drift_steps = ワンタイムコードの前後のずれを30秒単位でいくつまで認めるか（0から10）。
sample-ca-login-wrong_codes = 正しいパスワードの後ろの誤ったコードを何回（1から100）まで試せるか。超えるとしばらくどのコードも無効。
sample-ca-login-wrong_codes_minutes = その時間（分、1から1440）。
sample-ca-login-certificates = 署名用証明書でTLSによるログインを許すか。
sample-ca-login-card_aal = カードによるそのログインの認証保証レベル（1から3）。
sample-ca-login-key_file_aal = ファイルの鍵による場合のレベル（1か2）。
sample-ca-login-invitation_hours = 登録ページへの招待が有効な時間（1から720）。
sample-ca-login-invitation_tries = 誤ったコードを何回まで許すか（1から20）。
sample-ca-pkcs11 = [keyserver.pkcs11]と同様。同じトークンでも別のトークンでもかまいません。
sample-ca-pkcs11-module = 製造元のPKCS#11ライブラリ。
sample-ca-pkcs11-token_label = トークンの初期化時に付けたラベル。
sample-ca-pkcs11-pin_file = 利用者PINのファイル。所有者だけが読めるようにします。
sample-ca-user_days = 利用者の証明書の期間（日）。825まで。
sample-ca-relay_days = 中継用暗号証明書の期間（日）。400まで。
sample-ca-directory_relays_per_hour = ディレクトリ（[directory]）のために一時間に新しく発行してよい中継証明書の数。すでにあるものは数えません。
sample-ca-device_secret_aal = 端末用の秘密の認証保証レベル: 1。二要素を確認してから渡す場合は2。
sample-ca-address_quarantine_days = 持ち主の失効後、アドレスを別の人に渡せるようになる（ssmax user add --former-address）までの日数。
sample-ca-registration_days = 権利が終わってから、氏名、アドレス、本人確認の記録を残す日数（825から36500）。番号は残ります。
sample-ca-relay_kept_days = 中継証明書を、有効期限のあとに残す日数（36500まで）。
sample-ca-listen = [keyserver] と同じ。
sample-ca-transport_days =
    役割のTLS証明書の期間（日、1から398）。残り三分の一になると更新されます。
sample-ca-publish = 失効リスト（CRL）とOCSP: 自組織の証明書について誰でも尋ねられること。listenもdirectoryもなければ何も公開しません。
sample-ca-publish-url = 新しい証明書に載るhttpのアドレス。listen、またはdirectoryのファイルを配るWebサーバーに届くようにします。
sample-ca-publish-ocsp = 新しい証明書にそのアドレスをOCSP用としても載せるか。Webサーバーがファイルだけを配る場合はfalse。
sample-ca-publish-listen = CRL、CA証明書、OCSPをHTTP（ログインなし）で配る待ち受け先。省くと待ち受けません。
sample-ca-publish-directory = CRLとCA証明書をファイルとして書く先。省くと書きません。
sample-ca-publish-crl_hours = CRLの有効期間（時間）。25から240。毎日と失効のたびに新しく作ります。
sample-ca-publish-ocsp_minutes = OCSPの応答の有効期間（分）。1から1440。
sample-ca-publish-max_connections = 同時に応じる接続の数。1から4096、一つのアドレスにはその四分の一まで。超えた分は待ちます。
sample-ca-publish-seconds = 一つの接続にかけてよい時間（秒）。1から300。
sample-ca-publish-max_request_bytes = OCSPの要求の大きさの上限（バイト）。4096まで。
sample-ca-publish-answers_per_second = 一秒間に署名するOCSPの応答の数。1から10,000。超えた要求には後で尋ねるよう答えます。

sample-inspector = 検査サーバ: メール一通に一つの検査プロセス。
sample-inspector-workers = 同時に検査するメールの数。
sample-inspector-worker_seconds = 一通にかけてよい時間（秒）。
sample-inspector-worker_mebibytes = 検査プロセス一つが使えるメモリ（MiB）。
sample-inspector-clamav = このコンピュータのClamAV（clamd）が待ち受ける先: unix:/パス または tcp:127.0.0.1:ポート。省くとClamAVには尋ねません。
sample-inspector-clamav_seconds = clamdへの接続と一回の検査にかけてよい時間（秒）。過ぎるとメールは待ちます。
sample-inspector-clamav_bytes = clamdに渡すファイルの大きさの上限（バイト）。clamdの StreamMaxLength まで。超えるものは archive.too-large になります。
sample-inspector-clamd_conf = ssmax check が読むclamd自身の設定。clamdの一時ファイルがディスクにあってはなりません。
sample-inspector-listen = [keyserver] と同じ。
sample-inspector-policy = 規則が当たったメールの扱い: pass（通過）、hold（保留）、block（遮断）
sample-inspector-policy-entry = 規則、または "archive.*" のような一群ごとに一行。
sample-inspector-limits = メールをどこまで調べるか。超えたものは「検査していない」とみなします。
sample-inspector-limits-expanded_bytes = 一通の圧縮ファイル全部の展開後の大きさ（バイト）。
sample-inspector-limits-archive_depth = 圧縮ファイルの入れ子の深さ。
sample-inspector-limits-archive_entries = 一通の圧縮ファイル全部の中のファイル数。
sample-inspector-limits-text_bytes = 一通の文字列の大きさ（バイト）。
sample-inspector-limits-message_depth = 添付メールの入れ子の深さ。
sample-inspector-limits-findings = 一通について残す検出の数。

sample-gateway = ゲートウェイ。
sample-gateway-host_name = 挨拶と Authentication-Results に載るこのホストの名前。
sample-gateway-submission = 自組織の利用者がログインして送信する先。省くと待ち受けません。
sample-gateway-submission_lmtp = 利用者がMTAに提出したメールを自組織のMTAがLMTPで渡す先（[submission]）。省くと待ち受けません。
sample-gateway-inbound_smtp = 他組織のメールがSMTPで届く先。省くと待ち受けません。
sample-gateway-inbound_lmtp = 自組織のMTAが届いたメールをLMTPで渡す先。省くと待ち受けません。
sample-gateway-tls_certificate = 待ち受けの証明書と中間証明書（PEM）。省くとTLSなし。
sample-gateway-tls_key = その秘密鍵（PEM）。自分だけが読めるようにしてください。
sample-gateway-allow_plaintext_auth = TLSなしのパスワードを許すか。ループバックだけで使えます。
sample-gateway-client_certificates = submissionでクライアントにログイン用の証明書を求めるか（SASL EXTERNAL）。[ca.login] の certificates も参照。
sample-gateway-next_hop =
    経路にない宛先のメールを渡す先（普通は自組織のMTA）: smtp://ホスト:ポート、
    smtp+tls://ホスト:ポート、lmtp://ホスト:ポート、lmtp:///パス、maildir:/パス、reject
sample-gateway-dsn = 配送の通知(DSN)に応じるか。すべての配送先が応じる場合に限ります(Postfixは応じます)。
sample-gateway-route_ca = smtp+tls の経路を検証するPEMファイル。
sample-gateway-inbound_after_opening = 届いたメールを開いてから止めたときの扱い: hold（保留）か refuse（拒否）
sample-gateway-outbound_after_opening = 自組織の利用者のメールについて同様。
sample-gateway-ambiguous =
    プログラムによって違う内容に読めるメールの扱い: rebuild（署名も暗号化もなく妥当な読み方が
    一つならば、誰にも同じに読める形に作り直す。そうでなければ拒否）か refuse（拒否）
sample-gateway-delivery =
    チェーンを通ったメールと同僚からのメールの届け方。seal: 内容に自組織の封印を付け、暗号化し直す。
    preserve: 送信者が暗号化したものを、送信者自身の署名のまま届ける。preserveにできないものは封印する。
    加入時の設定に従い、preserveの組織は会員名簿に mail-cbc と載る。既定は seal。
sample-gateway-attachments =
    添付ファイルが一つずつ暗号化されて届いたメールの配送の形: whole（全体を暗号化した1通。どのメールソフト
    でも読める）か keep（届いたままの暗号化ファイルを宛先の鍵に付け替える）
sample-gateway-outside =
    連合の外あてのメール: reject（拒否）、clear（メールソフトが作ったまま送る。暗号化されたものは拒否）、
    encrypt-if-known（[keyserver] outside_certificatesの証明書で暗号化）、hold（担当者のため保留）
sample-gateway-max_held_mebibytes = 保留しておくメールの合計の上限（MiB）。超えると送信側に後での再送を求めます。
sample-gateway-max_list_members = 一つのメーリングリストの最大人数。
sample-gateway-max_submission_bytes =
    組織の利用者から受け取る最大のメール（バイト）。省略すると、ほかの参加組織あてに暗号化した後で
    設定の[gateway.limits]のmax_mail_bytesに収まる大きさ。
sample-gateway-state = [keyserver.state]と同じ。
sample-gateway-state-url = [keyserver.state]と同じ。
sample-gateway-state-password_file = [keyserver.state]と同じ。
sample-gateway-state-connections = [keyserver.state]と同じ。
sample-gateway-objects =
    保留中のメールを置くS3互換のストレージ。メールは暗号化してから送る。設定がなければ、役割のフォルダ、
    または役割のデータベースサーバに置く。
sample-gateway-objects-url = バケットと、その中の自組織の接頭辞。
sample-gateway-objects-endpoint = ストレージのアドレス。http://はこのホスト自身だけ。
sample-gateway-objects-region = 要求の署名に使うリージョン。
sample-gateway-objects-credentials_file =
    aws_access_key_id = ... と aws_secret_access_key = ... の行を持つファイル。権限0600、役割の利用者のもの。
    鍵を変えても再起動は要らない。
sample-gateway-objects-ca_file = ストレージの証明書の検証に使うもの（PEM）。
sample-gateway-objects-timeout_seconds =
    応答を待つ秒数、1から20。送る4 MiBごとに1秒を加える。超えると送信側に後での再送を求める。
sample-gateway-objects-orphan_hours = どの保留中のメールのものでもないオブジェクトを消すまでの時間、1から720。
sample-gateway-lists =
    メーリングリスト（ssmax user add-role --kind list で登録）。届いたものは「名前 via リスト」の新しいメールとして出る。
sample-gateway-lists-entry =
    リストごとに一行。自組織か参加組織のメンバーと、返信の宛先（sender: 送信者、list: リスト）。
sample-gateway-redirects =
    転送。メンバーが一人のリスト（ssmax user add-role --kind list で登録）。.forwardやSieveの転送では
    封印されたメールは外に出られないので、その代わりに使う。
sample-gateway-redirects-entry = アドレスごとに一行。転送先。
sample-gateway-journal_days = メールの顛末を記録に残す日数（ssmax journey、30から3660）。メールアドレスとMessage-IDが含まれます。

sample-gateway-hold = 担当者の判断を待つメール（ssmax hold）。
sample-gateway-hold-days = 保留する日数（1から90）。過ぎると期限切れになります。
sample-gateway-hold-notify =
    保留したことと期限が近いことを誰に知らせるか: recipient（届いたメールは自組織の宛先の人、
    出すメールは送信者）か none（知らせない）
sample-gateway-hold-max_mails = 保留するメールの数の上限。超えると送信側に後での再送を求めます。
sample-gateway-volume =
    一人が送れる宛先の数。超えた人のメールは担当者の判断を待ちます。
    アカウントを乗っ取った者は、すぐに、多くの宛先へ送るからです。
sample-gateway-volume-recipients_per_hour = 一時間の宛先の数。メールごとの宛先をそれぞれ数え、保留したものも含みます。
sample-gateway-volume-recipients_per_day = 一日の宛先の数。
sample-gateway-volume-exempt = 対象外とする利用者ID。
sample-gateway-system = 誰もログインしない、この組織の自動メール。
sample-gateway-system-lmtp = 自組織のMTAが自動メールをLMTPで渡す口。省略すると口はない。
sample-gateway-system-smtp =
    MTAのない所で、下の表の機器がSMTPで渡す口。省略すると口はない。
sample-gateway-system-report_address =
    配送状態通知の差出人になる役割（ssmax user add-role --kind system で登録）。
    既定は主ドメインの mailer-daemon。
sample-gateway-system-reply_address =
    不在通知、予定表の返答など、メールボックスの自動返信の差出人になる役割。
    既定は主ドメインの auto-reply。
sample-gateway-system-sources = スキャナ、複合機、監視装置が、どの役割の名で送るか。
sample-gateway-system-sources-entry = アドレスかネットワークごとに一行。最も狭いものが効く。
sample-gateway-routes = ドメインごとの別の経路。
sample-gateway-routes-entry = ドメインごとに一行。形は next_hop と同じ。
sample-gateway-limits = 一つの、またはすべての接続相手が待ち受けに求めてよいこと。
sample-gateway-limits-max_mail_bytes = 最大のメール（バイト）。
sample-gateway-limits-max_recipients = 一通の宛先の数。
sample-gateway-limits-max_line_bytes = コマンド行の長さ（バイト）。
sample-gateway-limits-max_auth_line_bytes = ログインの行の長さ（バイト）。
sample-gateway-limits-max_data_line_bytes = メールの行の長さ（バイト）。
sample-gateway-limits-max_buffered_bytes = メモリに置くメールの合計（バイト）。
sample-gateway-limits-max_connections = 同時接続数。
sample-gateway-limits-max_connections_per_address = 一つのアドレスからの同時接続数。
sample-gateway-limits-max_errors = 接続を切るまでの、拒否されたコマンドの数。
sample-gateway-limits-max_idle_commands = メールを進めないコマンドが続いてよい数。
sample-gateway-limits-max_auth_attempts = 接続を切るまでの、失敗したログインの数。
sample-gateway-limits-failed_logins_per_hour = 一つのアドレス（IPv6では/64）から一時間に失敗してよいログインの回数。
sample-gateway-limits-command_timeout_seconds = コマンド行が届くまでの時間（秒）。
sample-gateway-limits-data_timeout_seconds = メールの途中で途絶えてよい時間（秒）。
sample-gateway-limits-min_data_bytes_per_second = メールが届く速さの下限（毎秒バイト）。
sample-gateway-limits-data_grace_seconds = それより遅くてよい時間（秒）。
sample-gateway-limits-tls_timeout_seconds = TLSの接続にかけてよい時間（秒）。

sample-enrol = 登録ページ。利用者が一度だけ使えるリンクで鍵を受け取ります（ssmax user invite）。
sample-enrol-listen = ブラウザがTLSで接続する所。
sample-enrol-url = リンクの秘密の前に付くもの。利用者から見た https://ホスト または https://ホスト:ポート
sample-enrol-tls_certificate = TLSの証明書チェーン（PEM、末端が先頭）。ブラウザが信頼するもの。
sample-enrol-tls_key = その秘密鍵（PEM）。所有者だけが読めること。
sample-enrol-limits = ブラウザの利用の上限。
sample-enrol-limits-max_connections = 同時の接続の数。
sample-enrol-limits-max_connections_per_address = 一つのアドレスまたはIPv6の/64からの数。
sample-enrol-limits-failures_per_hour = 一つのアドレスからの誤ったリンクとコードの、一時間の数。超えると429。
sample-enrol-limits-max_form_bytes = フォームが送るバイト数。
sample-enrol-limits-request_seconds = 要求が届き終わるまでの秒数。
sample-enrol-limits-max_packages = 同時に保管するパッケージの数。超えると503で、リンクはまだ使えます。
sample-enrol-limits-package_minutes = 保管する分数。
sample-submission =
    MTAの提出窓口のミルター: 誰がログインしたかを自分の鍵で証明します。人がMTAに提出する
    場合だけ、[gateway] の submission_lmtp とともに使います。それ以外ではこの節を置かないでください。
sample-submission-milter =
    MTAの接続先。smtpd_milters と同じ書き方で unix:パス か inet:127.0.0.1:ポート。inet では、この
    コンピュータのどのプロセスも、誰がログインしたとも言えてしまいます。
sample-submission-access = UNIXソケットを開けるのは: group（フォルダのグループも）か owner（所有者だけ）
sample-submission-peers = UNIXソケットで応じる相手のプロセスの利用者。
sample-submission-unauthenticated =
    ログインのないメールの扱い: refuse（拒否）か pass（提出証明なしで通す。submission_lmtp では
    ゲートウェイが拒否します）
sample-submission-aal =
    ログインの当人認証保証レベル（AAL）、1から3。2なら、署名のないメールに本人に代わり署名できます
    （[keyserver] sign_for_users）。
sample-submission-mechanisms = SASLの方式ごとの、ログインのレベル。
sample-submission-mechanisms-entry = 方式ごとに一行。
sample-submission-certificates = ログインせず、TLS証明書をMTAが検証したクライアント（Postfix: smtpd_tls_ask_ccert、smtpd_tls_CAfile）。
sample-submission-certificates-issuer = 利用者IDかアドレスをコモンネームに持つ証明書の発行者のコモンネーム。MTAが信頼するほかの認証局が同じ名前で発行できないこと。
sample-submission-certificates-aal = その認証保証レベル（1から3）。書かなければ1。
sample-submission-limits = MTAがミルターに求めてよい量。
sample-submission-limits-max_connections = 同時接続数。
sample-submission-limits-max_frame_bytes = ミルタープロトコルの一フレームの最大の大きさ（バイト）。
sample-submission-limits-max_header_bytes = メールのヘッダの最大の大きさ（バイト）。
sample-submission-limits-max_recipients = 一通の最大の宛先数。
sample-submission-limits-max_field_bytes = 提出証明のフィールドの最大の大きさ（バイト）。Postfixは60000で切ります。
sample-submission-limits-idle_seconds = クライアントが書く間、MTAが黙っていてよい時間（秒）。

sample-directory =
    メールソフト向けのLDAP: 相手へのメールを何で暗号化するかと、入力中の相手の候補を答えます。
    鍵を持たず、CAに尋ねます。この節がなければ動きません。
sample-directory-ldap = はじめはTLSなしで待ち受けるアドレス（証明書があればStartTLS）。省くと待ち受けません。
sample-directory-ldaps = 最初からTLSで待ち受けるアドレス。省くと待ち受けません。
sample-directory-tls_certificate = TLSの証明書のチェーン（PEM、自分のものが先）。メールソフトが信じるもの。
sample-directory-tls_key = その証明書の鍵（PEM）。
sample-directory-allow_plaintext =
    TLSなしの匿名の検索にも答えます。ネットワークを盗み見る人には、誰が誰に書くかが見えます。
    パスワードは、TLSなしでは決して受け付けません。
sample-directory-networks =
    匿名の検索に答えるネットワーク。Thunderbirdなどは名乗りません。それ以外からはバインド
    （ログイン）が必要です。省くと、どこにも答えません。
sample-directory-base = 人の項目を置く識別名。省くと主ドメイン。
sample-directory-internal =
    同僚へのメールを何で暗号化するか: relay（中継証明書。検査できます）か own（本人の証明書。
    同僚どうしのメールがゲートウェイを通らない場合）
sample-directory-limits = メールソフトが求めてよい量。
sample-directory-limits-max_connections = 同時接続数。
sample-directory-limits-max_connections_per_address = 一つのアドレス（IPv6では/64）からの同時接続数。
sample-directory-limits-requests_per_second = 一つのアドレスが毎秒求めてよい回数。一時的にはその10倍まで。
sample-directory-limits-max_request_bytes = 一つの要求の最大の大きさ（バイト）。
sample-directory-limits-max_filter_depth = 検索条件の入れ子の深さ。
sample-directory-limits-max_filter_terms = 一回の検索の条件と、その中の断片の数。
sample-directory-limits-max_addresses = 一回の検索で指定できるアドレスの数。
sample-directory-limits-min_letters = 候補を出すまでに入力が必要な、名前の文字数。
sample-directory-limits-max_suggestions = 一度に出す候補の人数。
sample-directory-limits-suggestions_per_hour = 一つのアドレスに一時間で出す候補の人数。
sample-directory-limits-failed_binds_per_hour = 一つのアドレスが一時間に間違えてよいパスワードの回数。
sample-directory-limits-idle_seconds = 一つの要求にかけてよい時間（秒）。
sample-directory-limits-tls_timeout_seconds = TLSの接続にかけてよい時間（秒）。
sample-directory-limits-answer_seconds = 答えにかけてよい時間（秒）。メールソフトは、その間ほかのことをしません。
sample-scim =
    だれが働いているかを、Entra IDなどのIDプロバイダーからSCIM 2.0で受け取ります。トークンは
    ssmax setup scim で作ります。
sample-scim-listen = IDプロバイダーが接続するアドレス（TLS）。
sample-scim-tls_certificate = TLSの証明書のチェーン（PEM、自分のものが先）。IDプロバイダーが信じるもの。
sample-scim-tls_key = その証明書の鍵（PEM）。
sample-scim-allow_plaintext = TLSなしで待ち受けます。このホストのプロキシの後ろで、listen がループバックアドレスのときだけです。
sample-scim-url = IDプロバイダーから見たアドレス: https://ホスト[:ポート]。省くと listen のもの。
sample-scim-number = 人をずっと見分けるもの: "employeeNumber"、"externalId" または "userName"。
sample-scim-proof = この方法で登録される人の本人確認の方法。
sample-scim-tokens = 使ってよい相手: トークンごとの名前とSHA-256。例: { "{" } name = "entra", sha256 = "..." { "}" }
sample-scim-limits = IDプロバイダーに許すこと。
sample-scim-limits-max_connections = 同時接続数。一つのアドレスからはその四分の一まで。
sample-scim-limits-max_request_bytes = 一つの要求の最大の大きさ（バイト）。
sample-scim-limits-max_results = 一つの答えに含める利用者の数。
sample-scim-limits-requests_per_second = 一つのトークンが毎秒求めてよい回数。一時的にはその10倍まで。
sample-scim-limits-failed_logins_per_hour = 一つのアドレスが一時間に間違えてよいトークンの回数。
sample-scim-limits-request_seconds = 一つの要求が届くまでの時間（秒）。
sample-scim-limits-answer_seconds = 答えにかけてよい時間（秒）。入社した人の鍵を作る時間を含みます。
sample-scim-limits-connection_seconds = 一つの接続の最長時間（秒）。
sample-authority = 管理組織: 参加を認め、会員名簿を公開します。
sample-authority-name = 証明書に載る連合の名前。ssmax authority init だけが使います。
sample-authority-url = 参加組織から見たアドレス: https://ホスト[:ポート]。パスは付けません。
sample-authority-listen = HTTPSで待ち受けるアドレス。
sample-authority-unlock_file =
    鍵を開ける秘密のファイル。自分だけが読めるようにし、state_dir とは別の媒体に置いてください。
    ssmax authority init が鍵とともに作ります。すでにある鍵は、その鍵のものでしか開きません。
sample-authority-reissue_seconds = 変わらない名簿を出し直す間隔（秒）。
sample-authority-list_hours = 発行した名簿が新しいものと認められる時間（時間）。
sample-authority-max_connections = 同時接続数。
sample-authority-request_seconds = TLSの接続と要求にかけてよい時間（秒）。
sample-authority-connection_seconds = 一つの接続が続いてよい時間（秒）。
sample-authority-state = 表を置くPostgreSQLサーバ。state_dirの下のSQLiteの代わり（scale.md）。
sample-authority-state-url =
    サーバの場所。TLSで検証するか、同じホストのソケットを使う
    （postgresql:///ssmax?host=/run/postgresql）。パスワードはここに書かない。
sample-authority-state-password_file = 利用者のパスワードのファイル。読めるのは自分だけにする。省くと不要とみなす。
sample-authority-state-connections = 一つのプロセスから一つのスキーマへの接続の最大数、2から100。

sample-watch = このコンピュータの各役割の様子をHTTPで示します: Prometheus向けの /metrics、/health/live、/health/ready。この節がなければ動きません。
sample-watch-listen = HTTPで待ち受けるアドレス。認証も暗号化もないので、ループバックのままにするか、両方を行うものの後ろに置いてください。
sample-watch-max_connections = 同時接続数。超えた接続は待ちます。
sample-watch-seconds = 一つの接続が続いてよい時間（秒）。各役割は、このうち8秒以内に答えます。

sample-sync =
    人の情報を持つLDAPディレクトリまたはActive Directory。"ssmax user sync"が読み取り、
    CAに登録・変更・失効させます。タイマーが毎時実行します（ssmax-sync.timer）。
sample-sync-url = ldaps://HOST[:PORT]、またはStartTLSを使うldap://HOST[:PORT]。
sample-sync-tls_ca = サーバ証明書を発行できるCA（PEM）。
sample-sync-plaintext = true: TLSなしのldap://。このホスト自身に対してのみ。
sample-sync-bind_dn = 読み取りに使うアカウント。Active Directoryではuser@domainも使えます。
sample-sync-password_file = 1行目にパスワードがあるファイル。CAの利用者だけが読めること。
sample-sync-base = 人のエントリーがある場所の名前。
sample-sync-schema = 属性の呼び方: inetorgpersonまたはactive-directory。
sample-sync-filter = どのエントリーが人か（RFC 4515）。省略時はschemaによる。
sample-sync-leave_percent = ディレクトリから登録された人のうち、この割合（%）を超える人数は一度に退職させない。
sample-sync-leave_people = その割合を超えても、この人数までは一度に退職できる。
sample-sync-attributes =
    どの属性に何があるか。エントリーにある最初のものを使います。"sn+givenName"は両方をつなげます。
    省略時はschemaによります。ここにあるのはinetorgpersonのものです。
sample-sync-attributes-number = 社員番号。永久に一人のもの。ないエントリーは誰のものでもありません。
sample-sync-attributes-name = 証明書に入る氏名。
sample-sync-attributes-kana = カナ氏名。
sample-sync-attributes-english = 英字氏名。
sample-sync-attributes-address = 主アドレス。SMTP:が付いた値があればそれ。
sample-sync-attributes-aliases = すべてのアドレス。自組織のドメイン以外は除きます。
sample-sync-attributes-department = 所属。
sample-sync-limits = ディレクトリの応答の上限。超えたら何も行いません。
sample-sync-limits-page_entries = 1ページのエントリー数。最大100,000。Active Directoryは最大1,000。
sample-sync-limits-max_entries = エントリーの総数。
sample-sync-limits-max_answer_bytes = 1エントリーのバイト数。
sample-sync-limits-max_bytes = 合計のバイト数。
sample-sync-limits-max_values = 1属性の値の数。
sample-sync-limits-answer_seconds = サーバが黙っていてよい秒数。
sample-sync-limits-seconds = 読み取り全体の秒数。
