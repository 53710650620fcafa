// One face for three players, so that the page need not know which one plays.
//
// `open(video, texts, url, hooks, licence)` loads a manifest into `video` (`texts` is a layer above it, for subtitles that the
// browser cannot draw; `licence` is {url, token} of a ClearKey server, or null) and gives an object with
//   renditions() audio() subtitles()       lists of {id, label, active}; renditions also have height and bandwidth
//   pickRendition(id) pickAudio(id) pickSubtitle(id)       null: automatic choice, or no subtitles
// `hooks.changed()` is called when a list or a choice has changed, `hooks.failed(text)` when playback cannot go on.

const CLEARKEY = "org.w3.clearkey";

const kbit = (bandwidth) => (bandwidth ? ` · ${Math.round(bandwidth / 1000)} kbit/s` : "");
const named = (track) => [track.label || track.name, track.language || track.lang].filter(Boolean).join(" · ") || "track";

// The common `pssh` box (version 1) of some key ids: what ClearKey understands whatever the manifest names.
function commonBox(kids) {
  const number = (value) => value.toString(16).padStart(8, "0");
  const hex = [number(36 + 16 * kids.length), "70737368", "01000000", "1077efecc0b24d02ace33c1e52e2fb4b", number(kids.length)];
  return Uint8Array.from([...hex, ...kids, number(0)].join("").match(/../g), (pair) => parseInt(pair, 16));
}

function licenseShaka(player, licence) {
  player.configure({
    drm: {
      // HLS has no key line for ClearKey that shaka-player reads, so Widevine's, with the same key id, stands for it.
      servers: { [CLEARKEY]: licence.url, "com.widevine.alpha": licence.url },
      keySystemsMapping: { "com.widevine.alpha": CLEARKEY },
      initDataTransform: (data, _type, info) => (info?.keyIds?.size ? commonBox([...info.keyIds]) : data),
    },
  });
  player.getNetworkingEngine().registerRequestFilter((type, request) => {
    if (type === shaka.net.NetworkingEngine.RequestType.LICENSE) request.headers.Authorization = `Bearer ${licence.token}`;
  });
}

async function openShaka(video, _texts, url, hooks, licence) {
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
  if (licence) licenseShaka(player, licence);
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

function licensedHls(licence) {
  const licenseXhrSetup = (request, address) => {
    request.open("POST", address, true);
    request.setRequestHeader("Authorization", `Bearer ${licence.token}`);
    request.setRequestHeader("Content-Type", "application/json");
  };
  // Left to itself hls.js asks for the video's key only: it cannot tell whose key the init data of ClearKey means.
  const generateRequest = (_type, _data, { decryptdata: { keyId } }) => {
    const kid = Array.from(keyId, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return { initDataType: "cenc", initData: commonBox([kid]).buffer };
  };
  return { emeEnabled: true, drmSystems: { [CLEARKEY]: { licenseUrl: licence.url, generateRequest } }, licenseXhrSetup };
}

async function openHls(video, _texts, url, hooks, licence) {
  if (!Hls.isSupported()) throw new Error("hls.js does not support this browser.");
  const player = new Hls(licence ? licensedHls(licence) : {});
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

async function openDashjs(video, texts, url, hooks, licence) {
  const player = dashjs.MediaPlayer().create();
  player.updateSettings({ debug: { logLevel: dashjs.Debug.LOG_LEVEL_NONE } });
  player.on("error", (event) => hooks.failed(`dash.js error ${event.error?.code}: ${event.error?.message}`));
  for (const name of ["streamInitialized", "qualityChangeRendered", "trackChangeRendered", "allTextTracksAdded"]) {
    player.on(name, hooks.changed);
  }
  if (licence) {
    const httpRequestHeaders = { Authorization: `Bearer ${licence.token}`, "Content-Type": "application/json" };
    player.setProtectionData({ [CLEARKEY]: { serverURL: licence.url, httpRequestHeaders } });
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
