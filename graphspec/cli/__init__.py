"""The command line: one file a command, each loaded when it is called.

Exit codes are stable:

==== =====================================================================
0    it worked
1    the document has problems
2    the command line is wrong, or a file cannot be read
3    training met NaN or infinity, or an engine or a run directory failed
4    a data set cannot be read or does not suit the graph
130  interrupted with Ctrl+C
141  whoever read the output stopped reading, as ``head`` does
==== =====================================================================
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from cyclopts import App, CoercionError, Parameter, Token, convert

from graphspec import __version__
from graphspec.errors import EngineWarning

COMMANDS = {
    "studio": "Open the desktop app: edit a network and see it checked while you do.",
    "check": "List every problem of a network file, with fixes.",
    "lint": "Advice on a network that can be run, with the reasons.",
    "summary": "Show each layer's shape, parameters, cost and receptive field.",
    "explain": "Show what the fast engine makes of a network, operation by operation.",
    "train": "Train a network file; progress is shown live.",
    "resume": "Go on with a run that was stopped or killed.",
    "evaluate": "Loss and accuracy of a trained network on held-out data.",
    "knn": "Classify by the nearest examples: the baseline to beat.",
    "ensemble": "Evaluate several trained networks as one.",
    "predict": "Classify images or rows with a trained network.",
    "landscape": "The loss along a direction or on a plane through the weights, as a picture.",
    "find-rate": "Try learning rates, and draw the loss over them.",
    "gradcheck": "Compare a network's gradients with centred differences.",
    "moments": "How large the numbers become on their way through a network, per initialiser.",
    "new": "Write a network file from a pattern such as 'INPUT -> [CONV -> RELU]*2 -> FC'.",
    "circuit": "Value and gradient on every wire of an expression such as 'x*sigmoid(y)'.",
    "schema": "Print the JSON Schema of network files, for text editors.",
    "version": "Print the versions that results depend on.",
}
GROUPS = {
    "runs": "List, compare, rename, delete and export runs.",
    "data": "List data sets, describe one, download one.",
    "inspect": "Look inside a trained network: activations, weights, occlusion …",
    "picture": "Draw data, classifiers, activations and networks.",
}


def build_app(told: str = "") -> App:
    """The application with all commands registered by name; none is imported yet.

    The one to be told about is left to tell it in its own words, which are more than the line that
    the list of commands has.
    """
    app = App(
        name="graphspec",
        help="Neural networks as validated JSON graphs: check, train, resume, look inside.",
        version=__version__,
        default_parameter=Parameter(negative="", converter=_convert),
        help_format="plaintext",  # the other formats import parsers, a third of the whole start
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    for name, text in COMMANDS.items():
        function = name.replace("-", "_")
        app.command(
            f"graphspec.cli.{function}:{function}", name=name, help=None if name == told else text
        )
    for name, text in GROUPS.items():
        app.command(f"graphspec.cli.{name}:app", name=name, help=text)
    return app


def _convert(type_: Any, tokens: Sequence[Token]) -> Any:
    """Convert as cyclopts does, which by itself rounds 1.5 to 2 where whole numbers are wanted.

    Raises:
        CoercionError: a value is not of its type.
    """

    def value_of(leaf: Any, text: str) -> Any:
        if leaf is int and "." in text:
            raise CoercionError(msg=f"it must be a whole number, such as 2, not {text}.")
        try:
            return convert(leaf, [text])
        except CoercionError as error:
            raise ValueError from error  # told again, with the name of the option

    return convert(type_, tokens, converter=value_of)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; errors are told on standard error."""
    tokens = list(sys.argv[1:] if argv is None else argv)
    with _warnings_told(quiet="--quiet" in tokens):
        return _run(tokens)


def _run(tokens: list[str]) -> int:
    try:
        helps = not tokens or not {"--help", "-h"}.isdisjoint(tokens)
        app = build_app(tokens[0] if tokens and helps else "")
        if helps:
            from graphspec.cli.helping import Reflowed

            app.help_formatter = Reflowed()
        result = app(tokens)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        from cyclopts import CycloptsError

        from graphspec.cli.failure import explain

        if isinstance(error, CycloptsError):
            error.verbose = False
        code = explain(error)
        if code is None:
            raise
        return code
    return result if isinstance(result, int) else 0


@contextmanager
def _warnings_told(*, quiet: bool) -> Iterator[None]:
    """Tell warnings that are meant for people in a line of words, as problems are told."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def tell(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if category is not EngineWarning:
                show(message, category, filename, lineno, file, line)
            elif not quiet:
                from rich.text import Text

                from graphspec.cli.output import err

                err.print(Text.assemble(("! ", "bold yellow"), str(message)))

        warnings.showwarning = tell
        yield


def run() -> None:
    """The entry point of the installed ``graphspec`` command."""
    sys.exit(main())
