#!/bin/bash
# vm_support.sh - one bundle of a host: what is in it, that others can use it, that its bytes are
# the host's alone.
# shellcheck source=tests/lib/hosts.sh
. "$(dirname "$0")/../lib/hosts.sh"
uuid=4533e089-1dfcdd21-f1d3-001a140ebdca
vm_support=$BIN/vm-support
need_kb_host
cp -a "$kb_host" "$TMP/kb"
"$LOSTBEAT" reset "$TMP/kb" --at '2009-11-13 07:13:58' --for 0s --halt >/dev/null 2>&1 || give_up "the host starts again"
cp -a "$TMP/kb" "$TMP/other-name"
mkdir "$TMP/a" "$TMP/b" "$TMP/n" "$TMP/x"

"$vm_support" --host "$TMP/kb" -n -w "$TMP/n" >/dev/null
check "without cores there is none in it" bash -c "! tar tzf '$TMP'/n/*.tgz | grep -qE 'zdump|core'"
check "and the zdump stays" test -s "$TMP/kb/root/vmkernel-zdump-111309.07.13.1"
equal "it names the file that it made" "$("$vm_support" --host "$TMP/kb" -w "$TMP/a" | head -1)" \
    "created file $TMP/a/esx-2009-11-13--07.15.1.tgz"
check "the zdump went to old_cores" test -s "$TMP/kb/root/old_cores/vmkernel-zdump-111309.07.13.1"
check "and is not in /root any more" test ! -e "$TMP/kb/root/vmkernel-zdump-111309.07.13.1"
(cd "$TMP/other-name" && TZ=Asia/Tokyo LANG=C.UTF-8 "$vm_support" -w "$TMP/b" >/dev/null)
check "another folder, zone and day give the same bytes" cmp "$TMP/a/esx-2009-11-13--07.15.1.tgz" "$TMP/b/esx-2009-11-13--07.15.1.tgz"
equal "a second bundle has the next number" "$(cd "$TMP/kb" && "$vm_support" -w "$TMP/a" | head -1)" \
    "created file $TMP/a/esx-2009-11-13--07.15.2.tgz"
check "no half bundle is left" bash -c "! ls '$TMP'/[abn]/*.tmp 2>/dev/null"

# ---- strangers open it ----
check "tar opens it" tar xzf "$TMP/a/esx-2009-11-13--07.15.1.tgz" -C "$TMP/x"
x=$TMP/x/esx-2009-11-13--07.15.1
for path in etc/vmware/esx.conf proc/meminfo var/log/vmksummary var/log/vmkernel var/log/vmkernel.1 var/log/vmkwarning.1 \
    var/log/messages root/vmkernel-zdump-111309.07.13.1 root/old_cores/cos-core-esxhostname.1.core.gz manifest; do
    check "$path is in it" test -f "$x/$path"
done
check "nothing of run/ is" test ! -e "$x/run"
check "the manifest's sums are right" bash -c "cd '$x' && grep -v '^#' manifest | awk '{print \$1 \"  \" \$3}' | sha256sum -c --quiet"
equal "and it names every file" "$(grep -vc '^#' "$x/manifest")" "$(($(find "$x" -type f | wc -l) - 1))"
equal "owner and time are not of this machine" "$(tar tvzf "$TMP/a/esx-2009-11-13--07.15.1.tgz" --full-time --utc | awk '{print $2, $4, $5}' | sort -u)" \
    'root/root 2009-11-13 12:15:15'
check "vmkdump -l gets the log" bash -c "cd '$TMP' && '$BIN/vmkdump' -l '$x/root/vmkernel-zdump-111309.07.13.1' | grep -q 'created file vmkernel-log.1'"
check "with the end of the host in it" grep -q 'COS Error: Lost heartbeat' "$TMP/vmkernel-log.1"
zcat "$x/root/old_cores/cos-core-esxhostname.1.core.gz" | dd of="$TMP/core" conv=sparse bs=1M iflag=fullblock 2>/dev/null
check "zcat gives the core that was dumped" cmp "$TMP/core" "$kb_core"
check "gdb shows its tasks" bash -c "gdb -nx -batch -ex 'info threads' '$BIN/cos' '$TMP/core' 2>/dev/null | grep -q 'LWP 9173'"

# ---- what no start could move is taken along as well ----
small=$(cd "$(dirname "$0")/.." && pwd)/data/small.yaml
"$LOSTBEAT" run "$small" --host "$TMP/small" >/dev/null 2>&1
check "a host that still stands with its screen gives a bundle" "$vm_support" --host "$TMP/small" -w "$TMP/small"
tar xzf "$TMP"/small/esx-*.tgz -C "$TMP/x"
x=$(ls -d "$TMP"/x/esx-2009-10-*)
check "with the core from the datastore" cmp "$x/vmfs/volumes/$uuid/cos-core-esxsmall" "$TMP/small/vmfs/volumes/$uuid/cos-core-esxsmall"
check "and the dump from its slot" "$BIN/vmkdump" --verify "$x/dev/vmkcore-slot-1"
"$vm_support" --host "$TMP/x" >/dev/null 2>"$TMP/said"
equal "a folder that is no host is refused" "$?" 2
equal "in one line" "$(wc -l <"$TMP/said")" 1
tap_done
