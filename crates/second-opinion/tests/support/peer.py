# How Python reads mails: each comes as a line with its length and then its octets, and is
# answered by one line of JSON.
import email, email.policy, hashlib, json, sys


def tree(part):
    kind = part.get_content_type()
    name = part.get_filename()
    node = {
        "type": kind,
        "disposition": part.get_content_disposition(),
        "name": None if not name else " ".join(name.split()),
    }
    if kind in ("message/rfc822", "message/global"):
        payload = part.get_payload()
        node["mail"] = tree(payload[0]) if isinstance(payload, list) else None
    elif part.is_multipart() and kind.startswith("multipart/"):
        node["parts"] = [tree(child) for child in part.get_payload()]
    elif not kind.startswith("message/"):
        node["body"] = hashlib.sha256(part.get_payload(decode=True) or b"").hexdigest()
    return node


def text(value):
    # Raw 8-bit octets of a header.
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def addresses(mail, field):
    value = mail[field]
    return [] if value is None else [text(one.addr_spec) for one in value.addresses]


def reading(octets):
    node = tree(email.message_from_bytes(octets))
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    node["from"] = addresses(mail, "from")
    node["to"] = addresses(mail, "to") + addresses(mail, "cc")
    node["subject"] = " ".join(text(str(mail["subject"] or "")).split())
    return node


stdin = sys.stdin.buffer
while True:
    line = stdin.readline()
    if not line:
        break
    octets = stdin.read(int(line))
    try:
        answer = reading(octets)
    except Exception as error:
        answer = {"error": repr(error)}
    line = json.dumps(answer, ensure_ascii=False) + "\n"
    sys.stdout.buffer.write(line.encode("utf-8", "replace"))
    sys.stdout.flush()
