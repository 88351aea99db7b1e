"""repair_runtime.py OUT.jar RUNTIME.jar LIBRARY.jar…: completes an Iceberg Spark runtime whose shaded libraries are missing.

Iceberg's Spark runtime carries the libraries that it uses under names of its own, `org.apache.iceberg.shaded.…`, so that they
do not meet Spark's. The runtime that PyPI has (snowpark-connect-deps-iceberg) refers to Jackson and HttpClient 5 under such names
and lacks them. This writes a jar with the classes of the given libraries under the names that the runtime looks for.

A class file names classes, in its own way (`org/apache/hc/…`) and in texts (`org.apache.hc.…`), only in the texts of its constant
pool, and refers to those by their number. So names can grow without anything else of the file being understood:
The Java Virtual Machine Specification, Java SE 17, 4.4.
"""

import re
import sys
import zipfile

SHADED = "org/apache/iceberg/shaded/"
PACKAGES = ("com/fasterxml/jackson", "org/apache/hc")

# Bytes that follow an entry's tag; a text has a length of its own (JVMS 4.4, table 4.4-B).
TEXT = 1
SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
TWO_NUMBERS = (5, 6)  # A long and a double count as two entries.
MAGIC, HEAD = b"\xca\xfe\xba\xbe", 10
EPOCH = (1980, 1, 1, 0, 0, 0)  # The same jar from the same libraries, whenever it is made.


def constants(code):
    """The entries of a class file's constant pool: tag, and where the entry begins and ends."""
    if code[:4] != MAGIC:
        raise ValueError("this is no class file")
    count = int.from_bytes(code[8:HEAD], "big")
    number, place = 1, HEAD
    while number < count:
        tag = code[place]
        size = 2 + int.from_bytes(code[place + 1:place + 3], "big") if tag == TEXT else SIZES[tag]
        yield tag, place, place + 1 + size
        place += 1 + size
        number += 2 if tag in TWO_NUMBERS else 1


def shaded(code):
    """The class file with PACKAGES named as the runtime names them."""
    pieces, end = [code[:HEAD]], HEAD
    for tag, begin, end in constants(code):
        pieces.append(shaded_text(code[begin + 3:end]) if tag == TEXT else code[begin:end])
    return b"".join(pieces) + code[end:]


def shaded_text(text):
    for package in PACKAGES:
        for separator in "/.":
            name = package.replace("/", separator).encode()
            text = text.replace(name, SHADED.replace("/", separator).encode() + name)
    if len(text) > 0xFFFF:
        raise ValueError("a text has become longer than a class file can hold")
    return bytes([TEXT]) + len(text).to_bytes(2, "big") + text


def missing(jar):
    """Shaded classes that a runtime refers to, in whichever text of its class files, and does not have."""
    name = re.compile((SHADED + "(?:" + "|".join(PACKAGES) + ")/[\\w/$]+").encode())
    wanted = set()
    for file in jar.namelist():
        if file.endswith(".class"):
            code = jar.read(file)
            for tag, begin, end in constants(code):
                if tag == TEXT:
                    wanted.update(name.findall(code, begin + 3, end))
    return {f"{found.decode()}.class" for found in wanted} - set(jar.namelist())


def shaded_library(jar):
    """The files of a library under their new names, but for signatures, modules and classes for single Java versions."""
    for name in jar.namelist():
        if name.endswith("/") or name.startswith("META-INF/") or name == "module-info.class":
            continue
        code = jar.read(name)
        yield (
            SHADED + name if name.startswith(PACKAGES) else name,
            shaded(code) if name.endswith(".class") else code)


def main(out, runtime, *libraries):
    with zipfile.ZipFile(runtime) as jar:
        wanted = missing(jar)
    files = {}
    for library in libraries:
        with zipfile.ZipFile(library) as jar:
            for name, content in shaded_library(jar):
                files.setdefault(name, content)
    if wanted - files.keys():
        raise SystemExit(f"{runtime} also wants {', '.join(sorted(wanted - files.keys()))}")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as jar:
        for name in sorted(files):
            jar.writestr(zipfile.ZipInfo(name, EPOCH), files[name], zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        raise SystemExit(__doc__.splitlines()[0])
    main(*sys.argv[1:])
