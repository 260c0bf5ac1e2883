/** The settings of one run of a lab: its form's, with those that were given. */
import { quote } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { suggest } from '../base/suggest.js';
import type { Lab, LabSettings, SettingAbout, SettingValue } from './lab.js';

/** How long a lab runs: seconds, up to a minute, or up to half an hour. */
export type Form = 'small' | 'default' | 'full';

export const FORMS: readonly Form[] = ['small', 'default', 'full'];

/** What is said of a setting, with which values there are. */
export const aboutOf = (
  { settingsAbout }: Pick<Lab, 'settingsAbout'>,
  name: string,
): SettingAbout => {
  const said = settingsAbout[name]!;
  return typeof said === 'string' ? { about: said } : said;
};

/** What a setting may be, in words. */
export function expectedOf(
  { choices, from, to, whole, multipleOf, file }: SettingAbout,
  like: SettingValue,
): string {
  if (choices) return `one of ${choices.join(', ')}${file ? ', or the path of a file' : ''}`;
  if (typeof like === 'boolean') return 'true or false';
  if (typeof like === 'string') return 'a text';
  const number = whole ? 'a whole number' : 'a number';
  const what = multipleOf === undefined ? number : `a multiple of ${multipleOf}`;
  if (from !== undefined && to !== undefined) return `${what} from ${from} to ${to}`;
  if (from !== undefined) return `${what} of at least ${from}`;
  return to === undefined ? what : `${what} of at most ${to}`;
}

function fits(
  value: unknown,
  { choices, from, to, whole, multipleOf = 0, file }: SettingAbout,
  like: SettingValue,
): boolean {
  if (typeof value !== typeof like) return false;
  if (choices && !file && !choices.includes(value as string)) return false;
  if (typeof value !== 'number') return value !== '';
  if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) return false;
  if (multipleOf > 0 && value % multipleOf !== 0) return false;
  return value >= (from ?? -Infinity) && value <= (to ?? Infinity);
}

/**
 * The settings of a form of a lab with those that are given instead.
 * @throws LanewiseError kind 'argument' for a name or a value that the lab does not have, with the nearest.
 */
export function settingsOf(lab: Lab, form: Form, given: LabSettings = {}): LabSettings {
  const owner = `lab '${lab.name}'`;
  if (form === 'full' && !lab.full)
    throw new LanewiseError(
      'argument',
      `${owner} has no full form, expected small or default`,
      'its default form is all of it; its settings make it longer',
    );
  const known = Object.keys(lab.settings);
  for (const name of Object.keys(given))
    if (!known.includes(name))
      throw new LanewiseError(
        'argument',
        `${owner}: unknown setting ${quote(name)}, expected ${known.join(', ') || 'none: it has no settings'}`,
        suggest(name, known),
      );
  const changes = { small: lab.small, default: {}, full: lab.full }[form];
  const settings = { ...lab.settings, ...changes, ...given } as LabSettings;
  for (const [name, value] of Object.entries(settings)) {
    const [about, like] = [aboutOf(lab, name), lab.settings[name]!];
    if (fits(value, about, like)) continue;
    throw new LanewiseError(
      'argument',
      `${owner}: ${name} is ${quote(value)}, expected ${expectedOf(about, like)}`,
      typeof value === 'string' && about.choices
        ? suggest(value, about.choices.map(String))
        : undefined,
    );
  }
  return settings;
}

/**
 * The settings as the hash has them, in one order: what a lab gained later only where it is set, and a file without its path,
 * which is another on every machine.
 */
export function hashedSettings(lab: Lab, settings: LabSettings): LabSettings {
  const entries = Object.entries(settings).flatMap(([name, value]): [string, SettingValue][] => {
    const { choices = [], file, later } = aboutOf(lab, name);
    const isDefault = value === lab.settings[name];
    if (later && isDefault) return [];
    return [[name, file && !isDefault && !choices.includes(value as string) ? 'file' : value]];
  });
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
