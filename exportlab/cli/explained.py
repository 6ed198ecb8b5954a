"""What went wrong, in one paragraph of the reader's language, with every remedy as one types it."""

from __future__ import annotations

import os
import re
from ast import literal_eval
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from exportlab.errors import DataError, ExportlabError, flags, listed
from exportlab.words import LANGUAGES, N_, _, language, refusal, sentences, speak

VARIABLE = "EXPORTLAB_LANG"


def speak_as_asked(arguments: Sequence[str]) -> None:
    """Speak the language that is asked for, before what else was typed is understood; others are refused later."""
    asked = [after for flag, after in pairwise(arguments) if flag == "--lang"]
    asked += [a.removeprefix("--lang=") for a in arguments if a.startswith("--lang=")]
    first = [*asked, os.environ.get(VARIABLE, "")][0]
    if first in LANGUAGES:
        speak(first)


def said(error: Exception) -> str | None:
    """What to tell the user, in one paragraph; None for a fault of the program's own.

    In another language than English a refusal is said in it: what is wrong and the way out where they are messages,
    else as they are, within a frame of what is allowed, what may be meant, how many rows and the first.
    """
    usage = getattr(error, "format_message", None)
    if usage is not None:  # a command, option or argument that was not understood
        context = getattr(error, "ctx", None)
        asked = _("See: {command} --help", command=context.command_path) if context else ""
        return sentences(" ".join(_usage(error, usage()).split()), asked)
    if isinstance(error, ExportlabError):
        return _refusal(error)
    if isinstance(error, UnicodeDecodeError):
        return _(
            "the file is not {encoding} text (byte {place}). Save it as UTF-8 or GB18030.",
            encoding=error.encoding,
            place=f"{error.start:,}",
        )
    if isinstance(error, OSError) and error.strerror:
        return _system(error)
    return _("there is not enough memory for this.") if isinstance(error, MemoryError) else None


def _system(error: OSError) -> str:
    about = {
        FileNotFoundError: _("no such file or folder"),
        PermissionError: _("not allowed to read or write"),
        NotADirectoryError: _("not a directory"),
    }
    text = error.strerror or ""
    why = about.get(type(error), text[:1].lower() + text[1:])
    return f"{why}: {error.filename}" if error.filename else f"{why}."


# What the library says, in English alone, of words that it does not understand.
_USAGE = (
    (r"No such command '(?P<name>.*?)'\.", N_("No such command: {name}.")),
    (r"No such option: (?P<name>[^\s]+)", N_("No such option: {name}.")),
    (r"Missing option '(?P<name>.*?)'\.", N_("The option {name} is needed.")),
    (r"Missing argument '(?P<name>.*?)'\.", N_("The argument {name} is needed.")),
    (r"Option '(?P<name>.*?)' requires an argument\.", N_("The option {name} needs a value.")),
    (r"Option '(?P<name>.*?)' does not take a value\.", N_("The option {name} takes no value.")),
    (r"Got unexpected extra arguments?(?:\(s\))? \((?P<name>.*)\)", N_("Not understood: {name}.")),
    (r"Invalid value for '(?P<name>.*?)': .*integer", N_("The option {name} takes a whole number.")),
)


def _usage(error: Exception, text: str) -> str:
    """What was typed and not understood."""
    if language() == "en":
        return text
    found = ((re.match(pattern, text), message) for pattern, message in _USAGE)
    wrong = next((_(message, name=match["name"]) for match, message in found if match), text)
    told = re.search(r"Did you mean (.*)\?", text)
    names = listed(getattr(error, "possibilities", None) or ()) or (told[1] if told else "")
    return sentences(wrong, _("Did you mean {names}?", names=names) if names else "")


def _refusal(error: ExportlabError) -> str:
    if language() == "en":
        return error.typed(typed) if isinstance(error, DataError) else typed(str(error))
    return refusal(error, typed)


# Options as Python writes them in messages, which the command line takes as flags.
_LITERAL = r"'(?:[^'\\]|\\.)*'|\d+|True|\{[^{}]*\}|\[[^\[\]]*\]|\.\.\."
_OPTION = re.compile(
    r"(?<![A-Za-z_])(period|exporter|market|product|value|unit|aggregate|sheet|decimal|leave_out|fill_down|keys|nomenclature|digits|"
    r"levels|revision|zero_quantity|engine|wide|memory|universe|reference|labels|scheme|partial|outside|residual)="
    rf"({_LITERAL})"
)
_CALL = re.compile(r"xl\.(?:read_\w+|flows)\((?:'[^']*'|table)(?:, )?((?:\w+=[^()]*?)?)\)")
_LINE = re.compile(r"table = [^;]*; in read_flows ")


def typed(text: str) -> str:
    """A message with every remedy as one types it."""
    text = _CALL.sub(lambda found: found[1], _LINE.sub("", text))
    return _OPTION.sub(_flag, text).replace(", --", " --").replace("in read_flows --", "--")


def _flag(found: re.Match[str]) -> str:
    name, literal = found[1], found[2]
    value: Any = "..." if literal == "..." else literal_eval(literal)
    if name == "residual" and isinstance(value, str):  # of an index, not of the door
        name = "left_over"
    return f"--{name.replace('_', '-')} ..." if literal in ("...", "[...]") else flags({name: value})
