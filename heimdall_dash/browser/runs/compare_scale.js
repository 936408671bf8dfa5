/* On which scale the comparison is drawn: what the reader chose, else what suits the metric. */

import { firstScale } from "../figure/names.js";

export class CompareScale {
  /**
   * @param {{config, view, setProps, scaled}} page
   * @param {{id: string, scale: string}} spec  of the chart; gets its default scale
   */
  constructor(page, spec) {
    this.page = page;
    this.spec = spec;
    this.settled = ""; // what the default was decided for
    this.told = spec.scale; // what the toggle says
  }

  /**
   * Decide once for a metric of the chosen jobs, when all are there: a scale that changed by itself
   * while somebody reads would be a surprise.
   * @param {{columns: Object}[]} compared  @param {boolean} isComplete  nothing is still on its way
   */
  settle(compared, isComplete) {
    const { view, config } = this.page;
    const { metric } = view;
    const key = JSON.stringify([metric, [...view.compare].sort()]);
    if (key !== this.settled) {
      const values = compared.flatMap(({ columns }) => columns[metric] || []);
      this.spec.scale = firstScale(metric, values, config.metrics[metric]);
      if (isComplete && values.some((value) => typeof value === "number")) this.settled = key;
    }
    this._tell(view.chart(this.spec).scale);
  }

  /** The toggle says what is drawn. */
  _tell(scale) {
    if (scale === this.told) return;
    this.told = scale;
    this.page.setProps(`scale-${this.spec.id}`, { value: scale });
  }

  /** The toggle changed: by the reader's hand, unless it says what we told it. */
  chosen(scale) {
    if (scale === this.told) return;
    this.told = scale;
    this.page.scaled(this.spec.id, scale);
  }
}
