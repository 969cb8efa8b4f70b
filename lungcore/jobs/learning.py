"""The jobs that make and judge models, as the engine runs them. Every step can be done twice."""

from collections.abc import Mapping

from dbos import DBOS

from lungcore.jobs import bringing, comparing, training
from lungcore.jobs.client import JobsClient
from lungcore.jobs.failures import JobFailedError, told
from lungcore.jobs.workflows import (
    MAX_RECOVERY_ATTEMPTS,
    Progress,
    StopWhenCancelled,
    job_id_here,
)
from lungcore.settings import Settings

# A training may run for days: a worker that is started anew for other reasons is no fault of it.
MAX_TRAINING_ATTEMPTS = 50


def register(settings: Settings, client: JobsClient) -> None:
    """Make these jobs known to the engine of this process."""
    _register_training(settings, client)
    _register_judging(settings, client)


def _register_training(settings: Settings, client: JobsClient) -> None:
    @DBOS.step(name="train_steps")
    def train_steps(training_id: str) -> bool:
        job_id = job_id_here()
        stop = StopWhenCancelled(client, job_id)
        return training.run(settings, training_id, job_id, progress=Progress(), stop=stop)

    @DBOS.step(name="conclude_training")
    def conclude(training_id: str) -> str:
        return training.conclude(settings, training_id, job_id_here(), Progress())

    @DBOS.workflow(name="train", max_recovery_attempts=MAX_TRAINING_ATTEMPTS)
    def train_job(training_id: str, account_id: int | None) -> dict[str, str]:
        return {"model": conclude(training_id) if train_steps(training_id) else ""}

    @DBOS.step(name="measure_cost")
    def measure(training_id: str) -> dict[str, float]:
        with told(settings.home):
            return training.cost(settings, training_id, Progress())

    @DBOS.workflow(name="cost", max_recovery_attempts=MAX_RECOVERY_ATTEMPTS)
    def cost_job(training_id: str) -> Mapping[str, float]:
        return measure(training_id)


def _register_judging(settings: Settings, client: JobsClient) -> None:
    @DBOS.step(name="compare_models")
    def compare(name: str, dataset_id: str, account_id: int | None) -> None:
        job_id = job_id_here()
        stop = StopWhenCancelled(client, job_id)
        comparing.compare_models(
            settings, name, dataset_id, job_id, account_id, progress=Progress(), stop=stop
        )

    @DBOS.workflow(name="compare", max_recovery_attempts=MAX_RECOVERY_ATTEMPTS)
    def compare_job(name: str, dataset_id: str, account_id: int | None) -> None:
        compare(name, dataset_id, account_id)

    @DBOS.step(name="bring_model")
    def bring(bringing_id: str, account_id: int | None) -> str:
        stop = StopWhenCancelled(client, job_id_here())
        return bringing.bring(settings, bringing_id, account_id, progress=Progress(), stop=stop)

    @DBOS.step(name="remove_brought")
    def remove(bringing_id: str) -> None:
        bringing.remove(settings, bringing_id)

    @DBOS.workflow(name="bring", max_recovery_attempts=MAX_RECOVERY_ATTEMPTS)
    def bring_job(bringing_id: str, account_id: int | None) -> dict[str, str]:
        try:
            name = bring(bringing_id, account_id)
        except JobFailedError:
            remove(bringing_id)
            raise
        remove(bringing_id)
        return {"model": name}
