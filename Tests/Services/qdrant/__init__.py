"""A Qdrant for tests: Qdrant's own engine, behind a REST face of this project's. README.md says what it is and is not."""
