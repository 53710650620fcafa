// One face for three players, so that the page need not know which one plays.
//
// `open(video, texts, url, hooks)` loads a manifest into `video` (`texts` is a layer above it, for subtitles that the browser
// cannot draw) and gives an object with
//   renditions() audio() subtitles()       lists of {id, label, active}; renditions also have height and bandwidth
//   pickRendition(id) pickAudio(id) pickSubtitle(id)       null: automatic choice, or no subtitles
// `hooks.changed()` is called when a list or a choice has changed, `hooks.failed(text)` when playback cannot go on.

const kbit = (bandwidth) => (bandwidth ? ` · ${Math.round(bandwidth / 1000)} kbit/s` : "");
const named = (track) => [track.label || track.name, track.language || track.lang].filter(Boolean).join(" · ") || "track";

async function openShaka(video, _texts, url, hooks) {
  shaka.polyfill.installAll();
  if (!shaka.Player.isBrowserSupported()) throw new Error("shaka-player does not support this browser.");
  const player = new shaka.Player();
  const failed = (error) =>
    hooks.failed(`shaka-player error ${error.code} (category ${error.category}): ${(error.data ?? []).slice(0, 2).join(" ")}`);
  player.addEventListener("error", (event) => failed(event.detail));
  for (const name of ["trackschanged", "variantchanged", "adaptation", "textchanged"]) {
    player.addEventListener(name, hooks.changed);
  }
  await player.attach(video);
  await player.load(url).catch(failed);
  // In an order of our own: the player's may change while it plays, and a position is what we know a rendition by.
  const videos = () => player.getVideoTracks().sort((one, other) => other.bandwidth - one.bandwidth);
  const face = {
    renditions: () =>
      videos().map((track, id) => ({
        id, active: track.active, height: track.height, bandwidth: track.bandwidth,
        label: `${track.height}p${kbit(track.bandwidth)}`,
      })),
    audio: () => player.getAudioTracks().map((track, id) => ({ id, active: track.active, label: named(track) })),
    subtitles: () => player.getTextTracks().map((track, id) => ({ id, active: track.active, label: named(track) })),
    pickRendition(id) {
      player.configure({ abr: { enabled: id === null } });
      if (id !== null) player.selectVideoTrack(videos()[id], true);
    },
    pickAudio: (id) => player.selectAudioTrack(player.getAudioTracks()[id]),
    pickSubtitle: (id) => player.selectTextTrack(id === null ? null : player.getTextTracks()[id]),
  };
  return { name: `shaka-player ${shaka.Player.version}`, player, ...face };
}

async function openHls(video, _texts, url, hooks) {
  if (!Hls.isSupported()) throw new Error("hls.js does not support this browser.");
  const player = new Hls();
  player.on(Hls.Events.ERROR, (_, data) => {
    if (data.fatal) hooks.failed(`hls.js ${data.type}: ${data.details} ${data.error?.message ?? ""}`);
  });
  const { LEVEL_SWITCHED, MANIFEST_PARSED, AUDIO_TRACK_SWITCHED, SUBTITLE_TRACKS_UPDATED, SUBTITLE_TRACK_SWITCH } = Hls.Events;
  for (const name of [LEVEL_SWITCHED, MANIFEST_PARSED, AUDIO_TRACK_SWITCHED, SUBTITLE_TRACKS_UPDATED, SUBTITLE_TRACK_SWITCH]) {
    player.on(name, hooks.changed);
  }
  player.loadSource(url);
  player.attachMedia(video);
  const face = {
    renditions: () =>
      player.levels.map((level, id) => ({
        id, active: id === player.currentLevel, height: level.height, bandwidth: level.bitrate,
        label: `${level.height}p${kbit(level.bitrate)}`,
      })),
    audio: () => player.audioTracks.map((track, id) => ({ id, active: id === player.audioTrack, label: named(track) })),
    subtitles: () =>
      player.subtitleTracks.map((track, id) => ({ id, active: id === player.subtitleTrack, label: named(track) })),
    pickRendition: (id) => { player.currentLevel = id ?? -1; },
    pickAudio: (id) => { player.audioTrack = id; },
    pickSubtitle: (id) => { player.subtitleDisplay = id !== null; player.subtitleTrack = id ?? -1; },
  };
  return { name: `hls.js ${Hls.version}`, player, ...face };
}

async function openDashjs(video, texts, url, hooks) {
  const player = dashjs.MediaPlayer().create();
  player.updateSettings({ debug: { logLevel: dashjs.Debug.LOG_LEVEL_NONE } });
  player.on("error", (event) => hooks.failed(`dash.js error ${event.error?.code}: ${event.error?.message}`));
  for (const name of ["streamInitialized", "qualityChangeRendered", "trackChangeRendered", "allTextTracksAdded"]) {
    player.on(name, hooks.changed);
  }
  player.initialize(video, url, true);
  player.attachTTMLRenderingDiv(texts);
  const current = (type) => player.getCurrentTrackFor(type)?.index;
  const face = {
    renditions: () => {
      const shown = player.getCurrentRepresentationForType("video")?.id;
      return player.getRepresentationsByType("video").map((track, id) => ({
        id, active: track.id === shown, height: track.height, bandwidth: track.bandwidth,
        label: `${track.height}p${kbit(track.bandwidth)}`,
      }));
    },
    audio: () =>
      player.getTracksFor("audio").map((track, id) => ({
        id, active: track.index === current("audio"), label: named({ ...track, label: track.labels?.[0]?.text }),
      })),
    subtitles: () =>
      player.getTracksFor("text").map((track, id) => ({
        id, active: player.isTextEnabled() && id === player.getCurrentTextTrackIndex(),
        label: named({ ...track, label: track.labels?.[0]?.text }),
      })),
    pickRendition(id) {
      player.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: id === null } } } });
      if (id !== null) player.setRepresentationForTypeByIndex("video", id, true);
    },
    pickAudio: (id) => player.setCurrentTrack(player.getTracksFor("audio")[id]),
    pickSubtitle(id) {
      player.enableText(id !== null);
      player.setTextTrack(id ?? -1);
    },
  };
  return { name: `dash.js ${player.getVersion()}`, player, ...face };
}

export const PLAYERS = {
  shaka: { script: "vendor/shaka-player.js", open: openShaka },
  hls: { script: "vendor/hls.js", open: openHls },
  dashjs: { script: "vendor/dash.js", open: openDashjs },
};

export const playerFor = (url) => (new URL(url, location.href).pathname.endsWith(".m3u8") ? "hls" : "shaka");
