"""Unpack some files of a wheel: python3 unpackWheel.py WHEEL FOLDER, with the wanted files as JSON on standard input:
a list of names, or a regular expression. Prints a JSON line with the bytes done now and then, and at the end one with
the size and SHA-256 of every file. Reading checks the CRC of each. Ends when the process that started it has ended."""

import hashlib
import json
import os
import re
import sys
import time
import zipfile

parent = os.getppid()


def main(wheel, folder):
    wanted = json.load(sys.stdin)
    files, done, shown = {}, 0, time.time()
    with zipfile.ZipFile(wheel) as archive:
        for name in names(archive, wanted):
            is_program = archive.getinfo(name).external_attr >> 16 & 0o100
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            digest = hashlib.sha256()
            with archive.open(name) as source, open(path, "wb") as target:
                while block := source.read(1 << 20):
                    if os.getppid() != parent:
                        sys.exit(1)
                    target.write(block)
                    digest.update(block)
                    done += len(block)
                    if time.time() - shown > 0.2:
                        shown = time.time()
                        print(json.dumps({"done": done}), flush=True)
                target.flush()
                os.fsync(target.fileno())
            if is_program:
                os.chmod(path, 0o755)
            files[name] = {"bytes": os.path.getsize(path), "sha256": digest.hexdigest()}
    print(json.dumps({"files": files}), flush=True)


def names(archive, wanted):
    if isinstance(wanted, list):
        return wanted
    return [name for name in archive.namelist() if re.search(wanted, name)]


main(*sys.argv[1:])
