"""`python -m lungcore`: the command line. Each command loads only what it needs."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from lungcore.cli import parser
from lungcore.cli.output import UsageError, tell
from lungcore.errors import LungcoreError
from lungcore.language import DEFAULT_LANGUAGE, text
from lungcore.settings import Settings, load

DONE, USER_PROBLEM, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    language = DEFAULT_LANGUAGE
    try:
        settings = load()
        language = settings.language
        _run(settings, parser.build(language).parse_args(arguments))
    except LungcoreError as error:
        tell(error.text(language))
        return WRONG_USAGE if isinstance(error, UsageError) else USER_PROBLEM
    except BrokenPipeError:
        # Who reads the output has seen enough, as in `doctor | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        problem = error.strerror or str(error)
        tell(text("errors.file_unusable", language, path=error.filename or "-", problem=problem))
        return USER_PROBLEM
    except KeyboardInterrupt:
        return INTERRUPTED
    return DONE


def _run(settings: Settings, arguments: Namespace) -> None:
    match arguments.command:
        case "import":
            from lungcore.cli import imports

            imports.run(settings, arguments)
        case "detect":
            from lungcore.cli import detection

            detection.run(settings, arguments)
        case "classify":
            from lungcore.cli import classification

            classification.run(settings, arguments)
        case "segment":
            from lungcore.cli import segmentation

            segmentation.run(settings, arguments)
        case "evaluate":
            from lungcore.cli import evaluation

            evaluation.run(settings, arguments)
        case "benchmark":
            from lungcore.cli import benchmarking

            benchmarking.run(settings, arguments)
        case "labels":
            from lungcore.cli import labels

            labels.run(settings, arguments)
        case "train":
            from lungcore.cli import training

            training.run(settings, arguments)
        case "user":
            from lungcore.cli import users

            users.run(settings, arguments)
        case "worker":
            from lungcore.jobs import worker

            worker.run(settings, embedded=arguments.embedded)
        case "doctor":
            from lungcore.cli import checkup

            checkup.run(settings, arguments)


if __name__ == "__main__":
    sys.exit(main())
