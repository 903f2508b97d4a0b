#!/usr/bin/env python3
"""cases_write.py BUILD [PAGE...] - write anew what the commands of docs/cases print.

Each command line of a page ("$ ..." in a block) is run in a folder of the page's own. Of its output
a page shows some lines: each is replaced by the line of the new output that has the same words, its
numbers aside. Where a shown line has no such counterpart, all of the output takes the place of what
was shown, if it has as many lines; else the page is left as it is there, and named: then the text
around it wants reading too. Exit status 1 when something was named."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PREPARED = re.compile(r"^[^$]*`(lostbeat run [^`]+)`")  # a host that the text says was run
WHO = re.compile(r'COMMAND: ".*"|comm=\S+')  # had the CPU at the end: another one each time
NUMBER = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]*[0-9][0-9a-f.:]*\b")


def words(line):
    return " ".join(NUMBER.sub("#", WHO.sub("who", line)).split())


def renew(shown, output):
    """The lines to show; None: no counterpart."""
    found, start = [], 0
    for line in shown:
        at = next((i for i in range(start, len(output)) if words(output[i]) == words(line)), None)
        if at is None:
            return list(output) if len(output) == len(shown) else None
        found.append(output[at])
        start = at + 1
    return found


def run(command, folder, build):
    path = f"{build.resolve()}/bin:{os.environ['PATH']}"
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "PATH": path}, check=False)
    return done.stdout.splitlines()


def write_page(page, build):
    lines, out, left = page.read_text(encoding="utf-8").splitlines(), [], []
    with tempfile.TemporaryDirectory() as folder:
        i, in_block = 0, False
        while i < len(lines):
            line = lines[i]
            out.append(line)
            i += 1
            prepared = PREPARED.match(line)
            if prepared and "--host" in line:
                run(prepared.group(1), folder, build)
            in_block ^= line.startswith("```")
            if not in_block or not line.startswith("$ "):
                continue
            shown = []
            while not lines[i].startswith(("```", "$ ")):
                shown.append(lines[i])
                i += 1
            new = renew(shown, run(line[2:], folder, build))
            if new is None:
                left.append(f"{page}:{i}: {line}")
            out += shown if new is None else new
    page.write_text("\n".join(out) + "\n", encoding="utf-8")
    return left


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    pages = [pathlib.Path(p) for p in sys.argv[2:]] or sorted(pathlib.Path("docs/cases").glob("*"))
    left = [line for page in pages for line in write_page(page, pathlib.Path(sys.argv[1]))]
    for line in left:
        print(f"{line}: not written anew", file=sys.stderr)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
