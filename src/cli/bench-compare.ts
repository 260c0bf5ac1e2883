/** `lanewise bench --compare a.json b.json`: shows two results side by side. */
import { stat } from 'node:fs/promises';
import { compareResults, type ComparedRow, type Comparison } from '../benchmark/compare.js';
import { MOST_RESULT_BYTES, parseResults, rowName, type Results } from '../benchmark/results.js';
import { LanewiseError } from '../base/errors.js';
import { cannotRead, readNamedFile } from '../node/files.js';

/** @throws LanewiseError kind 'argument' unless there are two files; kind 'file' for one that does not hold results. */
export async function compareFiles(
  files: readonly string[],
  json: true | string | undefined,
): Promise<void> {
  const [a, b] = files;
  if (a === undefined || b === undefined || files.length !== 2 || typeof json === 'string')
    throw new LanewiseError(
      'argument',
      `bench --compare takes two files of results, found ${files.length}`,
      'such as: lanewise bench --compare before.json after.json',
    );
  const [first, second] = [await readResults(a), await readResults(b)];
  const comparison = compareResults(first, second);
  console.log(
    json ? JSON.stringify({ a, b, ...comparison }) : page(a, b, first, second, comparison),
  );
}

/** @throws LanewiseError kind 'file'. */
async function readResults(path: string): Promise<Results> {
  const found = await stat(path).catch((error: unknown) => {
    throw cannotRead('results', path, error);
  });
  if (!found.isFile())
    throw new LanewiseError('file', `cannot read results '${path}': it is not a file`);
  if (found.size > MOST_RESULT_BYTES)
    throw new LanewiseError(
      'file',
      `'${path}' has ${found.size} bytes, and results of lanewise bench at most ${MOST_RESULT_BYTES}`,
    );
  return parseResults(new TextDecoder().decode(await readNamedFile('results', path)), path);
}

function page(
  a: string,
  b: string,
  first: Results,
  second: Results,
  { rows, onlyA, onlyB, differences }: Comparison,
): string {
  const counts = (['better', 'worse', 'within noise'] as const).map(
    (verdict) => `${rows.filter((row) => row.verdict === verdict).length} ${verdict}`,
  );
  return [
    `a  ${a}: ${describe(first)}`,
    `b  ${b}: ${describe(second)}`,
    ...(differences.length ? [`different: ${differences.join(', ')}`] : []),
    '',
    cells('', 'a', 'b', '', 'b to a', 'spread', 'b is'),
    ...rows.map(line),
    ...(onlyA.length ? [`only in a: ${onlyA.join('; ')}`] : []),
    ...(onlyB.length ? [`only in b: ${onlyB.join('; ')}`] : []),
    '',
    `b beside a: ${counts.join(', ')}`,
  ].join('\n');
}

const describe = ({ engine, cpu, numerics, date }: Results): string =>
  `${engine.name} ${engine.version}, ${cpu ?? 'unknown CPU'}, ${numerics}, ${date.slice(0, 10)}`;

function line(row: ComparedRow): string {
  const { unit, ratio, spread, verdict } = row;
  const range = spread.map((each) => each.toFixed(2)).join('–');
  return cells(
    rowName(row),
    figure(row.a),
    figure(row.b),
    unit,
    `${ratio.toFixed(2)}×`,
    range,
    verdict,
  );
}

const figure = (value: number): string => value.toFixed(value >= 1000 ? 0 : 1);

const cells = (
  name: string,
  a: string,
  b: string,
  unit: string,
  ratio: string,
  spread: string,
  verdict: string,
): string =>
  [
    name.padEnd(30),
    a.padStart(9),
    b.padStart(9),
    unit.padEnd(8),
    ratio.padStart(7),
    spread.padStart(11),
    verdict,
  ].join('  ');
