# ssmax setup postfix と、Postfixについて check が言うこと。

setup-main = # main.cf の行
setup-master = # master.cf の行
setup-note-machines =
    # スキャナ、監視装置、Sieveには、それらだけが届く専用の待ち受けが必要です。ここにはありません。
    # 運用手引のPostfixのページを見てください。
setup-note-next-hop =
    # [gateway] の next_hop がホストの番号による smtp:// ではないため、ゲートウェイから受け取り直す
    # 待ち受けはここにありません。next_hop の先に作ってください。
setup-note-milter =
    # submission_lmtp がありますが、[submission] の節がありません。ミルターは別の所にあるため、提出
    # 窓口の行はここにありません。ミルターを設定した所で実行してください。
setup-same = { $dir } のPostfixにはすべてあります。
setup-differs = { $dir } に次のものがないか、違っています（書き込むには --write）:
setup-difference = {"  "}{ $name }: 今は { $found }、書くものは { $wanted }
setup-not-there = 設定なし
setup-written = { $dir } に書き込みました。前の値は { $undo } にあります（戻すには --undo）:
setup-undone = { $dir } を前の状態に戻しました。
setup-left = {"  "}{ $name } は、その後に変えた人がいるため、そのままにしました。
setup-reload = 次に postfix reload を実行してください。待ち受けを加えたか除いたときは、停止して起動し直してください。

err-setup-conflict = { $dir } で別に設定されています: { $names }
rec-setup-conflict = 何も書いていません。何のためのものか確かめて、そこで取り除くか、--write --replace で置き換えてください。--undo で元に戻ります。
err-setup-no-postfix = ここにPostfixがありません
rec-setup-no-postfix = Postfixのホストで、ssmax.toml の写しを使って実行してください。--write なしなら、どこでも行を表示できます。
err-setup-postconf = Postfixのpostconfが断りました: { $reason }
rec-setup-postconf = rootで実行し、--config-dir が main.cf のフォルダか確かめてください。書きかけたものは --undo で戻せます。
err-setup-nothing = [gateway] にMTAのための設定がありません
rec-setup-nothing = 先に inbound_lmtp か submission_lmtp、または [gateway.system] の lmtp を設定してください。
err-setup-circle = next_hop が、よそのメールの届くポートを指しています: { $route }
rec-setup-circle = メールが堂々巡りします。smtp://127.0.0.1:10025 のように別のポートにしてください。その待ち受けは行に含まれています。
err-setup-no-service = master.cf に { $service } というサービスがありません
rec-setup-no-service = あるものを --mx か --submission で指定するか、その行の前の # を取ってください。
err-setup-milter-path = { $address } は master.cf に書けません
rec-setup-milter-path = [submission] の milter を、空白、コンマ、波括弧、ドル記号のないパスにしてください。
err-setup-milter-chroot = { $service } は { $dir } にchrootして動くため、{ $address } に届きません
rec-setup-milter-chroot = ミルターのソケットをそのフォルダの中に置くか、そのサービスをchrootせずに動かしてください。
err-setup-undo-damaged = { $path } は、この版が書いたものではありません
rec-setup-undo-damaged = その内容を見ながら手で設定を戻し、ファイルを消してください。
err-setup-not-done = { $dir } には、戻せるものが書かれていません
rec-setup-not-done = main.cf のフォルダを --config-dir で指定してください。

check-postfix = { $dir } のPostfixは必要な設定になっています
err-postfix-differs = { $dir } のPostfixの設定が、ssmax setup postfix の書くものと違います: { $names }
rec-postfix-differs = ssmax setup postfix で確かめ、--write で書き込んでください。

setup-mailers-written = { $dir } に書きました:
setup-mailers-next =
    中身をすべて、各コンピュータのThunderbird自身のフォルダ（/usr/lib/thunderbird、
    C:\Program Files\Mozilla Thunderbird、Thunderbird.app/Contents/Resources など）に
    コピーし、起動し直してください。
err-setup-mailers-server = { $server } はホスト、またはホストとポートではありません
rec-setup-mailers-server = directory.a.example:3636 のように書いてください。
err-setup-mailers-anchor = { $path } に証明書がありません
rec-setup-mailers-anchor = CAの証明書をPEMで指定するか、メールソフトが知っているなら --anchor を省いてください。
setup-scim =
    IDプロバイダーに渡すトークンです。今だけ表示し、二度と表示しません:

        { $token }

    ssmax.toml の [scim] に入れる行です:

        { $line }

    そのあと systemctl restart ssmax-scim で役割を起動し直します。IDプロバイダーに設定するアドレスは /scim/v2 で終わります。
err-setup-scim-name = トークンの名前は、英数字、ハイフン、下線、ドットで64文字までです
rec-setup-scim-name = 例: --name entra
