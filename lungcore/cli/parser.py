"""What the command line takes, told in the reader's language."""

import argparse
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, NoReturn

from lungcore.findings.dataset import CONSENSUS, SOURCES, Rules
from lungcore.language import text
from lungcore.learning.plans import AUGMENTATIONS, LOSSES, OPTIMIZERS, PRESETS
from lungcore.learning.tasks import LUNGS

PROGRAM = "python -m lungcore"
LABEL_FORMATS = ("luna16", "marks", "coco", "nifti", "seg", "json", "training")
LONGEST_COMMAND = 4 + len("benchmark")
# argparse's messages (the same in Python 3.11 to 3.13) and the texts that tell them.
PROBLEMS = (
    (r"the following arguments are required: (?P<names>.+)", "cli.usage_required"),
    (r"unrecognized arguments: (?P<names>.+)", "cli.usage_unrecognized"),
    (r"argument (?P<name>.+): invalid choice: (?P<value>.+) \(choose from .+\)", "cli.usage_value"),
    (r"argument (?P<name>.+): invalid .+ value: (?P<value>.+)", "cli.usage_value"),
    (r"argument (?P<name>.+): expected .+ arguments?", "cli.usage_expected"),
)


class Parser(argparse.ArgumentParser):
    """An argument parser whose own words come from the catalogue too."""

    def __init__(self, *, language: str, **options: Any) -> None:
        formatter = partial(_Formatter, language=language)
        super().__init__(add_help=False, allow_abbrev=False, formatter_class=formatter, **options)
        self.language = language
        self._arguments = self.add_argument_group(text("cli.arguments", language))

    def error(self, message: str) -> NoReturn:
        """Tell the wrong usage on standard error and exit with 2."""
        problem = _problem(message, self.language)
        told = text("cli.wrong_usage", self.language, problem=problem)
        self.exit(2, f"{self.format_usage()}{told}\n")

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """Add to the one group that has a title of ours."""
        return self._arguments.add_argument(*names, **options)

    def take(
        self, *names: str, help_key: str, told: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        """Take an argument, explained by the text of `help_key` with the values `told`."""
        explained = text(help_key, self.language, **(told or {}))
        self.add_argument(*names, help=explained, **options)

    def choose(self, name: str, commands: dict[str, str]) -> "dict[str, Parser]":
        """Take one of the `commands` (key of the explanation by name) into the attribute `name`."""
        choice = self.add_subparsers(
            dest=name,
            required=True,
            title=text("cli.commands", self.language),
            metavar=text("cli.command", self.language),
            parser_class=Parser,
        )
        return {
            command: choice.add_parser(
                command,
                language=self.language,
                help=text(key, self.language).splitlines()[0],
                description=text(key, self.language),
            )
            for command, key in commands.items()
        }


def _problem(message: str, language: str) -> str:
    """What argparse says in English, in the reader's language."""
    for pattern, key in PROBLEMS:
        if found := re.fullmatch(pattern, message):
            return text(key, language, **found.groupdict())
    return message


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str, *, language: str) -> None:
        super().__init__(prog, width=100)
        self._action_max_length = LONGEST_COMMAND  # argparse forgets how far commands are indented
        self._language = language

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        told = text("cli.usage", self._language) if prefix is None else prefix
        super().add_usage(usage, actions, groups, told)


def build(language: str) -> Parser:
    """The whole command line: `command` names what was chosen, `act` what it shall do."""
    parser = Parser(
        language=language,
        prog=PROGRAM,
        description=text("cli.description", language),
        epilog=text("cli.exit_status", language),
    )
    _take_help(parser)
    commands = parser.choose(
        "command",
        {
            "import": "cli.import_help",
            "detect": "cli.detect_help",
            "classify": "cli.classify_help",
            "segment": "cli.segment_help",
            "evaluate": "cli.evaluate_help",
            "benchmark": "cli.benchmark_help",
            "labels": "cli.labels_help",
            "train": "cli.train_help",
            "user": "cli.user_help",
            "worker": "cli.worker_help",
            "doctor": "cli.doctor_help",
        },
    )
    commands["import"].take("paths", nargs="+", metavar="PATH", help_key="cli.import_paths")
    commands["import"].take("--json", action="store_true", help_key="cli.import_json")
    for name in ("detect", "segment"):
        commands[name].take("target", metavar="SERIES_UID|PATH", help_key="cli.target")
    commands["detect"].take("--out", metavar="FILE.csv", help_key="cli.detect_out")
    commands["detect"].take("--json", action="store_true", help_key="cli.detect_json")
    commands["detect"].take("--attributions", metavar="DIR", help_key="cli.detect_attributions")
    commands["classify"].take(
        "crops", nargs="+", metavar="CROP.nii.gz", help_key="cli.classify_crops"
    )
    commands["classify"].take("--out", metavar="FILE.csv", help_key="cli.classify_out")
    commands["classify"].take("--json", action="store_true", help_key="cli.classify_json")
    commands["segment"].take(
        "--out", required=True, metavar="MASK.nii.gz", help_key="cli.segment_out"
    )
    commands["segment"].take("--json", action="store_true", help_key="cli.segment_json")
    for name in ("annotations", "excluded", "seriesuids", "submission"):
        key = f"cli.evaluate_{name}"
        commands["evaluate"].take(f"--{name}", required=True, metavar="FILE.csv", help_key=key)
    commands["evaluate"].take("--json", action="store_true", help_key="cli.evaluate_json")
    _fill_train(commands["train"])
    commands["worker"].take("--embedded", action="store_true", help_key="cli.worker_embedded")
    commands["doctor"].take("--json", action="store_true", help_key="cli.doctor_json")
    for command in commands.values():
        _take_help(command)
    _fill_labels(commands["labels"])
    _fill_user(commands["user"])
    _fill_benchmark(commands["benchmark"])
    return parser


def _fill_train(train: Parser) -> None:
    steps = {"detector_steps": LUNGS.detector.steps, "classifier_steps": LUNGS.classifier.steps}
    train.take("--preset", choices=PRESETS, required=True, help_key="cli.train_preset")
    train.take("--task", metavar="FILE.json", help_key="cli.train_task")
    train.take("--data", metavar="DIR", help_key="cli.train_data")
    train.take("--dataset", metavar="ID", help_key="cli.train_dataset")
    train.take("--from", dest="parent", metavar="MODEL", help_key="cli.train_from")
    train.take("--thaw", type=int, nargs="+", metavar="N", help_key="cli.train_thaw")
    train.take("--version", metavar="TEXT", help_key="cli.train_version")
    train.take("--out", metavar="DIR", help_key="cli.train_out")
    train.take("--steps", type=int, metavar="N", help_key="cli.train_steps", told=steps)
    train.take("--seed", type=int, metavar="N", help_key="cli.train_seed")
    train.take("--optimizer", choices=OPTIMIZERS, help_key="cli.train_optimizer")
    train.take("--learning-rate", type=float, metavar="X", help_key="cli.train_rate")
    train.take("--loss", choices=LOSSES, help_key="cli.train_loss")
    train.take("--augmentation", choices=AUGMENTATIONS, help_key="cli.train_augmentation")
    train.take("--patience", type=int, metavar="N", help_key="cli.train_patience")
    train.take("--images", metavar="FILE.npy", help_key="cli.train_images")
    train.take("--labels", metavar="FILE.npy", help_key="cli.train_labels")
    train.take("--epochs", type=float, metavar="N", help_key="cli.train_epochs")
    train.take("--json", action="store_true", help_key="cli.train_json")


def _fill_labels(labels: Parser) -> None:
    acts = labels.choose(
        "act",
        {
            "import": "cli.labels_import",
            "export": "cli.labels_export",
            "freeze": "cli.labels_freeze",
            "datasets": "cli.labels_datasets",
            "diff": "cli.labels_diff",
        },
    )
    imports, exports = acts["import"], acts["export"]
    imports.take("paths", nargs="+", metavar="FILE", help_key="cli.labels_files")
    imports.take("--series", default="", metavar="SERIES_UID", help_key="cli.labels_series")
    imports.take("--json", action="store_true", help_key="cli.labels_json")
    exports.take("target", metavar="SERIES_UID|DATASET_ID", help_key="cli.labels_target")
    exports.take("--format", required=True, choices=LABEL_FORMATS, help_key="cli.labels_format")
    exports.take("--out", required=True, metavar="PATH", help_key="cli.labels_out")
    exports.take("--reader", action="append", metavar="NAME", help_key="cli.labels_reader")
    _fill_freeze(acts["freeze"])
    acts["datasets"].take("--json", action="store_true", help_key="cli.datasets_json")
    acts["diff"].take("first", metavar="DATASET_ID", help_key="cli.diff_first")
    acts["diff"].take("second", metavar="DATASET_ID", help_key="cli.diff_second")
    acts["diff"].take("--json", action="store_true", help_key="cli.diff_json")
    for act in acts.values():
        _take_help(act)


def _fill_freeze(freeze: Parser) -> None:
    rules = Rules()
    freeze.take("--name", default="", metavar="TEXT", help_key="cli.freeze_name")
    freeze.take("--source", action="append", choices=SOURCES, help_key="cli.freeze_source")
    freeze.take("--reader", action="append", metavar="NAME", help_key="cli.labels_reader")
    freeze.take(
        "--consensus", choices=CONSENSUS, default=rules.consensus, help_key="cli.freeze_consensus"
    )
    freeze.take("--least-readers", type=int, default=1, metavar="N", help_key="cli.freeze_least")
    freeze.take("--thickest-mm", type=float, metavar="MM", help_key="cli.freeze_thickest")
    freeze.take("--phantoms", action="store_true", help_key="cli.freeze_phantoms")
    freeze.take("--without", action="append", metavar="SERIES_UID", help_key="cli.freeze_without")
    freeze.take("--shares", type=int, nargs=3, metavar="N", help_key="cli.freeze_shares")
    freeze.take("--seed", type=int, default=rules.seed, metavar="N", help_key="cli.freeze_seed")
    freeze.take("--splits", metavar="FILE.csv", help_key="cli.freeze_splits")
    freeze.take("--dry-run", action="store_true", help_key="cli.freeze_dry_run")
    freeze.take("--json", action="store_true", help_key="cli.freeze_json")


def _fill_user(user: Parser) -> None:
    acts = user.choose(
        "act",
        {
            "add": "cli.user_add",
            "list": "cli.user_list",
            "password": "cli.user_password",
            "disable": "cli.user_disable",
        },
    )
    for name, act in acts.items():
        if name != "list":
            act.take("name", metavar="NAME", help_key="cli.user_name")
        if name in ("add", "password"):
            act.take(
                "--password-stdin",
                action="store_true",
                required=True,
                help_key="cli.user_password_stdin",
            )
        if name == "add":
            act.take("--role", action="append", metavar="ROLE", help_key="cli.user_role")
            act.take("--display-name", default="", metavar="TEXT", help_key="cli.user_display")
        _take_help(act)


def _fill_benchmark(benchmark: Parser) -> None:
    luna16 = benchmark.choose("set", {"luna16": "cli.luna16_help"})["luna16"]
    luna16.take("folder", metavar="DIR", help_key="cli.luna16_folder")
    luna16.take("--out", default="luna16-results", metavar="DIR", help_key="cli.luna16_out")
    luna16.take("--json", action="store_true", help_key="cli.evaluate_json")
    _take_help(luna16)


def _take_help(parser: Parser) -> None:
    parser.take("-h", "--help", action="help", help_key="cli.help")
