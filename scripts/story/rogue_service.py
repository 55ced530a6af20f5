"""What a thief of the service's machine can run: its address, its certificate and key, any answer that he likes.

Usage: rogue_service.py PORT CERT KEY JSON
"""

import http.server
import ssl
import sys

port, certificate, key, answer = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4].encode()


class Rogue(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("asked for", self.path, flush=True)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET


http.server.ThreadingHTTPServer.allow_reuse_address = True
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Rogue)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("listening", flush=True)
server.serve_forever()
