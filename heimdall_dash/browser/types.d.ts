/* What the server sends, and what the rooms hand to one another, for the type checker. Browsers never
   see this file. In Python: charts.py, manifest.py, store/jobs.py, ui/page.py. */

type Cell = any; // number, null, or a list of numbers; `timestamp` holds texts
type Column = Cell[];
type Columns = { epoch: number[]; timestamp?: string[] } & Record<string, Column>;
/** metric → epoch → nan, inf, -inf */
type NotFinite = Record<string, Record<string, string>>;

interface Job {
  id: string;
  job_name: string;
  status: string;
  current_epoch: number;
  total_epochs: number | null;
  [field: string]: any;
}
interface Note { kind: string; message?: string; epoch?: number }
type Facts = Record<string, any>;

interface Frame {
  event: string;
  stream: string;
  after: string;
  cursor: string;
  columns: Columns;
  take_back?: number;
  not_finite?: NotFinite;
  seq?: number;
  job?: Job;
  recovered?: boolean;
  available?: boolean;
  [field: string]: any;
}

type Scale = "log" | "linear";
type XMode = "epoch" | "relative" | "wall";
/** `color`: place in the theme's list, where it is not the line's own; `role`: train, val or test. */
interface Line { metric: string; name: string; dash: string; axis: number; unit: string | null; color?: number | null; role?: string | null }
interface Reference { name: string; value: number | null; fact: string | null; of?: string | null }
/** One entry of the page's chart list, or one that the browser makes for a metric. */
interface Spec {
  id: string;
  title: string;
  y_label: string;
  unit: string;
  lines: Line[];
  scale: Scale;
  references: Reference[];
  ticks: number[];
  y2_label?: string | null;
  y2_range?: number[] | null;
  kind: string;
  hint: string;
  proof: string | null;
  unproven: Record<string, string>;
  says_scale?: boolean;
  isGuessed?: boolean;
  prefix?: string; // of a calibration diagram's metrics
  isJoined?: boolean;
}
/** A chart of a job's or a reader's own; `metrics` of a reader's may be patterns. */
interface OwnChart { title: string; metrics: string[]; unit?: string | null; scale?: Scale }
/** As the server keeps it. */
type SavedView = Arrangement & { scales: Record<string, Scale>; smoothing: number; x_axis: XMode };
/** Of charts by their ids; `order` by section, `joined` by the chart that the others stand on. */
interface Arrangement {
  pinned: string[];
  hidden: string[];
  order: Record<string, string[]>;
  joined: Record<string, string[]>;
  charts: OwnChart[];
}
interface KeyFigure {
  metric: string;
  label: string;
  unit: string;
  target: number | null;
  expected: number | null;
  partner: string | null;
  floor: string | null;
  with_best: boolean;
  proof: string | null;
  unproven: Record<string, string>;
}
interface Known { title: string; unit: string; hint: string; ideal: number | null; proof: string | null }

type Texts = Record<string, any>; // texts by their ids; `units` holds words by unit
interface Colors { lines: string[]; [name: string]: any }
/** What figures look like: colours of the theme, words, size, and of the last drawing what is kept. */
interface Look {
  colors: Colors;
  texts: Texts;
  font: string;
  width: number;
  height: number;
  area?: Area | null;
  isCoarse?: boolean; // a finger, not a mouse
  slots?: Record<string, string>;
}
interface Area { w: number; h: number }
/** In axis units: log10 on a log axis; without `y` the heights follow what is seen. `scale`: what the heights mean, where the default may change. */
interface Zoom { x: number[]; y: number[] | null; scale?: Scale }
interface ChartView { scale: Scale; smoothing: number; x: XMode; zoom: Zoom | null; hidden?: string[] }
/** One run, or the mean of several, as charts read it. */
interface Source {
  columns: Columns;
  notFinite?: NotFinite;
  isPartial?: boolean; // a null of it says nothing
  means?: Record<string, Map<number, number>>; // by metric and epoch, of what its values stand for
  job: Job | null;
  facts: Facts;
  notes: Note[];
  id?: string;
  name?: string;
  color?: string; // of a run among several
  round?: number; // how often the colours were used up before it: another dash
  bands?: Record<string, import("./series/grouped.js").Band>; // by metric; of a mean
  bandKind?: "range" | "sd";
  isByTime?: boolean; // its rows stand at places of an axis of time, and not at epochs
  thinned?: Record<string, { returned: number; total: number }>; // by metric: places left out of a mean
}
type BandKind = "range" | "sd";
interface Figure {
  data: any[];
  layout: any;
  notes: string[]; // what the reader must know about what is not shown
  isEmpty: boolean; // no line has a point yet
  summary: string; // the newest values in words
  slots: Record<string, string>; // where the names of reference lines stand
  emptyText?: string;
  zoom?: Zoom | null; // that it was made for
}

/** How the reader looks at the page; kept in the address bar. */
interface ViewFields {
  tab: string;
  job: string | null;
  smoothing: number;
  x: XMode;
  rate: string;
  linked: boolean;
  scales: Record<string, Scale>; // by chart, where it is not the chart's own
  zooms: Record<string, Zoom>; // by chart
  reliability: number | null; // epoch
  embed: string | null; // the chart, or the metric, that stands alone in a frame
  predicted: number | null; // epoch whose kept predictions are shown; null: the newest
  search: string;
  statuses: string[];
  order: string;
  runs: string[]; // ids of the runs on the charts by their colours; "" where one was taken away
  eyes: string[]; // ids of those that are out of sight
  group: string; // none, group, tag, or config:NAME
  band: BandKind;
  off: Record<string, string[]>; // metrics put out in a chart's legend, by chart
  readout: string; // order: chart, value
  wide: string | null; // chart
  find: string;
  folded: string[]; // groups
  saved: string | null; // the saved view
  tableSort: string; // `last:val_loss asc`
  tableColumns: string[] | null; // null: chosen by itself
  tableDiffers: boolean;
  tableHidden: boolean; // hidden runs are shown too
  tablePicked: string[]; // ids of jobs
}
interface KeptView extends ViewFields {
  arrangement: Arrangement;
  write(): void;
  chart(spec: { id: string; scale: Scale }): ChartView;
}
/** A run on the charts. */
interface Run {
  id: string;
  job: Job | null;
  store: { columns: Columns; notFinite: NotFinite; total: number; isPartial?: boolean; totals?: Record<string, number>; means?: Record<string, Map<number, number>> };
  facts: Facts;
  notes: Note[];
  state: string; // none, loading, ready, unknown
  names?: string[]; // of its metrics, in order of arrival
}
/** The chosen job, as its feed holds it. */
interface ShownJob {
  jobId: string | null;
  isAwaited?(metric: string): boolean;
  store: { columns: Columns; notFinite: NotFinite; total: number; isPartial?: boolean; totals?: Record<string, number>; means?: Record<string, Map<number, number>> };
  names?: string[]; // of its metrics; without them, those of the columns
  job: Job | null;
  facts: Facts;
  notes: Note[];
  state: string; // none, loading, ready, unknown
}

/** `page_config` of ui/page.py. */
interface Config {
  charts: Spec[];
  key_figures: KeyFigure[];
  metrics: Record<string, Known>;
  directions: Record<string, "lower" | "higher" | number>;
  card: { metric: string; label: string; unit: string } | null;
  most_runs: number;
  colors: { light: Colors; dark: Colors };
  font: string;
  texts: Texts;
  status: Record<string, string>;
  final: string[];
  legal: Record<string, string[]>;
  api: string;
  socket: string;
}
type Call = (method: string, path: string, body?: any) => Promise<any>;
type Show = (id: string, props: Record<string, any>) => void;

interface Window {
  Plotly?: any;
  dash_ag_grid?: any;
  dash_clientside?: any;
}
