/**
 * The columns of a table as recorded beside the data made of it and in the files of models trained on it. Another table
 * is read by this record, its columns by name and its categories in the same order, or refused.
 */

/** One column. */
export interface ColumnFormat {
  readonly name: string;
  /** `number`, or `class` for one of a few texts. */
  readonly type: 'number' | 'class';
  /** The categories of a column of classes, in the order of their indices. */
  readonly classes?: readonly string[];
}

/** All columns that became features, in order, and the predicted one. */
export interface TableFormat {
  readonly columns: readonly ColumnFormat[];
  /** The target column; its classes are the data set's. */
  readonly target?: string;
}
