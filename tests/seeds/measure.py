"""measure.py - what one finished host says of its end, in numbers: read by seeds.py and hosts.py.

Whatever a tool of the project prints as JSON is taken from there; the rest from the dump's sections
and the logs, as an engineer would.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile

HOURLY = re.compile(r"logger: \((\d+)\) hb: ")
KILLED = re.compile(r"Out of Memory: Killed process (\d+) \((.*?)\)")
HELD_BACK = "Avoiding OOM kill"
ALERT = re.compile(r"Lost heartbeat \(comm=(.*?) pid=\d+ t=(\d+) ")
EIP = re.compile(r"EIP is at (\S+)")
LATENCY = re.compile(r"latency_ns=(\d+)")
HOUR_S = 3600
MINUTE_S = 60  # cron starts the hourly script one minute past [VMKSUMMARY]


def json_of(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {}


def text_of(command):
    return subprocess.run(command, capture_output=True, check=False).stdout.decode("latin-1")


def file_text(path):
    try:
        with open(path, encoding="latin-1") as f:
            return f.read()
    except OSError:
        return ""


def logs(host, name):
    """The text of a log with its rotated ones, oldest first."""
    paths = glob.glob(os.path.join(glob.escape(host), "var/log", name + ".*"))
    paths.sort(key=lambda p: int(p.rsplit(".", 1)[1]) if p.rsplit(".", 1)[1].isdigit() else 0)
    return "".join(file_text(p) for p in paths[::-1] + [os.path.join(host, "var/log", name)])


def lateness(host):
    """How late each hourly line was, s: [(epoch, late)]. The script takes its time when it starts;
    the line's own stamp may be later still and is not looked at."""
    return [(int(e), (int(e) - MINUTE_S) % HOUR_S)
            for e in HOURLY.findall(logs(host, "vmksummary"))]


def screen(tool, host, got):
    said = json_of([tool, "explain", "--json", os.path.join(host, "console/psod.txt")])
    registers = said.get("registers", {})
    got["ip"] = registers.get("ip")
    got["cr2"] = registers.get("cr2")
    for comm, t in ALERT.findall(logs(host, "vmkernel")):  # a short screen has the last one alone
        got[f"comm{t}"] = comm


def zdump(build, host, got):
    dump = [os.path.join(build, "bin/vmkdump"), "-d", os.path.join(host, "dev/vmkcore"), "--read"]
    waits = [int(n) for n in LATENCY.findall(text_of(dump + ["heartbeats"]))][-64:]
    if waits:
        got["latency_ns"] = [min(waits), max(waits)]
    log = text_of(dump + ["cos-log"])
    at = EIP.search(log)
    got["function"] = at.group(1) if at else None
    return log


def core(tool, host, got):
    """@return the names of the tasks that were there at the stun, by pid"""
    cores = glob.glob(os.path.join(glob.escape(host), "vmfs/volumes/*/cos-core-*"))
    if not cores:
        return {}
    load = json_of([tool, "crash", "--json", "-c", "sys", cores[0]]).get("load_average")
    if load:
        got["load15"] = float(load.split(", ")[2])
    tasks = json_of([tool, "crash", "--json", "-c", "ps", cores[0]]).get("tasks", [])
    return {t["pid"]: t["comm"] for t in tasks}


def kills(host, log, alive, got):
    """What the OOM killer did: whom it named in the logs, in the console's buffer too, and who of
    them was still there at the end."""
    named = dict.fromkeys(KILLED.findall(logs(host, "messages") + log))
    got["killed"] = [comm for _, comm in named]
    got["undead"] = [comm for pid, comm in named if alive.get(int(pid)) == comm]
    got["held_back"] = log.count(HELD_BACK)


def mechanism(got):
    """In words, from what the logs and the core have."""
    victims = sorted(set(got["killed"]))
    if got["outcome"] != "lost-heartbeat":
        return "killed " + ", ".join(victims) if victims else "no kill"
    if got["undead"]:
        return "victim lives on: " + ", ".join(sorted(set(got["undead"])))
    if got["held_back"]:
        return "a kill is pending; its report is not in the logs"
    return "after kills: " + ", ".join(victims) if victims else "no kill"


def flat(plan):
    """plan.json as name -> number: programs by name (count, and the mean of each number), faults by
    their place."""
    got = {k: v for k, v in plan.items() if isinstance(v, int) and k != "seed"}
    boot = plan["boot"]
    got.update({k: v for k, v in boot.items() if isinstance(v, int) and k not in got})
    by_name = {}
    for p in boot["program"]:
        by_name.setdefault(p["name"], []).append(p)
    for name, items in by_name.items():
        got[f"{name}: count"] = len(items)
        for k, v in items[0].items():
            if isinstance(v, int) and k not in ("pid", "flags"):
                got[f"{name}: {k}"] = sum(i[k] for i in items) / len(items)
    for n, fault in enumerate(boot["fault"]):
        who = fault["target"] or fault["name"]
        for k, v in fault.items():
            if isinstance(v, int):
                got[f"fault {n + 1} ({who}): {k}"] = v
    return got


def measure(build, run, host):
    """Numbers of a finished host; `run` is what `lostbeat run --json` said."""
    tool = os.path.join(build, "bin/lostbeat")
    got = {"outcome": run["outcome"], "uptime_s": run["uptime_s"],
           "as_expected": run["as_expected"]}
    with open(os.path.join(host, "run/plan.json"), encoding="utf-8") as f:
        got["drawn"] = flat(json.load(f))
    log, alive = "", {}
    if run["outcome"] != "survived":
        screen(tool, host, got)
        log = zdump(build, host, got)
        alive = core(tool, host, got)
    late = lateness(host)
    got["late_s"] = max((s for _, s in late[-24:]), default=None)
    kills(host, log, alive, got)
    got["mechanism"] = mechanism(got)
    return got


def run_and_measure(build, scenario, seed):
    """One run in a folder that goes away."""
    tool = os.path.join(build, "bin/lostbeat")
    scratch = tempfile.mkdtemp(prefix="seeds.")
    host = os.path.join(scratch, "host")
    record = {"scenario": scenario, "seed": seed}
    done = subprocess.run([tool, "run", scenario, "--seed", str(seed), "--host", host, "--json"],
                          capture_output=True, text=True, check=False)
    try:
        record.update(measure(build, json.loads(done.stdout), host))
    except (ValueError, KeyError, OSError) as error:
        record["error"] = f"{error!r}: {done.stderr[-300:]}"
    shutil.rmtree(scratch, ignore_errors=True)
    return record
