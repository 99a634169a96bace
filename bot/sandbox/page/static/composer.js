// The line at the bottom: plain messages with files, and commands with their options.
import { entities, filePicker, make } from "/static/components.js";
import { act, notice, state } from "/static/page.js";

const composer = document.getElementById("composer");
const ATTACHMENT = 11, BOOLEAN = 5, ENTITIES = { 6: 5, 7: 8, 8: 6, 9: 7 }; // option kinds, and the menus that offer the same
let commands = [];

export async function openComposer() {
  drawLine();
  await load();
}

async function load() {
  const [person, channel] = [state.person.key, state.channel];
  const found = await fetch(`/commands?as=${person}&channel=${channel}`).then((answer) => answer.json()).catch(() => []);
  if (person === state.person.key && channel === state.channel) commands = found;
}

// Keeps the placeholder right when the channel's name comes in; nothing that was typed is touched.
export function redraw() {
  const line = composer.querySelector("input.line");
  const here = state.latest?.channels.find((one) => one.id === state.channel);
  if (line && here) line.placeholder = `Message ${here.kind === "thread" ? "this thread" : `#${here.name}`}, or type / for commands`;
}

export async function fill(suggestion) {
  await load();
  const command = commands.find((one) => one.name === suggestion.command);
  if (command) drawCommand(command, suggestion.given, suggestion.samples);
}

function drawLine() {
  const list = make("div", { className: "popup", hidden: true });
  const files = make("input", { type: "file", hidden: true, multiple: false });
  const clip = make("button", { type: "button", className: "plus", title: "Attach a file" }, "+");
  const line = make("input", { className: "line", placeholder: "Message", maxLength: 2000 });
  clip.onclick = () => files.click();
  files.onchange = () => { clip.textContent = files.files.length ? `📎 ${files.files[0].name}` : "+"; line.focus(); };
  line.oninput = () => offer(list, line.value);
  line.onkeydown = (event) => {
    if (event.key === "Tab" && !list.hidden && list.firstChild) event.preventDefault(), list.firstChild.click();
    if (event.key === "Escape") list.hidden = true;
  };
  composer.replaceChildren(list, files, clip, line);
  composer.onsubmit = async (event) => {
    event.preventDefault();
    if (!list.hidden && list.firstChild) return list.firstChild.click();
    if (line.value.startsWith("/")) return notice("There is no such command here. Type / to see them all.");
    if (!line.value.trim() && !files.files.length) return;
    const [text, sent] = [line.value, files.files.length ? { file: files.files[0] } : {}];
    await submit({ kind: "send", text }, sent);
  };
  redraw();
  line.focus();
}

// What was filled in goes away, and comes back when it is refused.
async function submit(what, files) {
  const [filled, before] = [[...composer.childNodes], composer.onsubmit];
  drawLine();
  const empty = composer.firstChild;
  const done = await act(what, files);
  if (!done.refused || composer.firstChild !== empty || composer.querySelector("input.line").value) return;
  composer.replaceChildren(...filled);
  composer.onsubmit = before;
}

function offer(list, typed) {
  const wanted = typed.slice(1).toLowerCase().split(" ").filter(Boolean);
  const found = typed.startsWith("/") ? commands.filter((one) => wanted.every((word) => one.name.includes(word))) : [];
  list.replaceChildren(...found.map((command) => {
    const row = make("button", { type: "button" }, make("strong", {}, `/${command.name}`), make("span", {}, command.description));
    row.onclick = () => drawCommand(command, {}, {});
    return row;
  }));
  list.hidden = !found.length;
}

function drawCommand(command, given, samples) {
  const rows = command.options.map((option) => [option, input(command, option, given[option.name], samples[option.name])]);
  const fields = rows.map(([option, field]) => make("label", { className: option.required ? "needed" : "" },
    make("span", { className: "option", title: option.description }, option.name), field, field.choicesList ?? "", make("small", {}, option.description)));
  const close = make("button", { type: "button", className: "plain", title: "Close", onclick: () => drawLine() }, "✕");
  const send = make("button", { className: "primary" }, "Send");
  composer.replaceChildren(make("div", { className: "command" },
    make("header", {}, make("strong", {}, `/${command.name}`), make("span", {}, command.description), close),
    make("div", { className: "options" }, ...fields), make("footer", {}, send)));
  composer.onsubmit = async (event) => {
    event.preventDefault();
    const [values, files, chosen] = collected(rows);
    await submit({ kind: "command", command: command.name, given: values, samples: chosen }, files);
  };
  (composer.querySelector(".needed input:not([type=file])") ?? send).focus();
}

function collected(rows) {
  const [values, files, samples] = [{}, {}, {}];
  for (const [option, field] of rows) {
    if (option.type === ATTACHMENT) field.collect(option.name, files, samples);
    else if (field.value !== "") values[option.name] = field.chosen ?? field.value;
  }
  return [values, files, samples];
}

function input(command, option, value = "", sample = "") {
  if (option.type === ATTACHMENT) return filePicker(Boolean(option.required), sample);
  const offered = option.type === BOOLEAN ? [{ name: "yes", value: "true" }, { name: "no", value: "false" }]
    : option.type in ENTITIES ? entities(ENTITIES[option.type]).map((one) => ({ name: one.label, value: one.value })) : option.choices;
  if (offered?.length) {
    const list = make("select", { required: Boolean(option.required) }, make("option", { value: "" }, ""));
    list.append(...offered.map((one) => make("option", { value: one.value, selected: String(one.value) === String(value) }, one.name)));
    return list;
  }
  const line = make("input", { value, required: Boolean(option.required) });
  if (option.max_length) line.maxLength = option.max_length;
  if (option.type === 4 || option.type === 10) Object.assign(line, { type: "number", step: option.type === 4 ? 1 : "any", min: option.min_value ?? "", max: option.max_value ?? "" });
  return option.autocomplete ? completing(command, option, line, value) : line;
}

// A line that asks the bot for choices while somebody types; `chosen` is the value behind the words that were picked.
function completing(command, option, line, value) {
  const list = make("datalist", { id: `choices-${option.name}` });
  line.setAttribute("list", list.id);
  line.chosen = value || undefined;
  let asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const given = Object.fromEntries([...composer.querySelectorAll("label")].flatMap((label) => {
      const field = label.querySelector("input:not([type=file])");
      return field?.value && field !== line && !label.querySelector("input[type=file]") ? [[label.querySelector(".option").textContent, field.chosen ?? field.value]] : [];
    }));
    const done = await act({ kind: "choices", command: command.name, option: option.name, typed: line.value, given });
    if (mine !== asked || !done.choices) return;
    list.replaceChildren(...done.choices.map((one) => make("option", { value: one.name })));
    line.choices = done.choices;
    if (line.chosen && line.value === line.chosen) line.value = done.choices.find((one) => one.value === line.chosen)?.name ?? line.value;
  };
  line.oninput = () => {
    line.chosen = line.choices?.find((one) => one.name === line.value)?.value;
    if (!line.chosen) ask();
  };
  line.onfocus = () => line.choices || ask();
  line.choicesList = list;
  if (value) ask();
  return line;
}
