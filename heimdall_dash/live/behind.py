"""What a viewer of one job has missed: whether the server can go on where it stands, and with which
writes. The newest lie in the topic's tail, older ones in the store."""

from heimdall_dash.cells import Position, Write
from heimdall_dash.errors import HistoryCompacted
from heimdall_dash.frames import Start
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.topic import Topic
from heimdall_dash.portions import PORTION_WRITES, first_portion
from heimdall_dash.store.follow import Amount
from heimdall_dash.turns import FEW

RECOVER_WRITES = 20_000  # further behind than this, the snapshot by REST is the quicker way
RECOVER_BYTES = 64 * 2**20
READ_WRITES = 500  # read from the store at a time


async def can_go_on(hub: Hub, topic: Topic, start: Start) -> bool:
    """Whether the viewer can be brought up to date from where it stands; `start.stream` None: it
    has nothing of another history."""
    stream = start.stream or topic.stream
    if stream == topic.stream and start.is_ahead(topic.cursor):
        await hub.look(topic)  # the viewer's snapshot is newer than what was heard here
    if stream != topic.stream or start.is_ahead(topic.cursor):
        return False
    return topic.holds(start.position) or await _is_near(hub, topic, start.position)


async def writes_behind(hub: Hub, topic: Topic, after: Position) -> list[Write]:
    """Writes newer than `after`, enough for a frame; empty when the history was
    replaced, or lies in blocks: then the viewer reloads. Of many, it is one's turn to go on."""
    if topic.holds(after):
        found = topic.writes_after(after)
        if len(found) > FEW:
            await hub.turns.next()  # for what is made of them
        return found
    found = []
    while len(found) < PORTION_WRITES:
        try:
            writes = await hub.read_writes(topic, after, READ_WRITES)
        except HistoryCompacted:
            return []
        found += writes
        # enough for a frame: rows may be large
        if len(writes) < READ_WRITES or len(first_portion(found)) < len(found):
            break
        after = writes[-1].position
    await hub.turns.next()
    return found


async def _is_near(hub: Hub, topic: Topic, after: Position) -> bool:
    # Read, since Redis counts neither the entries of a part of a stream nor their bytes.
    try:
        return not await hub.has_more(topic, after, Amount(RECOVER_WRITES, RECOVER_BYTES))
    except HistoryCompacted:
        return False
