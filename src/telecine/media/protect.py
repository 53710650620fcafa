"""An encrypted tree as the packager left it → the tree that says to every player's DRM system where its keys are.

Init segments get `pssh` boxes, manifests their protection, and beside the full manifests come those for some screens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from telecine.core.drm import TRACK_TYPE_LABELS, ContentKey, Label, TrackType
from telecine.core.layout import MASTER, MPD, TrackFiles, for_screens, has_master, has_mpd
from telecine.core.plan import Plan, TreeOutput, TreeProtection
from telecine.core.plan_protection import clear_until
from telecine.media.drm_boxes import with_boxes
from telecine.media.drm_signals import Marks
from telecine.media.mend_protection import clear_segments, protect_master, protect_mpd, protect_playlist, session_lines
from telecine.media.track_types import without_in_master, without_in_mpd


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Change a text file of a draft; a crash in between leaves a draft that nobody takes for finished."""
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


@dataclass(frozen=True)
class ProtectedDraft:
    """One encrypted tree while it is made in `folder`; `keys` are those of its labels."""

    plan: Plan
    tree: TreeOutput
    protection: TreeProtection
    files: Mapping[str, TrackFiles]
    folder: Path
    keys: Mapping[Label, ContentKey]

    def mend(self) -> None:
        """Say everywhere what is encrypted, and make the manifests for some screens."""
        for name, marks in self.marks.items():
            self._mend_track(self.files[name], marks)
        if has_mpd(self.tree):
            rewrite(self.folder / MPD, lambda text: protect_mpd(text, self.files, self.marks))
        if has_master(self.tree):
            rewrite(self.folder / MASTER, lambda text: protect_master(text, self._session(self.marks)))
        for kind in self.protection.track_types:
            self._make_for_screens(kind)

    @cached_property
    def marks(self) -> dict[str, Marks]:
        """What is said of each encrypted track, by its name."""
        wanted = self.protection
        return {
            name: Marks(self.keys[label], wanted.scheme, wanted.key_id, self.plan.signalling)
            for name, label in wanted.labels.items()
        }

    @property
    def _in_transport_stream(self) -> bool:
        return self.tree.transport_stream and not any(self.files[name].init for name in self.marks)

    def _mend_track(self, files: TrackFiles, marks: Marks) -> None:
        if files.init:
            init = self.folder / files.init
            init.write_bytes(with_boxes(init.read_bytes(), marks.boxes()))
        if not files.playlist:
            return
        until = clear_until(self.protection, self.plan.segment_of(self.tree))
        clear = clear_segments((self.folder / files.playlist).read_text(encoding="utf-8"), until)
        lines = marks.key_lines(transport_stream=self._in_transport_stream)
        for playlist in filter(None, (files.playlist, files.iframes)):
            rewrite(self.folder / playlist, lambda text: protect_playlist(text, lines, clear))

    def _make_for_screens(self, kind: TrackType) -> None:
        labels = self.protection.video_labels
        left_out = {name for name, label in labels.items() if label not in TRACK_TYPE_LABELS[kind]}
        if has_mpd(self.tree):
            text = (self.folder / MPD).read_text(encoding="utf-8")
            made = without_in_mpd(text, self.files, left_out)
            (self.folder / for_screens(MPD, kind)).write_text(made, encoding="utf-8")
        if has_master(self.tree):
            text = (self.folder / MASTER).read_text(encoding="utf-8")
            stay = {name: marks for name, marks in self.marks.items() if name not in left_out}
            made = without_in_master(text, self.files, left_out, self._session(stay))
            (self.folder / for_screens(MASTER, kind)).write_text(made, encoding="utf-8")

    def _session(self, marks: Mapping[str, Marks]) -> list[str]:
        return session_lines(marks, transport_stream=self._in_transport_stream)
