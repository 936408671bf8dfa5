"""What is installed beside this package."""

import importlib.util

from heimdall_dash.part import ROOT


def has_trainer() -> bool:
    """Whether the demonstration's trainer is here, as in a clone; torch is not loaded.

    Looked for by its file: a package of somebody else may be called `trainer`, too.
    """
    is_ours = (ROOT / "trainer" / "worker.py").is_file()
    return is_ours and importlib.util.find_spec("torch") is not None
