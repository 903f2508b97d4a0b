#!/usr/bin/env python3
"""crash_compare.py GDB.json PS.json KMEM.json BT.json - does `lostbeat crash` say what gdb says?

GDB.json is what crash_gdb.py printed; the others are `crash --json` of ps, kmem -i and foreach bt.
Prints each difference; exit status 1 if there is one. The last line counts what was compared.
"""
import json
import sys


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def compare_tasks(gdb, ps, differ):
    mine = {task["pid"]: task for task in ps["tasks"]}
    theirs = {task["pid"]: task for task in gdb["tasks"]}
    if [task["pid"] for task in ps["tasks"]] != [task["pid"] for task in gdb["tasks"]]:
        differ("the order or set of pids")
    for pid, task in theirs.items():
        for key, wanted in task.items():
            got = mine.get(pid, {}).get(key)
            if got != wanted:
                differ("pid %d: %s is %r, gdb says %r" % (pid, key, got, wanted))
    return len(theirs)


def compare_counters(gdb, kmem, differ):
    for key, wanted in gdb["counters"].items():
        if kmem.get(key) != wanted:
            differ("kmem -i: %s is %r, gdb says %r" % (key, kmem.get(key), wanted))
    return len(gdb["counters"])


def compare_stacks(gdb, bt, differ):
    frames = 0
    mine = {str(task["pid"]): [frame["function"].split(".")[0] for frame in task["frames"]]
            for task in bt["tasks"]}
    for pid, wanted in gdb["stacks"].items():
        frames += len(wanted)
        if mine.get(pid) != wanted:
            differ("bt %s is %r, gdb says %r" % (pid, mine.get(pid), wanted))
    if set(mine) != set(gdb["stacks"]):
        differ("the set of stacks: %r" % sorted(set(mine) ^ set(gdb["stacks"])))
    return frames


def main():
    gdb, ps, kmem, bt = [load(path) for path in sys.argv[1:5]]
    differences = []
    tasks = compare_tasks(gdb, ps, differences.append)
    counters = compare_counters(gdb, kmem, differences.append)
    frames = compare_stacks(gdb, bt, differences.append)
    for text in differences:
        print(text)
    print("compared: %d tasks, %d counters, %d frames; %d differences"
          % (tasks, counters, frames, len(differences)))
    sys.exit(1 if differences or tasks == 0 or frames < tasks else 0)


main()
