"""Predictions that one can look at: a bounded sample of an epoch's predictions beside the truths.

What a trainer hands over is sampled and checked here, without numpy, so that whoever publishes
needs none; what comes over the wire is checked by the same rules.
"""

from heimdall_dash.predictions.kept import Kept, checked, kept
from heimdall_dash.predictions.sample import MOST_POINTS, Sampler

__all__ = ["MOST_POINTS", "Kept", "Sampler", "checked", "kept"]
