/* Elements of the page: made with texts that are never HTML, written only where something changed;
   and what figures look like on it at present. */

/**
 * An element: `el("button", {class: "x", onclick: f, "aria-label": "…"}, "text", child)`.
 * Texts are set as text, never as HTML.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name === "class" ? "class" : name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Set a text only when it changed: fewer layouts, and live regions speak only news. */
export function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** What figures look like at present: colours of the theme, words, size. */
export function look(config, size) {
  const scheme = document.documentElement.getAttribute("data-mantine-color-scheme") === "dark" ? "dark" : "light";
  return { ...size, colors: config.colors[scheme], texts: config.texts, font: config.font };
}
