"""A process that has its configuration and its agents, and what it was made of."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from plugins_app.client.agents import Held, are_in_line, as_row
from plugins_app.client.target import Target
from plugins_app.process import PluginProcess
from plugins_app.services import marks
from plugins_app.supervisor.wanted import Wanted


@dataclass(eq=False, slots=True)
class Ready:
    """`revision` changes with each configuration it takes while it runs, `generation` when it may stay as it is."""

    process: PluginProcess
    target: Target
    generation: int
    release_id: UUID
    revision: int
    agents: Held = field(default_factory=dict)
    model_mark: str = ""
    token_sealed: str = ""  # of one that was started by hand
    code_folders: frozenset[str] | None = None  # that it may read; None: nobody knows any more
    loaded: datetime | None = None
    initialized: datetime | None = None

    @property
    def attached(self) -> str:
        """The launch of a process that was started by hand; empty: it is ours."""
        return "" if self.process.is_ours else self.process.launch_id

    def is_what(self, wanted: Wanted) -> bool:
        """Whether it is, in all, what is wanted now."""
        mine = (self.generation, self.release_id, self.revision, self.model_mark)
        told = (wanted.generation, wanted.release_id, wanted.revision, wanted.model_mark)
        return mine == told and are_in_line(wanted.agents, self.agents)

    def loses_folders(self, wanted: Wanted) -> bool:
        """Whether it is replaced because a folder was taken back: then it must go, whatever of it cannot be made any more.

        Of one that another supervisor started nobody knows; a replacement by the same again may be that.
        """
        if (self.release_id, self.revision) != (wanted.release_id, wanted.revision):
            return False
        return self.code_folders is None or not self.code_folders <= set(wanted.code_folders)

    def row(self) -> marks.Running:
        """For its row."""
        process = self.process
        return marks.Running(
            pid=process.pid,
            process_started=process.identity.started,
            boot_id=process.identity.boot_id,
            executable=process.identity.executable,
            launch_id=process.launch_id,
            address=process.address,
            contract=process.contract,
            generation=self.generation,
            release_id=self.release_id,
            revision=self.revision,
            agents=as_row(self.agents),
            model_mark=self.model_mark,
            isolation=process.isolation,
            certificate_expires=process.certificate_expires,
            token_sealed=self.token_sealed,
            loaded=self.loaded,
            initialized=self.initialized,
        )
