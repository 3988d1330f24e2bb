"""The Jinja pages, shipped as flask_heapview.templates."""
