// The page around a player: reads ?manifest=…&player=…#token=…, fills the selectors, shows what plays and what went wrong.
//
// The playback token, for encrypted trees, stands behind the # so that no server and no proxy gets to see it, and goes from
// the address at once so that the browser's history does not keep it.

import { PLAYERS, playerFor } from "./adapters.js";

const at = (id) => document.getElementById(id);
const video = at("video");
const asked = new URLSearchParams(location.search);
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
if (location.hash) history.replaceState(null, "", location.pathname + location.search);
// What the browser tests read; handy in the developer tools too.
const state = (window.telecine = { face: null, errors: [] });

function failed(text) {
  state.errors.push(text);
  at("error").textContent = text;
  at("error").hidden = false;
}

function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: address, onload: resolve });
    script.onerror = () => reject(new Error(`${address} is missing. Run "make players" where Telecine is installed.`));
    document.head.append(script);
  });
}

function fill(select, entries, none) {
  const options = entries.map(({ id, label }) => new Option(label, id));
  if (none) options.unshift(new Option(none, ""));
  const before = select.value;
  select.replaceChildren(...options);
  const active = entries.find((entry) => entry.active);
  // With automatic choice the rendition selector stays on "automatic"; the line below says which one plays.
  select.value = select.id === "rendition" ? before : (active?.id ?? "");
}

function showChoices() {
  const { face } = state;
  if (!face) return;
  fill(at("rendition"), face.renditions(), "automatic");
  fill(at("audio"), face.audio());
  fill(at("subtitle"), face.subtitles(), "off");
  at("choices").hidden = false;
}

function showNow() {
  const ahead = video.buffered.length ? video.buffered.end(video.buffered.length - 1) - video.currentTime : 0;
  const rendition = state.face?.renditions().find((entry) => entry.active);
  at("engine").textContent = state.face?.name ?? "";
  at("picture").textContent = `${video.videoWidth}×${video.videoHeight}${rendition ? ` · ${rendition.label}` : ""}`;
  at("buffer").textContent = `${ahead.toFixed(1)} s`;
  at("dropped").textContent = `${video.getVideoPlaybackQuality().droppedVideoFrames} frames`;
  at("now").hidden = false;
}

function listen() {
  const chosen = (select) => (select.value === "" ? null : Number(select.value));
  at("rendition").onchange = (event) => state.face.pickRendition(chosen(event.target));
  at("audio").onchange = (event) => state.face.pickAudio(chosen(event.target));
  at("subtitle").onchange = (event) => state.face.pickSubtitle(chosen(event.target));
  video.addEventListener("error", () => failed(`The browser cannot play this: ${video.error?.message}`));
  setInterval(showNow, 500);
}

function playChosen(event) {
  event.preventDefault();
  const { manifest, player, token } = event.target;
  const query = new URLSearchParams({ manifest: manifest.value, player: player.value });
  location.href = `${location.pathname}?${query}#${new URLSearchParams({ token: token.value })}`;
}

async function start(manifest, name, token) {
  const url = new URL(manifest, location.href);
  if (!["http:", "https:"].includes(url.protocol)) throw new Error("The manifest must be an http or https address.");
  const { script, open } = PLAYERS[name] ?? PLAYERS[playerFor(manifest)];
  const licence = token ? { url: new URL("/licence/clearkey", location.href).href, token } : null;
  await loadScript(script);
  state.face = await open(video, at("texts"), url.href, { changed: showChoices, failed }, licence);
  showChoices();
  listen();
  await video.play().catch(() => {}); // a browser may want a click first; the video has its own controls
}

const form = at("source");
form.manifest.value = asked.get("manifest") ?? "";
form.player.value = asked.get("player") ?? "";
form.token.value = token;
form.onsubmit = playChosen;
addEventListener("hashchange", () => location.reload()); // only the token is another, which the browser does not load for
if (form.manifest.value) start(form.manifest.value, form.player.value, token).catch((error) => failed(error.message));
