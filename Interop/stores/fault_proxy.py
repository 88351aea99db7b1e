"""An HTTP proxy between Millrace and a store that makes trouble: errors, delays, cut connections, lost answers.

`rule(request)` decides about each request: None lets it pass, else one of
    ("status", 503)          answered by the proxy, the store never sees it
    ("before",)              the connection is cut before the store sees it
    ("after",)               the store has done it, and its answer is lost
    ("body",)                half of the body arrives at the proxy, then the connection is cut
    ("slow", seconds)        passes after a while
    ("half",)                half of the answer, then the connection is cut
"""

import http.client
import http.server
import socket
import threading


class Request:
    def __init__(self, method, path, length):
        self.method, self.path, self.length = method, path, length


class FaultProxy:
    """`with FaultProxy(port) as proxy:` listens; `proxy.rule` may be set at any time; `proxy.counts` tells what happened."""

    def __init__(self, upstream_port, rule=None):
        self.upstream = ("127.0.0.1", upstream_port)
        self.rule = rule or (lambda request: None)
        self.lock = threading.Lock()
        self.counts = {}
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def forward(self):
                proxy.exchange(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = forward

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def note(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def exchange(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        fault = self.rule(Request(handler.command, handler.path, length)) or ("pass",)
        self.note(fault[0])
        if fault[0] == "before":
            return self.cut(handler)
        if fault[0] == "body":
            handler.rfile.read(length // 2)
            return self.cut(handler)
        body = self.body(handler, length)
        if fault[0] == "status":
            return self.answer(handler, fault[1], [("Content-Length", "0")], b"")
        if fault[0] == "slow":
            threading.Event().wait(fault[1])
        status, headers, content = self.ask(handler, body)
        if fault[0] == "after":
            return self.cut(handler)
        self.answer(handler, status, headers, content, cut=fault[0] == "half")

    @staticmethod
    def body(handler, length):
        if "chunked" not in (handler.headers.get("Transfer-Encoding") or ""):
            return handler.rfile.read(length) if length else b""
        raw = b""
        while True:
            line = handler.rfile.readline()
            size = int(line.split(b";")[0], 16)
            raw += handler.rfile.read(size)
            handler.rfile.readline()
            if size == 0:
                return raw

    def ask(self, handler, body):
        connection = http.client.HTTPConnection(*self.upstream, timeout=60)
        try:
            connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            chunked = False
            for name, value in handler.headers.items():
                if name.lower() == "transfer-encoding":
                    chunked = True
                elif name.lower() not in ("expect", "connection"):
                    connection.putheader(name, value)
            if chunked:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    @staticmethod
    def answer(handler, status, headers, content, cut=False):
        handler.send_response_only(status)
        has_length = False
        for name, value in headers:
            if name.lower() in ("transfer-encoding", "connection"):
                continue
            has_length = has_length or name.lower() == "content-length"
            handler.send_header(name, value)
        if not has_length and status not in (204, 304):
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if cut:
            handler.wfile.write(content[: len(content) // 2])
            return FaultProxy.cut(handler)
        if handler.command != "HEAD":
            handler.wfile.write(content)

    @staticmethod
    def cut(handler):
        """Ends the connection with a reset, as a failing network does."""
        handler.close_connection = True
        handler.wfile.flush()
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        handler.connection.close()
