"""Which HTTP requests a server of this machine answers.

The servers listen on the loopback address, where every web page that a browser shows can send
requests as well. `rules.py` decides from a request's line and headers, `signatures.py` checks AWS
signatures, `asgi.py` applies both in front of an ASGI application. These three use the standard
library alone: they also run in the emulator's environment (`emulator.py`).
"""
