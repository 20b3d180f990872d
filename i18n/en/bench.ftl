# What ssmax bench says.

help-bench = The figures that were promised, side by side with what they are compared with
help-bench-cms = Sign, verify, encrypt, decrypt and rewrap a second, beside libcrypto in the same run
help-bench-cms-seconds = Processor time for each line of the table, in seconds
help-bench-cms-sizes = Sizes of the content, separated by commas, such as 1k,50k,25m
help-bench-cms-keys = Keys, separated by commas: rsa2048, rsa3072, p256
help-bench-rewrap = Change the recipients of an encrypted content, beside decrypting and encrypting it anew
help-bench-rewrap-seconds = Processor time for each line of the table, in seconds
help-bench-rewrap-sizes = Sizes of the content, separated by commas, such as 1k,1m,25m
help-bench-rewrap-keys = Keys, separated by commas: rsa2048, rsa3072, p256
help-bench-inspect = Have mails inspected by a worker, with ClamAV and without in turn
help-bench-inspect-seconds = Time for each size, in seconds
help-bench-inspect-sizes = Sizes of the mails, separated by commas, such as 10k,100k,1m,10m
help-bench-inspect-clamav = Where clamd listens: unix:/PATH or tcp:127.0.0.1:PORT (default: without ClamAV only)

bench-progress = { $percent } %, { $operation }
bench-compared = Operations a second on one processor, ours and those of libcrypto in turn. { $version }; the middle of { $rounds } rounds.
bench-rewrap-compared = libcrypto cannot change recipients: rewrap and rewrap-key (the key work alone) stand against its decrypting and encrypting anew.
bench-not-optimised = This is a build without optimisation: run it with cargo run --release.
bench-column-key = key
bench-column-size = size
bench-column-operation = operation
bench-column-ours = ours
bench-column-libcrypto = libcrypto
bench-column-ratio = ratio (from-to)
bench-column-goal = goal
bench-goal-met = { $goal }: met
bench-goal-missed = { $goal }: missed
bench-met = met
bench-missed = missed
bench-goal-constant = Key work of a rewrap, { $key }: constant in size, { $outcome } ({ $value } times as long for { $size } as for the smallest)
bench-goal-share-of-ours = Key work of a rewrap, { $key }, { $size }: { $value } of our own decrypting and encrypting
bench-goal-share-of-libcrypto = Key work of a rewrap, { $key }, { $size }: at most 1/50 of decrypting and encrypting, { $outcome } ({ $value } of libcrypto's)
bench-goals = Goals met: { $met } of { $all }
bench-inspect-what = The middle time for one mail, from the start of its worker to its end. The mail is Japanese text and a file.
bench-inspect-line = { $size }: { $without } ms
bench-inspect-line-clamav = { $size }: { $without } ms, with ClamAV { $with } ms ({ $more } ms more)

err-bench-no-compiler = There is no C compiler (cc), with which the program to compare with is built
rec-bench-no-compiler = Install it, on Debian: apt-get install gcc libc6-dev libssl-dev
err-bench-no-libcrypto = The program to compare with cannot be built: { $reason }
rec-bench-no-libcrypto = Install OpenSSL 3 with its headers, on Debian: apt-get install libc6-dev libssl-dev
err-bench-peer = The program to compare with did not do its work ({ $operation })
rec-bench-peer = It needs OpenSSL 3. See whether there is enough memory, and try again.
err-bench-failed = Our own work failed while it was measured ({ $operation })
rec-bench-failed = This should not happen. Please report it with the command line.
