#!/usr/bin/env python3
"""make.py LOSTBEAT [FROM TO] - makes the hosts of this folder anew: each has other RAM, swap, virtual machines, agents and leak, and
runs until its heartbeat is lost. Kept of each: its vmksummary, and in hosts.tsv what the forecast is scored against: number, uptime
at the end (s), RAM, swap (kB), hour at which the leak began, name and pace (kB/h) of the leak. About 6 s a host."""
import gzip, json, pathlib, random, shutil, subprocess, sys, tempfile

here = pathlib.Path(__file__).resolve().parent
base = here.parents[2] / "tools/scenarios/hosts/esx-3.5-73vms.yaml"


def scenario(n):
    r = random.Random(n)
    ram = r.choice([272, 384, 512])
    vms = r.randint(8, {272: 20, 384: 30, 512: 42}[ram])
    swap = r.choice([128, 200, 256, 320]) * 1024
    pace = r.choice([2, 4, 6, 9, 14, 20, 30]) * 1024 + r.randint(0, 999)
    target = r.choice(["VMap", "vmware-hostd", "cimserver", "snmpd", "vpxa"])
    at = r.randint(3, 30)
    scale = r.uniform(0.85, 1.15)
    low, high = (int(kb * scale) // 4 * 4 for kb in (6490, 7630))
    agents = "".join(
        f"  - {{name: agent{k}, text: 400kB, libs: 3000kB, data: {r.randint(1000, 5200) * 4}kB, stack: 40kB, start: 60s, period: 10m, "
        f"cpu: 2ms, touch: 20}}\n" for k in range(r.randint(0, 4)))
    text = (f"name: forecast-{n}\ntitle: a host for the forecast\ncause: memory-leak\nteaches: nothing\nsource: random\ninherits: {base}\n"
            f"host:\n  ram: {ram}MB\n  mem-total: {ram * 1024 - 19000}kB\n  swap: {swap}kB\n  vms: {vms}\nprograms:\n"
            f"  - {{name: vmware-vmx, count: {vms}, data: [{low}kB, {high}kB]}}\n{agents}  - {{name: {target}, catches-sigterm: true}}\n"
            f"faults:\n  - {{type: leak, target: {target}, at: {at}h, rate: {pace}kB/h}}\nduration: 14d\n"
            f"expect:\n  outcome: lost-heartbeat\n")
    return text, (ram * 1024 - 19000, swap, at, target, pace)


def run(lostbeat, n, folder):
    text, facts = scenario(n)
    (folder / "s.yaml").write_text(text)
    host = folder / "host"
    said = subprocess.run([lostbeat, "run", folder / "s.yaml", "--host", host, "--json"], capture_output=True, text=True)
    result = json.loads(said.stdout)
    summary = (host / "var/log/vmksummary").read_bytes()
    shutil.rmtree(host)
    if result["outcome"] != "lost-heartbeat":
        return None
    (here / f"{n}.vmksummary.gz").write_bytes(gzip.compress(summary, mtime=0))
    return "\t".join(str(x) for x in (n, result["uptime_s"]) + facts)


def main():
    first, last = (int(x) for x in (sys.argv[2:4] or (1, 36)))
    with tempfile.TemporaryDirectory() as folder:
        lines = [run(sys.argv[1], n, pathlib.Path(folder)) for n in range(first, last + 1)]
    (here / "hosts.tsv").write_text("".join(line + "\n" for line in lines if line))


main()
