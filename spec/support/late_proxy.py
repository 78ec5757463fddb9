"""A proxy before a sandbox that holds writes before they go on: what a client that has given up does not see.
Arguments: address of the sandbox, seed, longest hold in seconds, and the share of writes (default 0) that never go on,
and as many again whose answer is lost. Prints its own address; ends with its input."""
import http.client, http.server, json, random, sys, threading, time, urllib.parse

TARGET = urllib.parse.urlparse(sys.argv[1])
RANDOM, LONGEST = random.Random(int(sys.argv[2])), float(sys.argv[3])
LOST = float(sys.argv[4]) if len(sys.argv) > 4 else 0
READS = ("getuserdata", "getsfdata", "reporting")
LOCK = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def hang_up(self):
        self.close_connection = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fate = 1
        if json.loads(body).get("cmd") not in READS:
            with LOCK:
                hold, fate = RANDOM.uniform(0, LONGEST), RANDOM.random()
            time.sleep(hold)
            if fate < LOST:
                return self.hang_up()
        onward = http.client.HTTPConnection(TARGET.hostname, TARGET.port, timeout=60)
        onward.request("POST", TARGET.path, body, {"Content-Type": "application/json"})
        reply = onward.getresponse()
        text = reply.read()
        onward.close()
        if fate < 2 * LOST:
            return self.hang_up()
        try:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.getheader("Content-Type") or "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        except OSError:
            pass  # the client has gone

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that was killed


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}{TARGET.path}", flush=True)
sys.stdin.read()
