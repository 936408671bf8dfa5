"""What the dashboard is told of this trainer; handed over in `app.py`.

It imports no PyTorch: the web process reads it.
"""

from heimdall_dash.manifest import CardMetric, Manifest
from trainer.charts import CHARTS, KEY_FIGURES, KEY_METRICS
from trainer.config import LOCAL_FIELDS, TrainingConfig
from trainer.known_metrics import DIRECTIONS, KNOWN_METRICS

LABELS = {
    "epochs": "Epochs",
    "seed": "Seed",
    "threads": "Threads",
    "device": "Device",
    "epoch_delay_s": "Pause after each epoch",
    "checkpoint_every": "Checkpoint every",
    "batch_size": "Batch size",
    "learning_rate": "Learning rate",
    "lr_schedule": "Learning rate schedule",
    "warmup": "Warm-up",
    "weight_decay": "Weight decay",
    "clip": "Gradient clipping",
    "loss": "Loss",
    "beta": "Beta",
    "early_stop": "Early stop",
    "patience": "Patience",
    "width": "Width",
    "refine_steps": "Refinement",
    "heads": "Heads",
    "covariance": "Covariance",
    "init": "First guess",
    "scenario": "Scenario",
    "sync_ns": "Timing noise",
    "bias_ns": "Site bias",
    "nlos_prob": "Echo chance",
    "nlos_ns": "Echo delay",
    "shadow_db": "Shadowing",
    "path_loss_exponent": "Path loss exponent",
    "min_receivers": "Fewest receivers",
    "max_gdop": "Largest GDOP",
    "train_samples": "Training scenes",
    "val_samples": "Validation scenes",
    "resample": "Drawn anew",
    "outage": "Receiver outage",
}

MANIFEST = Manifest(
    charts=CHARTS,
    key_figures=KEY_FIGURES,
    known_metrics=KNOWN_METRICS,
    key_metrics=KEY_METRICS,
    directions=DIRECTIONS,
    card=CardMetric("val_distance_p68_m", "Last p68", "m", "Smallest p68"),
    config=TrainingConfig,
    local_fields=LOCAL_FIELDS,
    hidden_fields=frozenset({"val_fraction"}),  # only a dataset, which is local, has it
    first_fields=("epochs", "learning_rate", "batch_size", "seed", "scenario"),
    labels=LABELS,
    texts={"form_by_scenario": "decided by the scenario"},
)
