"""crash_gdb.py - run in gdb over a cos-core with its executable; prints what `lostbeat crash` must
say too, as JSON: the tasks, the counters, and the stack of each task frame by frame.

It knows the structures from the executable's debugging information, and stacks by gdb's own
unwinder: nothing of it is shared with tools/core/.
"""
import json
import os

import gdb

STATES = {0: "RU", 1: "IN", 2: "UN", 4: "ST", 8: "ZO", 16: "DE"}
LWP_SWAPPER = 32768


def value(expression):
    return gdb.parse_and_eval(expression)


def number(expression):
    return int(value(expression))


def pointer(address, struct):
    return gdb.Value(address).cast(gdb.lookup_type("struct " + struct).pointer())


def tasks():
    head = int(value("&init_task_union").cast(gdb.lookup_type("unsigned long")))
    address, found = head, []
    while True:
        task = pointer(address, "task_struct").dereference()
        mm = int(task["mm"])
        sizes = pointer(mm, "mm_struct").dereference() if mm else None
        found.append({
            "pid": int(task["pid"]), "ppid": int(task["ppid"]),
            "comm": task["comm"].string(), "state": STATES.get(int(task["state"]), "??"),
            "task": "%x" % address,
            "vsz_kb": int(sizes["total_vm"]) * 4 if mm else 0,
            "rss_kb": int(sizes["rss"]) * 4 if mm else 0,
            "current": address == number("current_task"),
        })
        address = int(task["next_task"])
        if address == head:
            return found


def counters():
    zones = value("zone_table")
    first, last = zones.type.range()
    free = sum(int(zones[i]["free_pages"]) for i in range(first, last + 1))
    return {
        "total": number("total_ram_pages"), "free": free,
        "used": number("total_ram_pages") - free,
        "cached": number("nr_page_cache") - number("nr_buffer_pages"),
        "slab": number("nr_slab_pages"),
        "tables": number("nr_page_tables"), "swap_cached": number("swapper_space.nrpages"),
        "swap_total": number("total_swap_pages"), "swap_free": number("nr_swap_pages"),
        "swap_used": number("total_swap_pages") - number("nr_swap_pages"),
    }


def stack():
    """Functions of the selected thread, innermost first, without what the compiler inlined and what
    gdb concludes from call sites: neither has a frame on the stack. None in user mode."""
    frame, names = gdb.newest_frame(), []
    if gdb.execute("info symbol $pc", to_string=True).startswith("No symbol"):
        return []
    while frame is not None and len(names) < 64:
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            names.append(function_at(frame))
        frame = frame.older()
    return names


def function_at(frame):
    """The symbol's name: not that of an inlined function within it, and without the compiler's
    endings (.constprop.0), of which gdb leaves some out."""
    pc = frame.pc()
    if frame.newer() is not None:
        pc -= 1  # a return address behind the last instruction belongs to the call
    text = gdb.execute("info symbol 0x%x" % pc, to_string=True)
    return text.split()[0].split(".")[0]


def stacks():
    found = {}
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        pid = thread.ptid[1]
        found[0 if pid == LWP_SWAPPER else pid] = stack() if number("$pc") else []
    return {str(pid): found[pid] for pid in sorted(found)}


what = os.environ.get("CRASH_GDB", "all")
result = {"tasks": tasks()}
if what == "all":
    result["counters"] = counters()
    result["stacks"] = stacks()
print(json.dumps(result))
