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
    "linked-zoom": (isOn) => { page.view.linked = isOn; },
    notify: (isOn) => page.notices.allow(isOn),
    "reliability-epoch": (epoch) => {
      if (page.reliability.moved(epoch, page.view)) page.painter.invalidate("reliability-chart");
    },
    "jobs-search": (text) => { page.view.search = text || ""; page.renderCards(); },
    "jobs-status": (statuses) => { page.view.statuses = statuses || []; page.renderCards(); },
    "runs-columns": (columns) => page.withTable((table) => table.columnsChosen(columns || [])),
    "runs-differ": (isOn) => page.withTable((table) => table.differs(isOn)),
    "runs-hidden": (isOn) => page.withTable((table) => table.showHidden(isOn)),
    "job-rename": (name) => page.organise.put("job_name", name),
    "job-tags": (tags) => page.organise.put("tags", tags || []),
    "job-group": (group) => page.organise.put("group", group || null),
    "job-notes": (notes) => page.organise.put("notes", notes || null),
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
