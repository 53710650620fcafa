"""Packaged jobs that a test may break, and what verification then says."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.media import packaging
from tests.media.packaging import Programme

from telecine.media.verify import judge
from telecine.media.verify_report import VerifyReport


@dataclass
class Breakable(Programme):
    """`faults(check)` are what verification says after a test has broken something."""

    keys: dict[bytes, bytes] = field(default_factory=dict)

    def report(self) -> VerifyReport:
        context = packaging.context(self)
        return judge(self.tree, self.plan, self.workspace, context, self.plan.verify_decode, self.keys)

    def faults(self, check: str) -> list[str]:
        report = self.report()
        assert not report.ok
        assert report.check(check).outcome == "failed", report.explain()
        return [str(fault) for fault in report.check(check).faults]

    def edit(self, name: str, change: Callable[[bytes], bytes]) -> None:
        path = self.tree / name
        content = path.read_bytes()
        changed = change(content)
        assert changed != content, f"nothing was changed in {name}"
        path.write_bytes(changed)

    def flip(self, name: str, position: float) -> None:
        def flipped(content: bytes) -> bytes:
            at = round(position * len(content))
            return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]

        self.edit(name, flipped)

    def cut(self, name: str, missing: int) -> None:
        self.edit(name, lambda content: content[:-missing])

    def change(self, name: str, pattern: str, replacement: str, count: int = 1) -> None:
        self.edit(name, lambda content: re.sub(pattern, replacement, content.decode(), count=count).encode())
