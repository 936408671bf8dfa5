"""Sending: a JSON POST to a webhook, or a message by any service that `apprise` knows.

A letter stays in the store's outbox until its receiver took it, so that a restart loses none; one
whose process dies between the sending and the noting is sent again (its `id` tells).
"""

import hashlib
import json
import logging
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from heimdall_dash.log import Rarely
from heimdall_dash.store.alerts import AlertStore

log = logging.getLogger(__name__)
_rarely = Rarely(log)

TIMEOUT_S = 10.0
MAX_TRIES = 40  # then a receiver is given up: about six hours
LONGEST_PAUSE_S = 600.0

Send = Callable[[str, Mapping[str, Any]], None]


class Letters:
    def __init__(self, store: AlertStore, urls: Iterable[str], send: Send | None = None) -> None:
        """urls: receivers; send: raises OSError or ValueError when the receiver did not take it."""
        self._store, self._urls, self._send = store, tuple(urls), send or deliver

    @property
    def has_receivers(self) -> bool:
        return bool(self._urls)

    def put(self, alert: Mapping[str, Any]) -> None:
        """One alert, to every receiver."""
        for url in self._urls:
            letter = {"to": box_of(url), "alert": dict(alert), "tries": 0, "at": 0.0}
            self._store.put_out(f"{alert['id']} {box_of(url)}", letter)

    def send_due(self, now_s: float) -> None:
        """Whatever waits; now_s: Unix seconds by the store's clock."""
        urls = {box_of(url): url for url in self._urls}
        for letter_id, letter in self._store.outbox().items():
            url = urls.get(str(letter.get("to")))
            if url is None:  # no longer a receiver
                self._store.sent(letter_id)
            elif float(letter.get("at", 0.0)) <= now_s:
                self._try(letter_id, letter, url, now_s)

    def _try(self, letter_id: str, letter: dict[str, Any], url: str, now_s: float) -> None:
        try:
            self._send(url, letter["alert"])
        except (OSError, ValueError, KeyError) as error:
            tries = int(letter.get("tries", 0)) + 1
            _rarely.warning(receiver(url), "An alert did not reach %s: %s", receiver(url), error)
            if tries >= MAX_TRIES:
                log.error("An alert is given up: %s did not take it", receiver(url))
                self._store.sent(letter_id)
            else:
                pause_s = min(LONGEST_PAUSE_S, 2.0**tries)
                again = {**letter, "tries": tries, "at": now_s + pause_s}
                self._store.put_out(letter_id, again)
        else:
            self._store.sent(letter_id)


def receiver(url: str) -> str:
    """What may be shown of an address: the rest of it is often a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or '…'}"


def box_of(url: str) -> str:
    """Names a receiver in the store, without its secret: two channels of one host are two."""
    return f"{receiver(url)}#{hashlib.sha256(url.encode()).hexdigest()[:16]}"


def deliver(url: str, alert: Mapping[str, Any]) -> None:
    """Raises OSError or ValueError when it was not taken."""
    if urlsplit(url).scheme in {"http", "https"}:
        body = {**alert, "text": f"{alert['title']}: {alert['message']}"}  # as chat services want
        request = urllib.request.Request(
            url, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):
            return
    try:
        import apprise  # one in ten dashboards needs it, and it is slow to load
    except ImportError as error:
        raise ValueError(
            "only http and https work without: pip install 'heimdall-dash[alerts]'"
        ) from error
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs whole addresses
    service = apprise.Apprise.instantiate(url)
    if service is None:
        raise ValueError("apprise knows no such address")
    if not service.notify(title=str(alert["title"]), body=str(alert["message"])):
        raise OSError("the service refused it")
