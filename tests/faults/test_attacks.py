"""While a stranger does his worst: every epoch once and in order, no viewer cut off, and how late.

The delay is told in the table of faults, and decides nothing: a busy machine is no fault of ours.
"""

import pytest

from tests.conftest import wait_for
from tests.faults.attackers import ATTACKS
from tests.faults.stage import Stage
from tests.faults.test_faults import held

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]

LASTS_S = 1.5
LATE_S = 20.0  # for epochs to reach all viewers meanwhile: far beyond what it takes


@pytest.mark.parametrize("name", ATTACKS)
def test_viewers_are_served_during(stage: Stage, name: str) -> None:
    direct = [watcher for watcher in stage.watchers if watcher.port == stage.web_port]
    connections = [watcher.connections for watcher in stage.watchers]
    delays = [len(watcher.delays_ms) for watcher in direct]

    def attack() -> None:
        with stage.start_attack(name) as stranger:
            wait_for(lambda: "attacks" in stranger.output, 20, "the attack to begin")
            held(LASTS_S)
            trained = stage.trained()[-1]
            wait_for(
                lambda: all(watcher.last >= trained for watcher in stage.watchers),
                LATE_S,
                f"epoch {trained} everywhere during {name}: {stage.where()}",
            )
            assert not stranger.has_ended()

    row = stage.run(name, attack, breaks_link=False)
    for watcher, before in zip(direct, delays, strict=True):
        row.delays_ms += watcher.delays_ms[before:]
    assert [watcher.connections for watcher in stage.watchers] == connections, "a viewer was cut"
