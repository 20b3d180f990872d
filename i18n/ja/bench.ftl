# ssmax bench が表示する文。

help-bench = 約束した性能を、比較対象と並べて測る
help-bench-cms = 署名・検証・暗号化・復号・再暗号化の毎秒の回数を、同じ実行の中でlibcryptoと比べる
help-bench-cms-seconds = 表の1行あたりのCPU時間、秒
help-bench-cms-sizes = 内容の大きさ、コンマ区切り。例: 1k,50k,25m
help-bench-cms-keys = 鍵の種類、コンマ区切り: rsa2048, rsa3072, p256
help-bench-rewrap = 暗号文の宛先の変更を、復号して暗号化し直す場合と並べて測る
help-bench-rewrap-seconds = 表の一行にかけるプロセッサ時間（秒）
help-bench-rewrap-sizes = 内容の大きさをコンマで区切って指定。例: 1k,1m,25m
help-bench-rewrap-keys = 鍵をコンマで区切って指定: rsa2048、rsa3072、p256
help-bench-inspect = メールを検査プロセスで検査する時間を、ClamAVの有無で並べて測る
help-bench-inspect-seconds = 一つの大きさにかける時間（秒）
help-bench-inspect-sizes = メールの大きさをコンマで区切って指定。例: 10k,100k,1m,10m
help-bench-inspect-clamav = clamdが待ち受ける先: unix:/パス または tcp:127.0.0.1:ポート（省略時はClamAVなしだけ）

bench-progress = 測定中: { $percent } %、{ $operation }
bench-compared = 1プロセッサでの毎秒の回数。本ソフトウェアとlibcryptoを交互に測定。{ $version }、{ $rounds }回の中央値。
bench-rewrap-compared = libcryptoは受信者だけを替えられないため、rewrapとrewrap-key（鍵の処理のみ）はlibcryptoで復号してから暗号化し直す場合と比べます。
bench-not-optimised = 最適化なしのビルドです。cargo run --release で実行してください。
bench-column-key = 鍵
bench-column-size = 大きさ
bench-column-operation = 処理
bench-column-ours = 本ソフト
bench-column-libcrypto = 比較先のlibcrypto
bench-column-ratio = 比（最小-最大）
bench-column-goal = 目標
bench-goal-met = { $goal }: 達成
bench-goal-missed = { $goal }: 未達
bench-met = 達成
bench-missed = 未達
bench-goal-constant = 再暗号化の鍵処理、{ $key }: 大きさによらず一定、{ $outcome }（{ $size }で最小の内容の{ $value }倍の時間）
bench-goal-share-of-ours = 再暗号化の鍵処理、{ $key }、{ $size }: 本ソフト自身の復号と暗号化の{ $value }
bench-goal-share-of-libcrypto = 再暗号化の鍵処理、{ $key }、{ $size }: 復号と暗号化の1/50以下、{ $outcome }（libcryptoの{ $value }）
bench-goals = 達成した目標: { $all }のうち{ $met }
bench-inspect-what = 一通の検査プロセスの開始から終了までの時間の中央値。メールは日本語の本文と添付ファイルです。
bench-inspect-line = { $size }: { $without } ミリ秒
bench-inspect-line-clamav = { $size }: { $without } ミリ秒、ClamAVあり { $with } ミリ秒（{ $more } ミリ秒増）

err-bench-no-compiler = 比較用のプログラムを作るCコンパイラ（cc）がありません
rec-bench-no-compiler = インストールしてください。Debianでは: apt-get install gcc libc6-dev libssl-dev
err-bench-no-libcrypto = 比較用のプログラムを作れません: { $reason }
rec-bench-no-libcrypto = OpenSSL 3とヘッダーをインストールしてください。Debianでは: apt-get install libc6-dev libssl-dev
err-bench-peer = 比較用のプログラムが処理に失敗しました（{ $operation }）
rec-bench-peer = OpenSSL 3が必要です。メモリが足りているか確認して、やり直してください。
err-bench-failed = 測定中に本ソフトウェア自身の処理が失敗しました（{ $operation }）
rec-bench-failed = 起こらないはずの失敗です。コマンドラインを添えて報告してください。
