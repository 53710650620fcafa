"""Enhancement, done: frames are decoded, pass through stages in processes of their own, and are encoded.

Every engine has one of three forms, by its host (`core.enhance.plan.Host`); `entry` names the function:

- `python`: `Frames` in, `Frames` out, see `media.enhance.frames.PythonEngine`. Runs in a process of its own.
- `vapoursynth`: a function `(stage, clip, given, wanted) -> clip`. Frame 0 of `clip` is frame `given.first` of
  `stage.before`; frame 0 of what it returns must be frame `wanted.first` of `stage.after`, and it must have
  `wanted.frames` of them, in the format of `stage.after`.
- `ffmpeg`: a function `(stage, given, wanted) -> str`, a filter graph of one input and one output that means the same.
"""
