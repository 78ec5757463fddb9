# A RADIUS server that does what the user's name says, to try a client on: every way in which a reply can be wrong.
# It has nothing of ours in it. Arguments: the secret. Prints its port; then a line of JSON for each request.
import hashlib, hmac, json, os, select, socket, struct, sys, time

secret = sys.argv[1].encode()
main = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
main.bind(("127.0.0.1", 0))
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
other.bind(("127.0.0.1", 0))
print(main.getsockname()[1], flush=True)


def attributes_of(data):
    found, at = [], 20
    while at < len(data):
        found.append((data[at], data[at + 2 : at + data[at + 1]]))
        at += data[at + 1]
    return found


def reveal(hidden, authenticator):
    clear, before = b"", authenticator
    for at in range(0, len(hidden), 16):
        mask = hashlib.md5(secret + before).digest()
        before = hidden[at : at + 16]
        clear += bytes(a ^ b for a, b in zip(before, mask))
    return clear.rstrip(b"\0")


def reply(request, code, attributes=(), key=None, sign="first", identifier=None):
    key = key or secret
    identifier = request[1] if identifier is None else identifier
    body = b"".join(bytes([kind, len(value) + 2]) + value for kind, value in attributes)
    blank = bytes([80, 18]) + bytes(16)
    if sign == "first":
        body = blank + body
    elif sign == "last":
        body = body + blank
    elif sign == "twice":
        body = blank + blank + body
    head = struct.pack("!BBH", code, identifier, 20 + len(body))
    if sign in ("first", "last", "twice"):
        at = body.index(blank) + 2
        made = hmac.new(key, head + request[4:20] + body, hashlib.md5).digest()
        body = body[:at] + made + body[at + 16 :]
    elif sign == "wrong":
        body = bytes([80, 18]) + os.urandom(16) + body
        head = struct.pack("!BBH", code, identifier, 20 + len(body))
    return head + hashlib.md5(head + request[4:20] + body + key).digest() + body


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


later, seen = [], {}


def send(data, address, by=main, after=0.0):
    later.append((time.monotonic() + after, by, data, address))


def act(name, request, address, count):
    good = reply(request, 2)
    what, _, number = name.partition("=")
    number = int(number or 0)
    if what == "accept":
        send(good, address)
    elif what == "reject":
        send(reply(request, 3, [(18, b"No "), (18, b"way\x1b[31m")]), address)
    elif what == "code":
        send(reply(request, number), address)
    elif what == "codes":  # 128 of them from that one on, but those that answer a request
        for code in range(number, number + 128):
            if code not in (2, 3, 11):
                send(reply(request, code), address)
    elif what == "last":
        send(reply(request, 2, [(33, b"proxy"), (18, b"hi")], sign="last"), address)
    elif what == "missing":
        send(reply(request, 2, sign="none"), address)
    elif what == "wrong":
        send(reply(request, 2, sign="wrong"), address)
    elif what == "twice-signed":
        send(reply(request, 2, sign="twice"), address)
    elif what == "authenticator":
        send(flip(good, 4), address)
    elif what == "stranger":
        send(reply(request, 2, key=b"another secret"), address)
    elif what == "flipped":
        for at in range(len(good)):
            send(flip(good, at), address)
    elif what == "truncated":
        for length in range(len(good)):
            send(good[:length], address)
    elif what == "overlong":
        send(good + bytes(5000), address)
    elif what == "padded":
        send(good + b"padding", address)
    elif what == "identifier":
        send(reply(request, 2, identifier=(request[1] + 1) % 256), address)
    elif what == "port":
        send(good, address, other)
    elif what == "forged-then-good":
        send(reply(request, 2, sign="none"), address)
        send(reply(request, 2, sign="wrong"), address)
        send(flip(good, 4), address)
        send(reply(request, 3), address)
    elif what == "doubled":
        send(good, address)
        send(reply(request, 3), address)
        send(good, address)
    elif what == "lost":
        if count > number:
            send(good, address)
    elif what == "late":
        if count == 1:
            send(good, address, after=number / 1000)
    elif what == "states":
        send(reply(request, 11, [(24, b"a"), (24, b"b")]), address)
    elif what == "challenge":
        attributes = dict(attributes_of(request))
        if 24 not in attributes:
            send(reply(request, 11, [(24, b"state\0\xff"), (18, b"Code?")]), address)
        else:
            right = attributes[24] == b"state\0\xff" and reveal(attributes[2], request[4:20]) == b"123456"
            send(reply(request, 2 if right else 3), address)
    elif what == "again":
        send(reply(request, 11, [(24, b"s"), (18, b"Wrong; code?")]), address)
    elif what == "no-state":
        send(reply(request, 11, [(24, b"")]), address)
    elif what == "flood":
        for _ in range(number):
            send(reply(request, 2, sign="none"), address)


while True:
    wait = max(0, min(at for at, *_ in later) - time.monotonic()) if later else 60
    readable, _, _ = select.select([main], [], [], wait)
    now = time.monotonic()
    for entry in [one for one in later if one[0] <= now]:
        later.remove(entry)
        entry[1].sendto(entry[2], entry[3])
    if not readable:
        if not later and wait >= 60:
            break  # nobody needs it any more
        continue
    data, address = main.recvfrom(8192)
    found = attributes_of(data)
    signed = data[:22] + bytes(16) + data[38:]
    key = (data[1], data[4:20], address)
    seen[key] = seen.get(key, 0) + 1
    line = {
        "code": data[0],
        "identifier": data[1],
        "port": address[1],
        "count": seen[key],
        "first": found[0][0],
        "signed": hmac.new(secret, signed, hashlib.md5).digest() == data[22:38],
        "length": struct.unpack("!H", data[2:4])[0] == len(data),
        "attributes": [[kind, value.hex()] for kind, value in found],
    }
    values = dict(found)
    if 2 in values:
        line["password"] = reveal(values[2], data[4:20]).hex()
    if 3 in values:
        line["chap"] = values[3][1:].hex()
        line["expected"] = hashlib.md5(values[3][:1] + b"secret" + values[60]).hexdigest()
    print(json.dumps(line), flush=True)
    name = values.get(1, b"").decode("latin-1")
    if data[0] == 12:
        send(reply(data, 2), address)
    else:
        act(name, data, address, seen[key])
