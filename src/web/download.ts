/** The refusal of data set downloads: pages may not fetch from other servers, and have the browser's cache. */
import { LanewiseError } from '../base/errors.js';
import type { PublishedFiles } from '../platform/download.js';

/** @throws LanewiseError kind 'platform': always. */
export async function fetchToCache({ name, files }: PublishedFiles): Promise<string> {
  throw new LanewiseError(
    'platform',
    `${name} is not downloaded from its publisher here`,
    `put ${files.map((file) => file.name).join(', ')} on your server and name the folder's URL as directory`,
  );
}
