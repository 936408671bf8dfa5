/* The form for a new job, made from the schema that also validates it; errors stand beside fields. */

import { HttpError } from "../wire/rest.js";
import { fill } from "../figure/words.js";
import { el } from "../charts/elements.js";

const NO_UNIT = new Set(["name", "number", "1", "norm", "yes/no"]);

/**
 * @typedef {Object} Field
 * @property {string} name  @property {string} unit  @property {string} help
 * @property {"number"|"integer"|"text"|"choice"|"switch"} type
 * @property {any[]} choices  @property {any} initial  @property {boolean} isOptional
 * @property {number} [min]  @property {number} [max]
 *
 * @typedef {Object} FormWorld
 * @property {Texts} texts  @property {Record<string, string>} fields   their labels
 * @property {{first: string[], hidden: string[]}} form   which are shown unfolded, and which not at all
 * @property {Call} call  @property {(job: Job) => void} created
 */

/**
 * What a field of the schema asks for. Pure.
 * @param {string} name
 * @param {any} property
 * @param {Record<string, any>} [definitions]
 * @returns {Field}
 */
export function fieldOf(name, property, definitions = {}) {
  /** @type {any[]} */
  const variants = (property.anyOf || [property]).map((/** @type {any} */ variant) =>
    variant.$ref ? { ...definitions[variant.$ref.split("/").pop()] } : variant);
  const isOptional = variants.some((variant) => variant.type === "null");
  const main = { ...property, ...variants.find((variant) => variant.type !== "null") };
  const choices = main.enum || (main.const !== undefined ? [main.const] : []);
  const type = choices.length ? "choice" : main.type === "boolean" ? "switch"
    : main.type === "integer" || main.type === "number" ? main.type : "text";
  return {
    name, type, choices, isOptional, initial: property.default ?? null,
    min: main.minimum ?? main.exclusiveMinimum, max: main.maximum ?? main.exclusiveMaximum,
    unit: NO_UNIT.has(property.unit) ? "" : property.unit || "", help: property.description || "",
  };
}

/**
 * The config that was typed: only what differs from its default, so that defaults stay the server's.
 * @param {Field[]} fields
 * @param {Record<string, any>} typed
 * @returns {Record<string, any>}
 */
export function readConfig(fields, typed) {
  /** @type {Record<string, any>} */
  const config = {};
  for (const field of fields) {
    const value = typed[field.name];
    if (field.type === "switch") {
      if (value !== field.initial) config[field.name] = value;
      continue;
    }
    if (value === "" || value === undefined || value === null) continue;
    const isNumber = field.type === "number" || field.type === "integer";
    const parsed = isNumber && value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
    if (parsed !== field.initial) config[field.name] = parsed;
  }
  return config;
}

/**
 * 422 of the server as a message per field; `""` holds what belongs to none.
 * @param {any} detail
 * @returns {Record<string, string>}
 */
export function errorsByField(detail) {
  /** @type {Record<string, string>} */
  const errors = {};
  for (const { loc, msg } of Array.isArray(detail) ? detail : [{ loc: [], msg: String(detail ?? "") }]) {
    const path = (loc || []).filter((/** @type {any} */ part) => part !== "body" && part !== "config");
    const name = path.length ? String(path[0]) : "";
    errors[name] = errors[name] ? `${errors[name]} ${msg}` : msg;
  }
  return errors;
}

export class CreateForm {
  /** @param {HTMLElement} box  @param {FormWorld} world */
  constructor(box, world) {
    this.box = box;
    this.world = world;
    this.isLoaded = false;
    /** @type {Field[]} */
    this.fields = [];
    /** @type {Map<string, {input: any, error: HTMLElement}>} */
    this.inputs = new Map();
    box.append(el("p", { class: "muted" }, world.texts.form_loading));
  }

  /** Fetch the schema and build the form; called when it is first opened. */
  async load() {
    if (this.isLoaded) return;
    this.isLoaded = true;
    try {
      const schema = await this.world.call("GET", "/config-schema");
      this._build(schema);
    } catch {
      this.isLoaded = false;
      this.box.replaceChildren(el("p", { class: "field-error" }, this.world.texts.server_away));
    }
  }

  /** @param {any} schema */
  _build(schema) {
    const { texts, form: { first: unfolded, hidden } } = this.world;
    this.fields = Object.entries(schema.properties).filter(([name]) => !hidden.includes(name))
      .map(([name, property]) => fieldOf(name, property, schema.$defs));
    this.inputs.clear();
    const first = unfolded.flatMap((name) => this.fields.find((field) => field.name === name) ?? []);
    const rest = this.fields.filter((field) => !first.includes(field));
    /** @type {Field} */
    const name = { name: "job_name", type: "text", choices: [], isOptional: false, help: texts.form_name_help, unit: "", initial: null };
    this.message = el("p", { class: "form-message", role: "status" });
    this.more = el("details", { class: "form-more" }, el("summary", {}, texts.form_more),
      el("div", { class: "form-grid" }, ...rest.map((field) => this._row(field))));
    this.form = el("form", { novalidate: true, onsubmit: (/** @type {Event} */ event) => this._submit(event) },
      el("div", { class: "form-grid" }, this._row(name), ...first.map((field) => this._row(field))),
      this.more,
      el("div", { class: "form-end" }, el("button", { class: "button primary", type: "submit" }, texts.form_submit), this.message));
    this.box.replaceChildren(this.form);
  }

  /** @param {Field} field  @returns {HTMLElement} */
  _row(field) {
    const id = `new-${field.name}`;
    const input = this._input(field, id);
    const error = el("p", { class: "field-error", id: `${id}-error`, hidden: true });
    this.inputs.set(field.name, { input, error });
    const label = this.world.fields[field.name] || field.name;
    return el("div", { class: "field" },
      el("label", { for: id }, label, field.unit && field.unit !== field.name ? el("span", { class: "unit" }, ` (${field.unit})`) : ""),
      input, el("p", { class: "field-help", id: `${id}-help` }, field.help), error);
  }

  /** @param {Field} field  @param {string} id  @returns {any} */
  _input(field, id) {
    const { texts } = this.world;
    const common = { id, name: field.name, "aria-describedby": `${id}-help ${id}-error` };
    if (field.type === "choice") {
      const select = el("select", common, ...(field.isOptional ? [el("option", { value: "" }, "–")] : []),
        ...field.choices.map((choice) => el("option", { value: choice }, String(choice))));
      select.value = field.initial ?? "";
      return select;
    }
    if (field.type === "switch") {
      const box = el("input", { ...common, type: "checkbox" });
      box.checked = Boolean(field.initial);
      return box;
    }
    const isNumber = field.type === "number" || field.type === "integer";
    return el("input", {
      ...common, type: "text", inputmode: isNumber ? "decimal" : null, autocomplete: "off", value: field.initial ?? "",
      placeholder: field.isOptional ? texts.form_by_scenario : null, required: field.name === "job_name",
    });
  }

  /** @param {Event} event */
  async _submit(event) {
    event.preventDefault();
    const { texts, call, created } = this.world;
    /** @type {Record<string, any>} */
    const typed = {};
    for (const [name, { input }] of this.inputs) typed[name] = input.type === "checkbox" ? input.checked : input.value;
    if (!typed.job_name.trim()) return this._show({ job_name: texts.form_name_missing });
    const body = { job_name: typed.job_name, config: readConfig(this.fields, typed) };
    try {
      const job = await call("POST", "/jobs", body);
      this._show({});
      this.message.textContent = fill(texts.form_sent, { job: job.job_name });
      created(job);
    } catch (error) {
      const isRefused = error instanceof HttpError && (error.status === 422 || error.status === 400);
      this._show(isRefused ? errorsByField(error.detail) : { "": error instanceof HttpError ? error.message : texts.server_away });
    }
  }

  /** @param {Record<string, string>} errors */
  _show(errors) {
    const { texts } = this.world;
    const general = Object.entries(errors).filter(([name]) => !this.inputs.has(name)).map(([name, text]) => (name ? `${name}: ${text}` : text));
    let firstWrong = null;
    for (const [name, { input, error }] of this.inputs) {
      const text = errors[name] || "";
      error.textContent = text;
      error.hidden = !text;
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      if (text && !firstWrong) firstWrong = input;
    }
    this.message.textContent = [firstWrong ? texts.form_invalid : "", ...general].filter(Boolean).join(" ");
    this.message.classList.toggle("is-error", Object.keys(errors).length > 0);
    if (firstWrong && this.more.contains(firstWrong)) this.more.open = true;
    if (firstWrong) firstWrong.focus();
  }
}
