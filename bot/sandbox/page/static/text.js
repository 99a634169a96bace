// Discord's markdown as nodes of the page: nothing that people wrote is ever read as HTML.
import { make } from "/static/components.js";
import { go, state } from "/static/page.js";

const INLINE = [
  [/```(?:\w+\n)?([\s\S]+?)```/, ([, code]) => make("pre", {}, code)],
  [/`([^`]+)`/, ([, code]) => make("code", {}, code)],
  [/\*\*([\s\S]+?)\*\*/, ([, inner]) => make("strong", {}, ...inline(inner))],
  [/\*([^\s*](?:[^*]*[^\s*])?)\*/, ([, inner]) => make("em", {}, ...inline(inner))],
  [/~~(.+?)~~/, ([, inner]) => make("s", {}, ...inline(inner))],
  [/\|\|(.+?)\|\|/, ([, inner]) => make("span", { className: "spoiler", tabIndex: 0 }, ...inline(inner))],
  [/<(@!?|#|@&)(\d+)>/, ([, sigil, id]) => mention(sigil, id)],
  [/<t:(\d+)(?::(\w))?>/, ([, seconds, style]) => moment(Number(seconds), style)],
  [/<\/([\w -]+):\d+>/, ([, name]) => make("span", { className: "mention" }, `/${name}`)],
  [/\[([^\]]+)\]\((https?:[^)\s]+)\)/, ([, words, url]) => link(url, words)],
  [/https?:\/\/[^\s<>]+[^\s<>.,:;!?)]/, ([url]) => link(url)],
  [/\\([^\w\s])/, ([, sign]) => sign],
];

export function inline(text) {
  const nodes = [];
  while (text) {
    const hits = INLINE.map(([pattern, show]) => [pattern.exec(text), show]).filter(([hit]) => hit);
    if (!hits.length) break;
    const [hit, show] = hits.reduce((best, one) => (one[0].index < best[0].index ? one : best));
    nodes.push(text.slice(0, hit.index), show(hit));
    text = text.slice(hit.index + hit[0].length);
  }
  return [...nodes, text].filter((node) => node !== "");
}

const BLOCKS = [
  [/^-# (.*)/, ([, rest]) => make("small", { className: "block" }, ...inline(rest))],
  [/^(#{1,3}) (.*)/, ([, signs, rest]) => make(`h${signs.length + 2}`, {}, ...inline(rest))],
  [/^> (.*)/, ([, rest]) => make("blockquote", {}, ...inline(rest))],
  [/^[-*] (.*)/, ([, rest]) => make("div", { className: "item" }, ...inline(rest))],
];

export function formatted(text) {
  const nodes = [];
  let plain = [];
  const flush = () => {
    if (plain.length) nodes.push(make("div", {}, ...inline(plain.join("\n"))));
    plain = [];
  };
  const fenced = text.includes("```");
  for (const line of text.split("\n")) {
    const block = fenced ? undefined : BLOCKS.map(([pattern, show]) => [pattern.exec(line), show]).find(([hit]) => hit);
    if (!block) plain.push(line);
    else flush(), nodes.push(block[1](block[0]));
  }
  flush();
  return nodes;
}

function mention(sigil, id) {
  const kind = { "@": "@", "@!": "@", "#": "#", "@&": "&" }[sigil];
  const name = state.latest?.names[kind + id];
  const shown = make(kind === "#" && name ? "a" : "span", { className: "mention" }, `${kind === "#" ? "#" : "@"}${name ?? "unknown"}`);
  if (kind === "#" && name) shown.onclick = () => go(id);
  return shown;
}

function moment(seconds, style) {
  const date = new Date(seconds * 1000);
  const styles = { t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" }, F: { dateStyle: "full", timeStyle: "short" } };
  const shown = style === "R" ? ago(seconds - Date.now() / 1000) : new Intl.DateTimeFormat("en-GB", styles[style] ?? { dateStyle: "long", timeStyle: "short" }).format(date);
  const element = make("time", { dateTime: date.toISOString(), title: date.toLocaleString("en-GB") }, shown);
  if (style === "R") element.dataset.moment = seconds;
  return element;
}

setInterval(() => {
  for (const element of document.querySelectorAll("time[data-moment]")) {
    const now = ago(element.dataset.moment - Date.now() / 1000);
    if (element.textContent !== now) element.textContent = now;
  }
}, 1000);

function ago(seconds) {
  const [unit, size] = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]].find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

function link(url, words) {
  const inside = /^https:\/\/discord\.com\/channels\/\d+\/(\d+)/.exec(url);
  const channel = inside && state.latest?.names[`#${inside[1]}`];
  const shownAs = words && !words.startsWith("http") ? inline(words) : [words ?? (channel ? `#${channel}` : url)];
  const shown = make("a", { href: url, target: "_blank", rel: "noreferrer" }, ...shownAs);
  if (inside) {
    shown.classList.toggle("mention", Boolean(channel));
    shown.onclick = (event) => (event.preventDefault(), go(inside[1]));
  }
  return shown;
}
