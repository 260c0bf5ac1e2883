/** The types of a data set's published files and of a download's progress. */

export interface RemoteFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The number of bytes of a file received so far. */
export interface DownloadProgress {
  readonly name: string;
  readonly done: number;
  readonly total: number;
}

/** A data set's files at their publisher and on mirrors. */
export interface PublishedFiles {
  /** Name of the folder in the cache. */
  readonly name: string;
  readonly files: readonly RemoteFile[];
  /** Mirror folders with a trailing slash, tried in order. */
  readonly mirrors: readonly string[];
  /** Advice on naming a folder with the files, and other alternatives. */
  readonly alternative?: string;
}
