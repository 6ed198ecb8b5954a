"""Pictures: one function a picture, flows, table or result in, matplotlib Axes out; the list is in ``__init__.pyi``."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
