// From measurements to figures: no process, no clock.

/** The middle one; of an even number the mean of the middle two. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Units of which less is better. */
const LESS_IS_BETTER = ['µs', 'MB'];

/** How many times as good ours is: 2 is twice the throughput, half the time or half the memory. */
export const ratio = (ours, theirs, unit) =>
  LESS_IS_BETTER.includes(unit) ? theirs / ours : ours / theirs;

/**
 * The last line of a process's output that is a JSON object. Without one, the process cannot do the
 * workload, and the reason is the last line of its errors.
 */
export function parseLine(stdout, stderr) {
  const isObject = (line) => line.startsWith('{') && line.endsWith('}');
  const found = stdout.trim().split('\n').findLast(isObject);
  if (found) return JSON.parse(found);
  const lines = stderr.split('\n').filter((line) => line.trim() && !/^\s+(at|did) /.test(line));
  const named = lines.find((line) => /unknown workload/.test(line));
  const reason = named ? 'unknown workload' : lines.at(-1)?.trim();
  return { unavailable: reason ?? 'it printed nothing' };
}

/**
 * One row of the table. `runs` are the rounds' measurements: `{ ours, theirs, strict? }`, each a
 * measurement or `{ unavailable }`; `ours` and `strict` may be missing.
 */
export function summarize({ workload, threads, peer, runs }) {
  const of = (key) => runs.map((run) => run[key]).filter(Boolean);
  const figure = (key) => {
    const values = of(key).filter((run) => run.value !== undefined);
    return values.length ? median(values.map((run) => run.value)) : undefined;
  };
  const reason = (key) => of(key).find((run) => run.unavailable)?.unavailable;
  const [ours, theirs, strict] = [figure('ours'), figure('theirs'), figure('strict')];
  const unit = [...of('theirs'), ...of('ours')].find((run) => run.unit)?.unit;
  const settings = [...new Set(of('theirs').map((run) => run.setting))].filter(Boolean);
  const against = (figure) =>
    figure === undefined || theirs === undefined ? undefined : ratio(figure, theirs, unit);
  return {
    workload,
    threads,
    peer,
    unit,
    ours,
    theirs,
    ratio: against(ours),
    strict,
    strictRatio: against(strict),
    settings,
    oursUnavailable: ours === undefined ? reason('ours') : undefined,
    theirsUnavailable: theirs === undefined ? reason('theirs') : undefined,
  };
}
