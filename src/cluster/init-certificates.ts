/**
 * A server's certificate and the authority that signed it (X.509, RFC 5280), for a cluster of its own. They are only written
 * here, never read: node:crypto makes keys and signatures, and checks what was written. The DER around them is two fixed
 * structures; the lightest well-kept library that writes them (@peculiar/x509) is 20 packages and 4.9 MB, which everybody
 * who makes a cluster would have to install first.
 */
import { X509Certificate, createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { LanewiseError } from '../base/errors.js';

/** Years for which both certificates hold. */
const YEARS = 10;

const DAY = 24 * 60 * 60 * 1000;

/** Texts in PEM. The authority's key is kept nowhere: it signs one certificate. */
export interface Certificates {
  readonly authority: string;
  readonly server: string;
  /** Secret. */
  readonly serverKey: string;
}

/** A DER value: its tag, and its contents one after another. */
function value(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(contents);
  const size: number[] = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256);
  const length = body.length < 128 ? [body.length] : [128 + size.length, ...size];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

const sequence = (...parts: readonly Uint8Array[]): Uint8Array => value(0x30, ...parts);
const octets = (bytes: Uint8Array): Uint8Array => value(0x04, bytes);
/** Bytes of a number that is not negative, whose first is not 0. */
const integer = (bytes: Uint8Array): Uint8Array =>
  bytes[0]! < 128 ? value(0x02, bytes) : value(0x02, Uint8Array.of(0), bytes);
const bits = (bytes: Uint8Array, unused = 0): Uint8Array =>
  value(0x03, Uint8Array.of(unused), bytes);
const TRUE = value(0x01, Uint8Array.of(255));

/** An object identifier: `2.5.29.17`. */
function identifier(dotted: string): Uint8Array {
  const [first, second, ...others] = dotted.split('.').map(Number);
  const bytes = others.flatMap((number) => {
    const septets = [number % 128];
    for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128))
      septets.unshift(128 + (rest % 128));
    return septets;
  });
  return value(0x06, Uint8Array.of(40 * first! + second!, ...bytes));
}

const ECDSA_SHA256 = sequence(identifier('1.2.840.10045.4.3.2'));

/** A name that is a common name alone. */
const nameOf = (common: string): Uint8Array =>
  sequence(value(0x31, sequence(identifier('2.5.4.3'), value(0x0c, Buffer.from(common)))));

/** `20310102030405Z`; years from 2050 on are the only ones that X.509 writes with four digits. */
function time(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? value(0x17, Buffer.from(digits.slice(2)))
    : value(0x18, Buffer.from(digits));
}

const extension = (dotted: string, isCritical: boolean, contents: Uint8Array): Uint8Array =>
  sequence(identifier(dotted), ...(isCritical ? [TRUE] : []), octets(contents));

/** The four or sixteen bytes of an address. */
function addressBytes(address: string): Uint8Array {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.'), Number);
  // A URL writes the last 32 bits in hexadecimal too.
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [left, right] = short.split('::').map((side) => (side === '' ? [] : side.split(':')));
  const zeros = Array.from({ length: 8 - left!.length - (right?.length ?? 0) }, () => '0');
  const words = [...left!, ...zeros, ...(right ?? [])].map((word) => parseInt(word, 16));
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255]));
}

/** The names by which clients reach the server (RFC 5280, 4.2.1.6). */
const alternativeNames = (hosts: readonly string[]): Uint8Array =>
  sequence(
    ...hosts.map((host) =>
      isIP(host) ? value(0x87, addressBytes(host)) : value(0x82, Buffer.from(host)),
    ),
  );

const publicBytes = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
const keyIdentifier = (key: KeyObject): Buffer =>
  createHash('sha256').update(publicBytes(key)).digest().subarray(0, 20);

interface Issue {
  readonly issuer: string;
  readonly subject: string;
  readonly key: KeyObject;
  readonly extensions: readonly Uint8Array[];
  readonly now: Date;
}

/** A certificate, signed. */
function issue({ issuer, subject, key, extensions, now }: Issue, signer: KeyObject): string {
  const end = new Date(now);
  end.setUTCFullYear(end.getUTCFullYear() + YEARS);
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 127) | 64;
  const body = sequence(
    value(0xa0, integer(Uint8Array.of(2))),
    integer(serial),
    ECDSA_SHA256,
    nameOf(issuer),
    // Other machines' clocks may be behind.
    sequence(time(new Date(now.getTime() - DAY)), time(end)),
    nameOf(subject),
    publicBytes(key),
    value(0xa3, sequence(...extensions)),
  );
  const whole = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, signer)));
  const lines = Buffer.from(whole)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/**
 * An authority, and a certificate by it for a server at `hosts` (names or IP addresses, without ports). Both hold for ten years
 * from `now` on.
 * @throws LanewiseError kind 'engine' if node:crypto does not accept what was written.
 */
export function createCertificates(hosts: readonly string[], now = new Date()): Certificates {
  const [own, server] = [1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  const issuer = `Lanewise cluster ${randomBytes(4).toString('hex')}`;
  const ownId = keyIdentifier(own!.publicKey);
  const authority = issue(
    {
      issuer,
      subject: issuer,
      key: own!.publicKey,
      now,
      extensions: [
        // It signs servers, not further authorities.
        extension('2.5.29.19', true, sequence(TRUE, integer(Uint8Array.of(0)))),
        extension('2.5.29.15', true, bits(Uint8Array.of(0b0000_0100), 2)),
        extension('2.5.29.14', false, octets(ownId)),
      ],
    },
    own!.privateKey,
  );
  const certificate = issue(
    {
      issuer,
      subject: 'Lanewise cluster server',
      key: server!.publicKey,
      now,
      extensions: [
        extension('2.5.29.19', true, sequence()),
        extension('2.5.29.15', true, bits(Uint8Array.of(0b1000_0000), 7)),
        extension('2.5.29.37', false, sequence(identifier('1.3.6.1.5.5.7.3.1'))),
        extension('2.5.29.17', false, alternativeNames(hosts)),
        extension('2.5.29.14', false, octets(keyIdentifier(server!.publicKey))),
        extension('2.5.29.35', false, sequence(value(0x80, ownId))),
      ],
    },
    own!.privateKey,
  );
  checkWritten(authority, certificate, hosts);
  return {
    authority,
    server: certificate,
    serverKey: server!.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** Node's reader has to find in the certificates what was meant. */
function checkWritten(authority: string, server: string, hosts: readonly string[]): void {
  const [above, below] = [new X509Certificate(authority), new X509Certificate(server)];
  const holds =
    above.ca &&
    !below.ca &&
    above.verify(above.publicKey) &&
    below.verify(above.publicKey) &&
    below.checkIssued(above) &&
    hosts.every((host) => (isIP(host) ? below.checkIP(host) : below.checkHost(host)) !== undefined);
  if (!holds) throw new LanewiseError('engine', 'this engine does not accept its own certificates');
}
