/** Numbers as a person reads them, and colours where there is a terminal. */

/** `12.3 s`, `1 min 05 s`, `2 h 03 min` */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** `61,706` */
export const formatCount = (value: number): string =>
  String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');

/** `98.76 %` */
export const formatPercent = (share: number): string => `${(share * 100).toFixed(2)} %`;

/** `512 B`, `3.4 KiB`, `12.0 MiB` */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** True where colours and moving bars make sense. */
export const isTerminal = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY === true && process.env['TERM'] !== 'dumb';

const paint = (code: string, text: string): string =>
  isTerminal(process.stdout) && !process.env['NO_COLOR'] ? `\u001B[${code}m${text}\u001B[0m` : text;

export const bold = (text: string): string => paint('1', text);
export const dim = (text: string): string => paint('2', text);
