"""NVIDIA's GPUs as figures."""

import logging
from contextlib import suppress
from typing import Any

log = logging.getLogger(__name__)

Cells = dict[str, float]


class Gpus:
    """NVIDIA's, through nvidia-ml-py; none without it, without a driver, without a GPU."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._handles: list[Any] = []
        try:
            import pynvml

            pynvml.nvmlInit()
            self._nvml = pynvml
            count = pynvml.nvmlDeviceGetCount()
            self._handles = [pynvml.nvmlDeviceGetHandleByIndex(place) for place in range(count)]
        except Exception as error:  # whatever a driver's library says: then there is none
            log.debug("no GPU is read: %s", error)

    def read(self) -> Cells:
        cells: Cells = {}
        nvml = self._nvml
        for place, handle in enumerate(self._handles):
            name = f"gpu{place}/"
            with suppress(Exception):  # a figure that this GPU does not tell costs itself alone
                cells[f"{name}percent"] = float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
            with suppress(Exception):
                memory = nvml.nvmlDeviceGetMemoryInfo(handle)
                cells[f"{name}memory_percent"] = 100 * memory.used / memory.total
            with suppress(Exception):
                cells[f"{name}power_watts"] = nvml.nvmlDeviceGetPowerUsage(handle) / 1000
            with suppress(Exception):
                cells[f"{name}temperature_deg"] = float(nvml.nvmlDeviceGetTemperature(handle, 0))
        return cells

    def close(self) -> None:
        if self._nvml is not None:
            with suppress(Exception):
                self._nvml.nvmlShutdown()
            self._nvml, self._handles = None, []
