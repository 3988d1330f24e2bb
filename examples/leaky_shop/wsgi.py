"""The shop with flask-heapview mounted, as gunicorn serves it."""

from flask_heapview import HeapView

from .app import app, bounded_prices

heapview = HeapView(app)
heapview.register_cache("shop prices (bounded)", bounded_prices)
application = app
