"""What is installed beside this package."""

import importlib.util

from heimdall_dash.part import ROOT

TRAINER = ROOT / "trainer"


def has_manifest() -> bool:
    """Whether the demonstration's trainer is beside this package, as in a clone; it need not be
    able to run here."""
    return (TRAINER / "manifest.py").is_file()


def has_trainer() -> bool:
    """Whether the demonstration's trainer can run here; torch is not loaded.

    Looked for by its file: a package of somebody else may be called `trainer`, too.
    """
    is_ours = (TRAINER / "worker.py").is_file()
    return is_ours and importlib.util.find_spec("torch") is not None
