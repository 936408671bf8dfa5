"""Other tools' runs as jobs: read from their files, without the tools themselves."""
