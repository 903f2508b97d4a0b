#!/usr/bin/env python3
"""hosts.py - draws hosts as people ran them, as scenario files: to be judged by seeds.py --files.

Kinds: `leak`, any daemon of the catalogue at 1 to 20 MB/h; `footprint`, a program that leaves less
than half of the working set; `healthy`, a host that fits its memory, for 60 days. The same --seed
writes the same files. Virtual machines by RAM and swap of twice the RAM, or the installer's 544 MB
left as it was, are OUR CHOICE after the manuals' advice for so many machines.

usage: hosts.py --kind leak|footprint|healthy [--count N] [--seed N] FOLDER
"""
import argparse
import math
import os
import random

SCENARIOS = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../tools/scenarios"))
BASE = os.path.join(SCENARIOS, "hosts/esx-3.5-272.yaml")
VMS_OF_RAM = {272: (4, 16), 384: (12, 32), 512: (24, 56), 800: (40, 80)}  # MB: least, most
DAEMONS = ["VMap", "cimserver", "ftAgent", "hpasmd", "snmpd", "vmware-hostd", "vpxa", "webAccess"]
INSTALLER_SWAP_MB = 544
BASE_MB = 135  # anonymous memory of the base host's programs without virtual machines
VMX_MB = 4.3  # of one vmware-vmx there


def mem_total_kb(ram_mb):
    """By the base host's comment: 7468 kB and 60 bytes a page are not in MemTotal."""
    return ram_mb * 1024 - 7468 - ram_mb * 256 * 60 // 1024


def draw_host(r):
    ram = r.choice(list(VMS_OF_RAM))
    host = {"ram": ram, "vms": r.randint(*VMS_OF_RAM[ram]),
            "swap": r.choice([INSTALLER_SWAP_MB, 2 * ram])}
    host["set_mb"] = BASE_MB + VMX_MB * host["vms"]
    return host


def leak(r, host):
    target = r.choice(DAEMONS)
    rate_kb = int(1024 * math.exp(r.uniform(0, math.log(20))))
    begins_h = r.randint(24, 240)
    full_h = (host["ram"] + host["swap"]) * 1024 / rate_kb
    days = min(364, math.ceil((begins_h + 1.5 * full_h) / 24) + 3)
    return {"cause": "memory-leak", "days": days, "label": f"{target}-{rate_kb}kBh",
            "fault": f"{{type: leak, target: {target}, at: {begins_h}h, rate: {rate_kb}kB/h}}"}


def footprint(r, host):
    left = r.uniform(0.2, 0.5) * host["set_mb"]
    size = max(16, int(host["ram"] - left))
    begins_h = r.randint(24, 240)
    return {"cause": "large-footprint", "days": begins_h // 24 + 15, "label": f"agent-{size}MB",
            "fault": f"{{type: footprint, name: drawn-agent, size: {size}MB, at: {begins_h}h}}"}


def healthy(r, host):
    most = int((host["ram"] * 0.9 - BASE_MB) / VMX_MB)  # so many fit
    host["vms"] = r.randint(2, max(2, min(most, VMS_OF_RAM[host["ram"]][1])))
    return {"cause": "none", "days": 60, "label": "healthy", "fault": None}


KINDS = {"leak": leak, "footprint": footprint, "healthy": healthy}


def scenario(number, kind, host, incident, boot):
    name = (f"{kind}-{number:03}-{host['ram']}MB-{host['vms']}vms-{host['swap']}swap-"
            f"{incident['label']}")
    lines = [
        f"name: {kind}-{number:03}",
        f"title: A drawn host, {kind}",
        f"cause: {incident['cause']}",
        "teaches: nothing; it is for judging the model",
        "source: tests/seeds/hosts.py",
        f"inherits: {BASE}",
        "host:",
        f"  ram: {host['ram']}MB",
        f"  mem-total: {mem_total_kb(host['ram'])}kB",
        f"  swap: {host['swap']}MB",
        f"  vms: {host['vms']}",
        f"  boot: {boot}",
        "programs:",
        f"  - {{name: vmware-vmx, count: {host['vms']}}}",
        f"duration: {incident['days']}d",
        "expect: {outcome: " + ("survived}" if incident["fault"] is None else "lost-heartbeat}"),
    ]
    if incident["fault"]:
        lines += ["faults:", "  - " + incident["fault"]]
    return name, "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("folder")
    a = parser.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    for number in range(1, a.count + 1):
        r = random.Random(f"{a.kind} {a.seed} {number}")  # so a longer list begins as a shorter one
        host = draw_host(r)
        incident = KINDS[a.kind](r, host)
        boot = (f"2009-{r.randint(1, 12):02}-{r.randint(1, 28):02} "
                f"{r.randint(0, 23):02}:{r.randint(0, 59):02}:{r.randint(0, 59):02}")
        name, text = scenario(number, a.kind, host, incident, boot)
        with open(os.path.join(a.folder, name + ".yaml"), "w", encoding="utf-8") as f:
            f.write(text)


if __name__ == "__main__":
    main()
