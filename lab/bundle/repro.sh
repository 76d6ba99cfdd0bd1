#!/bin/sh
# @TITLE@
#
# Made by splicelab @VERSION@.
#
# Reproduces it with QEMU, a shell and standard tools: boots the kernel in this
# directory, which mounts the disk, runs one test and powers off. Nothing outside
# of this directory is written, and the disk is not changed.
#
#   ./repro.sh [TRIES]
#
# QEMU=PATH      the @QEMU@ to use
# ACCEL=tcg|kvm  how to run the guest (default @ACCEL@, as observed)
# TIMEOUT=N      timeout of one attempt in seconds (default @TIMEOUT@)
#
# Exit codes: 0 reproduced at least once; 1 not reproduced; 3 QEMU does not run.
set -eu
cd "$(dirname "$0")"
QEMU=${QEMU:-@QEMU@}
ACCEL=${ACCEL:-@ACCEL@}
TIMEOUT=${TIMEOUT:-@TIMEOUT@}
tries=${1:-@TRIES@}
test=@TEST@
expect_verdict=@VERDICT@
expect_outcome=@OUTCOME@

command -v "$QEMU" >/dev/null || { echo "repro.sh: $QEMU not found: install it (Debian: apt-get install @PACKAGE@) or set QEMU=PATH" >&2; exit 3; }

pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM

# boot: one attempt, with the serial ports in files in $out. Sets hung.
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

# judge: sets verdict and outcome from the guest's output.
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
		echo "repro.sh: QEMU failed to run the guest" >&2
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
echo "reproduced $seen/$tries; the guest's output is in out/"
[ "$seen" -gt 0 ]
