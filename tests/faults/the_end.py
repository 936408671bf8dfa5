"""After all faults: trained = stored = seen by each viewer = drawn in the browser."""

from tests.conftest import wait_for
from tests.faults.stage import Stage
from tests.faults.trainer import truth


def everybody_has_what_was_trained(stage: Stage) -> None:
    """Ends the stage's run, and looks. Raises AssertionError."""
    stage.trainer.stop(30)
    trained = stage.trained()
    expected = list(range(len(trained)))
    values = [truth(epoch) for epoch in expected]
    assert trained == expected
    wait_for(lambda: stage.has_all(expected[-1]), 60, f"the last epoch: {stage.where()}")
    assert stage.job(stage.job_id)["status"] == "completed"
    assert stage.stored() == (expected, values)
    for watcher in stage.watchers:
        assert watcher.problems == [], watcher.name
        assert watcher.epochs == expected, watcher.name
        assert watcher.losses == values, watcher.name
    assert stage.in_browser() == (expected, values)
    drawn, heights = stage.drawn()  # thinned by now
    assert (drawn[0], drawn[-1]) == (expected[0], expected[-1])
    assert drawn == sorted(set(drawn))
    assert heights == [truth(epoch) for epoch in drawn]
    assert stage.page.unexpected_errors() == []
