"""From the store's pub/sub to the viewers: the hub follows jobs, a connection serves one viewer."""
