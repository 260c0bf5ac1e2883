/** The formats of figures for people, and the rules for when text may be coloured. */

/** `0.4 s`, `42 s`, `1 min 05 s`, `2 h 05 min`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

/** `1:05`, `2:05:00`: a shorter formatSeconds, for narrow places. */
export function formatClock(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  const tail = `:${twoDigits(whole % 60)}`;
  if (minutes < 60) return `${minutes}${tail}`;
  return `${Math.floor(minutes / 60)}:${twoDigits(minutes % 60)}${tail}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** `61,706`, rounded to a whole number. */
export const formatCount = (count: number): string =>
  String(Math.round(count)).replace(/(?<=\d)(?=(\d{3})+$)/g, ',');

/** The figure of a metric: `0.9722`, `12.35`. */
export const formatFigure = (value: number): string => String(Number(value.toPrecision(4)));

/** `98.91 %` for a share of 0.9891. */
export const formatPercent = (share: number, digits = 2): string =>
  Number.isFinite(share) ? `${(share * 100).toFixed(digits)} %` : '–';

/** `512 B`, `1.4 KiB`, `9.5 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** The destination of text: a terminal, or a file or pipe. */
export type Output = Pick<NodeJS.WriteStream, 'write'> & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** True if lines may be redrawn and text may be bold. */
export const isTerminal = ({ isTTY }: Pick<Output, 'isTTY'>, environment = process.env): boolean =>
  isTTY === true && environment['TERM'] !== 'dumb';

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
}

/** Bold and dim on a terminal, unless the environment's NO_COLOR is set (no-color.org). */
export function styleFor(stream: Pick<Output, 'isTTY'>, environment = process.env): Style {
  if (!isTerminal(stream, environment) || environment['NO_COLOR']) {
    return { bold: (text) => text, dim: (text) => text };
  }
  return {
    bold: (text) => `\x1b[1m${text}\x1b[22m`,
    dim: (text) => `\x1b[2m${text}\x1b[22m`,
  };
}

/** Our own styles. All other sequences that control a terminal come from a file or its name. */
// eslint-disable-next-line no-control-regex
const CONTROLS = /(\x1b\[(?:1|2|22)m)|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Text with control characters shown: `\x1b`, in JSON `\u001b`. */
export function printable(text: string): string {
  const mark = /^[[{]/.test(text) ? '\\u00' : '\\x';
  return text.replace(CONTROLS, (found, style?: string) =>
    style ? found : `${mark}${found.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

type Write = NodeJS.WriteStream['write'];
const unguarded = new WeakMap<object, Write>();

/** Keeps control characters from the stream: names of classes and files may come from a stranger. */
export function guardOutput(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as Write;
  unguarded.set(stream, write);
  stream.write = ((chunk: string | Uint8Array, ...rest: []) =>
    write(typeof chunk === 'string' ? printable(chunk) : chunk, ...rest)) as Write;
}

/** Writes unguarded: for code that moves the cursor. */
export const writeControls = (stream: Output, text: string): boolean =>
  (unguarded.get(stream) ?? stream.write.bind(stream))(text);

/** A hint of the library, which names settings, in terms of the command line's options. */
export const inFlags = (hint: string): string =>
  FLAGS.reduce((text, [setting, flag]) => text.replace(setting, flag), hint);

const FLAGS: readonly (readonly [RegExp, string])[] = [
  [/\(resume: true\)/, '(--resume)'],
  [/\bresume: true\b/, '--resume'],
  [/\bfresh: true\b/, '--fresh'],
  [/\breplace: true\b/, '--force'],
  [/\brandom: 20\b/, '--random 20'],
  [/\bthe setting metrics adds\b/, '--metrics adds'],
  [/take another folder$/, 'take another folder (--out)'],
  [/^give another folder\b/, 'give another folder (--out)'],
  [/\bworkers: 0\b/, '--workers 0'],
  [/\bdecoders: 0\b/, '--decoders 0'],
  [/\bfewer samples\b/, 'fewer samples (--limit)'],
  [/^use fewer shards\b/, 'use fewer shards (--shards)'],
  [/^leave the port out\b/, 'leave --port out'],
  [/`directory`/, '--data-dir'],
  [/\bmissing: '(last|interpolate)'/g, '--missing $1'],
  [/\bspacing: rows\b/, '--spacing rows'],
  [/\(series\)/, '(--series)'],
  [/\(time\)/, '(--time)'],
  [/; a larger share: (?:validation|training)$/, ''],
  [/; a larger share: test$/, '; --holdout takes a larger share of the time'],
  [/\bdigits\(\), which are drawn/, '--data digits'],
  [/\binsecure: true\b/, '--insecure'],
  [/\bleave the cluster out\b/, 'drop --cluster'],
  [/\braise accumulate\b/, 'raise --accumulate'],
  [/\braise batch, or say in how many shards\b/, 'raise --batch, or say in how many --shards'],
  [/^lower the learning rate\b(?! \()/, 'lower the learning rate (--lr)'],
];

/** Prints a sentence on standard error, beside the command's output, which may be a table or JSON. */
export const note = (line: string): void => console.error(`note: ${line}`);

/** The word quoted for a shell, if it needs that. */
export const quoted = (word: string): string =>
  /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
