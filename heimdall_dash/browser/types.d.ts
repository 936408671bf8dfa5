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
interface Line { metric: string; name: string; dash: string; axis: number; unit: string | null }
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
  isGuessed?: boolean;
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
  slots?: Record<string, string>;
}
interface Area { w: number; h: number }
/** In axis units: log10 on a log axis. `scale`: what the heights mean, where the default may change. */
interface Zoom { x: number[]; y: number[]; scale?: Scale }
interface ChartView { scale: Scale; smoothing: number; x: XMode; zoom: Zoom | null }
/** Of one job. */
interface Source { columns: Columns; notFinite?: NotFinite; job: Job | null; facts: Facts; notes: Note[] }
interface Figure {
  data: any[];
  layout: any;
  notes: string[]; // what the reader must know about what is not shown
  isEmpty: boolean; // no line has a point yet
  summary: string; // the newest values in words
  slots: Record<string, string>; // where the names of reference lines stand
  emptyText?: string;
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
  search: string;
  statuses: string[];
  order: string;
  compare: string[]; // ids of jobs
  metric: string;
  compareX: XMode;
  wide: string | null; // chart
  find: string;
  folded: string[]; // groups
  tableSort: string; // `last:val_loss asc`
  tableColumns: string[] | null; // null: chosen by itself
  tableDiffers: boolean;
  tableHidden: boolean; // hidden runs are shown too
  tablePicked: string[]; // ids of jobs
}
interface KeptView extends ViewFields {
  write(): void;
  chart(spec: { id: string; scale: Scale }): ChartView;
}
/** The chosen job, as its feed holds it. */
interface ShownJob {
  jobId: string | null;
  store: { columns: Columns; notFinite: NotFinite; total: number };
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
  compare: string;
  colors: { light: Colors; dark: Colors };
  font: string;
  texts: Texts;
  status: Record<string, string>;
  final: string[];
  legal: Record<string, string[]>;
  form: { first: string[]; hidden: string[] };
  fields: Record<string, string>;
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
