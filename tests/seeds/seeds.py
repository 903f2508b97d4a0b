#!/usr/bin/env python3
"""seeds.py - runs many seeds of one scenario, or many files, and says how they differ.

For one scenario: what a seed draws, within which range, and how that goes with the time of death
(Spearman's rank correlation); outcomes, spread of the time of death, who was running, where, and
how the host felt before. For a folder of files (hosts.py draws such): outcome, mechanism and time
of each. What was measured lies in OUT/results.jsonl; a second call goes on where the first was
stopped, and tries again what failed.

usage: seeds.py BUILD --out DIR [--scenario NAME] [--seeds N] [--jobs N] [--doc FILE]
       seeds.py BUILD --out DIR --files FOLDER [--jobs N]
Exit status 1 when a run failed.
"""
import argparse
import collections
import concurrent.futures
import glob
import json
import os
import statistics
import sys

from measure import run_and_measure

DAY_S = 86400
LATE_S = 10  # an hourly line later than this is late
LOAD = 5
SPAN = 100  # of the latencies of the last 64 beats


# ---- running -------------------------------------------------------------------------------------
def run_all(build, out, work, jobs):
    """Run what is not in OUT/results.jsonl yet. @return the records of `work`, in its order"""
    os.makedirs(out, exist_ok=True)
    path = os.path.join(out, "results.jsonl")
    have = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            have = {(r["scenario"], r["seed"]): r for r in map(json.loads, f) if "error" not in r}
    todo = [w for w in work if w not in have]
    with open(path, "a", encoding="utf-8") as f, \
            concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for n, r in enumerate(pool.map(lambda w: run_and_measure(build, *w), todo), 1):
            have[(r["scenario"], r["seed"])] = r
            f.write(json.dumps(r) + "\n")
            f.flush()
            print(f"{n} of {len(todo)}: {os.path.basename(r['scenario'])} seed {r['seed']}: "
                  f"{r.get('error') or r['outcome']}", file=sys.stderr)
    return [have[w] for w in work]


# ---- numbers -------------------------------------------------------------------------------------
def ranks(values):
    """From 1; equal ones share the mean of their places."""
    places = collections.defaultdict(list)
    for place, value in enumerate(sorted(values), 1):
        places[value].append(place)
    return [statistics.mean(places[v]) for v in values]


def spearman(a, b):
    """Rank correlation, or None where one of both is constant or there are fewer than three."""
    if len(a) < 3 or len(set(a)) < 2 or len(set(b)) < 2:
        return None
    x, y = ranks(a), ranks(b)
    mx, my = statistics.mean(x), statistics.mean(y)
    above = sum((i - mx) * (j - my) for i, j in zip(x, y))
    return above / (sum((i - mx) ** 2 for i in x) * sum((j - my) ** 2 for j in y)) ** 0.5


def uptime(seconds):
    minutes = int(seconds) // 60
    return f"{minutes // 1440}:{minutes // 60 % 24:02}:{minutes % 60:02}:{seconds % 60:06.3f}"


# ---- the document --------------------------------------------------------------------------------
def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + [
        "| " + " | ".join(str(c) for c in row) + " |" for row in rows]


def drawn_table(records, lost):
    rows = []
    for key in records[0]["drawn"]:
        all_of = [r["drawn"].get(key, 0) for r in records]
        if len(set(all_of)) < 2:
            continue
        rho = spearman([r["drawn"].get(key, 0) for r in lost], [r["uptime_s"] for r in lost])
        rows.append((f"`{key}`", f"{min(all_of):.10g}", f"{max(all_of):.10g}",
                     "-" if rho is None else f"{rho:+.2f}", -abs(rho or 0)))
    rows.sort(key=lambda row: row[4])
    if not rows:
        return ["Nothing of the plan differs between these seeds."]
    return table(["what", "least", "most", "correlation"], [row[:4] for row in rows])


def share(records, test):
    return f"{sum(map(test, records))} of {len(records)}"


def names(records, key):
    count = collections.Counter(r[key] for r in records if r.get(key))
    return f"{len(count)}: " + ", ".join(f"{n} {c}" for n, c in count.most_common())


def low12(r):
    return r.get("cr2") and hex(int(r["cr2"], 16) & 0xfff)


def judged(records, lost):
    died = [r["uptime_s"] for r in lost]
    outcomes = collections.Counter(r["outcome"] for r in records)
    rows = [("outcomes", ", ".join(f"{n} {c}" for n, c in outcomes.most_common()))]
    if lost:
        spread = statistics.stdev(died) / 3600 if len(died) > 1 else 0
        rows += [
            ("time of death", f"{uptime(min(died))} to {uptime(max(died))}"),
            ("standard deviation of it", f"{spread:.1f} h"),
            ("comm at t=29", names(lost, "comm29")),
            ("comm at t=30", names(lost, "comm30")),
            ("ip", len({r["ip"] for r in lost if r.get("ip")})),
            ("functions", names(lost, "function")),
            ("low 12 bits of cr2", len({low12(r) for r in lost if r.get("cr2")})),
            (f"an hourly line late by > {LATE_S} s in the last day",
             share(lost, lambda r: (r["late_s"] or 0) > LATE_S)),
            (f"15-minute load > {LOAD} at the stun",
             share(lost, lambda r: r.get("load15", 0) > LOAD)),
            (f"latencies of the last 64 beats span > {SPAN}", share(
                lost, lambda r: r.get("latency_ns") and
                r["latency_ns"][1] >= SPAN * max(r["latency_ns"][0], 1))),
        ]
    return table(["measure", "value"], rows)


def each(records):
    def cell(r, key):
        return "-" if r.get(key) is None else r[key]
    def span(r):
        return "-" if not r.get("latency_ns") else f"{r['latency_ns'][1] / 1e6:.6g}"
    return table(["seed", "outcome", "uptime", "t=29", "t=30", "function", "late s", "load",
                  "slowest beat ms", "mechanism"],
                 [(r["seed"], r["outcome"], uptime(r["uptime_s"]), cell(r, "comm29"),
                   cell(r, "comm30"), cell(r, "function"), cell(r, "late_s"), cell(r, "load15"),
                   span(r), r["mechanism"]) for r in records])


def document(name, records, jobs_line):
    lost = [r for r in records if r["outcome"] == "lost-heartbeat"]
    return "\n".join([
        f"# Seeds of {name}", "",
        f"Written by `{jobs_line}`. Do not edit.", "",
        "A seed is a host. What it draws stands in `run/plan.json` as plain numbers; the",
        "correlation is Spearman's, of the drawn number with the time of death of lost hosts.", "",
        "## What a seed draws", "", *drawn_table(records, lost), "",
        "## How they end", "", *judged(records, lost), "",
        "## Each seed", "", *each(records), ""])


def files_table(records):
    lines = table(["host", "outcome", "uptime", "mechanism"], [
        (os.path.basename(r["scenario"]).removesuffix(".yaml"), r["outcome"],
         uptime(r["uptime_s"]), r["mechanism"]) for r in records])
    count = collections.Counter(r["outcome"] for r in records)
    return "\n".join(lines + ["", ", ".join(f"{c} {n}" for n, c in count.most_common())])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("--out", required=True)
    parser.add_argument("--scenario", default="kb-308590")
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--doc", help="write there, not to stdout")
    parser.add_argument("--files", help="folder of scenario files: one run of each")
    a = parser.parse_args()
    if a.files:
        paths = sorted(glob.glob(os.path.join(glob.escape(os.path.abspath(a.files)), "*.yaml")))
        work = [(p, 1) for p in paths]
    else:
        work = [(a.scenario, seed) for seed in range(1, a.seeds + 1)]
    records = run_all(os.path.abspath(a.build), a.out, work, a.jobs)
    failed = [r for r in records if "error" in r]
    for r in failed:
        print(f"ERROR {r['scenario']} seed {r['seed']}: {r['error']}")
    good = [r for r in records if "error" not in r]
    if a.files:
        text = files_table(good)
    else:
        text = document(os.path.basename(a.scenario).removesuffix(".yaml"), good,
                        f"make seeds SCENARIO={a.scenario} SEEDS={a.seeds}") if good else ""
    if a.doc and good:
        with open(a.doc, "w", encoding="utf-8") as f:
            f.write(text)
    else:
        print(text)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
