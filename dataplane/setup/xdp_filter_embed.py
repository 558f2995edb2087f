"""Writes a C file with the bytes of another file.   xdp_filter_embed.py INPUT OUTPUT"""

import pathlib
import sys

content = pathlib.Path(sys.argv[1]).read_bytes()
rows = [", ".join(map(str, content[start:start + 24])) for start in range(0, len(content), 24)]
pathlib.Path(sys.argv[2]).write_text(
    '#include "xdp_filter_object.h"\n\n'
    "const unsigned char xdp_filter_object[] __attribute__((aligned(8))) = {\n\t" + ",\n\t".join(rows) + "\n};\n"
    f"const size_t xdp_filter_object_bytes = {len(content)};\n")
