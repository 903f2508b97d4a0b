#!/usr/bin/env python3
"""confusion.py - scores `lostbeat diagnose` against what was injected.

Runs seeds of every scenario that ends in a failure, diagnoses each host with all artefacts, with
one kind taken away in turn, and with few, and compares the verdicts with the cause in run/plan.json,
which no diagnosis reads. Prints the matrix, the calibration, an evidence ladder, and how naive rules
do on the same hosts. What was scored lies in OUT/results.jsonl; a second call goes on where the
first was stopped.

usage: confusion.py BUILD [--seeds N] [--random N] [--jobs N] [--out DIR] [SCENARIO...]
Exit status 1 when a verdict of confidence 0.8 or more is wrong, or fewer than 97 % of all with all
artefacts are right.
"""
import argparse
import collections
import concurrent.futures
import glob
import json
import os
import shutil
import subprocess
import sys

KINDS = {
    "screen": ["console/psod.txt"],
    "vmksummary": ["var/log/vmksummary*"],
    "vmkernel log": ["var/log/vmkernel", "var/log/vmkernel.*", "var/log/vmkwarning*"],
    "messages": ["var/log/messages*"],
    "proc": ["proc/meminfo"],
    "cos-core": ["vmfs/volumes/*/cos-core-*", "root/old_cores/cos-core-*", "var/core/cos-core-*"],
    "zdump": ["dev/vmkcore", "root/vmkernel-zdump-*", "var/core/vmkernel-zdump-*"],
    "top log": ["var/log/top.log"],
}
LADDER = [
    ("screen only", ["screen"]),
    ("+ vmksummary, meminfo", ["screen", "vmksummary", "proc"]),
    ("+ cos-core", ["screen", "vmksummary", "proc", "cos-core"]),
    ("+ zdump", ["screen", "vmksummary", "proc", "cos-core", "zdump"]),
]
SURE = 0.8
CUTS = [1, 10, 50, 90]  # percent of the core that is left


def files_of(host, kinds):
    found = []
    for kind in kinds:
        for pattern in KINDS[kind]:
            found += sorted(glob.glob(os.path.join(glob.escape(host), pattern)))
    return found


def diagnose(tool, paths):
    if not paths:
        return None
    done = subprocess.run([tool, "diagnose", "--json", *paths], capture_output=True, text=True)
    if done.returncode == 2 and not done.stdout:
        return None
    if done.returncode not in (0, 1):
        return {"cause": "CRASH", "process": None, "confidence": 1.0, "missing": [],
                "error": f"exit status {done.returncode}: {done.stderr[-300:]}"}
    answer = json.loads(done.stdout)
    verdict = answer["verdict"]
    return {"cause": verdict["cause"], "process": verdict["process"],
            "confidence": verdict["confidence"],
            "missing": [m["artefact"] for m in answer["missing"]]}


def cut_core(host, percent, to):
    cores = files_of(host, ["cos-core"])
    if not cores:
        return None
    size = os.path.getsize(cores[0]) * percent // 100
    subprocess.run(["cp", "--sparse=always", cores[0], to], check=True)
    os.truncate(to, size)
    return to


def truth_of(host):
    with open(os.path.join(host, "run/plan.json"), encoding="utf-8") as f:
        plan = json.load(f)
    culprits = [f["name"] or f["target"] for f in plan["boot"]["fault"]]
    return plan["cause"], [c for c in culprits if c]


def naive(host):
    """What rules of thumb would blame: a process each, None where the rule is silent."""
    blame = {"comm": None, "biggest": None, "stack": None}
    try:
        with open(os.path.join(host, "console/psod.txt"), encoding="latin-1") as f:
            for line in f:
                if "Lost heartbeat (comm=" in line:
                    blame["comm"] = line.split("comm=")[1].split(" pid=")[0]
        with open(os.path.join(host, "var/log/vmksummary"), encoding="latin-1") as f:
            hours = [line for line in f if " hb: " in line]
        if hours:
            blame["biggest"] = hours[-1].strip().split(", ")[7].rsplit("-", 1)[0]
        zdump = subprocess.run(["strings", os.path.join(host, "var/log/messages")],
                               capture_output=True, text=True).stdout
        blame["stack"] = "memory" if "refill_inactive" in zdump else None
    except (OSError, IndexError):
        pass
    return blame


def variants(tool, host, scratch):
    """All verdicts of one host: name -> verdict."""
    got = {"all": diagnose(tool, [host])}
    for gone in KINDS:
        if files_of(host, [gone]):
            got[f"without {gone}"] = diagnose(
                tool, files_of(host, [k for k in KINDS if k != gone]))
    for name, kinds in LADDER:
        got[name] = diagnose(tool, files_of(host, kinds))
    got["vmksummary only"] = diagnose(tool, files_of(host, ["vmksummary"]))
    rest = files_of(host, [k for k in KINDS if k != "cos-core"])
    for percent in CUTS:
        cut = cut_core(host, percent, os.path.join(scratch, "cos-core-cut"))
        if cut is not None:
            got[f"core cut at {percent} %"] = diagnose(tool, rest + [cut])
            os.unlink(cut)
    return got


def one(tool, out, scenario, seed):
    scratch = os.path.join(out, f"{scenario}-{seed}")
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)
    host = os.path.join(scratch, "host")
    run = subprocess.run([tool, "run", scenario, "--seed", str(seed), "--host", host, "--json"],
                         capture_output=True, text=True)
    record = {"scenario": scenario, "seed": seed}
    try:
        record["outcome"] = json.loads(run.stdout)["outcome"]
        record["cause"], record["culprits"] = truth_of(host)
        record["naive"] = naive(host)
        record["verdicts"] = variants(tool, host, scratch)
    except (ValueError, KeyError, OSError) as error:
        record["error"] = f"{error}: {run.stderr[-300:]}"
    shutil.rmtree(scratch, ignore_errors=True)
    return record


# ---- printing ------------------------------------------------------------------------------------
def is_right(record, verdict):
    return verdict["cause"] == record["cause"]


def print_matrix(records):
    causes = sorted({r["cause"] for r in records})
    told = sorted({r["verdicts"]["all"]["cause"] for r in records} | set(causes))
    print("\nConfusion matrix, all artefacts (rows: injected, columns: verdict)")
    print(" " * 22 + " ".join(f"{t[:9]:>9}" for t in told))
    for cause in causes:
        row = collections.Counter(r["verdicts"]["all"]["cause"] for r in records
                                  if r["cause"] == cause)
        print(f"{cause:22}" + " ".join(f"{row[t] or '.':>9}" for t in told))


def print_calibration(records):
    bins = collections.defaultdict(lambda: [0, 0])
    for r in records:
        for v in r["verdicts"].values():
            if v is not None and v["cause"] != "unknown":
                b = bins[min(int(v["confidence"] * 10), 9)]
                b[0] += is_right(r, v)
                b[1] += 1
    print("\nCalibration, all variants: verdicts by confidence, and how many were right")
    for tenth in sorted(bins):
        right, count = bins[tenth]
        print(f"  {tenth / 10:.1f} to {tenth / 10 + .1:.1f}: {right:6} of {count:6} = "
              f"{100 * right / count:5.1f} %")


def print_variants(records):
    print("\nBy what was there: right, undecided (unknown or below 0.8), wrong, wrong and sure")
    names = []
    for r in records:
        names += [n for n in r["verdicts"] if n not in names]
    sure_and_wrong = 0
    for name in names:
        count = collections.Counter()
        for r in records:
            v = r["verdicts"].get(name)
            if v is None:
                continue
            right = is_right(r, v)
            count["all"] += 1
            count["right"] += right
            count["undecided"] += v["cause"] == "unknown" or v["confidence"] < SURE
            count["wrong"] += not right and v["cause"] != "unknown"
            bad = not right and v["cause"] != "unknown" and v["confidence"] >= SURE
            count["sure"] += bad
            if bad:
                print(f"    WRONG AND SURE: {r['scenario']} seed {r['seed']}, {name}: "
                      f"{v['cause']} {v['confidence']:.2f}, truth {r['cause']}"
                      f" {v.get('error', '')}")
        sure_and_wrong += count["sure"]
        print(f"  {name:24} {count['right']:5} of {count['all']:5}"
              f" {100 * count['right'] / max(count['all'], 1):5.1f} %  {count['undecided']:5}"
              f" {count['wrong']:5} {count['sure']:5}")
    return sure_and_wrong


def print_naive(records):
    blamed = {"memory-leak", "memory-spike", "large-footprint", "too-many-processes",
              "cpu-contention"}
    guilty = [r for r in records if r["culprits"] and r["cause"] in blamed
              and r["outcome"] == "lost-heartbeat"]
    if not guilty:
        return
    def share(test):
        right = sum(map(test, guilty))
        return f"{right:5} of {len(guilty):5} = {100 * right / len(guilty):5.1f} %"
    def blames(rule):
        return lambda r: r["naive"][rule] is not None and any(
            c[:8] == r["naive"][rule][:8] for c in r["culprits"])
    print("\nWho is to blame, on lost heartbeats with a culprit")
    print("  the comm of the last alert  ", share(blames("comm")))
    print("  the biggest in vmksummary   ", share(blames("biggest")))
    print("  our verdict                 ", share(lambda r: any(
        (r["verdicts"]["all"]["process"] or "?")[:8] == c[:8] for c in r["culprits"])))
    memory = {"memory-leak", "memory-spike", "large-footprint", "under-provisioned",
              "too-many-processes"}
    lost = [r for r in records if r["outcome"] == "lost-heartbeat"]
    print("  the top of the stack says 'memory', so it is a leak: "
          f"{sum(r['cause'] == 'memory-leak' for r in lost)} of {len(lost)} right"
          f" ({sum(r['cause'] in memory for r in lost)} are of memory at all)")


def report(records):
    failed = [r for r in records if "error" in r]
    for r in failed:
        print(f"  ERROR {r['scenario']} seed {r['seed']}: {r['error']}")
    good = [r for r in records if "error" not in r and r["outcome"] != "survived"
            and r["verdicts"]["all"] is not None]
    if not good:
        print("nothing was scored")
        return 1
    print_matrix(good)
    sure_and_wrong = print_variants(good)
    print_calibration(good)
    print_naive(good)
    right = sum(is_right(r, r["verdicts"]["all"]) for r in good)
    print(f"\n{right} of {len(good)} right with all artefacts = {100 * right / len(good):.1f} % "
          f"(goal: at least 97 %); {sure_and_wrong} wrong with confidence 0.8 or more (goal: 0); "
          f"{len(failed)} errors")
    return int(sure_and_wrong > 0 or right < 0.97 * len(good) or bool(failed))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--random", type=int, default=1000, help="seeds of random-incident")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", default="")
    parser.add_argument("scenario", nargs="*")
    a = parser.parse_intermixed_args()
    out = a.out or os.path.join(a.build, "confusion")
    os.makedirs(out, exist_ok=True)
    tool = os.path.abspath(os.path.join(a.build, "bin/lostbeat"))
    listed = json.loads(subprocess.run([tool, "list", "--json"], capture_output=True, text=True,
                                       check=True).stdout)
    names = a.scenario or [s["name"] for s in listed if s["cause"] != "none"]
    path = os.path.join(out, "results.jsonl")
    done = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            done = [json.loads(line) for line in f]
    have = {(r["scenario"], r["seed"]) for r in done}
    work = [(n, s) for n in names
            for s in range(1, 1 + (a.random if n == "random-incident" else a.seeds))
            if (n, s) not in have]
    work.sort(key=lambda w: w[1])  # a bit of everything first
    with open(path, "a", encoding="utf-8") as f, \
            concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for n, r in enumerate(pool.map(lambda w: one(tool, out, *w), work), 1):
            done.append(r)
            f.write(json.dumps(r) + "\n")
            f.flush()
            if sys.stderr.isatty():
                print(f"\r{n} of {len(work)}  {r['scenario']} {r['seed']}\033[K", end="",
                      file=sys.stderr)
    wanted = {(n, s) for n in names for s in range(1, 100000)}
    return report([r for r in done if (r["scenario"], r["seed"]) in wanted])


if __name__ == "__main__":
    sys.exit(main())
