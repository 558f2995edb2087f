"""ending.py - how a bench ends: what is wrong in a few words, not a traceback; and by a signal as by Ctrl-C, with everything cleaned up."""

import os
import signal
import sys

import tree  # noqa: F401
import accounting
from gun import GunError
from kamailio import KamailioError
from network import NetworkError
from router import RouterError
from sanity import SanityError


def _interrupt(*_):
    raise KeyboardInterrupt


def run_main(name, main):
    """Result: the exit status. 1: something did not work, or a router does not follow the rules; 130: interrupted."""
    # What it asks routers while it measures must not wait behind the rest of the machine.
    accounting.prefer([os.getpid()])
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return main()
    except SanityError as error:
        print(f"{name}: not measured, for a router does not do what the rules say:\n  {error}", file=sys.stderr)
    except (GunError, KamailioError, NetworkError, RouterError) as error:
        print(f"{name}: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
    return 1
