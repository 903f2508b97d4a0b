#!/bin/bash
# valgrind.sh - memcheck on the real vmkernel and vmnixhbd while a host runs for an hour.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
if is_sanitized; then
    skip "valgrind is clean" "this is a sanitizer build"
    tap_done
fi
memcheck=(/usr/bin/valgrind -q --error-exitcode=77 --leak-check=full
    --errors-for-leak-kinds=definite --trace-children=no)

# The plan of an hour, made by lostbeat; then the VMkernel runs it anew under valgrind.
cat >"$TMP/hour.yaml" <<END
name: hour
title: An hour under valgrind
cause: none
teaches: Nothing; it is there for a test.
source: OUR CHOICE
inherits: $BUILD_DIR/scenarios/hosts/esx-3.5-73vms.yaml
duration: 1h
expect:
  outcome: survived
END
"$LOSTBEAT" run "$TMP/hour.yaml" --seed 1 --host "$TMP/plain" --json >"$TMP/plain.json" \
    2>"$TMP/plain.err" || give_up "an hour's run ends well" "$(cat "$TMP/plain.err")"

# vmnixhbd is started by the VMkernel, so a wrapper stands in for it.
printf '#!/bin/sh\nexec %s --log-file=%s/vmnixhbd.log %s/vmnixhbd\n' "${memcheck[*]}" "$TMP" "$BIN" \
    >"$TMP/vmnixhbd"
chmod +x "$TMP/vmnixhbd"
silent() { # log: valgrind with -q writes only what is wrong
    test -f "$1" && ! grep . "$1"
}
run_vmkernel() { # name, program that stands for vmnixhbd
    mkdir -p "$TMP/$1/run"
    cp "$TMP/plain/run/plan.json" "$TMP/$1/run/"
    "${memcheck[@]}" --log-file="$TMP/$1.log" "$BIN/vmkernel" --host "$TMP/$1" --cos "$BIN/cos" \
        --vmnixhbd "$2"
}
check "vmkernel does its job under valgrind" run_vmkernel healthy "$TMP/vmnixhbd"
check "valgrind is clean on vmkernel" silent "$TMP/healthy.log"
check "valgrind is clean on vmnixhbd" silent "$TMP/vmnixhbd.log"

# A vmnixhbd that ends at once is a lost heartbeat half an hour later: stun, traces, core, screen.
check "vmkernel loses the heartbeat under valgrind" run_vmkernel lost /bin/true
equal "vmkernel dumps under valgrind" "$(json "$TMP/lost/run/result.json" .outcome)" lost-heartbeat
check "valgrind is clean on a vmkernel that dumps" silent "$TMP/lost.log"
tap_done
