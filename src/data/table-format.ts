/**
 * The columns of a table as recorded beside the data made of it and in the files of models trained on it. Another table
 * is read by this record, its columns by name and its categories in the same order, or refused; so are the rows given to
 * `predict`.
 */

/** The parts of a date that become features: the time as such, and its places in the year, in the week and in the day. */
export const DATE_PARTS = ['time', 'year', 'week', 'day'] as const;

/** A part of a date that becomes features. */
export type DatePart = (typeof DATE_PARTS)[number];

/** One column. */
export interface ColumnFormat {
  readonly name: string;
  /** `number`, `class` for one of a few texts, or `date` for a date, a time or both. */
  readonly type: 'number' | 'class' | 'date';
  /** The categories of a column of classes, in the order of their indices; an empty name is that of gaps. */
  readonly classes?: readonly string[];
  /** The parts of a column of dates that are features, in the order of `DATE_PARTS`. */
  readonly parts?: readonly DatePart[];
  /** The value that stands for a missing one: a number, one of the classes, or a date. Without it none may be missing. */
  readonly missing?: number | string;
  /** Whether one more feature, 0 or 1, says that the value was missing. */
  readonly flag?: boolean;
  /** The unit of the numbers, such as `cm`. */
  readonly unit?: string;
}

/** A column that is predicted. */
export interface TargetFormat {
  readonly name: string;
  /** `number`, `class` for one class of several, or `labels` for any number of them. */
  readonly type: 'number' | 'class' | 'labels';
  /** Names of the classes or labels, in the order of the scores. */
  readonly classes?: readonly string[];
  readonly unit?: string;
}

/** All columns that became features, in order, and the predicted ones. */
export interface TableFormat {
  readonly columns: readonly ColumnFormat[];
  readonly targets?: readonly TargetFormat[];
}

/** `cm` for a column named `petal length (cm)` or `petal length [cm]`. */
export const unitIn = (name: string): string | undefined =>
  /[^([{][([]([^()[\]]{1,20})[)\]]$/.exec(name)?.[1]?.trim() || undefined;
