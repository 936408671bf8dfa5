/* What each control of the page does when its value changes. */

/**
 * @param {import("./page.js").Page} page
 * @returns {import("./page.js").Parts["actions"]}
 */
export function controlActions(page) {
  const redraw = () => page.painter.invalidate();
  return {
    tabs: (tab) => page.showTab(tab),
    "job-select": (id) => { if (id && id !== page.view.job && page.select.hand.hasTouched) page.choice.choose(id); },
    smoothing: (weight) => { page.view.smoothing = weight; page.reading.smoothing(weight); redraw(); },
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
    "alert-rules": () => {
      const { job } = page.feed;
      page.setProps("rule-metric", { data: page.charts.metricNames() });
      page.setProps("rules-scope", { data: { job_id: page.view.job, project: job?.project ?? null } });
      page.setProps("rules-dialog", { opened: true });
    },
    "reliability-epoch": (epoch) => {
      if (!page.reliability.moved(epoch, page.view)) return;
      page.charts.redrawDiagrams();
    },
    "created-job": (id) => { if (id) page.choice.open({ id }); },
    "chart-search": (text) => page.charts.filter.typed(text || ""),
    "confirm-yes": (clicks) => { if (clicks) page.jobActions.answer(true); },
    "confirm-no": (clicks) => { if (clicks) page.jobActions.answer(false); },
    "confirm-dialog": (isOpen) => { if (!isOpen) page.jobActions.answer(false); },
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
    "run-add": (ids) => {
      const { added, removed } = page.picks.chosen(ids || []);
      if (added.length) page.choice.add(added);
      for (const id of removed) page.choice.remove(id);
    },
    "group-by": (by) => {
      if (!by || by === page.view.group || !page.groups.hand.hasTouched) return;
      page.view.group = by;
      page.redrawRuns();
    },
    "group-band": (band) => {
      if (band === page.view.band) return;
      page.view.band = band;
      page.redrawRuns();
    },
    "goto-epoch": (epoch) => { if (typeof epoch === "number") page.crosshair.goTo(epoch); },
  };
}
