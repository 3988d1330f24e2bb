"""What helps against a leak, by its cause or by the library in question."""

from __future__ import annotations

REMEDIES: dict[str, str] = {
    # by cause
    "unbounded-container": "Limit its size. Remove entries when they are used up. "
    "Use collections.deque(maxlen=…) to keep only the latest. "
    "Keep larger data outside the process.",
    "unbounded-cache": "Give it a limit: functools.lru_cache(maxsize=…), cachetools.LRUCache or "
    "TTLCache. On methods, cache per instance: the key holds self.",
    "registry": "Register once, at import or start-up, not in each request. "
    "Otherwise remove the entry when the request ends.",
    "traceback": "Keep str(error) or traceback.format_exception(error) instead of the exception. "
    "An exception holds its frames, and they hold every local variable.",
    "reference-cycle": "Break the cycle: use weakref.ref for the way back. "
    "Let the collector run: call gc.enable() and keep its thresholds near the defaults.",
    "uncollectable": "Switch gc.DEBUG_SAVEALL off and empty gc.garbage. "
    "Break the cycle with weakref.ref.",
    "lost-reference": "A C extension does not give references back (Py_DECREF). "
    "Upgrade the library that is called there, or report it. "
    "Until then, call it less often, or recycle workers (gunicorn --max-requests).",
    "unclosed-resource": "Close it: use a with block, contextlib.closing, or "
    "app.teardown_appcontext. A sqlite3 connection in a with block commits, but does not close.",
    "thread": "Make one executor when the app starts, and share it. "
    "Otherwise shut each one down: with ThreadPoolExecutor() as pool.",
    "native": "Look for a clear, close or free call of the C library. "
    "Use a new parser or handle for each piece of work. "
    "Check whether a newer version of the library is out.",
    "fragmentation": "Do not keep small objects from large temporary lists: copy what is kept. "
    "Work in smaller pieces. Or recycle workers (gunicorn --max-requests).",
    "off-process": "Delete the files in the temporary filesystem when they are used up. "
    "They count as the container's memory.",
    # by library
    "logger-name": "Use one logger for each module, and pass what varies as an argument. "
    "logging.getLogger keeps every name for good.",
    "logging-handler": "Add handlers once, at start-up, or remove them again.",
    "weakref-finalize": "Call the finalizer, or detach() it, when the work is done. "
    "weakref.finalize keeps its arguments until its object dies. "
    "Tie it to an object that lives no longer than the request.",
    "warning-text": "Keep what varies out of a warning's text. Each module remembers every text.",
    "metric-label": "Use labels with few values (route, status), never a user, id or address.",
    "atexit": "Register with atexit once, at import. Keep a list of your own that shrinks.",
    "signal-receiver": "Connect receivers at import, or disconnect them again.",
    "sqlalchemy-event": "Listen once, when the engine is made. event.listen keeps each function.",
    "sqlalchemy-engine": "Make one engine for each database when the app starts. "
    "Call dispose() on all others.",
    "jinja-environment": "Set filters and globals once, at start-up. "
    "Pass what varies to the template.",
    "timer": "Call cancel() on timers that are no longer needed, or use one scheduler.",
    "lru-cache": "Give it a limit: functools.lru_cache(maxsize=…). On a method the key holds self: "
    "cache on the instance, or on what the answer depends on.",
    "cachetools": "Its limit is never reached. Set maxsize to what the container has room for.",
    "lxml": "Keep the text, not the element. One element keeps its whole document.",
    "malloc-arenas": "Give memory back on the overview page: what malloc_trim frees was only kept. "
    "Then set MALLOC_ARENA_MAX=2 and MALLOC_TRIM_THRESHOLD_=131072, or use jemalloc.",
    "generator": "Read each one to its end, or call close(). "
    "While it is suspended, it holds its frame and every local variable.",
    "mock": "Take the mock out of the service, or call reset_mock(). "
    "It records each call with its arguments.",
    "shelf": "Call sync() from time to time, or open it without writeback=True. "
    "With it, a shelf keeps each value that it has given out.",
    "numpy-view": "Call copy() on what is kept. A view keeps the whole array it was cut from.",
    # by the library that took native memory
    "native-own": "ctypes and cffi free nothing that a function of C returns. "
    "Call the library's own free function for it, in a finally block or by weakref.finalize. "
    "With cffi, use ffi.gc.",
    "native-lxml": "Call clear() on elements that iterparse has given. Keep text, not elements: "
    "one element keeps its whole document in libxml2.",
    "native-sqlite": "Call close() on connections and cursors. "
    "Each connection keeps a cache of pages: PRAGMA shrink_memory empties it.",
    "native-pillow": "Call close() on images, or open them in a with block.",
    "native-opencv": "Call release() on each VideoCapture and VideoWriter. "
    "Keep no arrays of frames.",
    "native-curl": "Call close() on each Curl object, or keep one and call reset().",
    "native-tls": "Make one SSLContext or HTTP session when the app starts, and share it. "
    "Call close() on connections.",
    "native-postgres": "Call close() on cursors and connections. A cursor keeps its whole result: "
    "use a server-side cursor for a large one.",
    "native-mysql": "Call close() on cursors and connections. A cursor keeps its whole result: "
    "use SSCursor for a large one.",
    "native-odbc": "Call close() on cursors and connections, or use them in a with block.",
    "native-duckdb": "Call close() on connections, and set memory_limit.",
    "native-arrow": "Drop tables and buffers that are done with. "
    "Then call pyarrow.default_memory_pool().release_unused().",
    "native-hdf5": "Call close() on files, or open them in a with block.",
    "native-grpc": "Make one channel when the app starts, and share it. Call close() on others.",
    "native-mupdf": "Call close() on documents. "
    "pymupdf.TOOLS.store_shrink(100) empties what is kept between them.",
    "native-pdfium": "Call close() on pages and documents, pages first.",
    "native-matplotlib": "Call matplotlib.pyplot.close(figure), or make figures without pyplot: "
    "matplotlib.figure.Figure. pyplot keeps each figure.",
    "native-gdal": "Close datasets: with a with block, or by setting an osgeo dataset to None.",
    "native-kafka": "Make one producer when the app starts. Call poll() often, so that what was "
    "delivered is freed, and close() on consumers.",
    "native-cairo": "Call finish() on surfaces.",
    "native-vips": "Limit the cache of operations: pyvips.cache_set_max and cache_set_max_mem.",
    "native-magick": "Open images in a with block, or call destroy().",
    "native-zmq": "Make one context when the app starts. Call close() on sockets.",
    "native-onnx": "Make one InferenceSession when the app starts, and share it.",
    "native-torch": "Work under torch.inference_mode(), and keep item() or detach() of a result. "
    "A result keeps the whole graph that it was computed by.",
    "native-protobuf": "Keep what is needed of a message, not the message. "
    "Any part keeps the memory of the whole.",
    "native-compression": "Keep no compressors or decompressors. Each holds its window.",
    "native-numpy": "Call copy() on what is kept of an array. A view keeps all of it.",
}
