"""Keras 3, here on torch: the second line is the callback."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras
import numpy as np

from heimdall_dash.integrations.keras import HeimdallCallback

x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)], name="line")
model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse", metrics=["mae"])
model.fit(
    x, 2 * x + 1, epochs=10, validation_split=0.25, verbose=0, callbacks=[HeimdallCallback("Keras")]
)
