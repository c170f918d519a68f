#!/usr/bin/env python3
"""A provider that gives everybody the same token, for programs to be measured beside Tokentray.

`issuer.py`: prints its address, then serves until it is killed. Loopback only.
"""

import http.server
import json


class Issuer(http.server.BaseHTTPRequestHandler):
    def answer(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        me = address(self.server)
        self.answer({
            "issuer": me,
            "authorization_endpoint": me + "auth",
            "token_endpoint": me + "token",
            "jwks_uri": me + "jwks",
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "offline_access"],
        })

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer({
            "access_token": "token-1",
            "token_type": "Bearer",
            "expires_in": 43_200,
            "refresh_token": "refresh-1",
        })

    def log_message(self, *_):
        pass


def address(server):
    return f"http://127.0.0.1:{server.server_port}/"


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
print(address(server), flush=True)
server.serve_forever()
