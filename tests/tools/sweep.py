#!/usr/bin/env python3
# sweep.py - `kill -9` of the real programs before every call that changes a host's files.
#
# timeout: 1800 s
#
# strace counts the calls of a VMkernel that dumps, of one that starts after that, and of `lostbeat
# reset`, and then ends each of them by SIGKILL before its Nth call, for every N. After each of
# these ends the host is started again, undisturbed, and must have lost nothing: every core and every
# section of a dump that was on the disk is found where a start puts them, whole or marked as cut;
# or the start says that there was none; no half file has a final name.
#
# Then calls fail, one at a time, with ENOSPC, EIO or EACCES. And no file may get its final name
# before its contents are on the disk: what a power cut would make of it is test_sweep.c's matter.
#
# Consecutive writes to one file are tried at the first, the second and the last of them, and one
# error of the three is tried for each call; SWEEP=full (`make check-long`, `make soak`) takes
# everything. JOBS=2 is how many hosts are tried at a time.
# By hand: tests/tools/sweep.py [dump|start|reset [CALL N [KILL|ERROR]]].
import concurrent.futures
import glob
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("LOSTBEAT_BIN") or os.path.abspath(os.path.join(HERE, "../../build/bin"))
SMALL = os.path.join(HERE, "../data/small.yaml")
FULL = os.environ.get("SWEEP") == "full" or "LOSTBEAT_LONG" in os.environ
JOBS = int(os.environ.get("JOBS", "2"))
CALLS = ("openat write pwrite64 ftruncate fsync rename renameat unlink unlinkat mkdirat link").split()
ERRORS = ("ENOSPC", "EIO", "EACCES")
UUID = "4533e089-1dfcdd21-f1d3-001a140ebdca"
CORE = "vmfs/volumes/%s/cos-core-esxsmall" % UUID
# A small partition, so that a host is quickly copied.
FAULT = "faults:\n  - {type: dump-slot-small, size: 256kB}\n"

tap_count = tap_failed = 0


def claim(good, what, why=""):
    global tap_count, tap_failed
    tap_count += 1
    tap_failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", tap_count, what))
    for line in [] if good else str(why).splitlines()[:60]:
        print("#   " + line)
    sys.stdout.flush()


def run(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)


# ---- counting -------------------------------------------------------------------------------------
class Point:
    """Call number `n` of its kind; `path` is what it is about."""

    def __init__(self, call, n, path, line):
        self.call, self.n, self.path, self.line = call, n, path, line

    def __str__(self):
        return "%s %d" % (self.call, self.n)


def changes_something(call, line):
    return call != "openat" or "O_CREAT" in line or "O_TRUNC" in line


def count_points(host, argv, also=()):
    """The calls of a program about files of the host, and those that match `also`."""
    trace = host + ".trace"
    calls = ",".join(CALLS + ["close", "read"])
    done = run("strace", "-qq", "-y", "-s", "0", "-e", "trace=" + calls, "-e", "signal=none", "-o", trace, *argv)
    seen, points = {}, []
    for line in open(trace, errors="replace"):
        call = line.split("(", 1)[0]
        seen[call] = seen.get(call, 0) + 1
        wanted = call in CALLS and host in line and changes_something(call, line)
        if wanted or any(re.match(pattern, line) for pattern in also):
            about = re.search(re.escape(host) + r"/?[^>\"]*", line)
            points.append(Point(call, seen[call], about.group(0) if about else "", line))
    return done, points


def thinned(points):
    """Of consecutive equal calls on one file: the first, the second and the last."""
    if FULL:
        return points
    keep = []
    for i, p in enumerate(points):
        before = points[i - 2] if i > 1 else None
        after = points[i + 1] if i + 1 < len(points) else None
        same = [q is not None and (q.call, q.path) == (p.call, p.path) for q in (before, points[i - 1], after)]
        if not (p.call in ("write", "pwrite64") and all(same)):
            keep.append(p)
    return keep


# ---- what lies on a host ---------------------------------------------------------------------------
def digest(read):
    return hashlib.sha256(read).hexdigest()


def sections(*where):
    """State of a dump, and name and digest of each whole section; (None, []) when there is none."""
    done = run(BIN + "/vmkdump", "--json", *where)
    if not done.stdout.startswith("{"):
        return None, []
    z = json.loads(done.stdout)
    return z["state"], [(s["name"], s["sha256"]) for s in z["sections"] if s["health"] == "whole"]


class Found:
    def __init__(self, host):
        self.wrong = []
        self.cores = sorted(digest(open(f, "rb").read()) for f in glob.glob(host + "/" + CORE + "*") if os.path.getsize(f))
        self.copied = sorted(self.unpacked(glob.glob(host + "/root/old_cores/*.gz")))
        self.slot = sections("-d", host + "/dev/vmkcore")
        self.files = [sections(f) for f in glob.glob(host + "/root/vmkernel-zdump-*") if not f.endswith(".tmp")]

    def unpacked(self, names):
        for name in names:
            try:
                yield digest(gzip.open(name).read())
            except (OSError, EOFError) as e:
                self.wrong.append("%s is no whole file: %s" % (name, e))

    def has_dump(self):
        return self.slot[0] in ("interrupted", "complete")


def leftovers(host):
    found = []
    for folder, _, names in os.walk(host):
        found += [os.path.join(folder, n) for n in names if n.endswith(".tmp")]
    return found


def start_again(host):
    """Press the button that is right. @return what the start said"""
    done = run(BIN + "/lostbeat", "reset", "--for", "0s", "--halt", host)
    if done.returncode == 2 and "lostbeat boot" in done.stdout:
        done = run(BIN + "/lostbeat", "boot", host)
    return done


def judge(host, before):
    """After a start that nobody disturbed. @return what was lost, a list of lines"""
    done = start_again(host)
    after = Found(host)
    lost = before.wrong + after.wrong
    if done.returncode != 0:
        lost.append("the next start ends with %d: %s" % (done.returncode, done.stdout))
    want = sorted(set(before.cores) | set(before.copied))
    if after.copied != want:
        lost.append("cores: %s, wanted %s" % (after.copied, want))
    if after.cores:
        lost.append("a core stayed on the datastore")
    lost += leftovers(host)
    dumps = [f for f in after.files if before.slot[1] == f[1]]
    if before.has_dump() and len(dumps) != 1:
        lost.append("dump: %s became %s" % (before.slot, after.files))
    if before.has_dump() and dumps and dumps[0][0] != before.slot[0]:
        lost.append("a dump that was %s says that it is %s" % (before.slot[0], dumps[0][0]))
    if len(after.files) != len(before.files) + (before.has_dump() and before.slot[1] not in [f[1] for f in before.files]):
        lost.append("zdumps: %s" % after.files)
    if not before.has_dump() and not before.files and "no new dump" not in done.stdout:
        lost.append("nobody says that there was no dump: " + done.stdout)
    if not want and "no core" not in done.stdout and "is empty" not in done.stdout:
        lost.append("nobody says that there was no core: " + done.stdout)
    with open(host + "/var/log/messages", errors="replace") as f:
        messages = f.read()
    for line in json.load(open(host + "/run/start.json"))["lines"]:
        if line not in messages:
            lost.append("not in messages: " + line)
    with open(host + "/var/log/vmksummary", errors="replace") as f:
        if "loaded VMkernel" not in f.read().rsplit("Starting system", 1)[-1]:
            lost.append("vmksummary: the last start did not come to its end")
    return lost


# ---- one sweep -------------------------------------------------------------------------------------
class Sweep:
    """`base` is copied, `argv` of a host is disturbed, the host is judged."""

    def __init__(self, name, base, argv, also=()):
        self.name, self.base, self.argv, self.also = name, base, argv, also
        self.local = threading.local()
        self.lost = []

    def fresh(self, tag):
        host = os.path.join(TMP, "%s-%s" % (self.name, tag))
        shutil.rmtree(host, ignore_errors=True)
        subprocess.run(["cp", "-a", self.base, host], check=True)
        return host

    def count(self):
        host = self.fresh("count")
        self.done, self.points = count_points(host, self.argv(host), self.also)
        return self.points

    def disturb(self, point, how):
        host = self.fresh(threading.get_ident())
        inject = "signal=KILL" if how == "KILL" else "error=" + how
        done = run("strace", "-qq", "-o", "/dev/null", "-e", "trace=" + point.call, "-e",
                   "inject=%s:%s:when=%d" % (point.call, inject, point.n), *self.argv(host))
        if how == "KILL" and done.returncode != -9:
            return ["it was not killed but ended with %d: %s" % (done.returncode, done.stdout)]
        lost = judge(host, Found(host))
        shutil.rmtree(host, ignore_errors=True)
        return lost

    def try_one(self, job):
        point, how = job
        for line in self.disturb(point, how):
            self.lost.append("%s %s %s (%s): %s" % (self.name, point, how, point.line.strip()[:160], line))

    def all(self, jobs):
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            list(pool.map(self.try_one, jobs))
        return len(jobs)


def kills(points):
    return [(p, "KILL") for p in thinned(points)]


def errors(points):
    points = [p for p in thinned(points) if p.call != "read"]
    if FULL:
        return [(p, e) for p in points for e in ERRORS]
    return [(p, ERRORS[i % len(ERRORS)]) for i, p in enumerate(points)]


# ---- names that are given too early ----------------------------------------------------------------
def early_names(points):
    """Renames of files whose contents were not synced, and names whose folder was not synced."""
    dirty, waiting, wrong = {}, {}, []
    for p in points:
        path = p.path
        if p.call in ("write", "pwrite64", "ftruncate"):
            dirty[path] = p.line
        elif p.call == "fsync":
            dirty.pop(path, None)
            waiting.pop(path, None)
        elif p.call in ("rename", "renameat"):
            names = re.findall(r'"([^"]*)"', p.line)
            root = re.search(r"\d+<([^>]*)>, \"", p.line)
            old, new = [os.path.join(root.group(1) if root else "", n) for n in names]
            if "/var/log/" in new or new.endswith(".pid"):
                continue  # logs are shifted, not made; a pid is of no use after a power cut
            if old in dirty:
                wrong.append("not synced before it gets its name: " + new)
            waiting[os.path.dirname(new)] = new
    return wrong + ["its folder is not synced: " + n for n in waiting.values()]


# ---- all of it -------------------------------------------------------------------------------------
def make_bases():
    scenario = os.path.join(TMP, "small.yaml")
    with open(SMALL) as f, open(scenario, "w") as to:
        to.write(f.read().replace("duration: 6h\n", FAULT + "duration: 6h\n"))
    seed = os.path.join(TMP, "seed")
    done = run(BIN + "/lostbeat", "run", scenario, "--host", seed)
    planned = os.path.join(TMP, "planned")
    os.makedirs(planned + "/run")
    shutil.copy(seed + "/run/plan.json", planned + "/run")
    # What `reset` leaves for a VMkernel, taken before that has begun.
    reset = os.path.join(TMP, "to-start")
    once = os.path.join(TMP, "once")
    subprocess.run(["cp", "-a", seed, reset], check=True)
    subprocess.run(["cp", "-a", seed, once], check=True)
    run(BIN + "/lostbeat", "reset", "--for", "0s", "--halt", once)
    for name in ("plan.json", "plan-0.json", "result-0.json"):
        shutil.copy(once + "/run/" + name, reset + "/run/")
    shutil.rmtree(once)
    return done, seed, planned, reset


def vmkernel(host):
    return [BIN + "/vmkernel", "--host", host]


def lostbeat_reset(host):
    return [BIN + "/lostbeat", "reset", "--for", "0s", "--halt", host]


def is_sanitized():
    return "__asan" in run("nm", "-D", BIN + "/vmkernel").stdout


def sweep_all(sweeps):
    total = {"points": 0, "lost": 0}
    for s in sweeps:
        points = s.count()
        claim(len(points) > 8, "%s: there are points to be killed at" % s.name, s.done.stdout)
        wrong = early_names(points)
        claim(not wrong, "%s: no name is given before its contents are on the disk" % s.name, "\n".join(wrong))
        for what, jobs in (("killed at", kills(points)), ("with an error at", errors(points))):
            before = len(s.lost)
            n = s.all(jobs)
            total["points"] += n
            claim(len(s.lost) == before, "%s, %s each of %d points of %d: nothing is lost" % (s.name, what, n, len(points)),
                  "\n".join(s.lost[before:]))
        total["lost"] += len(set(line.rsplit(": ", 1)[0] for line in s.lost))
    print("# swept %(points)d points of real programs, lost %(lost)d" % total)
    claim(len(sweeps) < 3 or total["points"] > 300, "the sweep was wide enough", total)


def main():
    global TMP
    shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    if is_sanitized():
        print("ok 1 - the sweep # SKIP ptrace and LeakSanitizer exclude each other\n1..1")
        return 0
    if shutil.which("strace") is None or run("strace", "-qq", "-o", "/dev/null", "true").returncode != 0:
        print("ok 1 - the sweep # SKIP strace does not work here\n1..1")
        return 0
    with tempfile.TemporaryDirectory(prefix="lostbeat-sweep.", dir=shm) as TMP:
        done, seed, planned, to_start = make_bases()
        claim("lost-heartbeat" in done.stdout, "a small host fails", done.stdout)
        sweeps = [Sweep("dump", planned, vmkernel), Sweep("start", to_start, vmkernel),
                  Sweep("reset", seed, lostbeat_reset, [r"read\(\d+<pipe:"])]
        if len(sys.argv) > 1:
            sweeps = [s for s in sweeps if s.name == sys.argv[1]]
        if len(sys.argv) > 3:
            point = Point(sys.argv[2], int(sys.argv[3]), "", "by hand")
            print("\n".join(sweeps[0].disturb(point, (sys.argv + ["KILL"])[4])) or "nothing is lost")
            return 0
        sweep_all(sweeps)
    print("1..%d" % tap_count)
    return tap_failed > 0


if __name__ == "__main__":
    sys.exit(main())
