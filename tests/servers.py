"""Redis servers that tests start: a single one, and a cluster of three nodes."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import redis
from redis.exceptions import RedisError


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RedisServer:
    def __init__(
        self, folder: Path, *options: str, port: int | None = None, prelude: Sequence[str] = ()
    ) -> None:
        """prelude: a command that starts the server's, which follows it."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._options, self._prelude = folder, options, prelude
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "RedisServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", *self._options]
        with (self._folder / "redis.log").open("ab") as output:
            self.process = subprocess.Popen(
                [*self._prelude, "redis-server", *arguments],
                cwd=self._folder,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + 15
        client = redis.Redis.from_url(self.url)
        while True:
            with contextlib.suppress(RedisError):
                if client.ping():
                    client.close()
                    return
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError((self._folder / "redis.log").read_text())
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Cluster:
    """Three masters, all slots covered, no replicas."""

    def __init__(self, folder: Path) -> None:
        self._bus_ports = [free_port() for _ in range(3)]  # by default a node's port + 10,000
        self._nodes = [
            RedisServer(
                folder / str(bus_port),
                "--cluster-enabled", "yes", "--cluster-node-timeout", "2000",
                "--cluster-require-full-coverage", "yes", "--cluster-port", str(bus_port),
            )
            for bus_port in self._bus_ports
        ]  # fmt: skip
        self.url = self._nodes[0].url

    def __enter__(self) -> "Cluster":
        for node in self._nodes:
            node.start()
        clients = [redis.Redis.from_url(node.url, decode_responses=True) for node in self._nodes]
        shares = [range(0, 5461), range(5461, 10923), range(10923, 16384)]
        for number, (client, slots) in enumerate(zip(clients, shares, strict=True)):
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", slots.start, slots.stop - 1)
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node, bus_port in list(zip(self._nodes, self._bus_ports, strict=True))[1:]:
            clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", node.port, bus_port)
        deadline = time.monotonic() + 20
        while not all(self._is_whole(client) for client in clients):
            if time.monotonic() > deadline:
                raise AssertionError("the cluster did not form")
            time.sleep(0.05)
        for client in clients:
            client.close()
        return self

    def __exit__(self, *_: object) -> None:
        for node in self._nodes:
            node.stop()

    @staticmethod
    def _is_whole(client: redis.Redis) -> bool:
        state = client.execute_command("CLUSTER", "INFO")
        text = state if isinstance(state, str) else str(state)
        return "ok" in text.split("cluster_state", 1)[1][:12] and len(client.cluster("nodes")) == 3
