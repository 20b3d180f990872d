# `ssmax demo` が語ること。
demo-begin = 管理組織、A株式会社（a.example）、B市（b.example）、C商事（c.example）を { $dir } に用意しました
demo-tokens = AとBの鍵はSoftHSMのトークンに、Cの鍵はファイルにあります。役割を手で起動するときは、環境変数 SOFTHSM2_CONF={ $path } が必要です。
demo-unlock-beside = （鍵を開く秘密が鍵の隣にあるのは、デモだからです。）
demo-site = { $name }: { $domain }、提出先は { $at }
demo-title = { "" }
    事例{ $case }：{ $words }
demo-case-1 = アリスが署名・暗号化した、PDFと表計算ファイル付きの日本語メール（ボブあて）
demo-case-2 = 署名のないメール（ボブ、デイブ、キャロルあて）。鍵管理サーバがアリスに代わって署名する
demo-case-3 = 表計算ファイルの中の個人番号
demo-case-4 = アリスが暗号化した、zipの中のEICARテストファイル
demo-case-5 = アリスの名前にキャロルの署名
demo-case-6-stranger = 連合に参加していない組織
demo-case-6-suspended = メールの配送中に資格を停止されたC商事
demo-case-7 = メール1で得た証明書だけで暗号化した、ボブの返信
demo-case-8 = アリスが暗号化したものをキャロルが自分のものとして提出する
demo-case-9 = AからBへのメールにCが自分の署名を付ける
demo-submitted = { "  " }自組織のゲートウェイの応答: { $reply }
demo-hop =
    { "  " }ホップ { $id }: 署名 { $from }、暗号化のあて先 { $to }（{ $cipher }）
    { "  " }テイル { $tail }…、経路上で { $size } バイト
demo-hop-reply = { "  " }相手のゲートウェイの応答: { $reply }
demo-arrived = { "  " }{ $recipient }: 判定 { $verdict }、署名者 { $signer }、内容 { $entity }…、送ったものと同じ: { $same }
demo-stopped =
    { "  " }{ $at } の{ $place }で止まりました: { $why }
    { "  " }応答: { $reply }
demo-not-stopped =
    { "  " }あるべき結果と違います: { $at } の{ $place }: { $why }
    { "  " }応答: { $reply }
demo-place = { $direction }の{ $stage }の段階
demo-good = { "" }
    すべてあるべき結果になりました: { $delivered } 通が届き、{ $stopped } 通が止まりました。詳細: { $file }
demo-bad = { "" }
    あるべき結果と違います: { $cases }。詳細: { $file }
demo-stay = { "" }
    このまま動き続けます。ボブあてのメールは { $maildir } に届きます。もう一通送るには:
demo-stay-directory = { "" }
    アリスのメールソフトは { $submission } に提出し、宛先の証明書はディレクトリで調べます。同じことを
    手で行うには（パッケージ ldap-utils）:
demo-stop = Ctrl-C で終了します。
