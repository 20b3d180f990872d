# 鍵を失った人や離れた人のメール: ssmax archive と、本人への通知。

archive-what = { $mailbox }のメールを{ $reader }が読めるようにします。
archive-why = 理由: { $reason }
archive-how-many = 数: メール{ $mails }通、暗号化された部分{ $parts }個
archive-when = 作成{ $at }、実行できる期限{ $until }
archive-who = 承認した人: { $officers }
archive-name = 監査ログでの名前: { $digest }
archive-looked-into = 一緒に示されたメール: { $all }通のうち{ $seen }通。ヘッダの内容は確認されていません。
archive-left-out = 暗号化されていないため除いたもの: { $count }件（{ $names }）
archive-proposed = { $path }を書きました。次に、別の担当者が承認します: ssmax archive approve
archive-approved = { $path }を承認しました。次に、どちらかの担当者が実行します: ssmax archive rewrap
archive-rewrapped = { $path }のメールを{ $reader }が読めるようになりました。本人に通知されます。

archive-notice-subject = メールボックスのメールが別の人のために開封されました
archive-notice-body =
    { $mailbox }に届いたメールが、保管用の鍵により、別の鍵で読めるようになりました（開封）。

    読めるようになった人: { $reader }
    承認した担当者: { $officers }
    理由: { $reason }
    メールの数: { $mails }（暗号化された部分: { $parts }）
    日時: { $at }

    心当たりがなければ管理者に尋ねてください。誰が何を求めたかは監査ログに残っています。
    このメールに返信する必要はありません。

check-archive-officers = 他人のメールを二人で開封させられる担当者: { $count }人
check-reviewers = 保留中のメールについて決める人: { $count }人
err-officer-cannot-sign = 決める人として { $officer } の名前がありますが、鍵を自分で持ち、署名用証明書が有効な、在籍中の人ではありません
rec-officer-cannot-sign = --csr か --token-csr を付けてその人を登録するか（ssmax user add）、ssmax.toml の reviewers や officers から名前を外してください。
check-gateway-logins-off = ログインは、MTAの提出窓口の言葉だけで信じます
err-gateway-logins-beside-milter = 誰がログインしたかはMTAの提出窓口が述べていますが、ゲートウェイの言葉も信じる設定です。ゲートウェイを乗っ取った者は、誰の名前でも書けます
rec-gateway-logins-beside-milter = ゲートウェイで誰もログインしないなら、[keyserver] から gateway_logins を外し、鍵管理サーバを起動し直してください。
err-gateway-logins-off = 提出をゲートウェイ自身が受けていますが（[gateway] の submission）、ミルターの鍵を入れたため、そのログインは信じられません: SSMAX-1109
rec-gateway-logins-off = [keyserver] に gateway_logins = true と書いて鍵管理サーバを起動し直すか、MTAで提出を受けてください（submission の代わりに submission_lmtp）。
err-milter-unknown = 鍵管理サーバが提出証明の鍵を知りません。MTAを通る提出はすべてSSMAX-1109で拒否されます
rec-milter-unknown = もう一度 ssmax org init を実行し、役割を起動し直してください。
err-archive-one-officer = 他人のメールを開封する担当者が一人しかいません。二人必要です
rec-archive-one-officer = [keyserver.archive] officers に三人以上を書いてください。メールの持ち主と読む人は、二人のうちに入れません。
err-archive-no-notice = 離れた人のメールは開封できません。代わりに通知を受ける人がいません
rec-archive-no-notice = 開封できるようにするなら、[keyserver.archive] notice にアドレスを設定してください。

## 申請そのものの問題

err-archive-no-request = { $path }は、この版の保管メール開封の申請ではありません
rec-archive-no-request = ssmax archive propose が書いたファイルをそのまま使ってください。
err-archive-same-officer = { $path }はすでにあなたが承認しています
rec-archive-same-officer = 別の担当者が承認する必要があります。
err-archive-complete = { $path }はすでに二人の担当者が承認しています
rec-archive-complete = ssmax archive rewrap で実行してください。
err-archive-words = 持ち主、読む人、理由が必要です。理由は1行で1000バイトまでです
rec-archive-words = 理由を短くしてください。
err-archive-too-many = 一つの申請に書ける暗号化された部分は{ $max }個までです
rec-archive-too-many = 申請を分けてください。
err-archive-not-archived-file = { $path }には保管用の鍵のための写しがありません
rec-archive-not-archived-file = 写しがあるのは、この組織が暗号化して配送したメールだけです。本人なら ssmax mail rekey で鍵を付け替えられます。
err-archive-mail-missing = 申請にある部分が、どのメールにもありません: tail { $tail }
rec-archive-mail-missing = 申請したメールをすべて指定してください。
err-archive-mail-not-approved = 申請にない部分を持つメールがあります: tail { $tail }
rec-archive-mail-not-approved = そのメールを除くか、新しく申請してください。

err-archive-same-name = { $path }と同じ名前のメールがもう一通あり、一つのファイルに書くことになります
rec-archive-same-name = どちらかの名前を変えてください。

## 鍵管理サーバの答え

err-archive-not-signed = 署名が、名前の挙がった担当者のものと確認できません
rec-archive-not-signed = 担当者は、いま有効で、鍵管理サーバが預かっていない自分の証明書の鍵で署名し、利用者IDを --user で示してください。
err-archive-two-officers = 二人の異なる担当者による承認がありません
rec-archive-two-officers = 別の担当者に ssmax archive approve で承認してもらってください。
err-archive-not-an-officer = 承認した人か実行する人が、この担当者ではありません
rec-archive-not-an-officer = 担当者は [keyserver.archive] officers にある人です。承認した二人のどちらかが実行します。
err-archive-officer-concerned = 担当者の一人が、メールの持ち主か、これから読む人です
rec-archive-officer-concerned = そのメールに関わりのない二人の担当者が承認してください。
err-archive-expired = 申請を実行できる期限が過ぎたか、まだ始まっていないか、許される長さを超えています
rec-archive-expired = 新しく申請してください。長さの上限は [keyserver.archive] request_hours です。
err-archive-replayed = この申請はすでに使われました
rec-archive-replayed = 申請は一度しか使えません。新しく申請してください。
err-archive-not-as-approved = 渡されたものが、担当者の承認したものと違います
rec-archive-not-as-approved = 申請したときのメールをそのまま渡してください。
err-archive-too-many-here = 申請の部分の数が、この鍵管理サーバの上限を超えています
rec-archive-too-many-here = 申請を分けるか、[keyserver.archive] parts_per_request を上げてもらってください。
err-archive-esp = この組織はESPなので、保管用の鍵を持ちません
rec-archive-esp = このメールは本人の鍵でしか開けません。
err-archive-encryption-refused = 付け替えの対象にならない方式で暗号化されたメールがあります
rec-archive-encryption-refused = そのメールを申請から除いてください。
err-archive-not-archived = この組織の保管用の鍵を指していないメールがあります
rec-archive-not-archived = 申請から除いてください。古い保管用の鍵も残っているので、この組織の写しだったことはありません。
err-archive-other-mailbox = 申請のメールボックスに届いたものと確認できないメールがあります
rec-archive-other-mailbox = 届いた先のアドレスを指定してください。RSA鍵の写しには、本人の部分を含む、届いたままのメールが必要です。
err-archive-nobody-to-tell = 通知する相手がいません。このメールボックスを読む人がもういません
rec-archive-nobody-to-tell = 代わりに通知を受ける人のアドレスを [keyserver.archive] notice に設定してもらってください。
err-archive-no-certificate = 読む人が登録されていないか、いま有効な暗号用証明書を持っていません
rec-archive-no-certificate = ssmax user add か ssmax user renew で発行してもらい、同じ申請でもう一度実行してください。
err-archive-limit-reached = 一日に開封できる量に達しました
rec-archive-limit-reached = 申請の期限内なら明日同じ申請で続けるか、[keyserver.archive] parts_per_day を上げてもらってください。
err-archive-not-opened = 保管用の鍵で開けないメールがあり、どのメールも渡しませんでした
rec-archive-not-opened = どれかのメールが壊れています。少ない数に分けて新しく申請してください。
