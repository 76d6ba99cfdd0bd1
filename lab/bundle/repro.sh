#!/bin/sh
# @TITLE@
#
# Made by splicelab @VERSION@.
#
# Shows it again with QEMU, a shell and the standard tools alone: boots the
# kernel beside this file, which mounts the disk, runs one test and powers off.
# Nothing outside this directory is written; the disk is not changed.
#
#   ./repro.sh [TRIES]
#
# QEMU=PATH      the qemu-system-x86_64 to use
# ACCEL=tcg|kvm  how to run the guest (as it was seen: @ACCEL@)
# TIMEOUT=N      seconds for one try (default @TIMEOUT@)
#
# Exit codes: 0 it was seen at least once; 1 it was not; 3 QEMU does not run.
set -eu
cd "$(dirname "$0")"
QEMU=${QEMU:-qemu-system-x86_64}
ACCEL=${ACCEL:-@ACCEL@}
TIMEOUT=${TIMEOUT:-@TIMEOUT@}
tries=${1:-@TRIES@}
test=@TEST@
expect_verdict=@VERDICT@
expect_outcome=@OUTCOME@

command -v "$QEMU" >/dev/null || { echo "repro.sh: $QEMU is not installed (Debian: apt-get install qemu-system-x86), or name it by QEMU=PATH" >&2; exit 3; }

pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM

# boot DIR: one try, whose serial ports go to files there. Sets hung.
boot() {
	case $ACCEL in
@ARGS@
	*)
		echo "repro.sh: ACCEL=$ACCEL: use tcg or kvm" >&2
		exit 3
		;;
	esac
	"$QEMU" "$@" >"$out/qemu.log" 2>&1 </dev/null &
	pid=$!
	waited=0
	hung=
	while kill -0 "$pid" 2>/dev/null; do
		if [ "$waited" -ge "$TIMEOUT" ]; then
			hung=yes
			kill -9 "$pid"
			break
		fi
		sleep 1
		waited=$((waited + 1))
	done
	wait "$pid" || :
	pid=
}

# judge: sets verdict and outcome from what the guest said.
judge() {
	outcome=$(tr -d '\r' <"$out/output.txt" | sed -n "s|^ *=== ATTR  $test outcome ||p" | tail -n 1)
	result=$(tr -d '\r' <"$out/output.txt" | sed -n "s|^ *--- \([A-Z]*\): $test (.*|\1|p" | tail -n 1)
	if grep -Eq 'Kernel panic|BUG: |Oops: ' "$out/console.log"; then
		verdict=crash
		grep -q '"hello"' "$out/control.jsonl" || verdict=boot-fail
	elif ! grep -q '"hello"' "$out/control.jsonl"; then
		verdict=boot-fail
	elif [ -n "$hung" ] && [ -z "$result" ]; then
		verdict=hang
	else
		case $result in
		PASS) verdict=pass ;;
		SKIP) verdict=skip ;;
		FAIL) verdict=fail ;;
		*)
			verdict=crash
			! grep -q '"exit"' "$out/control.jsonl" || verdict=fail
			;;
		esac
	fi
}

echo "expecting ${expect_verdict:-any verdict} ${expect_outcome:-}"
seen=0
n=0
while [ "$n" -lt "$tries" ]; do
	n=$((n + 1))
	out=out/$n
	rm -rf "$out"
	mkdir -p "$out"
	: >"$out/console.log" >"$out/control.jsonl" >"$out/output.txt"
	boot
	if [ ! -s "$out/console.log" ] && [ -s "$out/qemu.log" ]; then
		cat "$out/qemu.log" >&2
		echo "repro.sh: QEMU does not run the guest" >&2
		exit 3
	fi
	judge
	yes=no
	if [ "${expect_verdict:-$verdict}" = "$verdict" ] && [ "${expect_outcome:-$outcome}" = "$outcome" ]; then
		yes=yes
		seen=$((seen + 1))
	fi
	echo "$n/$tries  $yes  $verdict $outcome"
done
echo "reproduced $seen/$tries; the guest's words are in out/"
[ "$seen" -gt 0 ]
