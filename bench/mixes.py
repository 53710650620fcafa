"""What viewers or recipients do who put their copies together, as graphs of ffmpeg's filters."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mix:
    """How `copies` copies, the inputs from 0 on, become one picture; `{g}` in the graph is the pictures of a group."""

    name: str
    copies: int
    graph: str

    def filters(self, group: int) -> str:
        """The graph for groups of so many pictures, without a name for its output."""
        return self.graph.format(g=group)


def _turns(count: int, pictures: str = "{g}") -> str:
    """A graph that takes `pictures` pictures of each of `count` copies in turn."""
    inputs = range(count)
    chosen = [f"[{one}:v]select=eq(mod(floor(n/{pictures})\\,{count})\\,{one})[t{one}]" for one in inputs]
    return ";".join([*chosen, f"{''.join(f'[t{one}]' for one in inputs)}interleave=n={count}"])


MIXES = (
    Mix("average of 2", 2, "blend=all_mode=average"),
    Mix("brightest of 2", 2, "blend=all_mode=lighten"),
    Mix("darkest of 2", 2, "blend=all_mode=darken"),
    Mix("2 cut together", 2, _turns(2)),
    Mix("average of 3", 3, "mix=inputs=3"),
    Mix("brightest of 3", 3, "[0:v][1:v]blend=all_mode=lighten[m];[m][2:v]blend=all_mode=lighten"),
    Mix("3 cut together", 3, _turns(3)),
)
EVERY_OTHER = Mix("pictures of 2 in turn", 2, _turns(2, "1"))
EVERY_THIRD = Mix("pictures of 3 in turn", 3, _turns(3, "1"))


def mix_named(name: str) -> Mix:
    """The mix with this name. Raises ValueError for a name that none has."""
    for mix in (*MIXES, EVERY_OTHER, EVERY_THIRD):
        if mix.name == name:
            return mix
    raise ValueError(f"no mix is called {name}")
