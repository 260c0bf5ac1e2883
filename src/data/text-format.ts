/**
 * How texts became a model's tokens. Data made of texts and the files of models trained on them hold it beside the
 * vocabulary, so that other texts are read in the same way.
 */

/** The rule by which texts become tokens. */
export interface TextFormat {
  /** Tokens in a window, or at most in a text: the rest of a longer one is not read. */
  readonly length: number;
  /** What a token stands for; default a character. */
  readonly by?: 'characters' | 'words';
  /** The column of a table, or the field of its lines, that holds the texts. */
  readonly column?: string;
  /** The column that holds their classes. */
  readonly target?: string;
}
