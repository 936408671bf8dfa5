/* The way in, which heimdall.js imports: what the page consists of, put together. Each part gets what
   it needs and knows no other. */

import { serverNow } from "./wire/rest.js";
import { byId } from "./charts/elements.js";
import { Charts } from "./charts/charts.js";
import { Painter } from "./charts/painter.js";
import { ReliabilitySlider } from "./charts/reliability_slider.js";
import { Compare } from "./runs/compare.js";
import { CreateForm } from "./runs/create_form.js";
import { JobActions } from "./runs/job_actions.js";
import { JobBar } from "./runs/job_bar.js";
import { JobCards } from "./runs/job_cards.js";
import { JobFeed } from "./runs/job_feed.js";
import { JobSelect } from "./runs/job_select.js";
import { JobsFeed } from "./runs/jobs_feed.js";
import { Choice } from "./page/choice.js";
import { Notices } from "./page/notices.js";
import { Page } from "./page/page.js";
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
  page.start();
  watchBrowser(page);
  return page;
}

/** @param {Page} page  gets its painter, view, feeds and all that is shown */
function assemble(page) {
  const { config, call, setProps: show } = page;
  const { texts, status, api, card, form } = config;
  const rules = { final: config.final, legal: config.legal };
  page.painter = new Painter({
    plotly: () => window.Plotly, frame: (f) => requestAnimationFrame(f), isHidden: () => document.hidden,
    Observer: IntersectionObserver, Resize: ResizeObserver,
  });
  page.view = viewOf(page);
  Object.assign(page, feedsOf(page));
  const actions = new JobActions({ texts, call, changed: (job) => page.jobChanged(job), deleted: (id) => page.jobDeleted(id) });
  const shared = {
    texts, status, api, card, form, rules, call, now: serverNow, act: (/** @type {string} */ action, /** @type {Job} */ job) => actions.act(action, job), open: (/** @type {Job} */ job) => page.choice.open(job),
  };
  page.notices = new Notices({ texts, show });
  page.select = new JobSelect({ words: config, show });
  page.reliability = new ReliabilitySlider({ show });
  page.bar = new JobBar(shared);
  page.cards = new JobCards(byId("jobs-list"), shared);
  page.form = new CreateForm(byId("create-job"), { ...shared, fields: config.fields, created: (job) => page.choice.open(job) });
  page.charts = new Charts(page);
  page.views = new Views({
    call, show, texts, view: page.view, applied: () => page.arranged(),
    copy: (text) => navigator.clipboard.writeText(text), address: () => page.view.address(),
  });
  page.compare = new Compare(page);
  page.charts.add(page.compare.spec, compareCard(), (size) => page.compare.figure(size));
  page.choice = new Choice(page);
  page.actions = controlActions(page);
}

/** The comparison's card is a component of the layout. */
function compareCard() {
  const box = byId("compare-chart");
  const card = box.closest(".chart-card");
  return { card, box, note: card.querySelector("[data-note]"), buttons: card.querySelector("[data-buttons]") };
}

/** @param {Page} page  @returns {View} */
function viewOf(page) {
  return new View({
    location, history, later: (f, ms) => setTimeout(f, ms), redraw: (id) => page.painter.invalidate(id),
    show: page.setProps, charts: () => page.charts.specs, showScale: (id, scale) => page.charts.cards.get(id)?.showScale(scale),
    heights: (id) => {
      const plot = page.painter.cards.get(id)?.plot;
      return plot?.layout ? [...plot.layout.yaxis.range] : null;
    },
  });
}

/** @param {Page} page  @returns {{feed: JobFeed, list: JobsFeed}} */
function feedsOf(page) {
  const changed = () => page.renderBarSoon();
  const store = (/** @type {boolean|undefined} */ isAvailable) => page.storeSaid(isAvailable);
  return {
    feed: new JobFeed(socket(page, "job-socket"), page.config, {
      changed, store, job: changed, epochs: () => page.epochsArrived(), facts: () => page.factsArrived(),
    }),
    list: new JobsFeed(socket(page, "jobs-socket"), {
      changed, store, jobs: () => page.jobsArrived(), synced: () => page.serverIsBack(),
    }),
  };
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
  const details = /** @type {HTMLDetailsElement} */ (document.querySelector(".create-job-details"));
  details.addEventListener("toggle", () => details.open && page.form.load());
  if (!window.Plotly) document.querySelector("script[src*='plotly-basic']")?.addEventListener("load", () => painter.invalidate());
}
