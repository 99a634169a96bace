// Buttons, menus, containers and forms, as Discord describes them.
import { act, state } from "/static/page.js";
import { formatted } from "/static/text.js";

export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };
const ENTITIES = { 5: "people", 6: "roles", 7: "both", 8: "channels" };

export function component(item, message, media) {
  const inside = () => item.components.map((one) => component(one, message, media));
  switch (item.type) {
    case 1: return make("div", { className: "row" }, ...inside());
    case 2: return button(item, message);
    case 3: case 5: case 6: case 7: case 8: return menu(item, message);
    case 9: return make("div", { className: "section" }, make("div", {}, ...inside()), component(item.accessory, message, media));
    case 10: return make("div", { className: "text" }, ...formatted(item.content));
    case 11: return media(item.media);
    case 12: return make("div", { className: "gallery" }, ...item.items.map((one) => media(one.media)));
    case 13: return media(item.file);
    case 14: return make("hr");
    case 17: {
      const box = make("div", { className: "container" }, ...inside());
      if (item.accent_color != null) box.style.borderLeftColor = `#${item.accent_color.toString(16).padStart(6, "0")}`;
      return box;
    }
  }
  return make("span");
}

function button(item, message) {
  const emoji = item.emoji?.name ? `${item.emoji.name} ` : "";
  const shown = make("button", { type: "button", className: STYLES[item.style] ?? "secondary", disabled: Boolean(item.disabled) }, emoji + (item.label ?? ""));
  shown.onclick = () => item.url ? window.open(item.url, "_blank", "noreferrer")
    : busy(shown, () => act({ kind: "press", message: message.id, custom_id: item.custom_id, channel: message.channel_id }));
  return shown;
}

// One thing at a time: a double click counts once.
async function busy(element, does) {
  if (element.classList.contains("busy")) return;
  element.classList.add("busy");
  await does();
  element.classList.remove("busy");
}

export function entities(type) {
  const people = state.start.people.map((one) => ({ value: one.id, label: `@${one.name}` }));
  const roles = state.start.roles.map((one) => ({ value: one.id, label: one.name.startsWith("@") ? one.name : `@${one.name}` }));
  const channels = (state.latest?.channels ?? []).filter((one) => one.kind === "text").map((one) => ({ value: one.id, label: `#${one.name}` }));
  return { people, roles, channels, both: [...people, ...roles] }[ENTITIES[type]] ?? [];
}

function choices(item) {
  return item.type === 3 ? item.options : entities(item.type);
}

function chooser(item) {
  const several = (item.max_values ?? 1) > 1;
  const list = make("select", { multiple: several, disabled: Boolean(item.disabled) });
  const chosen = new Set((item.default_values ?? []).map((one) => one.id));
  if (!several) list.append(make("option", { value: "", disabled: item.required !== false, selected: true, hidden: true }, item.placeholder ?? "Make a selection"));
  for (const one of choices(item)) {
    const words = one.description ? `${one.label} (${one.description})` : one.label;
    list.append(make("option", { value: one.value, selected: Boolean(one.default) || chosen.has(one.value) }, words));
  }
  if (several) {
    list.size = Math.min(6, Math.max(2, choices(item).length));
    list.onmousedown = (event) => { // each click counts, without Ctrl
      if (event.target.localName !== "option") return;
      event.preventDefault();
      event.target.selected = !event.target.selected;
    };
  }
  list.setAttribute("aria-label", item.placeholder ?? "Menu");
  return list;
}

const picked = (list) => [...list.selectedOptions].map((one) => one.value).filter(Boolean);

function menu(item, message) {
  const list = chooser(item);
  const box = make("div", { className: "menu" }, list);
  const send = () => busy(box, () => act({ kind: "select", type: item.type, message: message.id, custom_id: item.custom_id, values: picked(list), channel: message.channel_id }));
  if (!list.multiple) list.onchange = send;
  else box.append(make("button", { type: "button", className: "secondary", onclick: send }, "Choose"));
  return box;
}

// A form opens over the page; `submit` gets the values, the chosen files and the names of samples.
export function showForm(form, submit) {
  const dialog = document.getElementById("form");
  const fields = form.components.flatMap((one) => (one.type === 1 ? one.components.map((item) => [one, item]) : one.type === 18 ? [[one, one.component]] : []));
  const rows = fields.map(([label, item]) => [item, field(item), label]);
  const body = make("form", { method: "dialog" }, make("h2", {}, form.title), ...rows.map(([item, input, label]) =>
    make("label", {}, make("span", {}, label.label ?? item.label ?? "", required(item) ? make("i", {}, " *") : ""),
      label.description ? make("small", {}, label.description) : "", input)));
  const cancel = make("button", { type: "button", className: "link", onclick: () => dialog.close() }, "Cancel");
  body.append(make("footer", {}, cancel, make("button", { className: "primary" }, "Submit")));
  body.onsubmit = () => {
    const [values, uploads, samples] = [{}, {}, {}];
    for (const [item, input] of rows) {
      if (item.type === 4) values[item.custom_id] = input.value;
      else if (item.type === 19) input.collect(item.custom_id, uploads, samples);
      else if (picked(input).length) values[item.custom_id] = picked(input);
    }
    submit(values, uploads, samples);
  };
  dialog.replaceChildren(body);
  dialog.showModal();
}

const required = (item) => (item.type === 19 ? Boolean(item.required) : item.required !== false);

function field(item) {
  if (item.type === 4) {
    const input = make(item.style === 2 ? "textarea" : "input", { value: item.value ?? "", placeholder: item.placeholder ?? "", required: required(item) });
    if (item.max_length) input.maxLength = item.max_length;
    return input;
  }
  if (item.type === 19) return filePicker(Boolean(item.required));
  const list = chooser(item);
  list.required = required(item);
  return list;
}

// Takes a file of the person's own, or one of the demo's samples.
export function filePicker(needed, sample = "") {
  const own = make("input", { type: "file", required: needed && !sample });
  const list = make("select", {}, make("option", { value: "" }, "or one of the demo's files…"), ...state.start.samples.map((name) => make("option", { value: name, selected: name === sample }, name)));
  const box = make("span", { className: "picker" }, own, list);
  own.onchange = () => { if (own.files.length) list.value = ""; };
  list.onchange = () => { own.required = needed && !list.value; if (list.value) own.value = ""; };
  box.collect = (name, uploads, samples) => {
    if (own.files.length) uploads[name] = own.files[0];
    else if (list.value) samples[name] = list.value;
  };
  box.isFilled = () => own.files.length > 0 || Boolean(list.value);
  box.sample = () => list.value;
  return box;
}
