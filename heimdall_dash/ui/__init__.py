"""The page: layout and texts. What it knows of metrics comes with the trainer's manifest."""
