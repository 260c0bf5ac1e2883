/** The formats of numbers on the page. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export const count = (value: number): string => whole.format(value);

export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

/** Shares of an answer in whole percents, which claim no more than is known. */
export function roughly(share: number): string {
  const rounded = Math.round(100 * share);
  if (rounded === 0) return share > 0.001 ? '< 1 %' : '0 %';
  return `${rounded} %`;
}

export const loss = (value: number): string => value.toFixed(value < 0.1 ? 3 : 2);

/** Speeds in hundreds a second, which are steady enough to read. */
export const speed = (value: number): string =>
  count(value >= 1000 ? Math.round(value / 100) * 100 : value);

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.ceil(seconds))} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = Math.round(seconds - 60 * minutes);
  return minutes < 60
    ? `${minutes} min ${rest} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
