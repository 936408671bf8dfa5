/* The way in, which heimdall.js imports: what the page consists of, put together. Each part gets what
   it needs and knows no other. */

import { serverNow } from "./wire/rest.js";
import { fill } from "./figure/words.js";
import { byId } from "./charts/elements.js";
import { Charts } from "./charts/charts.js";
import { Crosshair } from "./charts/crosshair.js";
import { Front } from "./charts/front.js";
import { Painter } from "./charts/painter.js";
import { ReliabilitySlider } from "./charts/reliability_slider.js";
import { Touch } from "./charts/touch.js";
import { JobActions } from "./runs/job_actions.js";
import { JobBar } from "./runs/job_bar.js";
import { JobCards } from "./runs/job_cards.js";
import { JobFeed } from "./runs/job_feed.js";
import { JobSelect } from "./runs/job_select.js";
import { JobsFeed } from "./runs/jobs_feed.js";
import { Hand } from "./runs/hand.js";
import { later } from "./runs/later.js";
import { GroupBy } from "./runs/group_by.js";
import { Picked } from "./runs/picked.js";
import { ReadingBar } from "./runs/reading_bar.js";
import { RunPicks } from "./runs/run_picks.js";
import { Means } from "./runs/means.js";
import { Sources } from "./runs/sources.js";
import { PredictionsFeed } from "./runs/predictions_feed.js";
import { Organise } from "./runs/organise.js";
import { Watch } from "./runs/watch.js";
import { Choice } from "./page/choice.js";
import { drawer } from "./page/drawer.js";
import { embed } from "./page/embed.js";
import { pageKey } from "./page/keys.js";
import { Notices } from "./page/notices.js";
import { Page } from "./page/page.js";
import { showSession } from "./page/session.js";
import { View } from "./page/view.js";
import { Views } from "./page/views.js";
import { controlActions } from "./page/controls.js";

/**
 * Bring the page to life.
 * @param {Config} config  what Python's `page_config` says
 * @param {Show} setProps  sets properties of a Dash component
 * @returns {Page}
 */
export function start(config, setProps) {
  const page = new Page(config, setProps);
  assemble(page);
  embed(document, page.view.embed, fill(config.texts.embed_waiting, { chart: page.view.embed }));
  drawer(byId("reading-bar"), byId("bar-toggle"), document);
  page.start();
  void showSession(page.call, document.documentElement, page.setProps);
  watchBrowser(page);
  return page;
}

/** @param {Page} page  gets its painter, view, feeds and all that is shown */
function assemble(page) {
  const { config, call, setProps: show } = page;
  const { texts, status, api, card } = config;
  const rules = { final: config.final, legal: config.legal };
  page.painter = new Painter({
    plotly: () => window.Plotly, frame: (f) => requestAnimationFrame(f), isHidden: () => document.hidden,
    now: () => performance.now(), later: (f, ms) => setTimeout(f, ms),
    Observer: IntersectionObserver, Resize: ResizeObserver,
  });
  page.view = viewOf(page);
  Object.assign(page, feedsOf(page));
  const actions = page.jobActions = new JobActions({ texts, call, show, changed: (job) => page.jobChanged(job) });
  const shared = {
    texts, status, api, card, rules, call, now: serverNow, act: (/** @type {string} */ action, /** @type {Job} */ job) => actions.act(action, job), open: (/** @type {Job} */ job) => page.choice.open(job),
  };
  page.notices = new Notices({ texts, show });
  page.select = new JobSelect({ words: config, show });
  page.reliability = new ReliabilitySlider({ show, texts, chosen: (epoch) => page.control("reliability-epoch", epoch) });
  page.predictions = new PredictionsFeed({ call, now: () => performance.now(), changed: () => page.predictionsArrived() });
  page.predictions.wanted = page.view.predicted;
  page.bar = new JobBar(shared);
  page.organise = new Organise({ show, call, changed: (job) => page.jobChanged(job), hand: (id) => new Hand(byId(id)), markdown: () => later("markdown", document) });
  page.cards = new JobCards(byId("jobs-list"), shared);
  page.picked = new Picked({
    feed: page.feed, view: page.view, jobs: () => page.list.jobs, isListKnown: () => page.list.isKnown, most: config.most_runs,
    watch: page.watch,
  });
  page.groups = new GroupBy(page);
  page.means = new Means({ call, now: () => performance.now(), later: (f, ms) => setTimeout(f, ms) }, () => page.meansArrived());
  page.drawn = new Sources(page);
  page.charts = new Charts(page);
  page.views = new Views({
    call, show, texts, view: page.view, applied: () => page.arranged(),
    copy: (text) => navigator.clipboard.writeText(text), address: () => page.view.address(),
  });
  page.choice = new Choice(page);
  page.front = new Front(page.painter, (id) => {
    page.picks.front(id);
    page.groups.front(id);
  });
  page.picks = new RunPicks(page);
  page.crosshair = new Crosshair(page);
  page.reading = new ReadingBar(page);
  new Touch(page.painter, {
    read: (id, clientX) => page.crosshair.at(id, clientX, true), zoom: (id, zoom) => page.zoomed(id, zoom),
  });
  page.actions = controlActions(page);
}

/** @param {Page} page  @returns {View} */
function viewOf(page) {
  return new View({
    location, history, later: (f, ms) => setTimeout(f, ms), redraw: (id) => page.painter.invalidate(id),
    show: page.setProps, charts: () => page.charts.specs, showScale: (id, scale) => page.charts.cards.get(id)?.showScale(scale),
  });
}

/** @param {Page} page  @returns {{feed: JobFeed, list: JobsFeed, watch: Watch}} */
function feedsOf(page) {
  const changed = () => page.renderBarSoon();
  const world = socket(page, "socket");
  const watch = new Watch(world, page.config, {
    changed, arrived: (ids) => page.columnsArrived(ids),
    facts: (id) => id === page.feed.jobId && page.factsArrived(),
  });
  const list = new JobsFeed(world, {
    changed, store: (isAvailable) => page.storeSaid(isAvailable), jobs: () => page.jobsArrived(), synced: () => page.serverIsBack(),
  }, watch);
  return { feed: new JobFeed(watch, list), list, watch };
}

/**
 * What a feed needs of the browser.
 * @param {Page} page
 * @param {string} id   of the socket's component
 * @returns {import("./wire/feed.js").World}
 */
function socket({ call, setProps, config }, id) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return {
    call,
    setUrl: (path) => setProps(id, { url: path ? `${scheme}://${location.host}${config.socket}${path}` : "" }),
    send: (text) => setProps(id, { send: text }),
    now: () => performance.now(),
    later: (f, ms) => setTimeout(f, ms),
    random: Math.random,
  };
}

/**
 * What the browser itself tells the page.
 * @param {Page} page
 */
function watchBrowser(page) {
  const { painter } = page;
  addEventListener("online", () => page.wake());
  document.addEventListener("visibilitychange", () => {
    painter.looked();
    if (!document.hidden) page.wake();
  });
  addEventListener("pointerup", () => painter.released());
  addEventListener("pointercancel", () => painter.released());
  byId("views").addEventListener("focus", () => void page.views.list()); // somebody else may have saved one
  addEventListener("popstate", () => page.restore());
  new MutationObserver(() => page.recolour())
    .observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
  const closeMenus = (/** @type {(menu: HTMLDetailsElement) => boolean} */ isOver) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      const details = /** @type {HTMLDetailsElement} */ (menu);
      if (isOver(details)) details.open = false;
    }
  };
  addEventListener("click", ({ target }) => closeMenus((menu) => !menu.contains(/** @type {Node} */ (target)) || /** @type {Element} */ (target).tagName === "BUTTON"));
  addEventListener("keydown", ({ key }) => key === "Escape" && closeMenus(() => true));
  addEventListener("keydown", (event) => pageKey(event, page.view.tab, document));
  if (!window.Plotly) document.querySelector("script[src*='plotly-basic']")?.addEventListener("load", () => painter.invalidate());
}
