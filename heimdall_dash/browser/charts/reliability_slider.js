/* The slider under the reliability diagram: the epoch that is laid beside the newest. */

const STEP = 500; // when nobody said how many epochs there will be

export class ReliabilitySlider {
  /** @param {{show: Show}} world */
  constructor(world) {
    this.world = world;
    this.ends = "";
    /** @type {number|null} */
    this.max = null;
    /** @type {number|null} */
    this.shown = null;
  }

  /**
   * Its range is the whole job's, so that it stands still while epochs arrive.
   * @param {ShownJob} feed
   * @param {ViewFields} view
   */
  render(feed, view) {
    const { epoch } = feed.store.columns;
    if (!epoch.length) return;
    const newest = epoch[epoch.length - 1];
    const total = feed.job?.total_epochs ?? 0;
    const max = total >= newest && total > epoch[0] ? total : Math.ceil((newest + 1) / STEP) * STEP;
    const ends = `${feed.jobId} ${epoch[0]} ${max}`;
    if (ends === this.ends) return;
    this.ends = ends;
    this.max = max;
    this.shown = view.reliability ?? max;
    this.world.show("reliability-epoch", { min: epoch[0], max, value: this.shown });
  }

  /**
   * @param {number} epoch
   * @param {ViewFields} view
   * @returns {boolean} whether the reader moved it; at its end no epoch is chosen
   */
  moved(epoch, view) {
    if (epoch === this.shown || this.max === null) return false;
    this.shown = epoch;
    view.reliability = epoch >= this.max ? null : epoch;
    return true;
  }

  /** The view was set from outside. */
  forget() {
    this.ends = "";
  }
}
