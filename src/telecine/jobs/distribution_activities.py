"""The activities of a distribution: each loads what it needs by id, calls the step's function, and writes down what
came of it. Each can be done twice.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from temporalio import activity

from telecine.catalog import copies, jobs
from telecine.core.distribution import CopyMode
from telecine.core.dwm_codes import CopyState
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.master import MasterPlan
from telecine.core.progress import Phase, Tick
from telecine.core.states import JobState
from telecine.core.watermark.recipients import RecipientKeys
from telecine.jobs import distribution_steps as steps
from telecine.jobs import failures, prepared_masters
from telecine.jobs.active_step import ActiveStep, active_step, cpu_slot
from telecine.jobs.distribution_copies import Batch, orders, write
from telecine.jobs.distribution_workflow import BATCH
from telecine.jobs.messages import DistributionStep, Ending, Failure, JobRef, Master
from telecine.jobs.prepared_masters import take_over
from telecine.jobs.publishing import prefix_of
from telecine.jobs.recipient_folders import folder_of
from telecine.jobs.services import Services
from telecine.jobs.stages import load_probes
from telecine.media.copies.master_probe import load_master_plan

_ONCE = (Phase.STAGE_IN, Phase.PROBE, Phase.ENCODE, Phase.JOIN, Phase.VERIFY)
"""What is done once for all recipients."""


class DistributionActivities:
    """Every effect that `DistributionWorkflow` asks for. One object serves all threads of a worker."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def transfers(self) -> list[Callable[..., Any]]:
        """Activities of the io queue."""
        return [self.keep_prepared, self.make_copies, self.deliver_copy]

    @property
    def encodes(self) -> list[Callable[..., Any]]:
        """Activities of the cpu queue."""
        made: list[Callable[..., Any]] = [self.encode_takes, self.prepare_master, self.encode_copy, self.assemble_copy]
        return [self.analyse_master, *made, self.verify_prepared]

    @property
    def endings(self) -> list[Callable[..., Any]]:
        """Short activities that must never wait behind long ones."""
        return [self.find_prepared, self.list_copies, self.fail_copy, self.count_copies]

    @activity.defn(name=DistributionStep.FIND_PREPARED, no_thread_cancel_exception=True)
    def find_prepared(self, ref: JobRef) -> Master:
        """Look whether an earlier attempt has prepared the master; then nothing but copies is left to do."""
        with active_step(self._services, ref, Phase.STAGE_IN) as step:
            step.check()
            services, job = self._services, step.job
            whose = job.id if prepared_masters.find(services, job) else take_over(services, job, step.pulse.alive)
            found = prepared_masters.find(services, job) if whose else None
            if found is None:
                return Master(0)
            warnings = self._warnings(step, found[0])
            with self._services.database.write() as s:
                for phase in (*_ONCE, Phase.COPY):
                    tick = Tick(float(phase is not Phase.COPY), 1.0)
                    jobs.report_work(s, ref.job_id, ref.attempt, phase, 0, tick)
                jobs.add_warnings(s, ref.job_id, ref.attempt, warnings)
            step.tell(f"The master that job {whose} has prepared is used.")
            return Master(0, prepared=True)

    @activity.defn(name=DistributionStep.ANALYSE_MASTER, no_thread_cancel_exception=True)
    def analyse_master(self, ref: JobRef) -> Master:
        """Probe and plan; the row learns what was found and what is to be wondered at."""
        with active_step(self._services, ref, Phase.PROBE, JobState.ANALYSING) as step, cpu_slot(step):
            settings = self._services.settings
            plan = steps.analyse(step.spec, step.workspace, settings.prepared, settings.policy, step.context)
            individual = plan.mode is CopyMode.INDIVIDUAL
            warnings = [*plan.warnings, *self._warnings(step, plan)]
            media = [info.model_dump(mode="json") for info in load_probes(step.workspace)]
            with self._services.database.write() as s:
                jobs.set_media(s, ref.job_id, ref.attempt, {"files": media})
                jobs.add_warnings(s, ref.job_id, ref.attempt, warnings)
                jobs.report_work(s, ref.job_id, ref.attempt, Phase.COPY, 0, Tick(0.0, 1.0))
                for chunk in [] if individual else plan.chunks:
                    tick = Tick(0.0, float(chunk.frames / plan.rate))
                    jobs.report_work(s, ref.job_id, ref.attempt, Phase.ENCODE, chunk.index, tick)
            step.tell(
                f"{plan.frames} pictures in {plan.groups} groups of {plan.group} are marked.",
                data=plan.model_dump(mode="json", exclude={"chunks"}),
            )
            step.finish()
            return Master(len(plan.chunks), individual)

    @activity.defn(name=DistributionStep.ENCODE_TAKES, no_thread_cancel_exception=True)
    def encode_takes(self, ref: JobRef, index: int) -> None:
        """Encode one chunk of the master in both takes."""
        with active_step(self._services, ref, Phase.ENCODE, JobState.TRANSCODING, unit=index) as step, cpu_slot(step):
            plan = load_master_plan(step.workspace)
            begun = time.monotonic()
            made = steps.encode_takes(plan, index, step.workspace, step.context, self._keys(step, plan))
            _tell_chunk(step, plan, index, made, begun)
            step.finish()

    @activity.defn(name=DistributionStep.PREPARE_MASTER, no_thread_cancel_exception=True)
    def prepare_master(self, ref: JobRef) -> None:
        """Make what copies are spliced of and leaks are compared with."""
        with active_step(self._services, ref, Phase.JOIN) as step, cpu_slot(step):
            plan = load_master_plan(step.workspace)
            if plan.mode is CopyMode.POOL:
                step.enter(JobState.PACKAGING)
            steps.prepare(plan, step.workspace, step.context)
            step.finish()

    @activity.defn(name=DistributionStep.VERIFY_PREPARED, no_thread_cancel_exception=True)
    def verify_prepared(self, ref: JobRef) -> None:
        """Read both files as a recipient would."""
        with active_step(self._services, ref, Phase.VERIFY, JobState.VERIFYING) as step, cpu_slot(step):
            steps.verify(load_master_plan(step.workspace), step.workspace, step.context)
            step.finish()

    @activity.defn(name=DistributionStep.KEEP_PREPARED, no_thread_cancel_exception=True)
    def keep_prepared(self, ref: JobRef) -> None:
        """Put the prepared master into the store, where copies and detections find it, then say so."""
        with active_step(self._services, ref, Phase.JOIN) as step:
            step.check()
            plan = load_master_plan(step.workspace)
            prepared_masters.keep(self._services, step.job, plan, step.workspace, step.pulse.alive)

    @activity.defn(name=DistributionStep.LIST_COPIES, no_thread_cancel_exception=True)
    def list_copies(self, ref: JobRef, after: int) -> list[int]:
        """Who has no copy yet, of those who were named behind the recipient `after`, or of all where that is 0."""
        with active_step(self._services, ref, Phase.COPY) as step:
            step.check()
            with self._services.database.write() as s:
                everybody = [task.recipient_id for task in copies.tasks_of(s, ref.job_id)]
                later = set(everybody[everybody.index(after) + 1 :] if after else everybody)
                todo = [one for one in copies.todo(s, ref.job_id, ref.attempt) if one in later]
                units = dict.fromkeys(todo, 1) if _individual(step) else _batches(len(todo))
                for unit, size in ({0: 0} | units).items():  # in place of what the analysis could not know yet
                    jobs.report_work(s, ref.job_id, ref.attempt, Phase.COPY, unit, Tick(0.0, float(size)))
            return todo

    @activity.defn(name=DistributionStep.MAKE_COPIES, no_thread_cancel_exception=True)
    def make_copies(self, ref: JobRef, number: int, recipients: list[int]) -> int:
        """Make the copies of one batch; returns how many of its recipients have theirs."""
        with active_step(self._services, ref, Phase.COPY, JobState.UPLOADING, unit=number) as step:
            found = prepared_masters.find(self._services, step.job)
            if found is None:
                raise TelecineError(ErrorKind.INTERNAL, "The prepared master is not in the store any more.")
            plan, entry = found
            store = self._services.store(step.job, step.job.output_storage)
            made = Batch(step, entry, self._keys(step, plan), store).make(orders(step, recipients))
            step.finish()
            return made

    @activity.defn(name=DistributionStep.ENCODE_COPY, no_thread_cancel_exception=True)
    def encode_copy(self, ref: JobRef, recipient: int, index: int) -> None:
        """Encode one chunk of the master for one recipient."""
        with active_step(self._services, ref, Phase.COPY, JobState.TRANSCODING, unit=recipient) as step, cpu_slot(step):
            if not write(step, copies.begin, recipient):
                return
            plan = load_master_plan(step.workspace)
            begun = time.monotonic()
            # One unit of progress for a recipient: what a chunk says of itself would only replace what another says.
            context = replace(step.context, report=lambda _: step.pulse.alive())
            made = steps.encode_copy(plan, index, step.workspace, context, self._keys(step, plan), recipient)
            _tell_chunk(step, plan, index, made, begun)
            step.report(Tick(steps.encoded(plan, step.workspace, recipient) / (len(plan.chunks) + 1), 1.0))

    @activity.defn(name=DistributionStep.ASSEMBLE_COPY, no_thread_cancel_exception=True)
    def assemble_copy(self, ref: JobRef, recipient: int) -> None:
        """Make and verify the whole individual copy of one recipient."""
        with active_step(self._services, ref, Phase.JOIN) as step, cpu_slot(step):
            step.check()
            plan = load_master_plan(step.workspace)
            context = replace(step.context, report=lambda _: step.pulse.alive())
            steps.assemble_copy(plan, recipient, step.workspace, context)

    @activity.defn(name=DistributionStep.DELIVER_COPY, no_thread_cancel_exception=True)
    def deliver_copy(self, ref: JobRef, recipient: int) -> None:
        """Bring the individual copy of one recipient to the output storage, and forget it here."""
        with active_step(self._services, ref, Phase.COPY, JobState.UPLOADING, unit=recipient) as step:
            ((task, row),) = orders(step, [recipient])
            if task.state is not CopyState.COMPLETE:
                store = self._services.store(step.job, step.job.output_storage)
                store.clear_unfinished(f"{folder_of(step.spec, row.name)}/")
                upload = partial(steps.upload_assembled, step.spec, row.name, recipient, step.workspace, store)
                key, size = upload(lambda _done, _total: step.pulse.alive())
                write(step, copies.complete, recipient, key, size)
                step.tell(f"The copy of {row.name} is made, {size:,} bytes.", data={"recipient": recipient})
            steps.drop_copy(step.workspace, recipient)
            step.finish()

    @activity.defn(name=DistributionStep.FAIL_COPY, no_thread_cancel_exception=True)
    def fail_copy(self, ref: JobRef, recipient: int, failure: Failure) -> None:
        """Write down why one recipient has no individual copy."""
        with active_step(self._services, ref, Phase.COPY, unit=recipient) as step:
            write(step, copies.fail, recipient, failures.from_failure(failure))
            step.finish()

    @activity.defn(name=DistributionStep.COUNT_COPIES, no_thread_cancel_exception=True)
    def count_copies(self, ref: JobRef) -> Ending:
        """How the job ends by what became of its copies; the row learns of those that are there."""
        with active_step(self._services, ref, Phase.COPY, give_up=False) as step:
            step.check()
            with self._services.database.read() as s:
                found = copies.recipients_of(s, step.job.site_id, ref.job_id)
            made = [task for task, _ in found if task.state is CopyState.COMPLETE]
            outputs = {"prefix": prefix_of(step.spec), "copies": len(made), "bytes": sum(one.size or 0 for one in made)}
            with self._services.database.write() as s:
                jobs.set_outputs(s, ref.job_id, ref.attempt, outputs)
            if len(made) == len(found):
                return Ending(JobState.COMPLETE)
            failed = [(task, row) for task, row in found if task.state is CopyState.FAILED]
            first = f" The first is {failed[0][1].name}: {failed[0][0].error_message}" if failed else ""
            detail = f"{len(found) - len(made)} of {len(found)} recipients have no copy.{first}"
            return Ending(JobState.ERROR, Failure(ErrorKind.PUBLISH_FAILED, detail))

    def _warnings(self, step: ActiveStep, plan: MasterPlan) -> list[str]:
        """What is to be wondered at in all copies of the content, those of other jobs too."""
        with self._services.database.read() as s:
            everybody = sorted(copies.numbers_of_content(s, step.job.site_id, step.job.content_id))
        return steps.warnings_of(plan, self._keys(step, plan), everybody)

    def _keys(self, step: ActiveStep, plan: MasterPlan) -> RecipientKeys:
        return self._services.recipient_keys(step.job.site_id, plan.content_id, plan.code)


def _individual(step: ActiveStep) -> bool:
    wanted = step.spec.distribution
    return wanted is not None and wanted.mode is CopyMode.INDIVIDUAL


def _batches(recipients: int) -> dict[int, int]:
    """How many of so many recipients each batch has, by its number."""
    return {number: min(BATCH, recipients - number * BATCH) for number in range(-(-recipients // BATCH))}


def _tell_chunk(step: ActiveStep, plan: MasterPlan, index: int, made: bool, begun: float) -> None:
    what = "encoded" if made else "found finished"
    about: dict[str, object] = {"chunk": index, "seconds": round(time.monotonic() - begun, 2)}
    step.tell(f"Chunk {index + 1} of {len(plan.chunks)} {what}.", data=about)
