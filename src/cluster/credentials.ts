/** The file by which a coordinator or a worker is let in by a server: JSON, written by `lanewise cluster init`. */
import { stat, readFile } from 'node:fs/promises';
import { refuse, type Check } from '../base/check.js';
import { fields, parseJson, readAs } from '../base/check-json.js';
import { LanewiseError } from '../base/errors.js';
import { cannotRead } from '../node/files.js';
import { parseAddress } from './server-address.js';
import { WORD } from './subjects.js';

/** What one who takes part in a cluster connects with. */
export interface Credentials {
  /** `tls://host:4222` */
  readonly url: string;
  /** The name under which it speaks, which the server holds it to. */
  readonly user: string;
  /** The secret half of its key: `SU…`. */
  readonly seed: string;
  /** The authority's certificate, in PEM: the server has to have one of it. */
  readonly ca: string;
}

/** Bytes of the largest file that is read. */
const LARGEST = 64 * 1024;

/** A text of this form; a secret one is not shown. */
const matching =
  (form: RegExp, expected: string, isSecret = false): Check =>
  (owner, name, value) => {
    if (typeof value === 'string' && form.test(value)) return;
    refuse(owner, name, isSecret && typeof value === 'string' ? '…' : value, expected);
  };

const checkCredentials = fields({
  url: (owner, _name, value) => void parseAddress(owner, value),
  user: matching(WORD, 'a word of at most 64 letters, digits, - and _'),
  seed: matching(/^SU[A-Z2-7]{56}$/, "a user's nkey seed, SU and 56 letters and digits", true),
  ca: matching(
    /^-----BEGIN CERTIFICATE-----\s[\s\S]+-----END CERTIFICATE-----\s*$/,
    'a certificate in PEM',
  ),
});

/**
 * Reads a file of credentials.
 * @throws LanewiseError kind 'file' naming the file, and the field that is wrong.
 */
export async function readCredentials(path: string): Promise<Credentials> {
  const owner = `credentials '${path}'`;
  const text = await readSmall(path);
  const hint = '`lanewise cluster init` writes such files';
  try {
    const value = parseJson('file', owner, text);
    return readAs<Credentials>('file', owner, '', value, checkCredentials, hint);
  } catch (error) {
    // A syntax error's message quotes the text, which holds a secret.
    if (!(error instanceof LanewiseError) || !(error.cause instanceof SyntaxError)) throw error;
    throw new LanewiseError('file', `${owner} are not JSON, expected the file as written`, hint);
  }
}

async function readSmall(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= LARGEST) return await readFile(path, 'utf8');
    throw new LanewiseError('file', `it has ${size} bytes, expected at most ${LARGEST}`);
  } catch (error) {
    throw cannotRead('credentials', path, error);
  }
}
