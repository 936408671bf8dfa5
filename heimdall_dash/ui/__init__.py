"""The page: layout, chart specifications and texts. It knows metric names, never the store."""
