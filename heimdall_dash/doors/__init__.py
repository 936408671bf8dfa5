"""Who may come in: one layer in front of everything, and the limits of what a stranger may cost."""
