/* Name, tags, group and notes of the chosen job: put in as the job has them, except where the reader
   is just typing, and sent when the reader has changed them. */

const FIELDS = /** @type {const} */ ({ job_name: "job-rename", tags: "job-tags", group: "job-group", notes: "job-notes" });
/** @typedef {keyof typeof FIELDS} Field */

export class Organise {
  /**
   * @param {{show: Show, call: Call, changed: (job: Job) => void, markdown: () => Promise<void>, hand: (id: string) => Pick<import("./hand.js").Hand, "hasTouched"|"told">}} world
   *   hand: the reader's, on a control; markdown: resolves when Dash can draw it
   */
  constructor(world) {
    this.world = world;
    const hands = Object.entries(FIELDS).map(([field, id]) => [field, world.hand(id)]);
    /** @type {Record<Field, ReturnType<typeof world.hand>>} */
    this.hands = Object.fromEntries(hands);
    /** @type {Job|null} */
    this.job = null;
    /** @type {Record<string, string>} */
    this.shown = {}; // by field, as JSON: what the controls were told last
    this.known = "";
    this.text = ""; // of the notes that are shown
  }

  /** @param {Job|null} job  @param {Map<string, Job>} jobs  all, for the groups and tags that there are */
  render(job, jobs) {
    const isOther = job?.id !== this.job?.id;
    this.job = job && (jobs.get(job.id) ?? job);
    if (isOther) this.shown = {};
    for (const field of /** @type {Field[]} */ (Object.keys(FIELDS))) this._show(field, isOther);
    this._offer(jobs);
  }

  /** @param {Field} field  @param {boolean} isOther */
  _show(field, isOther) {
    const value = valueOf(this.job, field);
    const key = JSON.stringify(value);
    if (key === this.shown[field]) return;
    const box = document.getElementById(FIELDS[field]);
    const isBusy = box?.contains(document.activeElement) || box?.parentElement?.contains(document.activeElement);
    if (isBusy && !isOther) return; // the reader's words stay; ours come when the focus has left
    this.shown[field] = key;
    this.hands[field].told();
    this.world.show(FIELDS[field], { value });
    if (field === "notes") this._notes(String(value));
  }

  /** @param {string} text */
  async _notes(text) {
    this.text = text;
    const isLoaded = text !== "" && await this.world.markdown().then(() => true, () => false);
    if (this.text !== text) return; // other words meanwhile
    const children = isLoaded && { namespace: "dash_core_components", type: "Markdown", props: { id: "job-notes-text", children: safeMarkdown(text), link_target: "_blank" } };
    this.world.show("job-notes-shown", { children: children || text || null });
  }

  /** @param {Map<string, Job>} jobs */
  _offer(jobs) {
    const groups = new Set();
    const tags = new Set();
    for (const job of jobs.values()) {
      if (job.group) groups.add(job.group);
      for (const tag of job.tags || []) tags.add(tag);
    }
    const key = JSON.stringify([[...groups].sort(), [...tags].sort()]);
    if (key === this.known) return;
    this.known = key;
    const [allGroups, allTags] = JSON.parse(key);
    this.world.show("job-group", { data: allGroups });
    this.world.show("job-tags", { data: allTags });
  }

  /**
   * A control says something: the reader's news, or only what it was told, perhaps so late that
   * another job stands there by now, whose words this would take away.
   * @param {Field} field
   * @param {any} value
   */
  async put(field, value) {
    const { job } = this;
    if (!job || !this.hands[field].hasTouched) return;
    const wanted = field === "tags" ? value : (value ?? "");
    const key = JSON.stringify(wanted);
    if (key === this.shown[field] || key === JSON.stringify(valueOf(job, field))) return;
    if (field === "job_name" && !String(value || "").trim()) return this._again(field);
    this.shown[field] = key;
    try {
      const changed = await this.world.call("PATCH", `/jobs/${job.id}`, { [field]: wanted === "" ? null : wanted });
      this.world.changed(changed);
      if (field === "notes" && this.job?.id === changed.id) this._notes(changed.notes || "");
    } catch {
      if (this.job?.id === job.id) this._again(field);
    }
  }

  /** What was refused does not stand there as if it had been taken. @param {Field} field */
  _again(field) {
    delete this.shown[field];
    this._show(field, true);
  }
}

/** @param {Job|null} job  @param {Field} field  @returns {any} */
function valueOf(job, field) {
  return field === "tags" ? (job?.tags ?? []) : (job?.[field] ?? "");
}

/**
 * Markdown without pictures, which would be fetched from wherever it says; HTML is shown as text and
 * links to scripts are taken away by dcc.Markdown.
 * @param {string} text
 * @returns {string}
 */
export function safeMarkdown(text) {
  return text.replace(/!(?=\[)/g, "");
}
