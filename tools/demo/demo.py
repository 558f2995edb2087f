"""demo.py - amity on a network of its own: registers, calls, explains; then stays up.   demo.py --once|--stay"""

import os
import signal
import sys
import time

import ladder
import network
from calls import CALLS, faults, shown_to_callee
from capture import Capture
from parties import DOMAIN, PARTIES, ROUTER_LAN, Site
from router import ROOT, Router, RouterError, build_directory, programs

EXPIRES_S = 7200
REGISTER_AGAIN_S = 3000
CAPTURE_WAIT_S = 2
SOFTPHONE = PARTIES["alice"]
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COMMANDS = (
    ("status", "what the router is and does"),
    ("registrations", "who is registered, from where"),
    ("friends", "the PBXes and what they take"),
    ("stats", "packets by verdict"),
    ("reasons", "why they ended so"),
    ("explain --company acme --from alice --to 3500", "where a call goes, and why"),
    ("explain --carrier telco-a --to 944000001", "and one from the public network"),
    ("apply " + str(ROOT / "example/provisioning.yaml") + " --dry-run", "what a change would change"),
)


class Interrupted(BaseException):
    """Ctrl-C, SIGTERM or SIGHUP."""


def raise_interrupted(number, _frame):
    raise Interrupted(number)


def say(text=""):
    print(text, flush=True)


def done(what, started):
    say(f"  ok    {what:<34} {time.monotonic() - started:5.1f} s")


class Demo:
    """One run from the first namespace to the last."""

    def __init__(self, net):
        programs(build_directory())
        started = time.monotonic()
        self.network = net
        self.site = Site(net)
        self.capture = Capture()
        self.site.listen(self.capture)
        self.capture.start()
        done(f"network: {len(net.namespaces)} namespaces", started)
        self.router = Router(self.site.router, net.directory, (ROOT / "example/amity.yaml").read_text())

    def start(self):
        started = time.monotonic()
        self.router.start()
        done("amityd", started)
        started = time.monotonic()
        self.router.must("apply", ROOT / "example/provisioning.yaml")
        done("apply example/provisioning.yaml", started)
        started = time.monotonic()
        for party in PARTIES.values():
            self.site.answer(party)
        done("sipp answers for all parties", started)

    def register(self):
        """Result: the names that could not register."""
        started = time.monotonic()
        parties = [party for party in PARTIES.values() if party.registers]
        refused = [party.name for party in parties if not self.site.register(party, EXPIRES_S)]
        for name in refused:
            say(f"  FAIL  {name} could not register:")
            self.show_messages(f"register-{name}", (name, "amity"))
        if not refused:
            done("register " + ", ".join(party.name for party in parties), started)
        say()
        say(indent(self.router.must("registrations").text))
        return refused

    def place(self, number, call):
        """Places one call and shows it. Result: whether all of it was as it should be."""
        say(f"{number}. {call.title} ({call.rule}): {call.caller} dials {call.number}")
        say()
        fine = self.site.call(PARTIES[call.caller], call.number, call.display, call.call_id)
        # The last message may still be on its way to the capture's thread.
        network.wait_until(lambda: not faults(call, self.capture.call(call.call_id)), CAPTURE_WAIT_S if fine else 0)
        messages = self.capture.call(call.call_id)
        self.show_messages(call.call_id, (call.caller, "amity", call.callee))
        for name, value in shown_to_callee(call, messages):
            say(f"     {call.callee} was shown  {name + ':':<21} {value}")
        say()
        answer = self.router.ctl(*call.explain_words())
        say("     $ amityctl " + " ".join(call.explain_words()))
        say(indent((answer.text or answer.error), "       "))
        wrong = faults(call, messages) + ([] if fine else ["sipp says that the call failed"])
        wrong += [] if answer.status == 0 else [f"explain ended with status {answer.status}"]
        for fault in wrong:
            say(f"     FAIL  {fault}")
        return not wrong

    def show_messages(self, call_id, names):
        columns = [(name, [PARTIES[name].address] if name in PARTIES else [ROUTER_LAN, PARTIES["telco-a"].router]) for name in names]
        for line in ladder.draw(self.capture.call(call_id), columns):
            say(line)
        say()

    def stay(self):
        """Up until Ctrl-C. alice's place is free for a softphone."""
        self.site.register(SOFTPHONE, 0)
        self.site.stop_answering(SOFTPHONE)
        here = self.site.open_to_host()
        ctl = f"sudo {os.path.abspath(self.router.amityctl)} --socket {self.router.socket_path}"
        say("The router stays up. Ctrl-C ends it and removes everything.")
        say()
        say(softphone_text(here))
        say("Commands to try, in another terminal:")
        say()
        say(f"  amityctl() {{ {ctl} \"$@\"; }}")
        say()
        for words, what in COMMANDS:
            say(f"  amityctl {words:<50} {what}")
        say()
        while True:
            time.sleep(REGISTER_AGAIN_S)
            for party in PARTIES.values():
                if party.registers and party is not SOFTPHONE:
                    self.site.register(party, EXPIRES_S)


def softphone_text(here):
    if here is None:
        return ("A softphone on this machine cannot reach the demo: the machine itself uses 198.51.100.0/24.\n")
    rows = (("user", SOFTPHONE.name), ("password", SOFTPHONE.password), ("domain", DOMAIN),
            ("proxy", f"{ROUTER_LAN}:5060, UDP (outbound proxy)"), ("codec", "PCMA (G.711 A-law)"))
    lines = [f"Softphone on this machine (its address there is {here}); it takes alice's place:", ""]
    lines += [f"  {key:<10} {value}" for key, value in rows]
    lines += ["", "  Dial 102 (bob), 2001 (branch-pbx), 3500 (north-pbx) or 912345678 (the carrier): sipp answers and echoes.", ""]
    return "\n".join(lines)


def indent(text, margin="  "):
    return "\n".join(margin + line if line else "" for line in text.rstrip("\n").split("\n")) + "\n"


def run(net, once):
    demo = Demo(net)
    try:
        demo.start()
        failed = demo.register()
        for number, call in enumerate(CALLS, 1):
            if not demo.place(number, call):
                failed.append(f"{number}. {call.title}")
        say(f"{len(CALLS)} calls, {'all as they should be' if not failed else 'NOT all as they should be'}.")
        for what in failed:
            say(f"  failed: {what}")
        if failed:
            say("\nThe end of amityd's log:\n" + demo.router.log_tail(15))
        say()
        if not once:
            demo.stay()
        if demo.router.process.poll() is None:
            demo.router.stop()
        return 1 if failed else 0
    finally:
        demo.capture.close()


def main(arguments):
    if arguments not in (["--once"], ["--stay"]):
        print(__doc__, file=sys.stderr)
        return 2
    once = arguments == ["--once"]
    say("amity: the demo")
    status = 1
    # An interrupt waits until there is something to clean up, and somebody to do it.
    signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)
    net = network.Network("demo")
    try:
        for number in INTERRUPTS:
            signal.signal(number, raise_interrupted)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
        status = run(net, once)
    except Interrupted as signalled:
        status = 130 if once or signalled.args[0] != signal.SIGINT else 0
        say("\nEnding.")
    except (RouterError, network.NetworkError) as error:
        say(f"  FAIL  {error}")
    finally:
        for number in INTERRUPTS:
            signal.signal(number, signal.SIG_IGN)
        net.close()
        say("Namespaces, links, processes and files of the demo are removed.")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
