"""dictionary.py - the words that a fuzz target tries, as libFuzzer wants them.   dictionary.py TOKENS WORDS OUTPUT

WORDS has one word a line, with the escapes of C; a line "@methods", "@headers" or "@header-lines" stands for those rows of
TOKENS (include/sip_tokens.def), the last as whole beginnings of lines.
"""

import pathlib
import re
import sys

ROW = re.compile(r'^SIP_(METHOD|HEADER)(?:_ONCE)?\(\w+, "([^"]+)"(?:, (?:\'(\w)\'|0))?\)', re.M)


def read_tokens(text):
    methods, headers = [], []
    for kind, word, compact in ROW.findall(text):
        (methods if kind == "METHOD" else headers).append(word)
        if compact:
            headers.append(compact)
    return {"@methods": methods, "@headers": headers, "@header-lines": [f"\r\n{name}: " for name in headers]}


def escape(word):
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word)


def read_words(text, tokens):
    words = []
    for line in text.splitlines():
        if line in tokens:
            words += [word.encode() for word in tokens[line]]
        elif line:
            words.append(line.encode("latin-1").decode("unicode_escape").encode("latin-1"))
    return list(dict.fromkeys(words))


def main(tokens, words, output):
    found = read_tokens(pathlib.Path(tokens).read_text())
    lines = [f'"{escape(word)}"\n' for word in read_words(pathlib.Path(words).read_text(), found)]
    pathlib.Path(output).write_text("".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
