"""What a killed launcher left is ended by the next one in its folder, and by nobody else."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from heimdall_dash.remains import Remains


@pytest.fixture
def left(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is noted in the folder `data` as a launcher's web server."""
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    data = tmp_path / "data"
    data.mkdir()
    Remains(data).note({"web server": process.pid})
    yield process
    process.kill()
    process.wait()


def test_copy_of_a_folder_ends_nothing_of_the_other(
    left: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    """A dashboard that was started on a copy ended the processes of the one that ran."""
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    copy = Remains(tmp_path / "copy")
    assert copy.exist()
    assert not copy.launcher_lives()
    assert not copy.end()
    assert left.poll() is None
    assert Remains(tmp_path / "data").launcher_lives()


def test_another_process_that_has_the_number_now_is_not_ended(
    left: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "data" / "processes.json"
    noted = json.loads(file.read_text())
    noted["processes"] = {"worker": [left.pid, "an earlier process of this number"]}
    file.write_text(json.dumps(noted))
    assert not Remains(tmp_path / "data").end()
    assert left.poll() is None


def test_folder_that_was_moved_still_knows_its_own(
    left: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    (tmp_path / "data").rename(tmp_path / "moved")
    assert Remains(tmp_path / "moved").end()
    assert left.wait(10) != 0
