"""mitmproxy's side of the demo: writes down every handshake and every request that it could read."""

import json

from mitmproxy import ctx


class Witness:
    def load(self, loader):
        loader.add_option("log_to", str, "", "where to write")

    def _write(self, **row):
        with open(ctx.options.log_to, "a") as out:
            out.write(json.dumps(row) + "\n")

    def tls_established_client(self, data):
        self._write(event="tls", host=data.conn.sni)

    def request(self, flow):
        self._write(event="request", method=flow.request.method, url=flow.request.pretty_url,
                    body=flow.request.get_text() or "", headers=dict(flow.request.headers))


addons = [Witness()]
