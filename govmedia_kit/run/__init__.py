"""One notebook to one folder of documents, once or many times.

In come an audit folder and settings; out come the documents, `figures.json`, the tables and the manifest."""

__all__: list[str] = []
