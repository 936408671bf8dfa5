"""Where the receivers stand: Heimdall's seven. `receivers_file` reads others."""

Receiver = tuple[str, float, float, float]
"""Name, latitude, longitude (degrees, WGS-84), height (m)."""

RECEIVERS: tuple[Receiver, ...] = (
    ("Aquila di Giaveno", 45.030, 7.270, 600.0),
    ("Montanaro", 45.234, 7.857, 300.0),
    ("Torino", 45.044, 7.672, 250.0),
    ("Coazze", 45.048, 7.238, 700.0),
    ("Passo dei Giovi", 44.561, 8.956, 480.0),
    ("Genova", 44.395, 8.956, 100.0),
    ("Milano - Baggio", 45.478, 9.123, 120.0),
)
"""Heimdall's WebSDRs in north-west Italy."""
