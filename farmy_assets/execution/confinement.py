"""What a guarded child may not do, should hostile bytes take it over.

It is given an environment without secrets. Before its first piece of work it gives up, for good:
new privileges; sockets, other programs and looking into other processes (seccomp); and, by being
a domain of its own (Landlock), reading its parent's memory and environment or ending it, and
writing, making or removing any file: it answers over its pipe. None of this needs root. A kernel
that lacks one of them leaves the others; `confine` tells what is missing.

Numbers: linux/seccomp.h, linux/bpf_common.h, linux/landlock.h, and the tables of system calls.
"""

import ctypes
import os
import platform
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

_KEPT = frozenset(
    {
        "PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH",
        "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONUTF8",
        "MALLOC_ARENA_MAX", "COVERAGE_PROCESS_START",
    }
)  # fmt: skip
_KEPT_BEGINNING = "LC_"

_SET_NO_NEW_PRIVS = 38  # prctl
_SET_FILTER, _ALL_THREADS = 1, 1  # seccomp
_LOAD, _EQUALS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # BPF
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # with EPERM
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4  # in struct seccomp_data
_X32_CALLS = 0x40000000  # a second set of numbers on x86_64

_SECCOMP = {"x86_64": 317, "aarch64": 277}
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# socket, socketpair, connect, bind; io_uring_setup, which has sockets of its own; execve, execveat;
# ptrace, process_vm_readv, process_vm_writev.
_REFUSED = {
    "x86_64": (41, 53, 42, 49, 425, 59, 322, 101, 310, 311),
    "aarch64": (198, 199, 203, 200, 425, 221, 281, 117, 270, 271),
}
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same everywhere
_ASK_VERSION = 1
_EXECUTE, _READ_FILE, _READ_FOLDER = 1, 4, 8
# Writing a file; removing and making files of all kinds and folders.
_WRITE = sum(1 << bit for bit in (1, *range(4, 13)))
_MOVE, _MOVE_SINCE = 1 << 13, 2
_TRUNCATE, _TRUNCATE_SINCE = 1 << 14, 3
_BENEATH = 1
# Of /proc only what is not about other processes: it shows their environments.
_READABLE_OF_PROC = ("self", "meminfo", "cpuinfo", "stat", "sys")
_TCP, _TCP_SINCE = 3, 4
_SCOPES, _SCOPES_SINCE = 3, 6  # abstract sockets, signals


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The parent's environment variables that a child gets: those that programs need, by name.

    Args:
        environment: The parent's.
    """
    return {
        name: value
        for name, value in environment.items()
        if name in _KEPT or name.startswith(_KEPT_BEGINNING)
    }


def confine() -> list[str]:
    """Give up what a decoder does not need, in all threads of this process, for good.

    Returns:
        What this machine cannot take away; nothing as a rule.
    """
    steps: Mapping[str, Callable[[], bool]] = {
        "new privileges": _without_new_privileges,
        "other processes": _in_a_domain_of_its_own,
        "sockets and other programs": _with_filtered_calls,
    }
    return [name for name, is_done in steps.items() if not is_done()]


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _without_new_privileges() -> bool:
    try:
        return bool(_libc().prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
    except (AttributeError, OSError):  # no Linux
        return False


def _with_filtered_calls() -> bool:
    """The filter: nothing of another architecture, and none of the refused calls."""
    machine = platform.machine()
    if machine not in _REFUSED:
        return False
    refused = _REFUSED[machine]
    count = len(refused)  # every refusal jumps to the last line
    program = [
        _instruction(_LOAD, value=_ARCHITECTURE_AT),
        _instruction(_EQUALS, otherwise=count + 3, value=_ARCHITECTURES[machine]),
        _instruction(_LOAD, value=_NUMBER_AT),
        _instruction(_AT_LEAST, then=count + 1, value=_X32_CALLS),
        *(
            _instruction(_EQUALS, then=count - place, value=number)
            for place, number in enumerate(refused)
        ),
        _instruction(_RETURN, value=_ALLOW),
        _instruction(_RETURN, value=_REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(program))
    head = struct.pack("@HP", len(program), ctypes.addressof(code))
    found = _libc().syscall(_SECCOMP[machine], _SET_FILTER, _ALL_THREADS, head)
    return bool(found == 0)


def _instruction(code: int, *, then: int = 0, otherwise: int = 0, value: int) -> bytes:
    """A struct sock_filter: jumps count the lines that are passed over."""
    return struct.pack("@HBBI", code, then, otherwise, value)


def _in_a_domain_of_its_own() -> bool:
    """Landlock; what is read of other processes goes through /proc, which is left out."""
    libc = _libc()
    try:
        version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
        if version < 1:
            return False
        network = _TCP if version >= _TCP_SINCE else 0
        scopes = _SCOPES if version >= _SCOPES_SINCE else 0
        handled = _EXECUTE | _READ_FILE | _READ_FOLDER | _WRITE
        handled |= _MOVE if version >= _MOVE_SINCE else 0
        handled |= _TRUNCATE if version >= _TRUNCATE_SINCE else 0
        parts = (handled, *([network] if network else []), *([scopes] if scopes else []))
        rules = struct.pack(f"@{len(parts)}Q", *parts)
        file = libc.syscall(_CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), 0)
        if file < 0:
            return False
        try:
            for path in _readable():
                _allow_to_read(libc, file, path)
            return bool(libc.syscall(_RESTRICT_SELF, file, 0) == 0)
        finally:
            os.close(file)
    except (AttributeError, OSError):
        return False


def _readable() -> list[str]:
    """Everything below the root but other processes."""
    found = [str(path) for path in Path("/").iterdir() if path.name != "proc"]
    return found + [f"/proc/{name}" for name in _READABLE_OF_PROC]


def _allow_to_read(libc: ctypes.CDLL, rules: int, path: str) -> None:
    """One more place; what cannot be opened could not be read either."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        access = _READ_FILE | (_READ_FOLDER if Path(path).is_dir() else 0)
        rule = struct.pack("=Qi", access, place)
        libc.syscall(_ADD_RULE, rules, _BENEATH, rule, 0)
    finally:
        os.close(place)
