"""A webhook's receiver for the specs: receiver.py OUT

Prints its port, then appends what it takes to OUT. Now and then it is away (503), answers with a page, or takes a
batch and goes away without an answer; a batch with the word "poison" in it is refused.
"""
import http.server
import random
import sys
import threading

out, lock = open(sys.argv[1], "ab", buffering=0), threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        body = self.rfile.read(size)
        if len(body) < size:
            self.close_connection = True
            return
        fate = random.random()
        if fate < 0.03:
            self.answer(503, b"")
        elif fate < 0.04:
            self.answer(200, b"<html><title>Sign in</title></html>", "text/html")
        elif b"poison" in body:
            self.answer(400, b'{"message":"cannot be read"}')
        else:
            with lock:
                out.write(body)
            if fate < 0.08:
                self.close_connection = True
                self.connection.close()
            else:
                self.answer(200, b"{}")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
