"""Are predicted uncertainties right? Measures for any training, with numpy alone.

job.log(epoch, regression_metrics(mean, sigma, target, unit="m"))
job.log(epoch, classification_metrics(probabilities, labels))
job.describe(chance_floors(len(target)))
"""

from heimdall_dash.calibration.chance import chance_floors, classification_floors
from heimdall_dash.calibration.classification import classification_metrics
from heimdall_dash.calibration.regression import regression_metrics

__all__ = [
    "chance_floors",
    "classification_floors",
    "classification_metrics",
    "regression_metrics",
]
