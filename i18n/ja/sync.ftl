# ssmax user sync.

help-user-sync = LDAPディレクトリまたはActive Directoryの入社・異動・退職を実行する（[sync]）
help-user-sync-dry_run = 何が行われるかを示すだけで、何もしない
help-user-sync-allow_leave = [sync]の割合を超えても、この人数までの退職を認める
help-user-sync-again = 失効していてディレクトリにある人を、同じ番号で、以前のメールとともに復帰させる
help-user-sync-former_address = 他の人のものだったアドレスを、休止期間の後に与える

sync-left-out = { $user }を除外しました: { $why }
sync-fault = { $entry }はそのままにします: { $what }
sync-fault-text = UTF-8でない値があります
sync-fault-control = userAccountControlがないか、数ではありません。読み取るアカウントに権限が必要かもしれません
sync-fault-address = 自組織のドメインのメールアドレスがありません
sync-fault-addresses = メールアドレスが必要です（16個以内、重複なし）
sync-fault-twice = 同じ番号のエントリーがほかにあります
sync-fault-no-number = 登録されている人のアドレスがありますが、番号がありません
sync-fault-field = 値が128文字を超えているか、制御文字を含みます

err-sync-leaving = { $leaving }人が退職することになり、ディレクトリにある{ $people }人の{ $percent } %を超えます。何も行っていません
rec-sync-leaving = baseとfilterで全員が見つかるか確かめてください（--dry-run --allow-leave { $leaving }）。本当に退職するなら--allow-leave { $leaving }を付けてください。
err-sync-nobody = { $base }の下に人が見つかりません（エントリー{ $entries }件）。何も行っていません
rec-sync-nobody = [sync]のbase、filter、attributesと、アカウントの読み取り権限を確かめてください。
err-sync-tls-ca = { $path }にCA証明書がありません
rec-sync-tls-ca = ディレクトリの証明書を発行したCAの証明書をPEMで置いてください。
err-sync-unreachable = ディレクトリ{ $server }に接続できません: { $reason }。何も行っていません
rec-sync-unreachable = [sync]のurlと、途中のネットワークを確かめてください。
err-sync-untrusted = { $server }とTLSで通信できません: { $reason }。何も行っていません
rec-sync-untrusted = [sync]のtls_caと、urlの名前がサーバ証明書にあることを確かめてください。
err-sync-plaintext = { $server }は別のホストです。TLSがないと途中でパスワードが読まれます
rec-sync-plaintext = [sync]からplaintextを外すか、ldaps://を使ってください。
err-sync-slow = { $server }の応答が遅すぎます。何も行っていません
rec-sync-slow = サーバの負荷と、[sync.limits]のanswer_seconds、secondsを確かめてください。
err-sync-login = { $server }でbind_dnまたはパスワードが認められません
rec-sync-login = ldapsearch -D BIND_DN -Wで試し、[sync]のpassword_fileを確かめてください。
err-sync-start-tls = { $server }はTLSを始めません（StartTLS、コード{ $code }）
rec-sync-start-tls = サーバに証明書を設定するか、ldaps://を使ってください。
err-sync-refused = { $server }が検索を拒否しました（コード{ $code }、RFC 4511付録A）。何も行っていません
rec-sync-refused = 12: ページ分割に対応していません。32: baseがありません。50: アカウントに読み取り権限がありません。10: baseは別のサーバにあります。
err-sync-part = { $server }がエントリーの一部しか返しません（コード{ $code }）。何も行っていません
rec-sync-part = このアカウントに対するサーバの件数・時間の上限を上げるか、[sync.limits]のpage_entriesを下げてください。
err-sync-part-of-values = { $server }が{ $attribute }の値の一部しか返しません。何も行っていません
rec-sync-part-of-values = サーバが一度に返す数より多い値を持つエントリーがあります。[sync.attributes]からその属性を外してください。
err-sync-too-much = { $server }の応答が[sync.limits]の{ $limit }を超えます。何も行っていません
rec-sync-too-much = 本当にその人数であれば、上げてください。
err-sync-malformed = { $server }の応答がLDAPではありません: { $reason }。何も行っていません
rec-sync-malformed = [sync]のurlを確かめてください。ldaps://はポート636、ldap://は389です。
