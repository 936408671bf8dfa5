/* What each control of the page does when its value changes. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});

  /**
   * @param {Page} page
   * @returns {Object<string, (value: *) => void>} by the control's id
   */
  function controlActions(page) {
    const redraw = () => page.painter.invalidate();
    const list = () => page.cards.render(page.list.jobs, page.wish(), page.list.isKnown);
    return {
      tabs: (tab) => page.showTab(tab),
      "job-select": (id) => {
        if (!id || id === page.view.job) return;
        page.isChoiceOurs = false;
        page.show(id);
      },
      smoothing: (weight) => { page.view.smoothing = weight; redraw(); },
      "x-axis": (x) => {
        if (x === page.view.x) return;
        page.view.x = x;
        page.view.zooms = {};
        redraw();
      },
      "update-rate": (rate) => { page.view.rate = rate; page.applyRate(); },
      "scale-all": (scale) => page.scaleAll(scale),
      "linked-zoom": (isOn) => { page.view.linked = isOn; },
      notify: (isOn) => page.notify(isOn),
      "reliability-epoch": (epoch) => {
        if (epoch === page.reliabilityShown) return;
        page.reliabilityShown = epoch;
        page.view.reliability = epoch >= page.reliabilityMax ? null : epoch;
        page.painter.invalidate("reliability-chart");
      },
      "jobs-search": (text) => { page.view.search = text || ""; list(); },
      "jobs-status": (statuses) => { page.view.statuses = statuses || []; list(); },
      "jobs-sort": (order) => { page.view.order = order || "status"; list(); },
      "compare-select": (ids) => {
        if ((ids || []).join() === page.view.compare.join()) return;
        page.view.compare = ids || [];
        page.compareNow();
      },
      "compare-metric": (metric) => {
        if (!metric || metric === page.view.metric) return;
        page.view.metric = metric;
        delete page.view.zooms["compare-chart"];
        page.compareNow();
      },
      "compare-x": (x) => { page.view.compareX = x; delete page.view.zooms["compare-chart"]; page.painter.invalidate("compare-chart"); },
    };
  }

  core.controls = { controlActions };
})(typeof window === "undefined" ? globalThis : window);
