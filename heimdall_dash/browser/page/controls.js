/* What each control of the page does when its value changes. */

/**
 * @param {import("./page.js").Page} page
 * @returns {import("./page.js").Parts["actions"]}
 */
export function controlActions(page) {
  const redraw = () => page.painter.invalidate();
  return {
    tabs: (tab) => page.showTab(tab),
    "job-select": (id) => { if (id && id !== page.view.job) page.choice.choose(id); },
    smoothing: (weight) => { page.view.smoothing = weight; redraw(); },
    "x-axis": (x) => {
      if (x === page.view.x) return;
      page.view.x = x;
      page.view.zooms = {};
      redraw();
    },
    "update-rate": (rate) => { page.view.rate = rate; page.applyRate(); },
    "scale-all": (scale) => page.view.scaleAll(scale),
    views: (name) => page.views.choose(name ?? ""),
    "view-save": () => page.views.save(),
    "view-save-as": () => page.setProps("view-dialog", { opened: true }),
    "view-name": (name) => { page.typedName = name ?? ""; page.setProps("view-name", { error: null }); },
    "view-store": () => page.views.saveAs(page.typedName),
    "view-link": () => page.views.copyLink(),
    "view-hidden": () => page.views.showHidden(),
    "view-reset": () => page.views.reset(),
    "view-delete": () => page.views.remove(),
    "new-chart": () => {
      page.setProps("new-chart-metrics", { data: page.charts.metricNames(), value: [], error: null });
      page.setProps("new-chart-title", { value: "" });
      page.setProps("new-chart-dialog", { opened: true });
    },
    "new-chart-made": (chart) => page.views.make(chart),
    "linked-zoom": (isOn) => { page.view.linked = isOn; },
    notify: (isOn) => page.notices.allow(isOn),
    "reliability-epoch": (epoch) => {
      if (page.reliability.moved(epoch, page.view)) page.painter.invalidate("reliability-chart");
    },
    "jobs-search": (text) => { page.view.search = text || ""; page.renderCards(); },
    "jobs-status": (statuses) => { page.view.statuses = statuses || []; page.renderCards(); },
    "jobs-sort": (order) => { page.view.order = order || "status"; page.renderCards(); },
    "compare-select": (ids) => {
      if (!page.select.hasChosen(ids || [])) return;
      page.view.compare = ids || [];
      page.compare.follow();
    },
    "compare-metric": (metric) => {
      if (!metric || metric === page.view.metric) return;
      page.view.metric = metric;
      delete page.view.zooms["compare-chart"];
      page.compare.follow();
    },
    "compare-x": (x) => {
      if (x === page.view.compareX) return;
      page.view.compareX = x;
      delete page.view.zooms["compare-chart"];
      page.painter.invalidate("compare-chart");
    },
  };
}
