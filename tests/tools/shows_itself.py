#!/usr/bin/env python3
"""What a console shows of itself, read by a parser that shares no code with it: HOST/proc, the
tables of top and ps, and what SysRq leaves in the messages. Names in traces are looked up with nm.
"""
import bisect
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("LOSTBEAT_BIN", os.path.join(ROOT, "build", "bin"))
MEM_TOTAL, RAM_PAGES = 266980, 272 * 256
SCENARIO = f"""
name: shows-itself
title: A console that is watched
cause: none
teaches: nothing
source: a test
inherits: {ROOT}/tools/scenarios/hosts/esx-3.5-272.yaml
host:
  top: 5m
  sysrq: {{m: 3h, t: 3h1m, p: 3h2m}}
duration: 5h
expect: {{outcome: survived}}
"""
VM = {"bdflush": "50 500 0 0 500 3000 80 50 0", "dcache_priority": "0", "hugetlb_pool": "0",
      "inactive_clean_percent": "30", "kscand_work_percent": "100", "kswapd": "512 32 8",
      "max_map_count": "65536", "max-readahead": "31", "min-readahead": "3", "oom-kill": "1",
      "overcommit_memory": "0", "overcommit_ratio": "50", "page-cluster": "3",
      "pagecache": "1 15 30", "pagetable_cache": "25 50", "skip_mapped_pages": "0",
      "stack_defer_threshold": "2048", "vm-defragment": "0"}
count = failed = 0


def check(claim, good, why=""):
    global count, failed
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {claim}", flush=True)
    if not good:
        print("\n".join("#   " + line for line in str(why).splitlines()[:20]))


def run(host):
    scenario = host + ".yaml"
    with open(scenario, "w", encoding="ascii") as f:
        f.write(SCENARIO)
    return subprocess.run([BIN + "/lostbeat", "run", scenario, "--host", host, "--json"],
                          capture_output=True, text=True, check=False)


def read(host, path):
    with open(os.path.join(host, path), encoding="ascii") as f:
        return f.read()


def all_match(pattern, lines):
    return [line for line in lines if not re.fullmatch(pattern, line)]


def meminfo(text):
    lines = text.splitlines()
    bad = all_match(r"(?=.{25}$)[A-Z]\w+: *\d+ kB", lines[3:-3])
    check("meminfo: a tag of 14 columns, a number of 8", not bad, bad)
    kb = {m[1]: int(m[2]) for m in re.finditer(r"^(\w+):\s+(\d+) kB$", text, re.M)}
    mem = [int(n) // 1024 for n in re.search(r"^Mem:  (.*)$", text, re.M)[1].split()]
    swap = [int(n) // 1024 for n in re.search(r"^Swap: (.*)$", text, re.M)[1].split()]
    check("meminfo: MemTotal is the host's", kb["MemTotal"] == MEM_TOTAL, kb)
    check("meminfo: the table and the lines agree",
          mem == [kb["MemTotal"], kb["MemTotal"] - kb["MemFree"], kb["MemFree"], 0, kb["Buffers"],
                  kb["Cached"] + kb["SwapCached"]] and
          swap == [kb["SwapTotal"], kb["SwapTotal"] - kb["SwapFree"], kb["SwapFree"]], text)
    lists = kb["Active"] + kb["Inact_dirty"] + kb["Inact_laundry"] + kb["Inact_clean"]
    check("meminfo: Active is its two parts, Inact_target a fifth of all lists",
          kb["Active"] == kb["ActiveAnon"] + kb["ActiveCache"] and
          abs(kb["Inact_target"] - lists // 5) <= 4, text)


def stat(host):
    text = read(host, "proc/stat")
    shape = (r"cpu  (\d+ ){6}\d+\ncpu0 (\d+ ){6}\d+\npage \d+ \d+\nswap \d+ \d+\nintr( \d+){17}\n"
             r"disk_io: \(8,0\):\((\d+,){4}\d+\) \nctxt \d+\nbtime \d+\nprocesses \d+\n"
             r"procs_running [1-9]\d*\nprocs_blocked \d+\n")
    check("stat: every line of 2.4.21-EL, in order", re.fullmatch(shape, text), text)
    cpu = [int(n) for n in text.splitlines()[0].split()[1:]]
    up, idle = (float(n) for n in read(host, "proc/uptime").split())
    check("stat: the columns add up to the uptime", abs(sum(cpu) - up * 100) < 10, (cpu, up))
    check("stat: idle and iowait are uptime's second number",
          abs(cpu[3] + cpu[4] - idle * 100) < 10, (cpu, idle))
    io = [int(n) for n in re.search(r"8,0\):\((.*)\)", text)[1].split(",")]
    page = [int(n) for n in re.search(r"page (\d+) (\d+)", text).groups()]
    intr = [int(n) for n in re.search(r"intr (.*)", text)[1].split()]
    check("stat: transfers, kB and interrupts of the disk agree",
          io[0] == io[1] + io[3] == intr[12] and page == [io[2] // 2, io[4] // 2] and
          intr[0] == sum(intr[1:]), text)


def small_files(host):
    bad = all_match(r"\S+ {0,17} [ \d]{6} [ \d]{6} [ \d]{6} [ \d]{4} [ \d]{4} [ \d]{4}",
                    read(host, "proc/slabinfo").splitlines()[1:])
    check("slabinfo: version 1.1 for one CPU", not bad and
          read(host, "proc/slabinfo").startswith("slabinfo - version: 1.1\n"), bad)
    names = [line.split()[0] for line in read(host, "proc/slabinfo").splitlines()[1:]]
    check("slabinfo: the caches that the console lives of",
          {"dentry_cache", "inode_cache", "vm_area_struct", "mm_struct"} <= set(names), names)
    got = {n: " ".join(read(host, "proc/sys/vm/" + n).split())
           for n in os.listdir(host + "/proc/sys/vm")}
    check("sys/vm: the defaults of 2.4.21-EL and nothing else", got == VM, got)
    check("threads-max is pages / 16",
          read(host, "proc/sys/kernel/threads-max") == f"{RAM_PAGES // 16}\n")
    check("version names the release",
          read(host, "proc/version").startswith("Linux version 2.4.21-57.ELvmnix "))
    check("loadavg", re.fullmatch(r"(\d+\.\d\d ){3}\d+/\d+ \d+\n", read(host, "proc/loadavg")))
    check("swaps", re.fullmatch(r"Filename\t\t\tType\t\tSize\tUsed\tPriority\n"
                                r"/dev/sda3 {31}partition\t554168\t\d+\t-1\n",
                                read(host, "proc/swaps")))


STATUS = (r"Name:\t\S{1,15}\nState:\t[RSDTZ] \([a-z ]+\)\nTgid:\t(\d+)\nPid:\t\1\nPPid:\t\d+\n"
          r"TracerPid:\t0\nUid:(\t\d+){4}\nGid:(\t\d+){4}\nFDSize:\t\d+\nGroups:\t\n"
          r"(VmSize:\t *\d+ kB\nVmLck:\t *\d+ kB\nVmRSS:\t *\d+ kB\nVmData:\t *\d+ kB\n"
          r"VmStk:\t *\d+ kB\nVmExe:\t *\d+ kB\nVmLib:\t *\d+ kB\n)?"
          r"SigPnd:\t\w{16}\nShdPnd:\t\w{16}\nSigBlk:\t\w{16}\nSigIgn:\t\w{16}\nSigCgt:\t\w{16}\n"
          r"CapInh:\t\w{16}\nCapPrm:\t\w{16}\nCapEff:\t\w{16}\n")


def statuses(host):
    pids = [n for n in os.listdir(host + "/proc") if n.isdigit()]
    text = {int(p): read(host, f"proc/{p}/status") for p in pids}
    bad = [t for p, t in text.items() if not re.fullmatch(STATUS, t) or f"Pid:\t{p}\n" not in t]
    check("PID/status: the layout, and the pid of its folder", not bad, bad[:1])
    vm = {p: {m[1]: int(m[2]) for m in re.finditer(r"(Vm\w+):\s+(\d+) kB", t)}
          for p, t in text.items()}
    bad = [v for v in vm.values() if v and
           v["VmSize"] != v["VmData"] + v["VmStk"] + v["VmExe"] + v["VmLib"]]
    check("PID/status: VmSize is the sum of its parts", not bad, bad)
    check("PID/status: kernel threads have no memory", not vm[5] and "kswapd" in text[5])
    return vm


def tables(host, name, first):
    return [t for t in re.split(r"\n\n(?=" + first + ")", read(host, "var/log/" + name)) if t]


def watched(host, vm):
    top = tables(host, "top.log", r" \d\d:\d\d:\d\d  up ")
    ps = tables(host, "ps.log", "USER")
    check("top and ps: a table every five minutes", len(top) == len(ps) == 59, (len(top), len(ps)))
    head, rows = top[-1].rstrip("\n").split("COMMAND\n")
    shape = (r" \d\d:\d\d:01  up  [45]:\d\d,  0 users,  load average: [\d., ]+\n"
             r"\d+ processes: \d+ sleeping, \d+ running, \d+ zombie, \d+ stopped\n"
             r"CPU states:  cpu    user    nice  system    irq  softirq  iowait    idle\n"
             r"           total( +\d+\.\d%){7}\n"
             r"Mem:  [ \d]{7}k av, [ \d]{7}k used, [ \d]{7}k free, [ \d]{7}k shrd, [ \d]{7}k buff\n"
             r" {19}[ \d]{7}k actv, [ \d]{7}k in_d, [ \d]{7}k in_c\n"
             r"Swap: [ \d]{7}k av, [ \d]{7}k used, [ \d]{7}k free {17}[ \d]{7}k cached\n\n"
             r"  PID USER     PRI  NI  SIZE  RSS SHARE STAT %CPU %MEM   TIME CPU ")
    check("top: the header of procps 2.0.17", re.fullmatch(shape, head), head)
    lines = rows.splitlines()
    row = (r"[ \d]{5} \S[\w ]{7} [ \-\d]{3} [ \-\d]{3} [ \dM]{5} [ \dM]{4} [ \dM]{5} "
           r"[RSDTZ][ W][ N<]  [ \d]\d\.\d [ \d]\d\.\d [ \d]{3}:\d\d   0 \S{1,15}")
    bad = all_match(row, lines)
    check("top: every line stands under its heading", not bad, bad)
    cpu = [float(line[45:49]) for line in lines]
    check("top: the busiest first", cpu == sorted(cpu, reverse=True), cpu)
    n = [int(x) for x in re.findall(r"\d+", head.splitlines()[1])]
    check("top: it counts what it lists", n[0] == len(lines) == sum(n[1:]), n)
    states = [float(x) for x in re.findall(r"([\d.]+)%", head)[:7]]
    check("top: CPU states add up to 100 %", abs(sum(states) - 100) < 0.35, states)
    table = [line.split(None, 10) for line in ps[-1].rstrip("\n").splitlines()[1:]]
    row = (r"\S[\w ]{7} [ \d]{5} [ \d]\d\.\d [ \d]\d\.\d [ \d]{5} [ \d]{4,} \?        "
           r"[RSDTZ][ W][ N<]  (\d\d:\d\d|[A-Z][a-z]{2}\d\d) [ \d]{3}:\d\d \S+")
    bad = all_match(row, ps[-1].rstrip("\n").splitlines()[1:])
    check("ps: every line stands under its heading", not bad, bad)
    there = {int(r[1]): int(r[4]) for r in table if r[-1] not in ("sh", "ps")}
    seen = {int(line[:5]) for line in lines if line.split()[-1] not in ("sh", "top")}
    check("ps and top see the same processes", set(there) == seen, set(there) ^ seen)
    check("and so does HOST/proc, but for those of the minute",
          set(vm) == set(there),
          set(vm) ^ set(there))
    same = [p for p in vm if vm[p].get("VmSize", 0) == there.get(p)]
    check("VmSize is ps's VSZ, but for the two that breathe", len(vm) - len(same) <= 2,
          set(vm) - set(same))


def symbols():
    out = subprocess.run(["nm", "-n", BIN + "/cos"], capture_output=True, text=True, check=True)
    pairs = [line.split() for line in out.stdout.splitlines()]
    pairs = [(int(a, 16), name) for a, kind, name in (p for p in pairs if len(p) == 3)
             if kind in "tTwW"]
    return [a for a, _ in pairs], pairs


def trace_is_true(entry, addresses, pairs):
    word, name, offset = int(entry[0], 16), entry[1], int(entry[2], 16)
    start = addresses[bisect.bisect_right(addresses, word) - 1]
    return word - offset == start and (start, name) in pairs


def sysrq(host):
    log = "".join(re.sub(r"^.*? kernel: ", "", line, count=1) for line in
                  read(host, "var/log/messages").splitlines(True))
    memory = log.split("SysRq : Show Memory\n")[1].split("SysRq : Show State\n")[0]
    zone = r"Zone:%s freepages:[ \d]{6} min:[ \d]{6} low:[ \d]{6} high:[ \d]{6}\n"
    shape = ("Mem-info:\n" + zone % "DMA" + zone % "Normal" + zone % "HighMem" +
             r"Free pages:      [ \d]{6} \(     0 HighMem\)\n\( Active: \d+/\d+, "
             r"inactive_laundry: \d+, inactive_clean: \d+, free: \d+ \)\n"
             r"(  aa:\d+ ac:\d+ id:\d+ il:\d+ ic:\d+ fr:\d+\n){3}((\d+\*\d+kB ){11}= \d+kB\)\n){2}"
             r"Swap cache: add \d+, delete \d+, find \d+/\d+, race 0\+0\n"
             r"\d+ pages of slabcache\n\d+ pages of kernel stacks\n"
             r"\d+ lowmem pagetables, 0 highmem pagetables\n"
             r"0 bounce buffer pages, 0 are on the emergency list\nFree swap:       [ \d]{6}kB\n"
             r"69632 pages of RAM\n0 pages of HIGHMEM\n\d+ reserved pages\n\d+ pages shared\n"
             r"\d+ pages swap cached\n")
    check("SysRq-M: every line of 2.4.21-EL, in order", re.fullmatch(shape, memory), memory)
    free = [int(n) for n in re.findall(r"freepages: *(\d+)", memory)]
    buddy = [(sum(int(n) * int(kb) for n, kb in re.findall(r"(\d+)\*(\d+)kB", line)),
              int(re.search(r"= (\d+)kB", line)[1])) for line in
             re.findall(r"^.*\*4096kB.*$", memory, re.M)]
    check("SysRq-M: zones and buddy lists add up",
          all(a == b for a, b in buddy) and [b // 4 for _, b in buddy] == free[:2] and
          sum(free) == int(re.search(r"free: (\d+) ", memory)[1]), memory)
    state = log.split("SysRq : Show State\n")[1].split("SysRq : Show Regs\n")[0]
    tasks = re.findall(r"^(.{13}) [RSDTZX] (?:[0-9A-F]{8}| current ) ?[ \d]{5} +(\d+) +(\d+) .*"
                       r"\((?:NOTLB|L-TLB)\)$", state, re.M)
    check("SysRq-T: a line for every task", {int(t[1]) for t in tasks} >= {1, 5, 20} and
          len(tasks) == state.count("Call Trace:") > 50, len(tasks))
    entries = re.findall(r"\[<(\w{8})>\] (\S+) \[kernel\] 0x(\w+) \(0x(\w{8})\)", state)
    addresses, pairs = symbols()
    pairs = set(pairs)
    bad = [e for e in entries if not trace_is_true(e, addresses, pairs)]
    check("SysRq-T: nm finds every name and offset", len(entries) > 150 and not bad,
          (len(entries), bad[:5]))
    regs = log.split("SysRq : Show Regs\n")[1]
    shape = (r"\nPid/TGid: \d+/\d+, comm: .{20}\nEIP: 0060:\[<\w{8}>\] CPU: 0\n"
             r"EIP is at \w+ \[kernel\] 0x\w+ \(2.4.21-57.ELvmnix\)\n ESP: .*Tainted: P \n"
             r"EAX: \w{8} EBX: \w{8} ECX: \w{8} EDX: \w{8}\nESI: .*\nCR0: .*\nCall Trace:   \[<")
    check("SysRq-P: registers and a trace", re.match(shape, regs), regs)


def main():
    folder = tempfile.mkdtemp(prefix="lostbeat-test.")
    try:
        host = folder + "/host"
        ran = run(host)
        check("a host that is watched survives", ran.returncode == 0, ran.stdout + ran.stderr)
        if ran.returncode == 0:
            meminfo(read(host, "proc/meminfo"))
            stat(host)
            small_files(host)
            watched(host, statuses(host))
            sysrq(host)
    finally:
        shutil.rmtree(folder)
    print(f"1..{count}")
    sys.exit(failed != 0)


main()
