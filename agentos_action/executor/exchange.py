"""Two names of one folder exchanged in one step, where system and file system can: what comes out can be looked at."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import sys
from collections.abc import Callable

#: Linux: RENAME_EXCHANGE of renameat2; macOS: RENAME_SWAP of renameatx_np. Both happen to be 2.
_SWAP = 2
_CALLS = {"linux": "renameat2", "darwin": "renameatx_np"}
#: The system knows the call and the file system does not, or the other way round; or a sandbox forbids it.
_UNABLE = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM})


def exchange(folder: int, one: str, other: str) -> bool:
    """Let two names of an open folder change places; returns False where that cannot be done here.

    Raises OSError where one of them is not there.
    """
    call = _call()
    if call is None:
        return False
    if call(folder, os.fsencode(one), folder, os.fsencode(other), _SWAP) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNABLE:
        return False
    raise OSError(number, os.strerror(number), other)


@functools.cache
def _call() -> Callable[..., int] | None:
    name = _CALLS.get(sys.platform)
    try:
        found = getattr(ctypes.CDLL(None, use_errno=True), name) if name else None
    except (AttributeError, OSError):  # an older C library, or musl
        return None
    if found is None:
        return None
    found.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    found.restype = ctypes.c_int
    call: Callable[..., int] = found
    return call
