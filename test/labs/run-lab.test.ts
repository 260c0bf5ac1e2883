/** A run of a lab: its settings are checked before work starts, and its hash is of what was asked and found. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { digits } from '../../src/data/digits/index.js';
import {
  lab,
  labPage,
  lines,
  randomNumbers,
  runLab,
  table,
  wholeNumber,
} from '../../src/lab/index.js';
import type { Evidence, Lab, LabFindings, LabRun, LabSettings } from '../../src/lab/index.js';

let runs = 0;
const picture = lines({
  title: 'a',
  x: { name: 'x' },
  y: { name: 'y' },
  series: [{ name: 'a', x: [1, 2], y: [1, 2] }],
});
const settings = { depth: 3, rule: 'adam', bent: true };

/** A lab that finds its own settings, or the evidence given. */
const trial = (evidence?: readonly Evidence[], more: (given: LabRun) => unknown = () => {}): Lab =>
  lab<Readonly<Record<string, number | string | boolean>>>({
    name: 'trial',
    group: 'Practice',
    title: 'A <trial>',
    about: 'a',
    papers: [{ cite: 'A 1999', title: 'B', link: 'https://example.org/b' }],
    settings,
    settingsAbout: {
      depth: { about: 'layers', whole: true, from: 1, to: 9 },
      rule: { about: 'how', choices: ['adam', 'momentum'] },
      bent: 'whether it is bent',
    },
    small: { depth: 1 },
    async run(given) {
      runs++;
      await more(given);
      return {
        figures: [{ name: 'depth', value: given.settings['depth'] as number, expected: [1, 3] }],
        pictures: [picture],
        evidence: evidence ?? [Float32Array.of(1, 2)],
        conclusion: 'it ran',
      };
    },
  });

async function refused(run: () => Promise<unknown>): Promise<LanewiseError> {
  try {
    await run();
  } catch (error) {
    assert.instance(error, LanewiseError);
    return error as LanewiseError;
  }
  throw new Error('nothing was refused');
}

test('settings are the form’s, with those that are given', async () => {
  const small = await runLab(trial(), { form: 'small', settings: { bent: false } });
  assert.equal(small.settings, { depth: 1, rule: 'adam', bent: false });
  assert.equal(small.changed, { bent: false });
  assert.equal((await runLab(trial())).settings, settings);
});

test('what the lab does not have is refused before it runs', async () => {
  const before = runs;
  const wrong: readonly (readonly [Record<string, unknown>, RegExp, string?])[] = [
    [{ dpth: 2 }, /unknown setting 'dpth', expected depth, rule, bent/, "did you mean 'depth'?"],
    [{ depth: 2.5 }, /depth is 2.5, expected a whole number from 1 to 9/],
    [{ depth: 10 }, /depth is 10, expected/],
    [{ rule: 'adm' }, /rule is 'adm', expected one of adam, momentum/, "did you mean 'adam'?"],
    [{ bent: 1 }, /bent is 1, expected true or false/],
  ];
  for (const [given, words, hint] of wrong) {
    const error = await refused(() => runLab(trial(), { settings: given as typeof settings }));
    assert.match(error.message, words);
    assert.match(error.message, /lab 'trial'/);
    if (hint !== undefined) assert.is(error.hint, hint);
  }
  assert.match((await refused(() => runLab(trial(), { form: 'full' }))).message, /no full form/);
  assert.is(runs, before, 'nothing ran');
});

test('the hash is of settings and evidence, of nothing else', async () => {
  const hash = async (one: Lab, options = {}) => (await runLab(one, options)).sha256;
  const first = await hash(trial());
  assert.is(await hash(trial(), { workers: 2 }), first);
  assert.is(await hash(trial(), { settings: { bent: true } }), first);
  const others = [
    await hash(trial(), { settings: { bent: false } }),
    await hash(trial([Float32Array.of(1, 3)])),
    await hash(trial([Float64Array.of(1, 2)])),
    await hash(trial(['1,2'])),
    await hash(trial([Float32Array.of(1), Float32Array.of(2)])),
    // The same bytes as those before, divided in another way.
    await hash(trial([Uint8Array.of(1, 2), Uint8Array.of(3)])),
    await hash(trial([Uint8Array.of(1), Uint8Array.of(2, 3)])),
  ];
  assert.is(new Set([first, ...others]).size, 8);
});

test('settings that came later and files’ paths leave hashes as they were', async () => {
  const first = trial();
  const older = await runLab(first);
  const newer = lab({
    ...first,
    settings: { ...first.settings, picture: 'none', rate: 0.1 },
    settingsAbout: {
      ...first.settingsAbout,
      picture: { about: 'a file, or none', choices: ['house'], file: true, later: true },
      rate: { about: 'of learning', later: true },
    },
  });
  const hash = async (given: LabSettings) => (await runLab(newer, { settings: given })).sha256;
  assert.is(await hash({}), older.sha256);
  assert.is(await hash({ rate: 0.1, picture: 'none' }), older.sha256);
  assert.is(await hash({ picture: 'a.png' }), await hash({ picture: 'b/c.png' }));
  const different: LabSettings[] = [{}, { rate: 0.2 }, { picture: 'house' }, { picture: 'a.png' }];
  assert.is(new Set(await Promise.all(different.map(hash))).size, 4);
});

test('data is drawn digits, or what was given, at most as many as asked for', async () => {
  const seen: unknown[] = [];
  const asking = trial(undefined, async ({ data }) => {
    const { name, train, test: tested } = await data({ train: 20, test: 10 });
    seen.push([name, train.labels.length, tested.labels.length, train.name]);
  });
  const first = await runLab(asking);
  assert.is(first.data, 'digits');
  const own = { name: 'own', train: digits({ count: 25 }), test: digits({ count: 5, first: 50 }) };
  const second = await runLab(asking, { data: own });
  assert.equal(seen[0], ['digits', 20, 10, 'digits 0–19']);
  assert.equal((seen[1] as unknown[]).slice(0, 3), ['own', 20, 5]);
  assert.is.not(first.sha256, second.sha256, 'the name of the data counts');
  assert.is((await runLab(trial())).data, undefined, 'a lab that asks for none has none');
});

test('findings that are none are refused with the lab’s name', async () => {
  const error = await refused(() => runLab(trial([[1, 2] as never])));
  assert.match(
    error.message,
    /lab 'trial': evidence\[0\] is .* expected a text or one of Float32Array/,
  );
  const finding = async (change: (found: LabFindings) => unknown) => {
    const run: Lab['run'] = async (given) => change(await trial().run(given)) as LabFindings;
    return (await refused(() => runLab({ ...trial(), run }))).message;
  };
  assert.match(await finding(() => undefined), /what run gives is undefined, expected an object/);
  assert.match(
    await finding((found) => ({ ...found, figures: [...found.figures, ...found.figures] })),
    /lab 'trial': figures\[1\]\.name is 'depth', expected a name that no figure before has/,
  );
});

test('a lab that changes its settings changes neither what is told nor the hash', async () => {
  const plain = await runLab(trial());
  const change = await runLab(
    trial(undefined, ({ settings: own }) => ((own as { depth: number })['depth'] = 9)),
  );
  assert.equal(change.settings, settings);
  assert.is(change.sha256, plain.sha256);
});

test('pictures by hand, forms of another type and unknown words on settings are refused', async () => {
  const bare = { ...trial(), run: async (given: LabRun) => ({ ...(await trial().run(given)) }) };
  const drawn = (kind: string): Lab => ({
    ...bare,
    run: async (given) => ({ ...(await trial().run(given)), pictures: [{ kind } as never] }),
  });
  assert.match(
    (await refused(() => runLab(drawn('lines')))).message,
    /lines: title is undefined, expected a text/,
  );
  assert.match(
    (await refused(() => runLab(drawn('images')))).message,
    /images: title is undefined, expected a text/,
  );
  const about = (depth: unknown): Lab => ({
    ...bare,
    settingsAbout: { ...bare.settingsAbout, depth: depth as string },
  });
  const wrong: readonly (readonly [Lab, RegExp])[] = [
    [{ ...bare, small: { depth: 'few' } }, /small\.depth is 'few', expected a number/],
    [about(5), /settingsAbout\.depth is 5, expected a sentence/],
    [about({ about: 'a', form: 1 }), /settingsAbout\.depth: unknown option 'form'/],
    [about({ about: 'a', choices: 3 }), /settingsAbout\.depth: choices is 3/],
    [
      about({ about: 'a', from: 5, to: 1 }),
      /settingsAbout\.depth: to is 1, expected a number of at least 5/,
    ],
  ];
  for (const [one, words] of wrong) assert.match((await refused(() => runLab(one))).message, words);
});

test('a setting may be a whole number, of its ends, and a multiple', async () => {
  const size = { about: 'of a side', from: 3, to: 9, multipleOf: 3 };
  const one = lab({ ...trial(), settingsAbout: { ...trial().settingsAbout, depth: size } });
  const asked = (depth: number) => () => runLab(one, { settings: { depth }, form: 'default' });
  assert.is((await asked(6)()).settings['depth'], 6);
  for (const depth of [4, 0, 12, -3])
    assert.match((await refused(asked(depth))).message, /expected a multiple of 3 from 3 to 9/);
  assert.equal(wholeNumber('of layers'), { about: 'of layers', from: 1, whole: true });
  assert.equal(wholeNumber('a seed', 0, 9), { about: 'a seed', from: 0, to: 9, whole: true });
  const wrong: readonly (readonly [unknown[], RegExp])[] = [
    [[3], /wholeNumber: about is 3, expected a text/],
    [['a', 0.5], /from is 0\.5, expected a whole number/],
    [['a', 3, 2], /to is 2, expected a whole number of at least 3/],
  ];
  for (const [given, words] of wrong)
    assert.match((await refused(async () => wholeNumber(...(given as [string])))).message, words);
});

test('the page has the settings, the figures, the papers, the command and the hash', async () => {
  const result = await runLab(trial(), { settings: { depth: 5 } });
  const page = labPage(result);
  assert.match(page, /A &lt;trial&gt;/);
  const text = page.replace(/<\/?span[^>]*>/g, '');
  assert.match(text, /npx lanewise lab trial --set depth=5</);
  assert.match(page, /<span class="one">--set<\/span>/, 'no line ends after the dashes');
  assert.match(page, new RegExp(result.sha256));
  assert.match(page, /1 to 3 \(it is not\)/, '5 is outside of what is expected');
  assert.match(page, /<a href="https:\/\/example.org\/b">B<\/a>/);
  assert.not.match(page, /<script/);
});

test('columns of numbers stand on the right, whoever has written the numbers', async () => {
  const result = await runLab(trial());
  const rows = [
    ['Adam', '12.5 %', 3],
    ['none', '−1.0 %', 4],
  ];
  const pictures = [table({ title: 'a', columns: ['rule', 'error', 'steps'], rows })];
  const page = labPage({ ...result, pictures });
  assert.match(page, /<td class="words">Adam<\/td>\s*<td>12.5 %<\/td>\s*<td>3<\/td>/);
  assert.match(page, /<th scope="col"\s+class="words">rule<\/th>\s*<th scope="col"\s*>error<\/th>/);
});

test('random numbers are those that were recorded, uniform, and normal', () => {
  const random = randomNumbers(7);
  assert.equal(
    [random.next(), random.next(), random.below(1000), random.normal()],
    [0.09930825233459473, 0.9051745533943176, 941, -1.0312481207721726],
    'a lab’s hash depends on them',
  );
  const count = 40_000;
  let [sum, squares, fourth, uniform] = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const value = random.normal();
    sum += value;
    squares += value ** 2;
    fourth += value ** 4;
    const next = random.next();
    assert.ok(next >= 0 && next < 1 && Number.isInteger(next * 2 ** 24));
    uniform += next;
  }
  // Five standard errors of each: 1/√n, √2/√n, √96/√n, √(1/12)/√n.
  const error = 5 / Math.sqrt(count);
  assert.ok(Math.abs(sum / count) < error, `mean ${sum / count}`);
  assert.ok(Math.abs(squares / count - 1) < error * Math.SQRT2, `variance ${squares / count}`);
  assert.ok(Math.abs(fourth / count - 3) < error * Math.sqrt(96), `kurtosis ${fourth / count}`);
  assert.ok(Math.abs(uniform / count - 0.5) < error * 0.29, `uniform ${uniform / count}`);
  const order = random.shuffled([0, 1, 2, 3, 4, 5, 6, 7]);
  assert.equal(order.toSorted(), [0, 1, 2, 3, 4, 5, 6, 7]);
});

test.run();
