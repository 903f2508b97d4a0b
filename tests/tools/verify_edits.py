#!/usr/bin/env python3
"""verify_edits.py - edits every number that `lostbeat verify` compares, one at a time, in a real
host's artefacts, and sees the edit found.

verify --json says for each row where its two values stand. A value in a text is changed there, one in
a zdump in its section (which is packed again, with checksums that fit), one in a core in its bytes. A
row has passed when some change at a value's own place makes just that row differ; then the host is put
back as it was. TAP.
"""
import gzip
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

BIN = os.path.abspath(os.environ.get("LOSTBEAT_BIN", "build/bin"))
TRIES = 150
ROWS_MIN = 60


def lostbeat(*args):
    return subprocess.run([os.path.join(BIN, "lostbeat"), *args], capture_output=True, text=True)


def verify(host):
    done = lostbeat("verify", "--json", host)
    return {c["what"]: c for c in json.loads(done.stdout)["checks"]} if done.stdout else None


# ---- zdumps ------------------------------------------------------------------------------------
def crc(data):
    return struct.pack("<I", zlib.crc32(data))


def sections_of(dump):
    """[(header, text)], the slot header's bytes first as (header, None)."""
    found = [(bytearray(dump[:512]), None)]
    at = 512
    while dump[at:at + 8] == b"ZSECTION":
        header = bytearray(dump[at:at + 128])
        stored = struct.unpack_from("<Q", header, 32)[0]
        body = dump[at + 128:at + 128 + stored]
        found.append((header, gzip.decompress(body) if body else b""))
        at = (at + 128 + stored + 511) // 512 * 512
    return found


def name_of(header):
    return bytes(header[40:72]).rstrip(b"\0").decode()


def pack(sections, size):
    out = bytearray(sections[0][0])
    for header, text in sections[1:]:
        body = gzip.compress(text, mtime=0) if text else b""
        struct.pack_into("<QQ", header, 24, len(text), len(body))
        header[72:104] = hashlib.sha256(text).digest()
        header[124:128] = crc(bytes(header[:124]))
        out += header + body
        out += bytes(-len(out) % 512)
    struct.pack_into("<Q", out, 32, len(out))
    out[508:512] = crc(bytes(out[:508]))
    return bytes(out) + bytes(max(0, size - len(out)))


SLOT_FIELDS = {"zdump.slot.build": 64, "zdump.slot.host": 96, "zdump.slot.reason": 160,
               "zdump.slot.uptime_ns": 48, "zdump.slot.epoch_s": 56}


# ---- edits: generators of new contents ---------------------------------------------------------
def other(byte):
    c = chr(byte)
    if c.isdigit():
        return ord(str((int(c) + 1) % 10))
    return ord("q") if c != "q" else ord("w")


def changes_of_line(line, value):
    """The line with one character changed or added: in the value where it stands, else anywhere."""
    spots = [m.start() + i for m in re.finditer(re.escape(value.encode()), line)
             for i in reversed(range(len(value)))] if value else []
    rest = [i for i in range(len(line)) if chr(line[i]).isalnum() and i not in spots]
    while rest:  # from both ends: values tend to stand there
        spots.append(rest.pop())
        if rest:
            spots.append(rest.pop(0))
    for i in spots[:TRIES]:
        yield line[:i] + bytes([other(line[i])]) + line[i + 1:]
    for i in spots[:TRIES]:  # a figure of another size
        if chr(line[i]).isdigit():
            yield line[:i] + b"9" + line[i:]


def changes_of_text(text, number, value):
    lines = text.split(b"\n")
    for line in changes_of_line(lines[number - 1], value):
        yield b"\n".join(lines[:number - 1] + [line] + lines[number:])


def changes_of_zdump(dump, claim):
    if claim["section"] == "slot":
        sections = sections_of(dump)
        sections[0][0][SLOT_FIELDS[claim["key"]]] ^= 1
        yield pack(sections, len(dump))
        return
    index = next((i for i, (h, t) in enumerate(sections_of(dump))
                  if t is not None and name_of(h) == claim["section"]), None)
    if index is None:
        return
    for text in changes_of_text(sections_of(dump)[index][1], max(claim["line"], 1),
                                claim["value"]):
        sections = sections_of(dump)
        sections[index] = (sections[index][0], text)
        yield pack(sections, len(dump))


def notes_of(core):
    """(offset of the header, type, offset of the descriptor) of each note."""
    phoff, = struct.unpack_from("<Q", core, 32)
    _, _, offset, _, _, size, _, _ = struct.unpack_from("<IIQQQQQQ", core, phoff)
    at = offset
    while at < offset + size:
        namesz, descsz, kind = struct.unpack_from("<III", core, at)
        desc = at + 12 + (namesz + 3) // 4 * 4
        yield at, kind, desc
        at = desc + (descsz + 3) // 4 * 4


def core_bytes(claim, core):
    """Places in a core: those that verify names, and those of the notes."""
    if claim["bytes"]:
        return [claim["offset"]]
    status = [n for n in notes_of(core) if n[1] == 1]
    if claim["key"] == "core.first_pid":
        return [status[0][2] + 32]
    if claim["key"] == "core.threads":
        return [status[-1][0] + 8]
    return []


# ---- the test ----------------------------------------------------------------------------------
class Host:
    def __init__(self, path):
        self.path = path

    def found(self, what):
        checks = verify(self.path)
        return checks is None or checks[what]["verdict"] == "differs"

    def try_text(self, what, claim):
        with open(claim["file"], "rb") as f:
            before = f.read()
        changes = (changes_of_zdump(before[:before.rfind(b"ZSECTION") + 65536], claim)
                   if claim["section"] else
                   changes_of_text(before, claim["line"], claim["value"]))
        hit = False
        for after in changes:
            if claim["section"]:
                with open(claim["file"], "r+b") as f:
                    f.write(after)
            else:
                with open(claim["file"], "wb") as f:
                    f.write(after)
            hit = self.found(what)
            if hit:
                break
        if claim["section"]:
            with open(claim["file"], "r+b") as f:
                f.write(before)
                f.truncate(len(before))
        else:
            with open(claim["file"], "wb") as f:
                f.write(before)
        return hit

    def try_core(self, what, claim):
        with open(claim["file"], "r+b") as f:
            head = f.read(1 << 20)
            for offset in core_bytes(claim, head):
                f.seek(offset)
                byte = f.read(1)
                f.seek(offset)
                f.write(bytes([byte[0] ^ 1]))
                f.flush()
                hit = self.found(what)
                f.seek(offset)
                f.write(byte)
                f.flush()
                if hit:
                    return True
        return False

    def edit(self, what, claim):
        if not claim or not claim["file"]:
            return False
        if claim["section"] or claim["line"]:
            return self.try_text(what, claim)
        return self.try_core(what, claim) if "cos-core" in claim["file"] else False


def main():
    tmp = tempfile.mkdtemp()
    host = os.path.join(tmp, "host")
    number = 0

    def report(good, name):
        nonlocal number
        number += 1
        print(f"{'ok' if good else 'not ok'} {number} - {name}", flush=True)

    try:
        run = lostbeat("run", "daemon-killed", "--host", host, "--json")
        checks = verify(host)
        if checks is None:
            print("not ok 1 - a host that failed", run.stderr)
            return 1
        clean = all(c["verdict"] != "differs" for c in checks.values())
        report(clean, "the host agrees with itself before anything is edited")
        present = [c for c in checks.values() if c["verdict"] == "agrees"]
        tester = Host(host)
        for c in present:
            found = tester.edit(c["what"], c["a"]) or tester.edit(c["what"], c["b"])
            report(found, f"an edit is found: {c['what']} ({c['a']['key']}, {c['b']['key']})")
        report(len(present) >= ROWS_MIN, f"{len(present)} numbers were edited")
        report(lostbeat("verify", host).returncode == 0, "put back, the host agrees with itself")
        print(f"1..{number}")
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
