"""Azure Blob Storage in memory, as far as object stores are used: block blobs, blocks, leases, listings, shared-key signatures.

No emulator of Azure comes from PyPI or Debian, so this is our own, checked by Microsoft's client (`test_doubles.py`).
"""

import base64
import hashlib
import hmac
import http.server
import threading
import time
import urllib.parse
import uuid
from email.utils import formatdate
from xml.etree import ElementTree
from xml.sax.saxutils import escape

ACCOUNT = "devaccount"
KEY = base64.b64encode(b"a key of thirty-two bytes, as is").decode()


class Blob:
    def __init__(self, content, headers):
        self.content = content
        self.type = headers.get("x-ms-blob-content-type") or headers.get("Content-Type") or "application/octet-stream"
        self.metadata = {k: v for k, v in headers.items() if k.lower().startswith("x-ms-meta-")}
        self.tag = f'"0x{uuid.uuid4().hex[:15].upper()}"'
        self.modified = time.time()
        self.blocks = []
        self.lease = None
        self.copied = {}


class Refusal(Exception):
    def __init__(self, status, code):
        self.status, self.code = status, code


class AzureDouble:
    def __init__(self, checks_signatures=True):
        self.containers, self.staged, self.lock = {}, {}, threading.RLock()
        self.checks_signatures = checks_signatures
        self.requests = []
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_version = "Windows-Azure-Blob/1.0"

            def log_message(self, *_):
                pass

            def serve(self):
                double.serve(self)

            do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = do_PATCH = serve

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

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

    def serve(self, handler):
        url = urllib.parse.urlsplit(handler.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length) if length else b""
        self.requests.append((handler.command, handler.path))
        try:
            if self.checks_signatures:
                self.check(handler, url, query)
            with self.lock:
                status, headers, content = self.answer(handler, url, query, body)
        except Refusal as refusal:
            text = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{refusal.code}</Code><Message>{refusal.code}</Message></Error>'
            status, content = refusal.status, text.encode()
            headers = {"x-ms-error-code": refusal.code, "Content-Type": "application/xml"}
            if handler.command == "HEAD":
                headers, content = {"x-ms-error-code": refusal.code}, b""
        handler.send_response(status)
        headers = {"Content-Length": str(len(content)), "x-ms-version": "2024-11-04", "x-ms-request-id": str(uuid.uuid4()), **headers}
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(content)

    @staticmethod
    def check(handler, url, query):
        """The signature of a shared key, as Microsoft's "Authorize with Shared Key" tells it."""
        given = handler.headers.get("Authorization", "")
        headers = handler.headers
        length = headers.get("Content-Length", "")
        standard = ["Content-Encoding", "Content-Language", None, "Content-MD5", "Content-Type", "Date",
                    "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"]
        parts = [handler.command]
        for name in standard:
            parts.append(("" if length == "0" else length) if name is None else headers.get(name, ""))
        own = sorted((k.lower(), v.strip()) for k, v in headers.items() if k.lower().startswith("x-ms-"))
        parts += [f"{k}:{v}" for k, v in own]
        resource = f"/{ACCOUNT}{url.path}"
        for name in sorted(query, key=str.lower):
            resource += f"\n{name.lower()}:{query[name]}"
        digest = hmac.new(base64.b64decode(KEY), "\n".join([*parts, resource]).encode(), hashlib.sha256).digest()
        if given != f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}":
            raise Refusal(403, "AuthenticationFailed")

    def answer(self, handler, url, query, body):
        parts = urllib.parse.unquote(url.path).lstrip("/").split("/", 2)
        if parts[0] != ACCOUNT:
            raise Refusal(404, "ResourceNotFound")
        container = parts[1] if len(parts) > 1 else ""
        name = parts[2] if len(parts) > 2 else ""
        method = handler.command
        if query.get("action") == "getAccessControl":
            # An account without a hierarchical namespace.
            raise Refusal(400, "HierarchicalNamespaceNotEnabled" if container in self.containers else "FilesystemNotFound")
        if query.get("comp") == "batch":
            return self.batch(handler, body)
        if not container:
            entries = "".join(f"<Container><Name>{c}</Name><Properties/></Container>" for c in sorted(self.containers))
            return 200, {"Content-Type": "application/xml"}, self.xml("EnumerationResults", f"<Containers>{entries}</Containers><NextMarker/>")
        if not name:
            return self.container(method, container, query)
        if container not in self.containers:
            raise Refusal(404, "ContainerNotFound")
        return self.blob(method, container, name, query, handler.headers, body)

    def batch(self, handler, body):
        """Several deletions in one request, each with an answer of its own."""
        boundary = handler.headers["Content-Type"].split("boundary=")[1].strip('"').encode()
        answers = b""
        for part in body.split(b"--" + boundary)[1:-1]:
            head, _, request = part.partition(b"\r\n\r\n")
            number = next((line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"content-id")), b"0")
            target = urllib.parse.urlsplit(request.split(b" ")[1].decode())
            _, container, name = urllib.parse.unquote(target.path).lstrip("/").split("/", 2)
            if self.containers.get(container, {}).pop(name, None) is None:
                answer = b"HTTP/1.1 404 The specified blob does not exist.\r\nx-ms-error-code: BlobNotFound\r\n"
            else:
                answer = b"HTTP/1.1 202 Accepted\r\nx-ms-delete-type-permanent: true\r\n"
            answers += b"--reply\r\nContent-Type: application/http\r\nContent-ID: %b\r\n\r\n%bx-ms-request-id: 1\r\nx-ms-version: 2024-11-04\r\n\r\n" % (number, answer)
        return 202, {"Content-Type": "multipart/mixed; boundary=reply"}, answers + b"--reply--\r\n"

    @staticmethod
    def xml(tag, content, attributes=""):
        return f'<?xml version="1.0" encoding="utf-8"?><{tag}{attributes}>{content}</{tag}>'.encode()

    def container(self, method, container, query):
        blobs = self.containers.get(container)
        stamp = {
            "ETag": '"0x1"', "Last-Modified": formatdate(0, usegmt=True), "x-ms-lease-status": "unlocked", "x-ms-lease-state": "available",
            "x-ms-has-immutability-policy": "false", "x-ms-has-legal-hold": "false", "x-ms-deny-encryption-scope-override": "false",
            "x-ms-default-encryption-scope": "$account-encryption-key", "x-ms-immutable-storage-with-versioning-enabled": "false"}
        if method == "PUT":
            if blobs is not None:
                raise Refusal(409, "ContainerAlreadyExists")
            self.containers[container] = {}
            return 201, stamp, b""
        if blobs is None:
            raise Refusal(404, "ContainerNotFound")
        if method == "DELETE":
            del self.containers[container]
            return 202, {}, b""
        if query.get("comp") != "list":
            return 200, stamp, b""
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        limit, marker = int(query.get("maxresults") or 5000), query.get("marker", "")
        found, seen, following = "", set(), ""
        count = 0
        for name in sorted(blobs):
            if not name.startswith(prefix):
                continue
            shown = name
            # Also what ends with it, as the marks of empty folders do.
            is_prefix = bool(delimiter) and delimiter in name[len(prefix):]
            if is_prefix:
                shown = prefix + name[len(prefix):].split(delimiter)[0] + delimiter
            if shown in seen or shown < marker:
                continue
            if count == limit:
                following = shown
                break
            seen.add(shown)
            count += 1
            if is_prefix:
                found += f"<BlobPrefix><Name>{escape(shown)}</Name></BlobPrefix>"
                continue
            blob = blobs[name]
            found += (
                f"<Blob><Name>{escape(name)}</Name><Properties><Creation-Time>{formatdate(blob.modified, usegmt=True)}</Creation-Time>"
                f"<Last-Modified>{formatdate(blob.modified, usegmt=True)}</Last-Modified><Etag>{escape(blob.tag)}</Etag>"
                f"<Content-Length>{len(blob.content)}</Content-Length><Content-Type>{blob.type}</Content-Type><BlobType>BlockBlob</BlobType>"
                f"<AccessTier>Hot</AccessTier><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
                f"<ServerEncrypted>true</ServerEncrypted></Properties><OrMetadata/></Blob>")
        content = self.xml(
            "EnumerationResults", f"<Prefix>{escape(prefix)}</Prefix><Blobs>{found}</Blobs><NextMarker>{escape(following)}</NextMarker>",
            f' ServiceEndpoint="{self.endpoint}/{ACCOUNT}" ContainerName="{container}"')
        return 200, {"Content-Type": "application/xml"}, content

    def blob(self, method, container, name, query, headers, body):
        blobs = self.containers[container]
        blob = blobs.get(name)
        comp = query.get("comp")
        if method == "PUT" and comp == "block":
            self.staged.setdefault((container, name), {})[query["blockid"]] = body
            return 201, {"x-ms-request-server-encrypted": "true"}, b""
        if method == "PUT" and comp == "lease":
            return self.lease(blob, headers)
        if method == "PUT":
            self.condition(blob, headers)
            if comp == "blocklist":
                content = self.commit(container, name, blob, body)
            elif "x-ms-copy-source" in headers:
                source = urllib.parse.unquote(urllib.parse.urlsplit(headers["x-ms-copy-source"]).path).lstrip("/").split("/", 2)
                origin = self.containers.get(source[1], {}).get(source[2])
                if origin is None:
                    raise Refusal(404, "BlobNotFound")
                content = origin.content, []
            else:
                content = body, []
            made = blobs[name] = Blob(content[0], headers)
            made.blocks = content[1]
            made.lease = blob.lease if blob else None
            extra = {"x-ms-copy-id": str(uuid.uuid4()), "x-ms-copy-status": "success"} if "x-ms-copy-source" in headers else {}
            made.copied = {**extra, "x-ms-copy-source": headers["x-ms-copy-source"], "x-ms-copy-progress": "1/1"} if extra else {}
            status = 202 if extra else 201
            return status, {**self.stamp(made), "x-ms-request-server-encrypted": "true", **extra}, b""
        if blob is None:
            raise Refusal(404, "BlobNotFound")
        if method == "DELETE":
            if blob.lease and headers.get("x-ms-lease-id") != blob.lease:
                raise Refusal(412, "LeaseIdMissing")
            del blobs[name]
            return 202, {}, b""
        if comp == "blocklist":
            listed = "".join(f"<Block><Name>{i}</Name><Size>{len(c)}</Size></Block>" for i, c in blob.blocks)
            content = self.xml("BlockList", f"<CommittedBlocks>{listed}</CommittedBlocks><UncommittedBlocks/>")
            return 200, {**self.stamp(blob), "Content-Type": "application/xml", "x-ms-blob-content-length": str(len(blob.content))}, content
        return self.read(method, blob, headers)

    @staticmethod
    def stamp(blob):
        return {"ETag": blob.tag, "Last-Modified": formatdate(blob.modified, usegmt=True)}

    def read(self, method, blob, headers):
        if headers.get("If-Match") not in (None, "*", blob.tag):
            raise Refusal(412, "ConditionNotMet")
        answer = {
            **self.stamp(blob), **blob.metadata, **blob.copied, "Content-Type": blob.type, "Accept-Ranges": "bytes", "x-ms-blob-type": "BlockBlob",
            "x-ms-creation-time": formatdate(blob.modified, usegmt=True), "x-ms-lease-status": "locked" if blob.lease else "unlocked",
            "x-ms-lease-state": "leased" if blob.lease else "available", "x-ms-server-encrypted": "true",
            "x-ms-access-tier": "Hot", "x-ms-access-tier-inferred": "true"}
        asked = headers.get("x-ms-range") or headers.get("Range")
        if method == "HEAD" or not asked:
            return 200, {**answer, "Content-Length": str(len(blob.content))}, blob.content
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(blob.content) - 1), len(blob.content) - 1)
        if start >= len(blob.content):
            raise Refusal(416, "InvalidRange")
        return 206, {**answer, "Content-Range": f"bytes {start}-{end}/{len(blob.content)}"}, blob.content[start:end + 1]

    @staticmethod
    def condition(blob, headers):
        if headers.get("If-None-Match") == "*" and blob is not None:
            raise Refusal(409, "BlobAlreadyExists")
        if headers.get("If-Match") not in (None, "*") and (blob is None or blob.tag != headers["If-Match"]):
            raise Refusal(412, "ConditionNotMet")
        if blob is not None and blob.lease and headers.get("x-ms-lease-id") != blob.lease:
            raise Refusal(412, "LeaseIdMissing")

    def commit(self, container, name, blob, body):
        staged, committed = self.staged.pop((container, name), {}), dict(blob.blocks) if blob else {}
        blocks = []
        for entry in ElementTree.fromstring(body):
            content = {"Committed": committed, "Uncommitted": staged}.get(entry.tag, {**committed, **staged}).get(entry.text)
            if content is None:
                raise Refusal(400, "InvalidBlockList")
            blocks.append((entry.text, content))
        return b"".join(content for _, content in blocks), blocks

    def lease(self, blob, headers):
        if blob is None:
            raise Refusal(404, "BlobNotFound")
        action = headers["x-ms-lease-action"].lower()
        if action == "acquire":
            if blob.lease:
                raise Refusal(409, "LeaseAlreadyPresent")
            blob.lease = headers.get("x-ms-proposed-lease-id") or str(uuid.uuid4())
            return 201, {**self.stamp(blob), "x-ms-lease-id": blob.lease}, b""
        lease, blob.lease = blob.lease, None
        return (202 if action == "break" else 200), {**self.stamp(blob), "x-ms-lease-id": lease or "", "x-ms-lease-time": "0"}, b""
