# 保留中のメール: ssmax hold と、本人への通知。

hold-count = { $count }通
hold-until = { $at }まで
hold-state-held = 保留中
hold-state-released = 解放済み
hold-state-deleted = 削除済み
hold-state-expired = 期限切れ
hold-digest = メール { $mail }
hold-no-digest = まだ不明
hold-not-readable = 記録を読めません。期限が来れば切れます
hold-times = { $at }から保留中、{ $until }まで
hold-from = 差出人 { $from }（{ $known }）
hold-sender-verified = 確認済み
hold-sender-unverified = 未確認
hold-to = 宛先 { $people }
hold-mail = { $id }、{ $bytes }バイト、{ $form }
hold-encrypted = 送信者が暗号化
hold-in-clear = 平文で到着
hold-reason = 理由: { $reason }（{ $kind }）
hold-outcome-hold = 担当者が解放できる
hold-outcome-block = 解放には--override-blockと理由が必要
hold-ended-by = 担当者 { $officer }: { $reason }
hold-ended-by-alone = 決定: { $officer }
hold-now = { $id }は{ $state }になりました
hold-ended-before = { $id }はすでに{ $state }です。何もしていません

err-hold-unknown = 保留中のメール{ $id }はありません
rec-hold-unknown = ssmax hold listで確かめてください。終わったものは--allで表示されます。
err-hold-busy = { $id }は今ほかの担当者が処理しています
rec-hold-busy = 終わるのを待ち、ssmax hold showで確かめてください。
err-hold-malformed = { $id }を処理できません。名前、理由または証明書が正しくありません
rec-hold-malformed = 名前と理由は一行で1000バイトまでです。証明書には暗号化に使える鍵が必要です。
err-hold-refused = { $id }はもう受け入れられません: { $reason }
rec-hold-refused = 到着後に何が変わったかは、鍵管理サーバのログにあります。
err-hold-not-a-reviewer = { $id }をこの証明書の人に見せることはできません
rec-hold-not-a-reviewer = 確認を許された人（[keyserver] reviewers）の、有効な暗号用証明書を使ってください。検査が開いていないメールは誰にも見せません。
err-hold-blocked = { $id }には遮断すべき検査結果があります
rec-hold-blocked = まず内容を確かめてください。送ってよければ、--override-blockと--reasonを付けてください。
err-hold-reason-needed = { $id }には理由が必要です
rec-hold-reason-needed = --reasonで述べてください。
err-hold-key-needed = メールを見るには、見る人の署名が必要です
rec-hold-key-needed = [keyserver] reviewers にある人の鍵を --key（必要なら --cert も）か --pkcs11 で指定してください。
err-hold-not-signed = 鍵管理サーバはこの署名を認めません。有効な証明書を持つ在籍者の署名ではありません
rec-hold-not-signed = 判断する人にここで発行された鍵ファイルと証明書を使ってください。鍵管理サーバが預かる鍵では署名できません。
err-hold-not-an-officer = 署名した人は、保留中のメールについて決める人ではありません
rec-hold-not-an-officer = [keyserver] reviewers にその人を加え、鍵管理サーバを起動し直してもらってください。
err-hold-officer-concerned = 担当者自身のメールです。自分が送ったもの、自分の名のものは解放できません
rec-hold-officer-concerned = [keyserver] reviewersにあるほかの人が判断してください。
err-hold-replayed = この判断はすでに使われました
rec-hold-replayed = もう一度判断してください。
err-hold-esp = プロバイダではメールの中身を誰も見ません
rec-hold-esp = --content なしの ssmax hold show でわかることで判断してください。
err-hold-another-mail = { $id } は、指定されたメールではありません。いまは { $mail } です
rec-hold-another-mail = ssmax hold show で見直し、確かめたメールについて判断してください。心当たりがなければ、ゲートウェイを疑ってください。
err-hold-unidentified = { $id } のダイジェストが不明です。以前の版が保留したものです
rec-hold-unidentified = ssmax hold show --content で一度表示してください。その後はssmax hold listに出ます。
err-hold-unreadable = { $id } の記録を読めません
rec-hold-unreadable = 保留したときの版のゲートウェイを使ってください。それまでは待ち、期限が来れば切れます。詳しくはゲートウェイのログにあります。
err-hold-failed = { $id }について、今は答えが得られません
rec-hold-failed = 鍵管理サーバが動いているか確かめ、もう一度試してください。詳しくはゲートウェイのログにあります。
err-hold-octets-missing = { $id }の中身が置いた場所にありません（SSMAX-9006）
rec-hold-octets-missing =
    state_dirの下のgateway/held、またはバケットのバックアップから同じ名前で戻してください。戻せなければ、ssmax hold deleteで
    削除し、送信者にもう一度送ってもらってください。何を探したかはゲートウェイのログにあります。
err-hold-octets-changed = { $id }の中身が置いたものと違います（SSMAX-9007）
rec-hold-octets-changed =
    state_dirの下のgateway/held、またはバケットに誰が書いているか調べてください。バックアップから戻すか、ssmax hold deleteで
    削除して、送信者にもう一度送ってもらってください。
err-hold-store-away = { $id }の中身のある保存領域が応答しません（SSMAX-9005）
rec-hold-store-away = メールは保留されたままです。原因はssmax checkが示します。直してからもう一度試してください。

hold-notice-subject-held = メールを確認のため保留しています
hold-notice-subject-expiring = 保留中のメールがまもなく期限切れになります
hold-notice-sender-unknown = 確認できないため表示しません
hold-notice-inbound-held =
    あなたあてのメールを、組織が確認のため保留しています。

    到着: { $at }
    差出人: { $sender }
    保留番号: { $id }
    保留期限: { $expires }

    心当たりがあれば、保留番号を管理者に伝えてください。
    このメールに返信する必要はありません。
hold-notice-inbound-expiring =
    確認のため保留しているあなたあてのメールが、まもなく削除されます。

    到着: { $at }
    差出人: { $sender }
    保留番号: { $id }
    削除の時刻: { $expires }以降

    心当たりがあれば、保留番号を管理者に伝えてください。
    このメールに返信する必要はありません。
hold-notice-outbound-held =
    あなたが送ったメールを、組織が確認のため保留しています。まだ送信されていません。

    送信: { $at }
    宛先: { $recipients }
    保留番号: { $id }
    保留期限: { $expires }

    管理者が保留番号で解放できます。
    このメールに返信する必要はありません。
hold-notice-outbound-expiring =
    あなたが送ったメールはまだ保留中で、まもなく削除されます。

    送信: { $at }
    宛先: { $recipients }
    保留番号: { $id }
    削除の時刻: { $expires }以降

    管理者が保留番号で解放できます。
    このメールに返信する必要はありません。
