/**
 * What the columns of a table were, kept beside the data that was made of it and in the files of models trained on that:
 * another table is read by it, its columns by name and its categories in the same order, or refused.
 */

/** One column. */
export interface ColumnFormat {
  readonly name: string;
  /** `number`, or `class` for one of a few texts. */
  readonly type: 'number' | 'class';
  /** The categories of a column of classes, in the order of their indices. */
  readonly classes?: readonly string[];
}

/** All columns that became features, in their order, and the one that is predicted. */
export interface TableFormat {
  readonly columns: readonly ColumnFormat[];
  /** Its classes are the data set's. */
  readonly target?: string;
}
