"""The networks as contenders: in scaling, and in making frames between frames. Their trials are those of the others."""

from bench.enhance_trials import Trial, claim, contend, stage
from telecine.core.enhance.plan import Stage

SPAN, BASICVSR, DRAWN = "**dvres** (SPAN)", "dvres2 (BasicVSR)", "generative (SRVGG)"
RIFE = "**vfi** (RIFE)"
LANCZOS, BICUBIC, RAISR = "lanczos", "scale (bicubic)", "**pabsr1** (RAISR)"
FLOW, MINTERPOLATE, BLEND = "**mcinterpolate** (MVTools)", "minterpolate", "fblend"


def network(engine: str, trial: Trial) -> list[Stage]:
    return [stage(engine, trial.before, trial.after)]


contend("scaling", SPAN, lambda trial: network("span", trial))
# It enlarges by four, at some seconds of CPU a frame.
contend("scaling", BASICVSR, lambda trial: network("basicvsr", trial) if "quarter" in trial.damage else None)
contend("scaling", DRAWN, lambda trial: network("srvgg", trial))
contend("frame rate", RIFE, lambda trial: network("rife", trial))
for _rival in (LANCZOS, BICUBIC, RAISR):
    claim("scaling", SPAN, _rival)
claim("scaling", BASICVSR, SPAN)
claim("scaling", BASICVSR, LANCZOS)
for _rival in (FLOW, MINTERPOLATE, BLEND):
    claim("frame rate", RIFE, _rival)
