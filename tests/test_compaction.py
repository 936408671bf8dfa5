"""Which jobs are looked at for compaction; what it does is in `test_compact.py`."""

from heimdall_dash import compaction as compaction_module
from heimdall_dash.compaction import Compaction
from heimdall_dash.records import Status, utc_now
from heimdall_dash.store.store import Store


def test_only_jobs_whose_streams_have_grown_or_that_are_over_are_looked_at(store: Store) -> None:
    compaction, grown = Compaction(store), compaction_module.LOOK_AFTER
    ids = [
        store.create_job("VHF", status=Status.RUNNING, config={}, total_epochs=9, external=True)[
            "id"
        ]
        for _ in range(3)
    ]
    long, short, over = ids
    newest = dict.fromkeys(ids, 0)

    def write(job_id: str, count: int) -> None:
        first, newest[job_id] = newest[job_id] + 1, newest[job_id] + count
        epochs = range(first, newest[job_id] + 1)
        store.append(job_id, [{"epoch": epoch, "timestamp": utc_now()} for epoch in epochs])

    def chosen() -> set[str]:
        compaction.hear([store.job(job_id) for job_id in ids])
        compaction._choose()
        found = set(compaction._waiting)
        compaction._waiting.clear()
        return found

    write(long, grown)
    write(short, grown - 1)
    write(over, 5)
    store.change(over, fields={"status": Status.COMPLETED})
    assert chosen() == {long, over}
    assert chosen() == set()
    write(long, grown - 1)
    write(short, 1)
    assert chosen() == {short}
    write(long, 1)
    assert chosen() == {long}
