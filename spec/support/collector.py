"""A receiver of syslog for the specs: collector.py udp|tcp|tls OUT CERTIFICATE [NAME=VALUE …]

Prints its port, then appends each message to OUT, one a line. A frame that is not whole is thrown away, one
that is wrong ends it. Options:
  framing=newline   instead of octets counted (RFC 6587; RFC 5425 knows those only)
  cut=BYTES         resets each connection after so many bytes, of which the whole frames count …
  cuts=COUNT        … the first so many connections (default 1); cut=random: after up to 200,000
  chance=N          … but only each Nth of them, by chance
  close=1           … and closes it in order instead
  never_ends=1      does not end a connection when the other side has
  deaf=1            reads nothing
  alert=1           TLS: wants a certificate of the other side
"""
import random
import socket
import ssl
import struct
import sys
import threading

protocol, out = sys.argv[1], open(sys.argv[2], "ab", buffering=0)
certificate = sys.argv[3] if len(sys.argv) > 3 else ""
options = dict(word.split("=", 1) for word in sys.argv[4:])
cuts = int(options.get("cuts", "1")) if "cut" in options else 0
kept = []


def frames(data):
    """The whole frames, and what is left."""
    lines = []
    if options.get("framing") == "newline":
        *lines, data = data.split(b"\n")
        return lines, data
    while True:
        size, blank, rest = data.partition(b" ")
        if not blank:
            assert size == b"" or (size.isdigit() and len(size) < 9), size
            return lines, data
        assert size.isdigit() and len(size) < 9, size
        if len(rest) < int(size):
            return lines, data
        lines.append(rest[: int(size)])
        data = rest[int(size) :]


def serve(connection, limit):
    if protocol == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        if "alert" in options:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(certificate)
        try:
            connection = context.wrap_socket(connection, server_side=True)
        except (ssl.SSLError, OSError):
            return
    kept.append(connection)
    if "deaf" in options:
        return
    data, read = b"", 0
    try:
        while limit is None or read < limit:
            more = connection.recv(min(65536, (limit or 10**9) - read))
            if not more:
                break
            read += len(more)
            lines, data = frames(data + more)
            if lines:
                out.write(b"".join(line + b"\n" for line in lines))
    except OSError:
        pass
    if limit is not None and read >= limit and "close" not in options:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if "never_ends" not in options:
        kept.remove(connection)
        connection.close()


kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
server = socket.socket(socket.AF_INET, kind)
server.bind(("127.0.0.1", 0))
if protocol != "udp":
    server.listen(50)
print(server.getsockname()[1], flush=True)
while protocol == "udp":
    out.write(server.recv(70000) + b"\n")
while True:
    connection, _ = server.accept()
    limit = None
    if cuts > 0 and random.randrange(int(options.get("chance", "1"))) == 0:
        cuts -= 1
        limit = random.randrange(1, 200000) if options["cut"] == "random" else int(options["cut"])
    threading.Thread(target=serve, args=(connection, limit), daemon=True).start()
