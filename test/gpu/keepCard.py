"""Copy a library of CUDA without what it holds for other cards: python3 keepCard.py CAPABILITY SOURCE TARGET, with the
compute capability as 9.0. The copy has the same size, with zeros in the place of code that the card never loads, so that
it packs small. Prints one JSON line: bytes of code by kind and architecture, kept and emptied.

Code lies in containers (fat binaries), anywhere in the file. Each holds one module in several entries, of which the
driver loads one: machine code of the card's own generation, newest first, else the newest PTX that the card can run.
Source of the layout: the headers that nvcc writes, as fatbinary_section.h and cuobjdump --list-elf show them.
cuBLASLt keeps more of it as ELF files packed by Zstandard; where the program zstd is at hand, these are looked at too."""

import json
import mmap
import shutil
import struct
import subprocess
import sys
from collections import Counter

CONTAINER = struct.Struct("<IHHQ")  # magic, version, bytes of this header, bytes of the entries
MAGIC = 0xBA55ED50
ENTRY = struct.Struct("<HHIQIIHHI")  # kind, -, bytes of this header, bytes of the code, -, -, minor, major, architecture
SECTION = struct.Struct("<IIQQQQIIQQ")  # name, kind, flags, address, place in the file, bytes, linked section, ...
SYMBOL_TABLE = 2
CARD_MACHINE = 190
FRAME = b"\x28\xb5\x2f\xfd"
PTX, MACHINE_CODE = 1, 2
KINDS = {PTX: "compute", MACHINE_CODE: "sm"}


def main(capability, source, target):
    card = int(capability.replace(".", ""))
    shutil.copyfile(source, target)
    shutil.copymode(source, target)
    counts = {"kept": Counter(), "emptied": Counter()}
    with open(target, "r+b") as file, mmap.mmap(file.fileno(), 0) as data:
        for entries in containers(data):
            chosen = choose(entries, card)
            for entry in entries:
                kind, architecture, start, size = entry
                is_kept = (kind, architecture) == chosen or kind not in KINDS
                name = f"{KINDS.get(kind, f'kind {kind}')}_{architecture}"
                counts["kept" if is_kept else "emptied"][name] += size
                if not is_kept:
                    data[start : start + size] = bytes(size)
        for architecture, start, size in packed_machine_code(data):
            is_kept = runs_on(architecture, card)
            counts["kept" if is_kept else "emptied"][f"packed sm_{architecture}"] += size
            if not is_kept:
                data[start : start + size] = bytes(size)
        for start, size in debugging_names(data):
            data[start : start + size] = bytes(size)
    print(json.dumps({name: dict(sorted(count.items())) for name, count in counts.items()}))


def containers(data):
    """The entries of each container: (kind, architecture, first byte of the code, its bytes)."""
    mark = struct.pack("<IHH", MAGIC, 1, CONTAINER.size)
    place = data.find(mark)
    while place >= 0:
        _, _, header, size = CONTAINER.unpack_from(data, place)
        entries = list(walk(data, place + header, place + header + size))
        yield entries
        place = data.find(mark, place + header + (size if entries else 0))


def walk(data, place, end):
    if end > len(data):
        return
    while place + ENTRY.size <= end:
        kind, _, header, size, _, _, _, _, architecture = ENTRY.unpack_from(data, place)
        if kind == 0 or header < ENTRY.size or place + header + size > end:
            return
        yield kind, architecture, place + header, size
        place += header + size


def choose(entries, card):
    """Kind and architecture of what the driver loads."""
    runs = [a for kind, a, _, _ in entries if kind == MACHINE_CODE and runs_on(a, card)]
    if runs:
        return MACHINE_CODE, max(runs)
    compiles = [a for kind, a, _, _ in entries if kind == PTX and a <= card]
    return PTX, max(compiles, default=None)


def runs_on(architecture, card):
    return architecture // 10 == card // 10 and architecture <= card


def packed_machine_code(data):
    """Architecture, first byte and bytes of each ELF file for a card that is packed by Zstandard."""
    if not shutil.which("zstd"):
        return
    place = data.find(FRAME)
    while place >= 0:
        end = frame_end(data, place)
        unpacked = subprocess.run(["zstd", "-dc"], input=data[place:end], capture_output=True)
        elf = unpacked.stdout
        if unpacked.returncode == 0 and elf[:4] == b"\x7fELF" and struct.unpack_from("<H", elf, 18)[0] == CARD_MACHINE:
            (flags,) = struct.unpack_from("<I", elf, 48)
            yield flags >> (8 if elf[8] > 7 else 0) & 0xFF, place, end - place
        else:
            end = place + len(FRAME)
        place = data.find(FRAME, end)


def frame_end(data, place):
    """Of a frame of Zstandard, from the sizes of its blocks (RFC 8878, section 3.1.1)."""
    described = data[place + 4]
    is_single, has_checksum = described >> 5 & 1, described >> 2 & 1
    place += 5 + (1 - is_single) + (0, 1, 2, 4)[described & 3] + (is_single, 2, 4, 8)[described >> 6]
    is_last = 0
    while not is_last and place + 3 <= len(data):
        header = int.from_bytes(data[place : place + 3], "little")
        is_last, kind, size = header & 1, header >> 1 & 3, header >> 3
        place += 3 + (1 if kind == 1 else size)
    return place + 4 * has_checksum


def debugging_names(data):
    """First byte and bytes of an ELF file's table of symbols and of their names; loading uses other tables."""
    sections_at, size, count = *struct.unpack_from("<Q", data, 0x28), *struct.unpack_from("<HH", data, 0x3A)
    sections = [SECTION.unpack_from(data, sections_at + size * number) for number in range(count)]
    for _, kind, _, _, start, length, link, *_ in sections:
        if kind == SYMBOL_TABLE:
            yield start, length
            yield sections[link][4:6]


main(*sys.argv[1:])
