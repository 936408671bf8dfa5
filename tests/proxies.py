"""A real nginx in front of dashboards: below a path, with TLS, Host kept or rewritten."""

import socket
import subprocess
from pathlib import Path

from tests.conftest import wait_for
from tests.servers import free_port

CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 16m;
  upstream dashboards {{
{backends}  }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    location /heimdall/ {{
      proxy_pass http://dashboards{takes_away};
      proxy_http_version 1.1;
      proxy_set_header Host {host};
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_read_timeout {idle_s}s;
    }}
  }}
  map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
}}
"""
SERVER = "    server 127.0.0.1:{} fail_timeout=2s;\n"


def make_certificate(folder: Path) -> None:
    """One of its own, for localhost: `cert.pem` and `key.pem`."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip


class Nginx:
    def __init__(
        self,
        folder: Path,
        *,
        host: str = "$http_host",
        takes_away: bool = False,
        idle_s: int = 60,
        hosts: int = 1,
    ) -> None:
        """takes_away: whether it leaves its path out of what it hands on; hosts: among how many
        dashboards it shares visitors out."""
        folder.mkdir()
        self._folder, self._host, self._idle_s = folder, host, idle_s
        self._takes_away = "/" if takes_away else ""
        self.port, self.backends = free_port(), [free_port() for _ in range(hosts)]
        self.origin = f"https://localhost:{self.port}"
        self.url = self.origin + "/heimdall"
        self.certificate = folder / "cert.pem"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def backend(self) -> int:
        """The port of the only dashboard."""
        (port,) = self.backends
        return port

    def __enter__(self) -> "Nginx":
        make_certificate(self._folder)
        config = CONFIG.format(
            folder=self._folder, port=self.port, host=self._host, takes_away=self._takes_away,
            idle_s=self._idle_s, backends="".join(map(SERVER.format, self.backends)),
        )  # fmt: skip
        (self._folder / "nginx.conf").write_text(config)
        self._process = subprocess.Popen(
            ["nginx", "-e", self._folder / "start.log", "-c", self._folder / "nginx.conf"]
        )
        wait_for(self._listens, what="nginx to listen")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(10)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
