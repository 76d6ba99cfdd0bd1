// The documents that the page reads, as schema.json of the server describes
// them. Written by: go test ./results/web -run PageTypes -update

declare namespace doc {
  /** About describes a test, as "splicelab tests show" does. */
  interface About {
    number: string; kind: string; doc: string; steps: string[]; oracle: string; known: string[]; refs: Reference[];
  }
  /** Attempt is one execution of a cell. */
  interface Attempt {
    n: number; verdict: string; outcome: string; class: string; detail: string; finished: string; duration_ms: number;
    timing: Phase[]; covariates: Record<string, string>; output: string; console: string; crash_lines: number[];
    wrong: Bytes[]; layout: Layout;
  }
  /** Beginning is where a violation begins on the kernels of one flavour. */
  interface Beginning {
    flavour: string; since: string; before: string;
  }
  /** Bytes are wrong bytes and the bytes expected in their place. */
  interface Bytes {
    offset: number; title: string; got: string; want: string;
  }
  /** Cell is everything about one cell. */
  interface Cell {
    kernel: string; arch: string; flavour: string; page_size: number; fs: string; test: string; verdict: string;
    outcome: string; class: string; meaning: string; kind: string; about: About; flaky: string; standing: string;
    why: string; command: string; repro: string[]; report: string; attempts: Attempt[]; history: Past[];
    left_out: string;
  }
  /** CellName names a cell of a run. */
  interface CellName {
    kernel: string; fs: string; test: string;
  }
  /** Cells are the cells of a run by column, so that 100,000 of them are a few arrays: entry i of each column is cell i. */
  interface Cells {
    kernels: string[]; filesystems: string[]; tests: string[]; verdicts: string[]; outcomes: string[];
    letters: string[]; details: string[]; reasons: string[]; families: string[]; versions: string[]; labels: string[];
    packages: string[]; platforms: Platform[]; classes: string[]; meanings: string[]; kernel: number[];
    filesystem: number[]; test: number[]; verdict: number[]; outcome: number[]; detail: number[]; attempts: number[];
    duration: number[]; class: number[]; family: number[]; controls: number[]; flaky: Record<number, string>;
    standing: Record<number, string>; why: Record<number, number>; planned_kernel: number[];
    planned_filesystem: number[]; policies: PolicyRule[];
  }
  /** Change is a cell whose result differs between two runs. */
  interface Change {
    kernel: string; fs: string; test: string; before: string; after: string; before_outcome: string;
    after_outcome: string; before_class: string; after_class: string; detail: string; before_kernel: string;
    standing: string; why: string; now: Rate; past: Rate;
  }
  /** Condition is a condition of the lab that differs between two runs. */
  interface Condition {
    name: string; before: string; after: string;
  }
  /** CountedTest counts the cells of a test and its subtests. */
  interface CountedTest {
    test: string; cells: number; classes: Record<string, number>;
  }
  /** Diff is what changed between two runs, or between kernels of runs. */
  interface Diff {
    before: Run; after: Run; before_kernel: string; after_kernel: string; before_runs: string[]; after_runs: string[];
    before_pending: number; after_pending: number; conditions: Condition[]; lists: DifferenceList[]; same: number;
  }
  /** DifferenceList is one kind of change. */
  interface DifferenceList {
    name: string; title: string; changes: Change[];
  }
  /** Event is a step of a run in progress, as a server sends it. */
  interface Event {
    kind: string; cell: EventCell | null; tally: Tally | null; planned: number; done: number; running: boolean;
    rate: number; left: number; doing: string;
  }
  /** EventCell is a cell's result. */
  interface EventCell {
    kernel: string; fs: string; test: string; verdict: string; outcome: string; class: string; detail: string;
    attempts: number; flaky: string; standing: string; duration_ms: number;
  }
  /** Failure is the document of a request that could not be answered. */
  interface Failure {
    error: string;
  }
  /** Flaky are the cells whose results differ between the newest runs. */
  interface Flaky {
    runs: number; compared: number; cells: FlakyCell[]; left_out: number; too_large: number;
  }
  /** FlakyCell is a cell whose results differ. */
  interface FlakyCell {
    kernel: string; fs: string; test: string; flaky: boolean; runs: number; rate: Rate; results: Record<string, number>;
  }
  /** History is a cell's results in the runs that have it, newest first. */
  interface History {
    kernel: string; fs: string; test: string; history: Past[]; runs: number;
  }
  /** Hole is a part of the file that was deallocated or zeroed. */
  interface Hole {
    offset: number; length: number;
  }
  /** Judged is a cell's result under a policy. */
  interface Judged {
    verdict: number; outcome: number; detail: number; class: number; flaky: string;
  }
  /** KernelVectors are the vectors of one kernel. */
  interface KernelVectors {
    kernel: string; rows: VectorRow[];
  }
  /** Layout is what an attempt observed where in the bytes that were spliced: from its detail and its covariates, as far as these tell. */
  interface Layout {
    length: number; page: number; folio: number; slots: number; ranges: Range[]; hole: Hole;
  }
  /** Map is the history of outcomes over kernels, oldest first. */
  interface Map {
    kernels: MapKernel[]; rows: MapRow[]; total: number; flavours: boolean;
  }
  /** MapCell is a kernel's newest result, and the run it is from. */
  interface MapCell {
    verdict: string; outcome: string; class: string; run: string;
  }
  /** MapKernel is a column of a map. */
  interface MapKernel {
    release: string; series: string; flavour: string; label: string; package: string; head: string[];
  }
  /** MapRow is one test on one filesystem or, in a folded map, several subtests of a test and filesystems that are alike on every kernel: the cells are those of the first. */
  interface MapRow {
    test: string; fs: string; tests: string[]; filesystems: string[]; cells: MapCell[];
  }
  /** Past is a cell's result in one run. */
  interface Past {
    run: string; started: string; kernel: string; verdict: string; outcome: string; class: string; flaky: string;
  }
  /** Phase is one phase of an attempt and its duration. */
  interface Phase {
    name: string; ms: number;
  }
  /** PhaseText describes a phase. */
  interface PhaseText {
    name: string; doc: string;
  }
  /** Platform is what kernels differ in besides their version. */
  interface Platform {
    arch: string; flavour: string; page_size: number;
  }
  /** PolicyRule is how a policy judges the cells of a run. */
  interface PolicyRule {
    name: string; accepts: boolean[]; judged: Record<number, Judged>; standing: Record<number, string>;
    why: Record<number, number>;
  }
  /** Probe is a question. */
  interface Probe {
    name: string; asks: string;
  }
  /** Range is a part of the bytes with one outcome. */
  interface Range {
    offset: number; length: number; outcome: string;
  }
  /** Rate is a failure rate: the failed attempts among all attempts, and the 95 % confidence interval of the probability, from 0 to 1. */
  interface Rate {
    failed: number; attempts: number; low: number; high: number;
  }
  /** Reference is a publication that a test cites. */
  interface Reference {
    cited: string; subject: string; date: string; url: string;
  }
  /** Run is a run with the tally of its cells. */
  interface Run {
    id: string; started: string; finished: string; running: boolean; policy: string; accel: string; seed: string;
    command: string[]; origin: string; pending: boolean; conditions: Record<string, string>; planned: number;
    problem: string; paused_ms: number; marks: string[]; tally: Tally; paged: boolean; rate: number; left: number;
    doing: string;
  }
  /** Runs is a part of the list of runs, newest first. */
  interface Runs {
    runs: Run[]; total: number; skip: number;
  }
  /** Search is a bisection, as far as it is on disk: a search for the place between a good and a bad end where a cell's result changes. */
  interface Search {
    id: string; kind: string; test: string; fs: string; begun: string; changed: string; running: boolean;
    finished: boolean; good_mark: string; bad_mark: string; good: string; bad: string; between: number; step: number;
    steps: number; confidence: number; wanted: number; subject: string; tried: number; need: number; low: number;
    high: number; at: number; subjects: SearchSubject[]; runs: string[];
  }
  /** SearchSubject is what one subject of a search has shown. */
  interface SearchSubject {
    subject: string; attempts: number; good: number; bad: number; untestable: string;
  }
  /** Searches are the bisections, the one that changed last first. */
  interface Searches {
    searches: Search[];
  }
  /** Tally counts cells by result, under the policy of the run. */
  interface Tally {
    cells: number; verdicts: Record<string, number>; outcomes: Record<string, number>; classes: Record<string, number>;
    flaky: number; expected_fail: number; unexpected_pass: number;
  }
  /** Tests are the tests of a run, with the number of their cells. */
  interface Tests {
    limit: number; cells: number; tests: CountedTest[];
  }
  /** TimeRow is the time spent on one kernel and filesystem. */
  interface TimeRow {
    kernel: string; fs: string; total_ms: number; phases: TimeUsed[];
  }
  /** TimeUsed is the time that all attempts spent in a phase. */
  interface TimeUsed {
    attempts: number; sum_ms: number; median_ms: number;
  }
  /** Times is how the time of a run was spent. */
  interface Times {
    phases: PhaseText[]; rows: TimeRow[];
  }
  /** Trend is how the numbers of violations and deviations changed from run to run. */
  interface Trend {
    runs: TrendRun[]; nightly: boolean;
  }
  /** TrendRun is one run in a trend. */
  interface TrendRun {
    id: string; started: string; cells: number; violations: number; deviations: number; new: number; fixed: number;
    compared: number;
  }
  /** VectorRow is a source and a sink with the same answers on some filesystems. */
  interface VectorRow {
    source: string; sink: string; filesystems: string[]; answers: string[]; fits: string; verdict: string;
    detail: string;
  }
  /** Vectors are the policy vectors of a run: the answers of each source and sink to the probes. */
  interface Vectors {
    probes: Probe[]; kernels: KernelVectors[];
  }
  /** Violation is what every policy forbids, seen in one or more cells of a test. */
  interface Violation {
    test: string; title: string; verdict: string; outcome: string; meaning: string; cells: number; expected: number;
    kernels: string[]; filesystems: string[]; since: string; before: string; flavours: Beginning[]; command: string;
    example: CellName; states: string[];
  }
  /** Violations are what every policy forbids, in a run: they do not depend on its policy. */
  interface Violations {
    kernels: string[]; labels: string[]; packages: string[]; violations: Violation[]; left_out: number;
  }
}
