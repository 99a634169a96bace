// Who is looking, at which channel, and what happens there. The server sends whole snapshots; `draw` shows the newest.
import { openComposer, fill, redraw } from "/static/composer.js";
import { make, showForm } from "/static/components.js";
import { drawMessages } from "/static/messages.js";

const find = (id) => document.getElementById(id);
const MOST_UPLOAD = 64 * 2 ** 20, ENDED = "The demo has ended. Start it again in the terminal.";
const seen = JSON.parse(sessionStorage.getItem("seen") ?? "{}"); // the newest message that each person saw, by channel
// `follow` is set when the person did something: the answer is shown then, wherever they had scrolled to.
export const state = { person: null, channel: "", latest: null, menus: [], start: null, follow: false };
let stream = null;

export async function act(what, files = {}) {
  const by = { as: state.person.key, channel: state.channel };
  const aside = what.kind === "choices"; // asked for while somebody types
  const form = new FormData();
  form.append("act", JSON.stringify({ ...by, ...what }));
  for (const [name, file] of Object.entries(files)) form.append(`file:${name}`, file, file.name);
  let done;
  if (!aside) notice(""), (state.follow = true);
  try {
    const size = Object.values(files).reduce((sum, file) => sum + file.size, 0);
    if (size > MOST_UPLOAD) throw new RangeError("That file is too large for the demo, which takes 64 MB.");
    const answer = await fetch("/act", { method: "POST", body: form });
    done = answer.ok ? await answer.json() : { refused: "The demo couldn't do that." };
  } catch (error) {
    done = { refused: error instanceof RangeError ? error.message : ENDED };
  }
  if (done.refused && !aside) notice(done.refused);
  if (done.form) showForm(done.form, (values, uploads, samples) =>
    act({ ...by, kind: "form", form: done.form.handle, values, samples }, uploads));
  return done;
}

export function notice(text) {
  find("notice").textContent = text;
  find("notice").hidden = !text;
  if (text) setTimeout(() => find("notice").textContent === text && (find("notice").hidden = true), 8000);
}

export function go(channel, person = state.person) {
  state.person = person;
  state.channel = channel;
  state.latest = null;
  location.replace(`#${person.key}/${channel}`);
  notice("");
  stream?.close();
  stream = new EventSource(`/events?as=${person.key}&channel=${channel}`);
  stream.onmessage = (event) => draw(JSON.parse(event.data));
  stream.onerror = () => notice(ENDED);
  stream.onopen = () => notice("");
  openComposer();
}

function draw(snapshot) {
  const first = state.latest === null;
  state.latest = snapshot;
  state.menus = snapshot.menus;
  if (snapshot.channel === "0") return go(state.start.studio);
  const mine = (seen[state.person.key] ??= {});
  const here = snapshot.channels.find((channel) => channel.id === snapshot.channel);
  mine[here.id] = here.newest;
  sessionStorage.setItem("seen", JSON.stringify(seen));
  document.body.dataset.person = state.person.key;
  find("server").textContent = snapshot.server;
  find("place").replaceChildren(make("span", { className: "hash" }, mark(here)), make("h1", {}, here.name));
  drawChannels(snapshot, mine);
  drawPeople();
  drawMessages(snapshot, first);
  redraw();
}

const mark = (channel) => (channel.kind === "direct" ? "@" : channel.kind === "thread" ? "└" : "#");

function drawChannels(snapshot, mine) {
  const newer = (id, than) => BigInt(id) > BigInt(than ?? 0);
  const row = (channel) => {
    const unread = newer(channel.newest, mine[channel.id]);
    const pinged = newer(channel.ping, mine[channel.id]);
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
