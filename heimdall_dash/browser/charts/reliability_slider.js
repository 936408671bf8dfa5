/* The slider under the reliability diagram: the epoch that is laid beside the newest. */

const STEP = 500; // when nobody said how many epochs there will be

export class ReliabilitySlider {
  /** @param {{show: (id, props) => void}} world */
  constructor(world) {
    this.world = world;
    this.ends = "";
    this.max = null;
    this.shown = null;
  }

  /** Its range is the whole job's, so that it stands still while epochs arrive. */
  render(feed, view) {
    const { epoch } = feed.store.columns;
    if (!epoch.length) return;
    const newest = epoch[epoch.length - 1];
    const total = feed.job && feed.job.total_epochs;
    const max = total >= newest && total > epoch[0] ? total : Math.ceil((newest + 1) / STEP) * STEP;
    const ends = `${feed.jobId} ${epoch[0]} ${max}`;
    if (ends === this.ends) return;
    this.ends = ends;
    this.max = max;
    this.shown = view.reliability ?? max;
    this.world.show("reliability-epoch", { min: epoch[0], max, value: this.shown });
  }

  /** @returns {boolean} whether the reader moved it; at its end no epoch is chosen */
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
