"""friends, friends show, friends recipe: what amityctl says about friends, by both sockets."""
import pytest


def test_look(shared, peers):
    pbx = peers("pbx")
    pbx.register()
    print()
    for words in (("friends",), ("users",), ("friends", "show", "pbx"), ("friends", "show", "named"), ("friends", "show", "absent"), ("friends", "show", "trusted"),
                  *(("friends", "recipe", name, "--for", kind) for name in ("pbx", "plain", "trusted") for kind in ("asterisk-sip", "asterisk-pjsip", "freeswitch", "kamailio", "x"))):
        answer = shared.ctl(*words)
        print("$", *words, "\n" + answer.text + answer.error)
    print(shared.ctl("friends", "show", "pbx", as_json=True).text)
