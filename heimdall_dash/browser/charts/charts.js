/* The chosen job's charts: which stand, which figure each card gets, its notes and empty state. */

/** @import { Size } from "./painter.js" */

import { lineFigure } from "../figure/line_figure.js";
import { diagramFigure, isDiagramKind } from "../figure/diagrams.js";
import { isDiagram } from "../figure/diagram_specs.js";
import { naturally } from "../figure/siblings.js";
import { leftOut } from "../series/named.js";
import { proven } from "../figure/spec.js";
import { fill } from "../figure/words.js";
import { arranged } from "./arrangement.js";
import { CardMenu } from "./card_menu.js";
import { CardTools } from "./card_tools.js";
import { chartCard } from "./card.js";
import { ChartFilter } from "./chart_filter.js";
import { scaleOf } from "./derived.js";
import { byId, el, setText, setAttribute, look } from "./elements.js";
import { emptyText, nothingText } from "./empty.js";
import { KeyFigures } from "./key_figures.js";
import { PredictionsCard } from "./predictions_card.js";
import { runOf, isSameRun, holdsPoint } from "./run.js";
import { Sections } from "./sections.js";
import { standing } from "./standing.js";
import { Wide } from "./wide.js";

/**
 * What the charts need of the page.
 * @typedef {Object} ChartsPage
 * @property {Config} config  @property {import("./painter.js").Painter} painter
 * @property {ShownJob} feed  @property {KeptView} view
 * @property {(id: string, zoom: Zoom|null) => void} zoomed
 * @property {(id: string, scale: Scale) => void} scaled
 * @property {(spec: Spec) => ChartView} chartView
 * @property {(spec: Spec) => Source[]} sources   the runs on the charts
 * @property {{ids: () => string[], shown: () => Run[]}} picked   theirs
 * @property {{asking: Set<Promise<void>>}} means   of groups, that are on their way
 * @property {(spec: Spec, view: ChartView) => void} looksAt   a chart in view reads these metrics
 * @property {() => ShownJob} charted   what all of them have
 * @property {(id: string, metric: string, isAlone: boolean) => void} toggledLine
 * @property {(arrangement: Arrangement) => void} rearranged
 * @property {import("./reliability_slider.js").ReliabilitySlider} reliability
 * @property {import("./predictions_card.js").KeptEpochs} predictions
 * @property {(epoch: number|null) => void} predictedEpoch
 *
 * @typedef {{card: HTMLElement, buttons: Record<string, any>, showScale: (scale: Scale) => void}} Made
 */

export class Charts {
  /** @param {ChartsPage} page */
  constructor(page) {
    this.page = page;
    /** @type {Map<string, Spec>} */
    this.specs = new Map(); // of the cards that were made
    /** @type {Map<string, Made>} */
    this.cards = new Map();
    /** @type {Map<string, Record<string, string>>} */
    this.slots = new Map(); // where each chart's names of reference lines stand
    /** @type {Map<string, Scale>} */
    this.scales = new Map(); // that derived charts of this job are first read on
    /** @type {import("./run.js").ChartedRun|null} */
    this.run = null;
    this.hasStood = false; // charts of a job that was known
    this.wide = new Wide(this);
    this.tools = new CardTools(this);
    this.menu = new CardMenu(page.config.texts, this.tools);
    this.predictions = new PredictionsCard(byId("predictions"), this);
    this.filter = new ChartFilter(byId("chart-filter"), this);
    this.sections = new Sections(byId("charts"), byId("other-charts"), page.view, page.config.texts, {
      card: (spec) => this._card(spec), remove: (id) => this.remove(id),
      isFound: (spec) => this.filter.isFound(spec), isSearching: () => this.filter.isSearching(),
    });
    this.nothing = el("p", { class: "card empty-note", hidden: true });
    byId("charts").before(this.nothing);
    this.keyFigures = new KeyFigures(byId("key-figures"), page.config);
    this.update();
  }

  /** @returns {Spec[]} of all charts that stand, made or not */
  all() {
    return this.sections.sections.flatMap(({ specs }) => specs);
  }

  /** @returns {string[]} that a chart of the reader's own may show */
  metricNames() {
    return [...(this.run?.names ?? [])].sort(naturally);
  }

  /* ------------------------------------------------------------- which stand */

  /** New metrics, another job, another arrangement: the charts that stand now. */
  update() {
    const { config, view } = this.page;
    const feed = this.page.charted();
    const isLoading = feed.state === "loading";
    if (isLoading && this.hasStood) return; // as the job before left them, until it is known
    this.hasStood = !isLoading;
    byId("charts").classList.toggle("is-unknown", isLoading && feed.job === null); // room for them, at the first load
    const run = runOf(feed);
    if (this.run !== null && isSameRun(this.run, run) && this.shown === view.arrangement) return;
    if (run.jobId !== this.run?.jobId) this.scales.clear();
    this.run = run;
    this.shown = view.arrangement;
    const sections = arranged(standing(run, config, view.arrangement.charts), view.arrangement);
    for (const spec of sections.flatMap(({ specs }) => specs)) this._refresh(spec);
    this.sections.show(sections);
    this.filter.apply();
    for (const spec of this.all()) if (this._isFramed(spec)) this.sections.reveal(spec.id);
    this.nothing.hidden = sections.length > 0;
    setText(this.nothing, sections.length > 0 ? "" : nothingText(feed, config));
    if (run.isKnown && run.published.length > 0) this.wide.settle();
  }

  /**
   * A chart that was there gets what is new of it: the validation of a metric comes after its training.
   * @param {Spec} spec
   */
  _refresh(spec) {
    if (spec.isGuessed) this._chooseScale(spec);
    const known = this.specs.get(spec.id);
    if (!known || JSON.stringify(known) === JSON.stringify(spec)) return;
    for (const name of Object.keys(known)) delete (/** @type {any} */ (known)[name]);
    Object.assign(known, spec);
    this.page.painter.invalidate(spec.id);
  }

  /**
   * Once per job: a scale that changed by itself while somebody reads would be a surprise.
   * @param {Spec} spec
   */
  _chooseScale(spec) {
    const known = this.scales.get(spec.id) ?? scaleOf(spec, this.page.charted().store.columns, this.page.config.metrics);
    if (known === null) return;
    this.scales.set(spec.id, known);
    spec.scale = known;
  }

  /* ------------------------------------------------------------- cards */

  /** @param {Spec} spec  @returns {HTMLElement} */
  _card(spec) {
    const old = this.cards.get(spec.id);
    if (old) return old.card;
    const { texts } = this.page.config;
    const { card, box, note, buttons, scale } = chartCard(spec, texts, (chosen) => this.page.scaled(spec.id, chosen));
    this._extra(spec, card, note);
    card.classList.toggle("is-framed", this._isFramed(spec));
    this.add(spec, { card, box, note, buttons }, (size) => {
      scale.show(this.page.chartView(spec).scale);
      return this._figure(spec, size);
    }, (shown) => scale.show(shown));
    return card;
  }

  /**
   * What only a diagram has: the epoch that is laid beside the newest. The preset's is a component of the layout.
   * @param {Spec} spec  @param {HTMLElement} card  @param {HTMLElement} note
   */
  _extra(spec, card, note) {
    if (isDiagram(spec.id)) card.insertBefore(this.page.reliability.for(spec.id), note);
    else if (spec.kind === "reliability") card.insertBefore(byId("reliability-extra"), note);
  }

  /** @param {Spec} spec  @returns {boolean} whether a frame shows this chart alone */
  _isFramed({ id, lines }) {
    const { embed } = this.page.view;
    return embed !== null && (id === embed || lines.some(({ metric }) => metric === embed));
  }

  /** Another epoch is laid beside the newest. */
  redrawDiagrams() {
    for (const spec of this.specs.values()) if (isDiagramKind(spec)) this.page.painter.invalidate(spec.id);
  }

  /** @param {string} id */
  remove(id) {
    const spec = this.specs.get(id);
    this.page.painter.remove(id);
    if (isDiagram(id)) this.page.reliability.drop(id);
    else if (spec?.kind === "reliability") byId("charts-store").append(byId("reliability-extra"));
    this.cards.get(id)?.card.remove();
    for (const known of [this.specs, this.cards, this.slots]) known.delete(id);
  }

  /**
   * Give a card its plot, buttons and empty state.
   * @param {Spec} spec
   * @param {{card: HTMLElement, box: HTMLElement, note: HTMLElement, buttons: HTMLElement}} parts
   * @param {(size: Size) => Figure} build
   * @param {(scale: Scale) => void} showScale
   */
  add(spec, { card, box, note, buttons: place }, build, showScale = () => {}) {
    const { painter, config } = this.page;
    const title = el("strong", {}, spec.title);
    const reason = el("span");
    const empty = el("p", { class: "chart-empty", hidden: true }, title, reason);
    const buttons = this.tools.buttons(spec);
    this.specs.set(spec.id, spec);
    this.cards.set(spec.id, { card, buttons, showScale });
    box.append(empty);
    place.replaceChildren(...Object.values(buttons));
    card.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.wide.escape(spec, event), true);
    box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.target !== box) return;
      event.preventDefault();
      this.menu.open(buttons.menu, this.specs.get(spec.id) ?? spec, box);
    });
    if (this.page.view.wide === spec.id) this.wide.show();
    painter.add({
      id: spec.id, box, build,
      onZoom: (zoom) => this._zoomed(spec, zoom),
      onLegend: (metric, isAlone) => this.page.toggledLine(spec.id, metric, isAlone),
      onDrawn: (figure) => {
        empty.hidden = !figure.isEmpty;
        setText(title, spec.title);
        if (figure.isEmpty) setText(reason, figure.emptyText || this._emptyText(spec));
        this.slots.set(spec.id, figure.slots);
        this.tools.drawn(spec, buttons, figure);
        setText(note, [this._known(spec).hint, ...figure.notes].filter(Boolean).join(" · "));
        setAttribute(box, "aria-label", `${figure.summary}. ${config.texts.chart_keys}`);
      },
    });
  }

  /**
   * A drag or a swipe past the last point would leave an empty chart: it is not obeyed.
   * @param {Spec} spec
   * @param {Zoom|null} zoom
   */
  _zoomed(spec, zoom) {
    const plot = this.page.painter.cards.get(spec.id)?.plot;
    if (zoom && !holdsPoint(plot?.data ?? [], zoom.x)) return this.page.painter.invalidate(spec.id);
    this.page.zoomed(spec.id, zoom);
  }

  /* ------------------------------------------------------------- figures */

  /**
   * Until the job's facts are there, nobody knows what they prove: words do not come and go.
   * @param {Spec} spec
   * @returns {Spec}
   */
  _known(spec) {
    const { feed } = this.page;
    return feed.state === "ready" ? proven(spec, feed.facts) : spec;
  }

  /** @param {Spec} spec  @param {Size} size  @returns {Figure} */
  _figure(spec, size) {
    const { feed, config } = this.page;
    const view = this.page.chartView(spec);
    this.page.looksAt(spec, view);
    const sources = this.page.sources(spec);
    const appearance = look(config, { ...size, slots: this.slots.get(spec.id) }, feed.job?.step_name);
    const figure = isDiagramKind(spec)
      ? diagramFigure(spec, sources, view, appearance, this.page.view.reliability)
      : lineFigure(this._known(spec), sources, view, appearance);
    const left = sources[0]?.thinned ? thinnedMean(sources) : thinnedTo(feed.store, spec);
    if (left) figure.notes.push(fill(config.texts.thinned, left));
    return figure;
  }

  /** @param {Spec} spec  @returns {string} */
  _emptyText(spec) {
    const { config, feed, picked, means } = this.page;
    if (picked.ids().length > 0 && picked.shown().length === 0) return config.texts.empty_hidden;
    const isAwaited = means.asking.size > 0 || spec.lines.some(({ metric }) => feed.isAwaited?.(metric));
    return isAwaited ? config.texts.empty_loading : emptyText(spec, this.page.charted(), config);
  }

  /**
   * The key figures go with the charts: while these are paused, those stand still too.
   * @param {ShownJob} feed
   */
  figuresNow(feed) {
    this.update();
    if (!this.page.painter.isPaused) this.keyFigures.render(feed, this.page.picked.ids().length < 2);
  }

  /** Whatever the view says of the cards themselves. */
  showView() {
    this.update();
    this.wide.show();
    this.filter.apply();
  }
}

/** @param {Source[]} sources  of groups  @returns {{returned: number, total: number}|null} */
function thinnedMean(sources) {
  return sources.flatMap(({ thinned }) => Object.values(thinned ?? {}))[0] ?? null;
}

/**
 * @param {ShownJob["store"]} store
 * @param {Spec} spec
 * @returns {{returned: number, total: number}|null}  null: every point of the history is drawn
 */
function thinnedTo(store, spec) {
  const { total, columns } = store;
  if (store.isPartial) return spec.lines.map(({ metric }) => leftOut(store, metric)).find((left) => left !== null) ?? null;
  return total > columns.epoch.length ? { returned: columns.epoch.length, total } : null;
}
