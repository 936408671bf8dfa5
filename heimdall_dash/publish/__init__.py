"""The trainer's side: a local append-only log, and a sender that brings the store up to date."""
