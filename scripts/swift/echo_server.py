"""An HTTPS server for the Swift tests: says what it was sent, redirects, dawdles, and talks without end."""

import base64
import hashlib
import json
import queue
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# Kinds of its frames, and what stands for the end of a connection.
TEXT, CLOSE, GONE = 1, 8, -1
# What /endless writes: blocks of one byte each, the next in each block.
BLOCK = 1 << 14
MOST_TAKEN = 1 << 28


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.open_websocket()
        elif parts.path == "/redirect":
            self.redirect(query)
        elif parts.path == "/slow":
            self.server.asked.put(query.get("name", ""))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            try:
                # Apple's systems look into the first bytes before they tell of an answer.
                self.wfile.write(b"." * 4096)
                self.wfile.flush()
                for _ in range(600):
                    time.sleep(0.1)
                    self.wfile.write(b".")
                    self.wfile.flush()
            except OSError:
                self.server.gone.put(query.get("name", ""))
            self.close_connection = True
        elif parts.path == "/gone":
            # Once the client of the /slow of that name has hung up.
            self.answer({"came": self.came(self.server.gone, query.get("name", ""))})
        elif parts.path == "/asked":
            # Once a /slow of that name is under way.
            self.answer({"came": self.came(self.server.asked, query.get("name", ""))})
        elif parts.path == "/mute":
            # Never answered: the client has to give up.
            self.rfile.read(1)
            self.close_connection = True
        elif parts.path == "/endless":
            # With breaths, since Foundation on Linux hears of nothing while libcurl has something to read. Ended here
            # before the memory of a client that takes everything is.
            self.send_response(200)
            self.send_header("Content-Length", str(MOST_TAKEN))
            self.end_headers()
            taken = 0
            try:
                while taken < MOST_TAKEN:
                    taken += self.wfile.write(bytes([taken // BLOCK % 251]) * BLOCK)
                    time.sleep(0.001)
            except OSError:
                pass
            self.server.taken.put(taken)
            self.close_connection = True
        elif parts.path == "/taken":
            # What the client of /endless took, once it has stopped.
            self.answer({"taken": self.server.taken.get(timeout=30)})
        elif parts.path == "/closed":
            # The code that the WebSocket of a path was closed with; 0 without one.
            path, code = self.server.closed.get(timeout=30)
            while path != query["path"]:
                path, code = self.server.closed.get(timeout=30)
            self.answer({"closed": code})
        elif parts.path == "/basic":
            if self.headers.get("Authorization"):
                self.answer({"authorization": self.headers["Authorization"]})
            else:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="test"')
                self.send_header("Content-Length", "0")
                self.end_headers()
        else:
            self.answer({})

    def do_POST(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/slow":
            # Takes no more of the body than there is, and as slowly as it is sent.
            self.server.asked.put(query["name"])
            try:
                while self.rfile.read(1):
                    pass
            except OSError:
                pass
            self.server.gone.put(query["name"])
            self.close_connection = True
            return
        body = self.body()
        if parts.path == "/redirect":
            self.redirect(query)
        else:
            self.answer({"body": body.decode()})

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def redirect(self, query: dict) -> None:
        self.send_response(int(query.get("status", 302)))
        self.send_header("Location", query["to"])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def came(self, names: queue.Queue, name: str) -> bool:
        while names.get(timeout=30) != name:
            pass
        return True

    def end_headers(self):
        # Each request is to arrive here, whatever a client keeps.
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def answer(self, more: dict) -> None:
        body = json.dumps({"path": self.path, "headers": dict(self.headers.items()), **more}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def open_websocket(self) -> None:
        """Shakes hands, sends the headers of the handshake in one text frame, and then every text that it is sent."""
        accept = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + WEBSOCKET_GUID).encode()).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(accept).decode())
        self.end_headers()
        self.send_frame(TEXT, json.dumps({"path": self.path, "headers": dict(self.headers.items())}).encode())
        self.close_connection = True
        kind, content = self.read_frame()
        while kind == TEXT:
            self.send_frame(TEXT, content)
            kind, content = self.read_frame()
        if kind == CLOSE:
            self.send_frame(CLOSE, content)
        self.server.closed.put((self.path, int.from_bytes(content[:2], "big")))

    def send_frame(self, kind: int, content: bytes) -> None:
        length = bytes([len(content)]) if len(content) < 126 else bytes([126]) + len(content).to_bytes(2, "big")
        self.wfile.write(bytes([0x80 | kind]) + length + content)
        self.wfile.flush()

    def read_frame(self) -> tuple[int, bytes]:
        """Of a client, whose frames are masked (RFC 6455 section 5.2); of at most 125 bytes."""
        head = self.rfile.read(2)
        if len(head) < 2:
            return GONE, b""
        mask, content = self.rfile.read(4), self.rfile.read(head[1] & 0x7F)
        return head[0] & 0x0F, bytes(byte ^ mask[place % 4] for place, byte in enumerate(content))

    def log_message(self, *_):
        pass


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        # A client that hangs up is what some tests are about.
        pass


def serve(chain, key) -> Quiet:
    """A server on a free port of 127.0.0.1, on threads of its own."""
    server = Quiet(("127.0.0.1", 0), Echo)
    server.asked, server.gone, server.taken, server.closed = (queue.Queue() for _ in range(4))
    if chain is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
