"""A headless Firefox, driven by WebDriver BiDi, which it speaks without a driver."""

import json
import re
import shutil
import subprocess
from collections import deque
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.conftest import wait_for

ANSWER_S = 30.0
NAMES = ("firefox-esr", "firefox")
START = ["--headless", "--no-remote", "--remote-debugging-port", "0"]


class Firefox:
    """One window. Guarantees: what the page's console called an error is in `errors`."""

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self._count = 0
        self.errors: deque[str] = deque()

    def __enter__(self) -> "Firefox":
        self._profile.mkdir()
        program = next(filter(None, map(shutil.which, NAMES)))
        size = ["--width", "1440", "--height", "1000"]
        with (self._profile / "errors.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, *START, *size, "--profile", str(self._profile), "about:blank"],
                stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip
        try:
            self._opening = connect(f"{self._address()}/session", max_size=None)
            self._socket: ClientConnection = self._opening.__enter__()
            self._ask("session.new", capabilities={})
            self._ask("session.subscribe", events=["log.entryAdded"])
            tree = self._ask("browsingContext.getTree")
        except BaseException:
            self._end()
            raise
        self._context = tree["contexts"][0]["context"]
        return self

    def __exit__(self, *error: Any) -> None:
        self._opening.__exit__(*error)
        self._end()

    def open(self, url: str) -> None:
        self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression, as JSON."""
        answer = self._ask(
            "script.evaluate",
            expression=f"JSON.stringify({expression})",
            target={"context": self._context},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise AssertionError(answer["exceptionDetails"]["text"])
        text = answer["result"].get("value")
        return None if text is None else json.loads(text)

    def drag(self, selector: str, across: tuple[float, float]) -> None:
        """With the mouse over an element, from one part of its width to another."""
        box = self.run(
            f"(({{x, y, width, height}}) => [x, y, width, height])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        x, y, width, height = box
        places = [int(x + width * part) for part in (across[0], sum(across) / 2, across[1])]
        moves = [
            {"type": "pointerMove", "x": place, "y": int(y + height / 2), "duration": 50}
            for place in places
        ]
        press, release = ({"type": f"pointer{way}", "button": 0} for way in ("Down", "Up"))
        mouse = {
            "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
            "actions": [moves[0], press, *moves[1:], release],
        }  # fmt: skip
        self._ask("input.performActions", context=self._context, actions=[mouse])

    def _address(self) -> str:
        log = self._profile / "errors.log"
        found = wait_for(
            lambda: re.search(r"BiDi listening on (ws://\S+)", log.read_text(errors="replace")),
            ANSWER_S,
            "Firefox to listen",
        )
        return str(found[1])

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=ANSWER_S))
            if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
                self.errors.append(str(message["params"].get("text")))
            if message.get("id") == self._count:
                if message["type"] == "error":
                    raise AssertionError(f"{method}: {message['message']}")
                answer: dict[str, Any] = message["result"]
                return answer

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
