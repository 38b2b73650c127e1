"""The model over HTTP: a JSON API and a page for analysts; the only door to fastapi and uvicorn."""
