"""What deserves attention although no page is open: rules, who keeps them, and who is told."""
