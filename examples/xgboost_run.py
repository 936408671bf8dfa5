"""XGBoost: the second line is the callback."""

import numpy as np
import xgboost as xgb

from heimdall_dash.integrations.xgboost import HeimdallCallback

random = np.random.default_rng(0)
x = random.normal(size=(400, 5))
y = x[:, 0] * x[:, 1] + 0.1 * random.normal(size=400)
train, validation = xgb.DMatrix(x[:300], y[:300]), xgb.DMatrix(x[300:], y[300:])
xgb.train(
    {"max_depth": 3, "eta": 0.2, "objective": "reg:squarederror"}, train, 30,
    evals=[(train, "train"), (validation, "val")], verbose_eval=False,
    callbacks=[HeimdallCallback("XGBoost", total_epochs=30)],
)  # fmt: skip
