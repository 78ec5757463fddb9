"""A receiver of syslog for the specs: collector.py udp|tcp|tls OUT [CERTIFICATE] [DROP]

Prints its port, then appends each message to OUT, one a line. Frames are octets counted (RFC 6587,
RFC 5425); anything else ends it. With DROP it closes its first connection after so many messages.
"""
import socket
import ssl
import sys

protocol, out = sys.argv[1], open(sys.argv[2], "ab", buffering=0)
certificate = sys.argv[3] if len(sys.argv) > 3 else ""
drop = int(sys.argv[4]) if len(sys.argv) > 4 else 0


def read_frame(stream):
    digits = b""
    while True:
        byte = stream.recv(1)
        if byte == b"":
            assert digits == b""
            return None
        if byte == b" ":
            break
        assert byte.isdigit() and len(digits) < 9, byte
        digits += byte
    frame = b""
    while len(frame) < int(digits):
        more = stream.recv(int(digits) - len(frame))
        assert more
        frame += more
    return frame


kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
server = socket.socket(socket.AF_INET, kind)
server.bind(("127.0.0.1", 0))
if protocol != "udp":
    server.listen()
print(server.getsockname()[1], flush=True)
while protocol == "udp":
    out.write(server.recv(70000) + b"\n")
while True:
    connection, _ = server.accept()
    if protocol == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        try:
            connection = context.wrap_socket(connection, server_side=True)
        except (ssl.SSLError, OSError):
            continue
    count = 0
    while True:
        frame = read_frame(connection)
        if frame is None:
            break
        out.write(frame + b"\n")
        count += 1
        if drop and count >= drop:
            drop = 0
            break
    connection.close()
