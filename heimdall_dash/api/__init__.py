"""What answers over HTTP: REST, health, and the security layer in front of everything."""
