# 役割を別々のホストに置く: ssmax org transport と、それについて check が言うこと。

cli-transport-request = 申請を{ $path }に書きました。鍵のSHA-256: { $key }。公開鍵証明書発行・鍵管理システムのホストで: ssmax org transport issue
cli-transport-issued = { $host }の{ $role }: 残り{ $days }日
cli-transport-answer = 回答を{ $path }に書きました。通信用認証局のSHA-256: { $ca }。役割のホストで: ssmax org transport install
cli-transport-installed = { $host }の{ $role }に証明書を入れました（残り{ $days }日）。更新は自動です
cli-transport-here = このホスト（{ $host }）の{ $role }: 残り{ $days }日
cli-transport-none = このホストの役割にはTLSの証明書がありません。一台だけなら要りません
cli-transport-ca = 通信用認証局のSHA-256: { $ca }

check-transport = 他のホストとのTLSに使う{ $role }の証明書は残り{ $days }日です
check-transport-peer = { $address }で{ $role }が応答しています

err-role-untrusted = { $role }とこの役割が、互いの証明書を受け入れません
rec-role-untrusted = 両方のホストで ssmax check と ssmax org transport status を見てください。
err-config-one-server = { $path }: [transport]のkeyserverとcaに書けるサーバは一つずつです
rec-config-one-server = 並べて書けるのは、何も保存しないinspectorだけです。
err-transport-missing = 他のホストとのTLSに使う証明書がありません: { $path }
rec-transport-missing = ssmax org transport の request、issue、install で入れてください。
err-transport-expired = { $path }の証明書は期限切れです
rec-transport-expired = ssmax org transport の request、issue、install で新しく入れ、更新されなかった理由を確かめてください。
err-transport-wrong-role = { $path }の証明書は、この参加組織の役割{ $role }のものではありません
rec-transport-wrong-role = ssmax org transport の request、issue、install でこの役割のものを入れてください。
err-transport-unreadable = { $path }の中身が正しくありません
rec-transport-unreadable = ssmax org transport の request、issue、install で新しく入れてください。
err-transport-not-accepted = { $path }の証明書は、どの相手にも受け入れられません: { $reason }
rec-transport-not-accepted = このホストの時計を確かめてください。通信用認証局を作り直したなら、trust.pemを消して新しい証明書を入れてください。
err-transport-ends = 他のホストとのTLSに使う{ $role }の証明書は、残り{ $days }日なのに更新されていません
rec-transport-ends = 役割を起動し、ここから公開鍵証明書発行・鍵管理システムに届くことを確かめてください。更新できなかった理由は役割のログにあります。
err-transport-public = { $address }には内部ネットワークの外からも届きます
rec-transport-public = 内部ネットワークのアドレスで待ち受けるか、自組織のホストだけをパケットフィルタで通してください。
err-transport-unreachable = { $address }で{ $role }が応答しません
rec-transport-unreachable = そこで起動し、listenの設定と、途中のパケットフィルタを確かめてください。
err-transport-untrusted = { $address }の相手を{ $role }として受け入れられないか、相手がこのホストを受け入れません
rec-transport-untrusted = 両方のホストの ssmax org transport status で、役割、通信用認証局、拒否リストを見比べてください。
err-transport-document = { $path }は ssmax org transport のファイルではありません
rec-transport-document = issueはrequestが書いたもの、installはissueが書いたものを読みます。
err-transport-key-differs = 申請の鍵が違います: { $given }ではなく{ $found }
rec-transport-key-differs = 役割のホストで ssmax org transport request が表示した値と比べてください。そこでも違うなら、誰かがファイルを書き換えています。
err-transport-role = 参加組織に{ $role }という役割はありません
rec-transport-role = gateway、inspector、keyserver、ca のどれかです。
err-transport-foreign = このファイルは、別の参加組織、別の役割、またはこのホストにない鍵のものです
rec-transport-foreign = 役割のホストで ssmax org transport request、そのファイルで issue、その回答で install の順です。
err-transport-other-ca = 回答は別の通信用認証局のものです: { $found }
rec-transport-other-ca = 公開鍵証明書発行・鍵管理システムのホストの ssmax org transport status と比べてください。認証局を作り直したなら、先にこのホストのtrust.pemを消してください。
err-transport-refused = 証明書を受け入れられません: { $reason }
rec-transport-refused = 両方のホストの時計を比べてください。
