/* What touches the browser for everybody else: REST, elements, the server's clock. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});

  let clockOffsetMs = null; // the server's clock minus ours, from its answers' Date header

  class HttpError extends Error {
    /** @param {number} status  @param {*} detail  what the server said, as it said it */
    constructor(status, detail) {
      super(typeof detail === "string" ? detail : `HTTP ${status}`);
      this.status = status;
      this.detail = detail;
    }
  }

  /** JSON of a REST call, null for 204. Throws HttpError, or TypeError when nobody answers. */
  async function call(method, url, body) {
    const answer = await fetch(url, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    noteClock(answer.headers.get("Date"));
    if (answer.status === 204) return null;
    const said = await answer.json().catch(() => null);
    if (!answer.ok) throw new HttpError(answer.status, said ? said.detail : null);
    return said;
  }

  function noteClock(date) {
    const served = Date.parse(date || "");
    if (!Number.isFinite(served)) return;
    const offset = served + 500 - Date.now();
    if (clockOffsetMs === null || Math.abs(offset - clockOffsetMs) > 1000) clockOffsetMs = offset;
  }

  /** Now by the server's clock, within about a second; small differences count as none. */
  function serverNow() {
    return Date.now() + (Math.abs(clockOffsetMs || 0) > 2000 ? clockOffsetMs : 0);
  }

  /**
   * An element: `el("button", {class: "x", onclick: f, "aria-label": "…"}, "text", child)`.
   * Texts are set as text, never as HTML.
   */
  function el(tag, attributes = {}, ...children) {
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
  function setText(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  function setAttribute(element, name, value) {
    if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
  }

  /** A small dialog that asks before something that cannot be undone. @returns {Promise<boolean>} */
  function confirmed(question, yes, no) {
    return new Promise((resolve) => {
      const answer = (value) => () => {
        dialog.close();
        dialog.remove();
        resolve(value);
      };
      const keep = el("button", { class: "button", type: "button", onclick: answer(false) }, no);
      const go = el("button", { class: "button danger", type: "button", onclick: answer(true) }, yes);
      const tab = (event) => {
        if (event.key !== "Tab") return; // without this, the focus also visits the browser's own bars
        event.preventDefault();
        (document.activeElement === keep ? go : keep).focus();
      };
      const dialog = el("dialog", { class: "dialog", "aria-label": question, oncancel: answer(false), onkeydown: tab },
        el("p", {}, question), el("div", { class: "dialog-buttons" }, keep, go));
      document.body.append(dialog);
      dialog.showModal();
      keep.focus();
    });
  }

  core.world = { call, HttpError, serverNow, el, setText, setAttribute, confirmed };
})(typeof window === "undefined" ? globalThis : window);
