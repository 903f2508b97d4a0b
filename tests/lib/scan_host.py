#!/usr/bin/python3
"""scan_host.py HOST WORD... - find words in all that a host holds outside run/, packed or not.

Each file is looked at as it is; a *.gz by what it unpacks to, and the dump partition also by what
its sections unpack to, so that nothing hides in compression. Prints "FILE: WORD" for each word that
is found and ends with 1; with 0 when there is none, and with 2 when nothing could be looked at.
"""
import gzip
import os
import sys
import zlib

CHUNK = 1 << 22
GZIP = b"\x1f\x8b\x08"


def found(stream, words):
    """The words in a stream of blocks; one may lie across two blocks."""
    keep = max(len(word) for word in words) - 1
    hits, before = set(), b""
    for block in stream:
        text = before + block
        hits.update(word for word in words if word in text)
        before = text[-keep:] if keep else b""
    return hits


def pieces(path):
    """The bytes of a file, holes left out: zeros hold no word."""
    with open(path, "rb") as file:
        end = os.fstat(file.fileno()).st_size
        at = 0
        while at < end:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                return
            hole = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            file.seek(at)
            while at < hole:
                block = file.read(min(CHUNK, hole - at))
                if not block:
                    return
                yield block
                at += len(block)


def unpacked(path):
    with gzip.open(path, "rb") as file:
        while block := file.read(CHUNK):
            yield block


def sections(path):
    """What the gzip members of a dump partition unpack to, as far as they are whole."""
    data = b"".join(pieces(path))
    at = data.find(GZIP)
    while at >= 0:
        try:
            yield zlib.decompressobj(31).decompress(data[at:])
        except zlib.error:
            pass
        at = data.find(GZIP, at + 1)


def look(path, words):
    hits = found(pieces(path), words)
    if path.endswith(".gz"):
        hits |= found(unpacked(path), words)
    if os.path.basename(path) == "vmkcore" or "zdump" in os.path.basename(path):
        hits |= found(sections(path), words)
    return hits


def main(host, words):
    words = [word.encode() for word in words]
    looked, bad = 0, False
    for folder, folders, files in os.walk(host):
        if folder == host and "run" in folders:
            folders.remove("run")
        for name in sorted(files):
            path = os.path.join(folder, name)
            place = os.path.relpath(path, host)
            looked += 1
            hits = look(path, words)
            hits |= {word for word in words if word in place.encode()}
            for word in sorted(hits):
                print(f"{place}: {word.decode()}")
                bad = True
    return 2 if looked == 0 else int(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]) if len(sys.argv) > 2 else 2)
