"""ladder.py - messages as a ladder: a column a party, an arrow a message, time at the left."""

LANE = 33  # characters between two parties' lines
TIME = 10


def label(seen):
    """What stands on the arrow."""
    if not seen.is_request:
        _, status, phrase = seen.start_line.split(" ", 2)
        return f"{status} {phrase}" + ("" if seen.method == "INVITE" else f" ({seen.method})")
    if seen.method not in ("INVITE", "REGISTER"):
        return seen.method
    user = seen.start_line.split(" ")[1].removeprefix("sip:").partition("@")[0] if seen.method == "INVITE" else ""
    proven = seen.header("Proxy-Authorization") or seen.header("Authorization")
    return " ".join(part for part in (seen.method, user, "+ digest" if proven else "") if part)


def arrow(text, to_the_right):
    """LANE characters: |--- text --->| without the bars."""
    text = text if len(text) <= LANE - 8 else text[: LANE - 9] + "~"
    body = f"-- {text} ".ljust(LANE - 1, "-") if to_the_right else f" {text} --".rjust(LANE - 1, "-")
    return body + ">" if to_the_right else "<" + body


def draw(messages, parties):
    """
    Lines of text. parties: [(name, [addresses])] from left to right; the router stands second and every message passes it.
    Messages between addresses that are no party's are left out.
    """
    column = {address: index for index, (_, addresses) in enumerate(parties) for address in addresses}
    lines = [" " * TIME + "".join(name.center(LANE + 1) for name, _ in parties).rstrip()]
    rail = " " * (TIME + (LANE + 1) // 2)
    lines.append(rail + (" " * LANE).join("|" * len(parties)))
    start = messages[0].time_s if messages else 0.0
    for seen in messages:
        left, right = column.get(seen.source), column.get(seen.destination)
        if left is None or right is None or abs(left - right) != 1:
            continue
        lanes = [" " * LANE] * (len(parties) - 1)
        lanes[min(left, right)] = arrow(label(seen), left < right)
        time = f"{(seen.time_s - start) * 1000:7.1f} ms"
        lines.append(time.ljust(len(rail)) + "|" + "|".join(lanes) + "|")
    lines.append(rail + (" " * LANE).join("|" * len(parties)))
    return lines
