#!/bin/bash
# front.sh - the command line of lostbeat: help, exit statuses, JSON shapes, digest. The VMkernel is
# a stand-in here that writes a result at once, so that each outcome can be had; the other tests
# have the real one.
. "$(dirname "$0")/../lib/tap.sh"
source_dir=$(cd "$(dirname "$0")/../.." && pwd)

run_to() { # status, command...: it must end so; its output goes to out and err
    local wanted=$1 got=0
    shift
    "$@" >"$TMP/out" 2>"$TMP/err" </dev/null || got=$?
    [ "$got" -eq "$wanted" ] || { echo "exit status $got, not $wanted"; cat "$TMP/err"; return 1; }
}
says() { # out or err, text
    grep -qF -e "$2" "$TMP/$1" || { head -20 "$TMP/$1"; return 1; }
}
shape() { # jq expression over out
    jq -e "$1" "$TMP/out" >/dev/null || { head -40 "$TMP/out"; return 1; }
}

# A folder laid out as build/ is, with the real lostbeat and a vmkernel of our own.
stage=$TMP/stage
mkdir -p "$stage/bin"
cp "$LOSTBEAT" "$stage/bin/"
ln -s "$source_dir/tools/scenarios" "$stage/scenarios"
lostbeat=$stage/bin/lostbeat
cd "$TMP" || exit 1

# vmkernel_that OUTCOME UPTIME EXIT
vmkernel_that() {
    cat >"$stage/bin/vmkernel" <<END
#!/bin/sh
host=\$2
echo "arguments \$*" >&2
mkdir -p "\$host/var/log" "\$host/console" "\$host/dev"
echo "a screen" >"\$host/console/psod.txt"
echo "a log" >"\$host/var/log/vmkernel"
truncate -s 3000000 "\$host/dev/vmkcore"
echo "now_ns=1 beats=2 phase=running" >&6
echo '{"schema":"lostbeat/result/1","outcome":"$1","uptime_s":$2,"beats":61200,"virtual_s":$2,"headline":"Lost heartbeat","stunned":true,"note":""}' >"\$host/run/result.json"
exit $3
END
    sed -i "s/>&6/>\&\$6/" "$stage/bin/vmkernel"
    chmod +x "$stage/bin/vmkernel"
}

check "help lists the commands" run_to 0 "$lostbeat" --help
check "help names run" says out "run      boots a host"
check "no command is a usage error" run_to 2 "$lostbeat"
check "an unknown command is a usage error" run_to 2 "$lostbeat" runn
check "and the nearest one is named" says err "did you mean 'run'?"
for c in run list psod boot reset crash explain forecast diagnose verify; do
    check "$c has help" run_to 0 "$lostbeat" $c --help
    check "$c's help shows its usage" says out "usage: lostbeat $c"
    check "$c refuses unknown options" run_to 2 "$lostbeat" $c --colour
done

check "list works" run_to 0 "$lostbeat" list
check "list shows kb-308590" says out "kb-308590"
check "list --json works" run_to 0 "$lostbeat" list --json
check "list --json has the shape" shape 'length >= 2 and all(.[]; .schema == "lostbeat/scenario/1" and
    (.name, .title, .cause, .teaches, .source | type == "string")) and any(.[]; .name == "kb-308590" and .cause == "memory-leak")'

"$lostbeat" list --faults >faults.md
check "docs/scenarios.md has the faults as the program knows them" \
    sh -c "sed -n '/^<!-- fault keys/,/^<!-- end of fault/{/^<!--/d;p}' '$source_dir/docs/scenarios.md' | diff - faults.md"

vmkernel_that lost-heartbeat 3679438.308 0
check "an expected end exits 0" run_to 0 "$lostbeat" run kb-308590 --host a --seed 7
check "no progress line off a terminal" sh -c "! grep -q beats= '$TMP/err'"
check "the screen is shown" says out "a screen"
check "the summary tells the uptime" says out "lost-heartbeat at 42:14:03:58.308 of uptime, as the scenario expects"
check "the summary tells what to type next" says out "lostbeat psod a"
check "the clock is handed on" run_to 0 "$lostbeat" run kb-308590 --host x600 --clock x600
check "as the vmkernel saw" says err "arguments --host x600 --clock x600 --progress-fd"
check "a host that is not empty is refused" run_to 2 "$lostbeat" run kb-308590 --host a
check "and says so" says err "a: not empty"
check "the default host is hosts/SCENARIO-SEED" run_to 0 "$lostbeat" run kb-308590 --seed 12
check "and lies there" test -f hosts/kb-308590-12/run/plan.json
check "run/ is closed to others" test "$(stat -c %a hosts/kb-308590-12/run)" = 700
check "--json works" run_to 0 "$lostbeat" run kb-308590 --host j --json
check "--json has the shape" shape '.schema == "lostbeat/run/1" and .scenario == "kb-308590" and .seed == 1 and .profile == "esx-3.5" and
    .outcome == "lost-heartbeat" and .uptime_s == 3679438.308 and .beats == 61200 and .virtual_s == 3679438.308 and (.wall_s | type == "number")
    and .as_expected == true and .host == "j" and .artefacts.psod == "console/psod.txt" and .artefacts.zdump == "dev/vmkcore" and
    .artefacts.cos_core == null and .artefacts.vmkernel_log == "var/log/vmkernel" and (.digest | test("^[0-9a-f]{64}$"))'

check "--fault adds faults" run_to 0 "$lostbeat" run kb-308590 --host f1 --json --seed 5 \
    --fault 'stop target=vmnixhbd at=[1h,2h] for=20m then kill target=VMap at=1m chance=99%'
check "and their line is told" shape '.faults | test("^leak target=VMap .* and stop target=vmnixhbd at=.* for=20m and kill target=VMap at=")'
check "and lies in run/" test "$(cat f1/run/faults)" = "$(jq -r .faults out)"
check "the line is the reproducer" run_to 0 "$lostbeat" run kb-308590 --host f2 --seed 5 --fault none --fault "$(cat f1/run/faults)"
check "of the same plan" cmp f1/run/plan.json f2/run/plan.json
check "a wrong --fault exits 2" run_to 2 "$lostbeat" run kb-308590 --host f3 --fault 'kill target=VMap at=1h fro=3'
check "and the place is told" says err "--fault:1:24: fro: 'kill' has no such key"
check "a target that is not there exits 2" run_to 2 "$lostbeat" run kb-308590 --host f3 --fault 'kill target=VMpa'
check "and the nearest is named" says err "VMpa: no program of that name; did you mean 'VMap'?"
check "then nothing was made" test ! -e f3

run_to 0 "$lostbeat" run kb-308590 --host j2 --json
digest=$(jq -r .digest out)
(cd j && find ./* -path ./run -prune -o -type f -print | sed 's,^\./,,' | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -d' ' -f1) >want
check "the digest is what sha256sum says" test "$digest" = "$(cat want)"
check "the trailing slash of a host does not matter" run_to 0 "$lostbeat" run kb-308590 --host k/ --json
check "nor the folder" test "$(jq -r .digest out)" = "$digest"

vmkernel_that lost-heartbeat 3679438.308 0
sed -i 's,^exit,gzip -9 <"$host/var/log/vmkernel" >"$host/var/log/x.gz"; exit,' "$stage/bin/vmkernel"
run_to 0 "$lostbeat" run kb-308590 --host z9 --json
digest=$(jq -r .digest out)
sed -i 's,gzip -9,gzip -1n,' "$stage/bin/vmkernel"
run_to 0 "$lostbeat" run kb-308590 --host z1 --json
check "a gzip file counts with its contents" test "$(jq -r .digest out)" = "$digest"
sed -i 's,"$host/var/log/x.gz";,"$host/var/log/x.gz"; truncate -s -6 "$host/var/log/x.gz";,' "$stage/bin/vmkernel"
check "a gzip file cut short is an error" run_to 1 "$lostbeat" run kb-308590 --host z2 --json
check "and is named" says err "var/log/x.gz"

vmkernel_that survived 3888000.5 0
check "another outcome exits 1" run_to 1 "$lostbeat" run kb-308590 --host b
check "and says what was expected" says out "outcome: survived, not lost-heartbeat"
check "and of the uptime, too" says out "uptime: 45:00:00:00.500, not between 42:13:00:00.000 and 42:15:00:00.000"
check "survived when expected exits 0" run_to 0 "$lostbeat" run healthy --host c --json
check "without a screen" shape '.artefacts.psod == null and .artefacts.zdump == null and .as_expected'
cat >expects.yaml <<END
inherits: $stage/scenarios/healthy.yaml
expect:
  outcome: lost-heartbeat
  psod: {contains: [a screen], lacks: [Oops]}
  vmkernel-log: {contains: [no such line]}
  cos-core: present
  zdump: absent
END
vmkernel_that lost-heartbeat 100.0 0
check "an artefact that is not as expected exits 1" run_to 1 "$lostbeat" run ./expects.yaml --host x1 --json
check "and --json has the reasons" shape '.as_expected == false and .unexpected ==
    ["vmkernel-log: '"'no such line'"' does not stand there", "cos-core: absent, not present"]'
check "the right outcome too early exits 1" run_to 1 "$lostbeat" run kb-308590 --host d
vmkernel_that lost-heartbeat 100.0 3
check "an internal error exits 1" run_to 1 "$lostbeat" run kb-308590 --host e
check "and is no simulated failure" says err "an error of the simulator"
vmkernel_that lost-heartbeat 100.0 2
check "an input that the vmkernel refuses exits 2" run_to 2 "$lostbeat" run kb-308590 --host f
printf '#!/bin/sh\nkill -9 $$\n' >"$stage/bin/vmkernel"
check "a vmkernel that was killed exits 1" run_to 1 "$lostbeat" run kb-308590 --host g
check "and says by what" says err "ended by signal 9"
rm "$stage/bin/vmkernel"
check "no vmkernel exits 2" run_to 2 "$lostbeat" run kb-308590 --host h

for bad in "--seed -1" "--seed 9223372036854775808" "--seed x" "--clock fast" "--clock x0" "--clock x" "--host"; do
    # shellcheck disable=SC2086
    check "run refuses $bad" run_to 2 "$lostbeat" run kb-308590 $bad
done
check "run wants a scenario" run_to 2 "$lostbeat" run
check "run wants one scenario" run_to 2 "$lostbeat" run a b
check "an unknown scenario exits 2" run_to 2 "$lostbeat" run kb-308591
check "and the nearest is named" says err "did you mean 'kb-308590'?"
check "a scenario file that is not there exits 2" run_to 2 "$lostbeat" run ./nothing.yaml
printf 'inherits: %s/scenarios/healthy.yaml\nhost: {rma: 1MB}\n' "$stage" >bad.yaml
check "a scenario file with a mistake exits 2" run_to 2 "$lostbeat" run bad.yaml
check "and the place is told" says err "bad.yaml:2:8: rma: unknown key; did you mean 'ram'?"

check "psod of a host" run_to 0 "$lostbeat" psod a
check "shows its text" says out "a screen"
check "psod of a text" run_to 0 "$lostbeat" psod a/console/psod.txt
check "psod --format ansi" run_to 0 "$lostbeat" psod a --format ansi
check "paints the ground" says out "48;2;167;0;168"
check "psod --json" run_to 0 "$lostbeat" psod a --json
check "has the shape" shape '.schema == "lostbeat/psod/1" and .lines == ["a screen"] and .whole'
check "psod of a host without one exits 2" run_to 2 "$lostbeat" psod h
check "psod of nothing exits 2" run_to 2 "$lostbeat" psod nothing
head -c 100 /dev/zero >zeros
check "psod of what is neither exits 2" run_to 2 "$lostbeat" psod zeros
check "psod refuses unknown formats" run_to 2 "$lostbeat" psod a --format png2

tap_done
