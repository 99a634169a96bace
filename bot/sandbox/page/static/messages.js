// The conversation. A message that has not changed keeps its elements, so that a video plays on.
import { component, make } from "/static/components.js";
import { act, go, state } from "/static/page.js";
import { formatted } from "/static/text.js";

const PRIVATE = 1 << 6, THINKING = 1 << 7, SPOILER = 1 << 3;
const STARTED_THREAD = 18, THREAD_START = 21;
const dismissed = new Set();
const list = document.getElementById("messages");

// Whoever reads the newest message keeps on seeing it while videos load and the line below grows.
let atEnd = true;
const stay = () => { if (atEnd) list.scrollTop = list.scrollHeight; };
list.addEventListener("scroll", () => (atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80));
for (const kind of ["load", "loadedmetadata"]) list.addEventListener(kind, stay, true);
new ResizeObserver(stay).observe(list);

export function drawMessages(snapshot, first) {
  const newest = list.lastElementChild?.dataset.id;
  const old = first ? new Map() : new Map([...list.children].map((item) => [item.dataset.id, item]));
  const items = [];
  let previous = null;
  for (const message of snapshot.messages) {
    if (dismissed.has(message.id) || message.type === STARTED_THREAD) continue;
    const follows = continues(previous, message);
    const version = JSON.stringify([message, follows, state.person.key]);
    const kept = old.get(message.id);
    items.push(kept?.version === version ? kept : drawn(message, version, follows, kept));
    previous = message;
  }
  // What stays is not touched: it would lose the focus, and menus that are open would close.
  for (const item of [...list.children]) if (!items.includes(item)) item.remove();
  items.forEach((item, place) => item !== list.children[place] && list.insertBefore(item, list.children[place] ?? null));
  if (first || (state.follow && items.at(-1)?.dataset.id !== newest)) atEnd = !(state.follow = false);
  stay();
}

const continues = (previous, message) =>
  previous?.author.id === message.author.id && !message.interaction_metadata && !previous.thread && previous.flags % 128 === message.flags % 128
  && Date.parse(message.timestamp) - Date.parse(previous.timestamp) < 420_000;

function drawn(message, version, follows, kept) {
  const hidden = message.flags & PRIVATE;
  const item = make("li", { className: ["message", hidden ? "private" : "", message.pings ? "pinged" : "", follows ? "follows" : ""].join(" ") });
  item.dataset.id = message.id;
  item.version = version;
  const media = (file) => attachment(file, kept);
  const body = make("div", { className: "body" });
  const asked = message.interaction_metadata;
  if (asked?.name) body.append(make("div", { className: "used" }, make("b", {}, asked.user.username), ` used /${asked.name}`));
  if (!follows) body.append(heading(message));
  if (message.type === THREAD_START) body.append(make("em", { className: "started" }, "The thread begins here."));
  else if (message.flags & THINKING && !message.content) body.append(make("em", { className: "thinking" }, `${message.author.username} is thinking…`));
  else body.append(make("div", { className: "text" }, ...formatted(message.content)));
  body.append(...message.attachments.map(media), ...message.components.map((one) => component(one, message, media)));
  if (message.thread) body.append(threadLink(message.thread));
  if (hidden) body.append(onlyYou(message, item));
  item.append(follows ? make("span") : avatar(message.author), body);
  if (!hidden && state.menus.length && message.attachments.length) item.append(apps(message));
  return item;
}

function heading(message) {
  const time = new Date(message.timestamp).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const badge = message.author.bot ? make("span", { className: "app" }, "APP") : "";
  return make("div", { className: "heading" }, make("strong", {}, message.author.username), badge, make("time", {}, time));
}

const avatar = (author) => make("span", { className: `avatar ${author.username.toLowerCase()}` }, author.bot ? "👄" : author.username[0]);

function threadLink(thread) {
  const count = `${thread.count} ${thread.count === 1 ? "message" : "messages"} ›`;
  const link = make("button", { type: "button", className: "thread-link" }, make("strong", {}, thread.name), make("span", {}, count));
  link.onclick = () => go(thread.id);
  return link;
}

function onlyYou(message, item) {
  const dismiss = make("button", { type: "button", className: "plain" }, "Dismiss message");
  dismiss.onclick = () => (dismissed.add(message.id), item.remove());
  return make("div", { className: "only-you" }, "👁 Only you can see this · ", dismiss);
}

function apps(message) {
  const buttons = state.menus.map((name) => {
    const choice = make("button", { type: "button", className: "plain", title: `Apps ▸ ${name}` }, `Apps ▸ ${name}`);
    choice.onclick = () => act({ kind: "menu", command: name, message: message.id });
    return choice;
  });
  return make("div", { className: "apps" }, ...buttons);
}

function attachment(file, kept) {
  const url = file.url, name = file.filename ?? url.split("/").pop();
  const before = kept?.querySelector(`[data-url="${CSS.escape(url)}"]`);
  if (before) return before;
  const shown = player(url, name);
  const blurred = (file.flags ?? 0) & SPOILER || name.startsWith("SPOILER_");
  const box = make("figure", { className: blurred ? "attachment blurred" : "attachment" }, shown);
  box.dataset.url = url;
  if (blurred) {
    const reveal = make("button", { type: "button", className: "reveal" }, "SPOILER");
    reveal.onclick = () => (box.classList.remove("blurred"), reveal.remove());
    box.append(reveal);
  }
  return box;
}

function player(url, name) {
  const ending = name.split(".").pop().toLowerCase();
  if (["mp4", "webm", "mov", "m4v"].includes(ending)) return make("video", { src: url, controls: true, preload: "metadata", playsInline: true });
  if (["mp3", "wav", "ogg", "m4a", "opus", "flac", "aac"].includes(ending)) return make("audio", { src: url, controls: true });
  if (["gif", "png", "jpg", "jpeg", "webp"].includes(ending)) return make("img", { src: url, alt: name });
  return make("a", { href: url, download: name, className: "file" }, `📄 ${name}`);
}
