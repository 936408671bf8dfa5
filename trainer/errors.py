"""The errors a trainer raises on purpose. Each message says what was expected and what to do."""


class TrainerError(Exception):
    """Base of all of them."""


class CheckpointError(TrainerError):
    """A checkpoint is missing, damaged, or belongs to another configuration."""


class DamagedCheckpoint(CheckpointError):
    """A checkpoint's file is not what was written."""


class AllDamaged(CheckpointError):
    """None of a job's checkpoints can be read: it can only be begun again."""


class DatasetError(TrainerError):
    """A file of measured events breaks its schema; the message names column and row."""


class MissingExtraError(TrainerError):
    """An optional package is not installed."""


class DeviceError(TrainerError):
    """The config wants a device that this machine, or this build of torch, does not have."""
