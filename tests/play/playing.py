"""A page of our player in a real browser, with everything that went wrong on it written down.

playing = Playing.open(browser, site, "out/show/dash/stream.mpd", "shaka")
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page

PATIENCE = 60_000
"""Milliseconds that anything may take on a busy machine before it counts as broken."""

_SETTLES = 300
"""Milliseconds after which a player that jumps back has done so."""
_NEAR = 5
"""Seconds behind the wanted place at which playback may be when it is looked at."""
_READY = "window.telecine?.face && document.querySelector('video').readyState >= 3"

# What is written over the picture just now: cues that the browser draws, and TTML that a player draws itself.
_CUES = """() => [...document.querySelector('video').textTracks]
    .filter(track => track.mode !== 'disabled')
    .flatMap(track => [...(track.activeCues ?? [])]).map(cue => cue.text ?? '')
    .concat(document.querySelector('#texts').innerText)"""

# The loudest frequency that the speakers would play just now, in Hz.
_TONE = """async () => {
    const video = document.querySelector('video');
    if (!window.ear) {
        video.muted = false;
        const context = new AudioContext();
        window.ear = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
        context.createMediaElementSource(video).connect(window.ear).connect(context.destination);
    }
    const bins = new Float32Array(window.ear.frequencyBinCount);
    window.ear.getFloatFrequencyData(bins);
    const loudest = bins.indexOf(Math.max(...bins));
    return bins[loudest] < -90 ? 0 : loudest * window.ear.context.sampleRate / window.ear.fftSize;
}"""


class Playing:
    """One open page that plays one manifest."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.trouble: list[str] = []
        """Failed requests, answers from 400 up, and errors in the console or uncaught."""
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)
        page.on("pageerror", lambda error: self.trouble.append(f"uncaught: {error}"))
        page.on("console", lambda line: self.trouble.append(f"console: {line.text}") if line.type == "error" else None)

    @classmethod
    def open(cls, browser: Browser, site: str, manifest: str, player: str) -> "Playing":
        """Open the player page on a published manifest (`bucket/key`) and wait until it could play."""
        playing = cls(browser.new_page())
        playing.visit(site, manifest, player)
        playing.is_ready()
        return playing

    def visit(self, site: str, manifest: str, player: str = "", token: str = "") -> None:
        """Open the page and do not wait for the player. `token` is a playback token."""
        query = urlencode({"manifest": f"/files/{manifest}", "player": player})
        self.page.goto(f"{site}/console/player?{query}#{urlencode({'token': token})}", timeout=PATIENCE)

    def is_ready(self) -> None:
        """Wait until it could play."""
        self.until(_READY, "nothing to play")

    def until(self, condition: str, otherwise: str) -> None:
        """Wait until a JavaScript condition holds. What the player complained of is part of the failure."""
        try:
            script = f"() => {{ const video = document.querySelector('video'); return {condition} }}"
            self.page.wait_for_function(script, timeout=PATIENCE)
        except Exception as error:
            raise AssertionError(f"{otherwise}: {self.errors()} {self.trouble} {self.state()}") from error

    def eventually(self, look: Callable[[], Any], wanted: Callable[[Any], bool], otherwise: str) -> None:
        """Wait until what `look` sees is `wanted`."""
        for _ in range(PATIENCE // 100):
            seen = look()
            if wanted(seen):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{otherwise}: last seen {seen}; {self.errors()} {self.trouble} {self.state()}")

    def run(self, script: str, argument: Any = None) -> Any:
        """The value of a JavaScript function, called with `argument`."""
        return self.page.evaluate(script, argument)

    def errors(self) -> list[str]:
        """What the player said went wrong."""
        return list(self.run("() => window.telecine?.errors ?? []"))

    def state(self) -> str:
        """Where the video stands, for failure messages."""
        return json.dumps(
            self.run("""() => { const v = document.querySelector('video'); return {
            time: v.currentTime, duration: v.duration, ready: v.readyState, paused: v.paused, ended: v.ended,
            size: [v.videoWidth, v.videoHeight], buffered: [...Array(v.buffered.length).keys()].map(
                i => [v.buffered.start(i), v.buffered.end(i)]) } }""")
        )

    def time(self) -> float:
        """Where playback stands, in seconds."""
        return float(self.run("() => document.querySelector('video').currentTime"))

    def frames(self) -> int:
        """How many pictures the browser has decoded."""
        return int(self.run("() => document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"))

    def seek(self, seconds: float) -> None:
        """Jump, and wait until the picture at that time is there and plays on.

        A player that is still filling its buffer at another place may go back there; a viewer asks again, and so do we.
        """
        arrived = f"!video.seeking && video.readyState >= 3 && video.currentTime >= {seconds}"
        for _ in range(5):
            self.run("time => { document.querySelector('video').currentTime = time }", seconds)
            self.until(arrived, f"seeking to {seconds} s does not end")
            self.page.wait_for_timeout(_SETTLES)
            if self.time() < seconds + _NEAR:
                return
        raise AssertionError(f"seeking to {seconds} s leads elsewhere: {self.errors()} {self.state()}")

    def slow_down(self) -> None:
        """Play at a tenth of the speed, so that a cue of some seconds outlasts a busy machine's delays.

        Standing still would not do: some players show cues only while time goes on.
        """
        self.run("() => { document.querySelector('video').playbackRate = 0.1 }")

    def hurry(self) -> None:
        """Play at eight times the speed: for whoever needs all of a film and looks at none of it."""
        self.run("() => { document.querySelector('video').playbackRate = 8 }")

    def advances(self, seconds: float = 1.0) -> None:
        """Wait until playback has gone on by so many seconds."""
        self.until(f"video.currentTime >= {self.time() + seconds}", "the clock stands still")

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """`renditions`, `audio` or `subtitles` as the player offers them."""
        return list(self.run(f"() => window.telecine.face.{kind}()"))

    def pick(self, kind: str, number: int | None) -> None:
        """Choose one of the entries: `Rendition`, `Audio` or `Subtitle`."""
        self.run(f"number => window.telecine.face.pick{kind}(number)", number)

    def picture_becomes(self, height: int) -> None:
        """Wait until the picture on the screen has this many lines."""
        self.until(f"video.videoHeight === {height}", f"the picture never has {height} lines")

    def cue_becomes(self, text: str) -> None:
        """Wait until a subtitle with this text is shown."""
        self.eventually(lambda: self.run(_CUES), lambda cues: any(text in cue for cue in cues), f"no cue {text!r}")

    def tone_becomes(self, hertz: float) -> None:
        """Wait until this tone is heard, to within 20 Hz."""
        self.eventually(lambda: self.run(_TONE), lambda heard: abs(heard - hertz) < 20, f"no tone of {hertz} Hz")

    def is_clean(self) -> None:
        """Nothing failed: no request, no answer, no player, no script."""
        assert not self.errors()
        assert not self.trouble

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self.trouble.append(f"{response.status} {response.url}")

    def _failed(self, request: Any) -> None:
        # A player that seeks or switches gives up what it no longer needs.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.trouble.append(f"{request.failure} {request.url}")
