"""Composition root of the web process: settings → store → hub → server → page.

`uvicorn app:server` or `python app.py` serve it; `make run` starts it with a store and a worker.
"""

from heimdall_dash.web import application, main

if __name__ == "__main__":
    main()
elif __name__ != "__mp_main__":  # not in web processes that `main` starts: they build their own
    server = application()
