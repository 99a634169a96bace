// Who is looking, at which channel, and what happens there. The server sends whole snapshots; `draw` shows the newest.
import { openComposer, fill, redraw } from "/static/composer.js";
import { make, showForm } from "/static/components.js";
import { drawMessages } from "/static/messages.js";

const find = (id) => document.getElementById(id);
export const state = { person: null, channel: "", seen: {}, latest: null, menus: [], start: null };
const drafts = {}; // where each person was last
let stream = null;

export async function act(what, files = {}) {
  const form = new FormData();
  form.append("act", JSON.stringify({ as: state.person.key, channel: state.channel, ...what }));
  for (const [name, file] of Object.entries(files)) form.append(`file:${name}`, file, file.name);
  let done;
  try {
    const answer = await fetch("/act", { method: "POST", body: form });
    done = answer.ok ? await answer.json() : { refused: answer.status === 413 ? "That file is too large for the demo." : "The demo couldn't do that." };
  } catch {
    done = { refused: "The demo has ended. Start it again in the terminal." };
  }
  if (done.refused) notice(done.refused);
  if (done.form) showForm(done.form, (values, uploads, samples) =>
    act({ kind: "form", form: done.form.handle, values, samples }, uploads));
  return done;
}

export function notice(text) {
  find("notice").textContent = text;
  find("notice").hidden = !text;
  if (text) setTimeout(() => find("notice").textContent === text && (find("notice").hidden = true), 8000);
}

export function go(channel, person = state.person) {
  drafts[state.person?.key] = state.channel;
  state.person = person;
  state.channel = channel;
  state.latest = null;
  location.replace(`#${person.key}/${channel}`);
  notice("");
  stream?.close();
  stream = new EventSource(`/events?as=${person.key}&channel=${channel}`);
  stream.onmessage = (event) => draw(JSON.parse(event.data));
  stream.onerror = () => notice("The demo has ended. Start it again in the terminal.");
  stream.onopen = () => notice("");
  openComposer();
}

function draw(snapshot) {
  const first = state.latest === null;
  state.latest = snapshot;
  state.menus = snapshot.menus;
  if (snapshot.channel === "0") return go(state.start.studio);
  const seen = (state.seen[state.person.key] ??= {});
  const here = snapshot.channels.find((channel) => channel.id === snapshot.channel);
  seen[here.id] = here.newest;
  document.body.dataset.person = state.person.key;
  find("server").textContent = snapshot.server;
  find("place").replaceChildren(make("span", { className: "hash" }, mark(here)), make("h1", {}, here.name));
  drawChannels(snapshot, seen);
  drawPeople();
  drawMessages(find("messages"), snapshot, first);
  redraw();
}

const mark = (channel) => (channel.kind === "direct" ? "@" : channel.kind === "thread" ? "└" : "#");

function drawChannels(snapshot, seen) {
  const newer = (id, than) => BigInt(id) > BigInt(than ?? 0);
  const row = (channel) => {
    const unread = newer(channel.newest, seen[channel.id]);
    const pinged = newer(channel.ping, seen[channel.id]);
    const link = make("a", { className: channel.kind, href: `#${state.person.key}/${channel.id}` }, make("span", { className: "hash" }, mark(channel)), make("span", { className: "name" }, channel.name));
    if (pinged) link.append(make("b", { className: "ping", title: "You were mentioned" }, "1"));
    link.classList.toggle("unread", unread);
    link.classList.toggle("here", channel.id === snapshot.channel);
    link.onclick = (event) => (event.preventDefault(), go(channel.id));
    return link;
  };
  const rows = [];
  for (const channel of snapshot.channels.filter((one) => one.kind === "text")) {
    rows.push(row(channel), ...snapshot.channels.filter((one) => one.parent === channel.id).map(row));
  }
  const direct = snapshot.channels.filter((one) => one.kind === "direct").map(row);
  if (direct.length) rows.push(make("h2", {}, "Direct messages"), ...direct);
  find("channels").replaceChildren(...rows);
}

function drawPeople() {
  const faces = state.start.people.map((person) => {
    const face = make("button", { type: "button", className: "person", title: `Be ${person.name}` },
      make("span", { className: `avatar ${person.key}` }, person.name[0]),
      make("span", {}, make("strong", {}, person.name), make("small", {}, person.role)));
    face.setAttribute("aria-pressed", person.key === state.person.key);
    face.onclick = () => person.key !== state.person.key && go(state.channel, person);
    return face;
  });
  find("people").replaceChildren(...faces);
}

function drawSuggestions() {
  find("suggestions").replaceChildren(...state.start.suggestions.map((one) => {
    const person = state.start.people.find((found) => found.key === one.as);
    const button = make("button", { type: "button" },
      make("strong", {}, one.title), make("small", {}, `as ${person.name} · /${one.command}`), make("span", {}, one.hint));
    button.onclick = async () => {
      if (person !== state.person || state.channel !== state.start.studio) go(state.start.studio, person);
      await fill(one);
    };
    return make("li", {}, button);
  }));
}

function whereTo() {
  const [key, channel] = location.hash.slice(1).split("/");
  const person = state.start.people.find((one) => one.key === key) ?? state.start.people[0];
  return [/^\d+$/.test(channel ?? "") ? channel : state.start.channel, person];
}

state.start = await (await fetch("/start")).json();
drawSuggestions();
go(...whereTo());
window.addEventListener("hashchange", () => {
  const [channel, person] = whereTo();
  if (channel !== state.channel || person !== state.person) go(channel, person);
});
