"""The only place that knows Redis: its keys, scripts and pub/sub, and the embedded server."""
