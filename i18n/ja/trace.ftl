# メールや証明書の背後にいる人の特定: ssmax trace と、その通知。

trace-what-hop = ホップ { $id } のメールを提出した人を、{ $proposer }に知らせます。
trace-what-certificate = 次のSHA-256の証明書が誰のものかを、{ $proposer }に知らせます: { $id }
trace-what-serial = 次のシリアル番号の証明書が誰のものかを、{ $proposer }に知らせます: { $id }
trace-case = 案件: { $case }
trace-why = 理由: { $reason }
trace-when = 作成{ $at }、実行できる期限{ $until }
trace-who = 承認した人: { $officers }
trace-name = 監査ログでの名前: { $digest }
trace-proposed = { $path }を書きました。次に、別の担当者が承認します: ssmax trace approve
trace-approved = { $path }を承認しました。次に、申請した担当者が実行します: ssmax trace identify

trace-found-hop = ホップ { $id } のメールを{ $at }に提出した人:
trace-found-certificate = { $at }に発行した証明書 { $serial } の持ち主:
trace-in-name-of = 次の名義で書かれました:
trace-user = 番号 { $user }、氏名 { $name }
trace-kind = 人ではなく: { $kind }
trace-addresses = アドレス: { $addresses }
trace-former = 以前のアドレス: { $addresses }
trace-registered = { $at }登録、本人確認 { $proof }（レベル{ $level }）
trace-ended = { $at }に権利が終了
trace-told = 照会したことは監査ログに残ります。[keyserver.trace] notice の宛先には、照会があったことだけが通知され、誰だったかは通知されません。

trace-notice-subject = 二人の担当者により、ある人が特定されました
trace-notice-body =
    メールまたは証明書の背後にいる人が、二人の担当者の承認により特定されました。

    ホップまたは証明書: { $traced }
    知らされた人: { $reader }
    承認した担当者: { $officers }
    案件と理由: { $reason }
    日時: { $at }

    誰だったかはここには書かれません。誰が何を求めたかは監査ログに残っています。
    このメールに返信する必要はありません。

check-trace-officers = メールの背後にいる人を二人で特定できる担当者: { $count }人
err-trace-one-officer = 人を特定する担当者が一人しかいません。二人必要です
rec-trace-one-officer = [keyserver.trace] officers に三人以上を書いてください。探される本人は二人のうちに入れません。
err-trace-no-notice = メールの背後にいる人が特定されても、誰にも通知されません
rec-trace-no-notice = [keyserver.trace] notice に個人情報保護の担当者のアドレスを設定してください。

## 申請そのものの問題

err-trace-no-request = { $path }は、この版の特定の申請ではありません
rec-trace-no-request = ssmax trace propose が書いたファイルをそのまま使ってください。
err-trace-same-officer = { $path }はすでにあなたが承認しています
rec-trace-same-officer = 別の担当者が承認する必要があります。
err-trace-complete = { $path }はすでに二人の担当者が承認しています
rec-trace-complete = 申請した人が ssmax trace identify で実行してください。
err-trace-words = 案件と理由が必要です。それぞれ1行で、案件は200バイト、理由は1000バイトまでです
rec-trace-words = 長いほうを短くしてください。
err-trace-no-id = { $id }は、ホップでも、証明書のシリアル番号やSHA-256でもありません
rec-trace-no-id = メールのホップは ssmax verify --json、証明書のシリアル番号は ssmax cert show で分かります。証明書のファイルを --certificate で指定することもできます。
err-trace-one-certificate = { $path }には証明書がいくつも入っています
rec-trace-one-certificate = 対象の一つだけを別のファイルにしてください。

## 鍵管理サーバの答え

err-trace-not-signed = 署名が、名前の挙がった担当者のものと確認できません
rec-trace-not-signed = 担当者は、いま有効で、鍵管理サーバが預かっていない自分の証明書の鍵で署名し、利用者IDを --user で示してください。
err-trace-two-officers = 二人の異なる担当者による承認がありません
rec-trace-two-officers = 別の担当者に ssmax trace approve で承認してもらってください。
err-trace-not-an-officer = 承認した人か実行する人が、この担当者ではありません
rec-trace-not-an-officer = 担当者は [keyserver.trace] officers にある人です。
err-trace-not-the-proposer = 答えは申請した担当者だけのもので、ほかの人には知らせません
rec-trace-not-the-proposer = 申請した人が自分の鍵で ssmax trace identify を実行してください。
err-trace-officer-concerned = 特定された人が二人の担当者の一人なので、何も知らせません
rec-trace-officer-concerned = 別の二人が新しく申請し、承認してください。この申請はもう使えません。
err-trace-expired = 申請を実行できる期限が過ぎたか、まだ始まっていないか、許される長さを超えています
rec-trace-expired = 新しく申請してください。長さの上限は [keyserver.trace] request_hours です。
err-trace-replayed = この申請はすでに使われました
rec-trace-replayed = 申請は一度しか使えません。新しく申請してください。
err-trace-not-as-approved = 渡されたものが、担当者の承認したものと違います
rec-trace-not-as-approved = 二人が署名したファイルをそのまま使うか、新しく申請してください。
err-trace-unknown = そのホップや証明書について、ここでは何も分かりません
rec-trace-unknown = この組織のものでないか、人のものでないか、保存期間（[keyserver.trace] hop_days）を過ぎたホップです。メールと見比べてください。
err-trace-erased = その人はここに登録されていましたが、保存期間が過ぎ、登録は削除されました
rec-trace-erased = この組織のシステムからは、これ以上分かりません。削除したことは監査ログに残っています。
err-trace-limit-reached = 一日に特定できる人数に達しました
rec-trace-limit-reached = 申請の期限内なら明日同じ申請で続けるか、[keyserver.trace] requests_per_day を上げてもらってください。
