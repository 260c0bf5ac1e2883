/**
 * How texts became a model's tokens. Data made of texts and the files of models trained on them hold it beside the
 * vocabulary, so that other texts are read in the same way.
 */

/** The rule by which texts become tokens. */
export interface TextFormat {
  /** Tokens in a window, or features of a text. */
  readonly length: number;
  /** What features count, where classes of texts are told apart; absent where a window's tokens are characters. */
  readonly by?: 'words' | 'trigrams';
  /** The column of a table, or the field of its lines, that holds the texts. */
  readonly column?: string;
  /** The column that holds their classes. */
  readonly target?: string;
}
