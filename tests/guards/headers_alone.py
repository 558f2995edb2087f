"""headers_alone.py - every header compiles as the only include of a file, with gcc and clang.   headers_alone.py ROOT"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys

import source_tree

LIBRARIES = ("libdpdk", "libhs", "libpcre2-8", "libosip2", "libevent", "jansson", "libfyaml", "sqlite3", "libsodium",
             "libcrypto", "libmnl", "libedit", "libsystemd")
# Included by force before the first line of a file, or an X-macro body: not headers that anyone includes alone.
NOT_ALONE = {"include/forbidden.h": "poisons names; force-included"}


def library_flags():
    output = subprocess.run(["pkg-config", "--cflags", *LIBRARIES], check=True, capture_output=True, text=True).stdout
    return [flag.replace("-I/", "-isystem/") for flag in output.split()]


def include_flags(root, path):
    """Folders that a header of this folder may see: its own and all lower ones; bridge sees setup."""
    folder = source_tree.folder_of(path)
    level = source_tree.LEVELS[folder]
    flags = ["-I", str(root / "include"), "-I", str((root / path).parent)]
    for header in source_tree.source_files(root, {".h", ".def"}, ("dataplane", "control")):
        other = source_tree.folder_of(header)
        if folder == "control" or (other != "control" and source_tree.LEVELS[other] <= level):
            flags += ["-I", str((root / header).parent)]
    return flags


def compile_alone(compiler, root, path, flags):
    command = [compiler, "-std=gnu11", "-D_GNU_SOURCE", "-DPCRE2_CODE_UNIT_WIDTH=8", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
               "-march=corei7", "-x", "c", *include_flags(root, path), *flags, "-"]
    text = f'#include "{pathlib.PurePosixPath(path).name}"\n#include "{pathlib.PurePosixPath(path).name}"\n'
    result = subprocess.run(command, input=text, capture_output=True, text=True)
    return [] if result.returncode == 0 else [f"{path}: does not compile alone with {compiler}:\n{result.stderr.rstrip()}"]


def check(root, compilers=("gcc", "clang")):
    flags = library_flags()
    headers = [path for path in source_tree.source_files(root, {".h"}, ("include", "dataplane", "control")) if path not in NOT_ALONE]
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = pool.map(lambda job: compile_alone(job[0], root, job[1], flags),
                           [(compiler, path) for path in headers for compiler in compilers])
        return [problem for problems in results for problem in problems]


if __name__ == "__main__":
    sys.exit(source_tree.finish(check(pathlib.Path(sys.argv[1])), "headers that compile alone"))
