"""Where a run is published, and where its local log lies, found from whatever folder.

In this order: the `url` given, HEIMDALL_URL, REDIS_URL, the store under HEIMDALL_DATA, the
dashboards that this user runs on this machine. Paths are made absolute when a run starts, and the
environment is read then: a later `chdir` changes nothing.
"""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from heimdall_dash import discovery
from heimdall_dash.errors import StartupRefused, StoreUnavailable
from heimdall_dash.publish.transport import HttpTransport, StoreTransport, Transport
from heimdall_dash.store.sentinel import is_watched, watched
from heimdall_dash.store.store import Store

log = logging.getLogger(__name__)

STORE_URL_FILE = "store/url"
SCHEMES = ("redis", "rediss", "unix", "http", "https")


@dataclass
class Destination:
    """url: explicit; None: the store of `data`, or of a dashboard that runs here.
    home: the data folder of the dashboard that was found, once one was: a run stays with it, also
    when that dashboard comes back at another address."""

    url: str | None
    data: Path
    token: str | None
    home: Path | None = None

    def open(self) -> Transport:
        """A road to it. Raises StoreUnavailable while there is none."""
        if self.url is not None:
            return road_to(self.url, self.token)
        home = self.home or self._found_home()
        living = next((one for one in discovery.living() if one.data == home), None)
        store_url = living.store_url if living else store_url_of(home)
        if not store_url:
            raise StoreUnavailable(f"the dashboard with its data in {home} is not there")
        self.home = home
        return StoreTransport(Store(store_url), living.url if living else None)

    def _found_home(self) -> Path:
        """The data folder of the dashboard to publish to: its own, else the newest that answers.

        Raises StoreUnavailable.
        """
        own = store_url_of(self.data)
        if own is not None and _answers(own):
            return self.data
        living = discovery.living()
        for one in sorted(living, key=lambda one: one.data != self.data):
            if _answers(one.store_url):
                return one.data
        if not living:
            raise StoreUnavailable(f"no dashboard: {self.looked_at()}")
        raise StoreUnavailable(f"{living[0].url} runs here, but its store does not answer")

    def looked_at(self) -> str:
        """Where one was looked for, for people."""
        if self.url is not None:
            return without_password(self.url)
        return (
            f"HEIMDALL_URL and REDIS_URL are unset, {self.data / STORE_URL_FILE} names no store "
            f"that answers, and no dashboard of this user runs on this machine"
        )

    @property
    def is_anywhere(self) -> bool:
        """Whether there is anything to wait for: an address, or a dashboard that was found."""
        if self.url is not None or self.home is not None or store_url_of(self.data) is not None:
            return True
        return bool(discovery.living())


def find(url: str | None, data_dir: "Path | str | None") -> Destination:
    """Decide it, without asking anybody. Raises StartupRefused for an address that is none."""
    chosen = url or os.environ.get("HEIMDALL_URL") or os.environ.get("REDIS_URL") or None
    token = os.environ.get("HEIMDALL_TOKEN") or None
    if chosen is not None:
        check_url(chosen)
        return Destination(chosen, _log_folder(data_dir), token)
    return Destination(None, _data_folder(data_dir), token)


def road_to(url: str, token: str | None) -> Transport:
    if url.startswith(("http://", "https://")):
        return HttpTransport(url, token)
    return StoreTransport(Store(url))


def check_url(url: str) -> None:
    """Raises StartupRefused."""
    try:
        if is_watched(url):
            watched(url)
            return
        parts = urlsplit(url)
        fits = parts.scheme in SCHEMES and bool(parts.hostname or parts.scheme == "unix")
        _ = parts.port
    except ValueError:
        fits = False
    if not fits:
        raise StartupRefused(
            f"an address is redis://…, rediss://…, http://… or https://…, got "
            f"{without_password(url)!r:.100}"
        )


def store_address(url: str | None) -> str:
    """The store itself: what is given, else where a run from here would go.

    Raises StartupRefused for a web server's address, StoreUnavailable where there is none.
    """
    found = find(url, None)
    if found.url is not None:
        if found.url.startswith("http"):
            raise StartupRefused(
                "this needs the store's own address (redis://…), not the web server's"
            )
        return found.url
    home = found._found_home()
    living = next((one for one in discovery.living() if one.data == home), None)
    address = living.store_url if living else store_url_of(home)
    if not address:
        raise StoreUnavailable(f"no dashboard: {found.looked_at()}")
    return address


def without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    scheme, slashes, _ = head.partition("://")
    return f"{scheme}{slashes}…@{tail}" if at else url


def store_url_of(data: Path) -> str | None:
    """What the embedded store of a data folder wrote down when it started."""
    try:
        return (data / STORE_URL_FILE).read_text().strip() or None
    except OSError:
        return None


def _log_folder(data_dir: "Path | str | None") -> Path:
    """Where the local log of a run with an address lies."""
    told = data_dir or os.environ.get("HEIMDALL_DATA")
    return Path(told).absolute() if told else discovery.runs_folder()


def _data_folder(data_dir: "Path | str | None") -> Path:
    """Where the local log goes: as told, else a clone's own ./data, else with the dashboard that
    runs here, else among this user's files."""
    told = data_dir or os.environ.get("HEIMDALL_DATA")
    if told:
        return Path(told).absolute()
    here = Path("data").absolute()
    if store_url_of(here) is not None:
        return here
    living = [one for one in discovery.living() if os.access(one.data, os.W_OK)]
    return _newest(living).data if living else discovery.runs_folder()


def _newest(living: list[discovery.Dashboard]) -> discovery.Dashboard:
    """The first, and a line when there is a choice."""
    if len(living) > 1:
        log.warning(
            "%d dashboards run here; publishing to the newest, %s (set HEIMDALL_URL to choose)",
            len(living), living[0].url,
        )  # fmt: skip
    return living[0]


def _answers(store_url: str) -> bool:
    store = Store(store_url)
    try:
        store.ping()
    except StoreUnavailable:
        return False
    finally:
        store.close()
    return True
