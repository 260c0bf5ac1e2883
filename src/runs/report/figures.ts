/** Formats figures for reports. */

/** `0.0432`, `12.3`, `1.2e-7`; a dash for values that are not finite or absent. */
export function showNumber(value: number | null | undefined): string {
  if (value === undefined || value === null || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** `98.91 %` for a share of 0.9891. */
export const showPercent = (share: number | null | undefined, digits = 2): string =>
  share === undefined || share === null || !Number.isFinite(share)
    ? '–'
    : `${(share * 100).toFixed(digits)} %`;

const NAMES: Readonly<Record<string, string>> = {
  mae: 'MAE',
  mse: 'MSE',
  rmse: 'RMSE',
  r2: 'R²',
  auc: 'AUC',
  f1: 'F1',
  f1Micro: 'F1 of all labels',
};

/** The name of a metric as people write it: `R²` for `r2`. */
export const figureName = (name: string): string => NAMES[name] ?? name;

/** A metric's value: shares of right answers in percent, R² to three places. */
export function showFigure(name: string, value: number | null | undefined): string {
  if (/^(accuracy|f1)/i.test(name)) return showPercent(value);
  const isRounded = name === 'r2' && typeof value === 'number' && Number.isFinite(value);
  return isRounded ? String(Number(value.toFixed(3)) + 0) : showNumber(value);
}

/** `61,706`, rounded. */
export const showCount = (count: number | null | undefined): string =>
  count === undefined || count === null || !Number.isFinite(count)
    ? '–'
    : String(Math.round(count)).replace(/(?<=\d)(?=(\d{3})+$)/g, ',');

/** `9.4 s`, `1 min 05 s`, `2 h 05 min`. */
export function showSeconds(seconds: number | null | undefined): string {
  if (seconds === undefined || seconds === null || !Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** `512 B`, `9.5 MiB`, `1.2 TiB`. */
export function showBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
