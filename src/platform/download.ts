/** What a data set says of its files, and a download of its progress. */

export interface RemoteFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** How many bytes of a file have arrived. */
export interface DownloadProgress {
  readonly name: string;
  readonly done: number;
  readonly total: number;
}

/** A data set's files where their publisher and others keep them. */
export interface PublishedFiles {
  /** Of the folder in the cache. */
  readonly name: string;
  readonly files: readonly RemoteFile[];
  /** Folders with a slash at the end, tried in order. */
  readonly mirrors: readonly string[];
  /** How to name a folder with the files, and what else can be done. */
  readonly alternative?: string;
}
