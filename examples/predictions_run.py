"""Is the model as sure as it should be? Calibration diagrams, and predictions to look at."""

import numpy as np

from heimdall_dash import Job
from heimdall_dash.calibration import chance_floors, regression_metrics

rng = np.random.default_rng(0)
truth = rng.uniform(-20, 20, (500, 2))
noise = rng.standard_normal((500, 2))

with Job.start("predictions", total_epochs=30) as job:
    job.describe(chance_floors(len(truth)))
    for epoch in range(1, 31):
        size = 1 + 8 / epoch  # what the model says of its errors; they are a little larger
        mean = truth + 1.1 * size * noise
        covariance = np.tile(size**2 * np.eye(2), (len(truth), 1, 1))
        job.log(epoch, regression_metrics(mean, covariance, truth, unit="m"))
        if epoch % 5 == 0:
            job.predictions(
                epoch, truth=truth, mean=mean, covariance=covariance, unit="m",
                axes=["East", "North"], places={"camera": (0, -22)},
            )  # fmt: skip
