/** `lanewise lab`: a list, a run with its page, and refusals before work starts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inFolder, lanewise, main } from './lanewise.js';
import { labNames } from '../support/lab.js';

const name = 'boundary-from-points';
const quick = ['lab', name, '--small', '--set', 'steps=40,points=rings'];

test('without a name it lists every lab', async () => {
  const { code, stdout } = await lanewise(['lab']);
  assert.is(code, 0);
  for (const one of labNames()) assert.match(stdout, new RegExp(`^  ${one} +\\S`, 'm'));
  const json = await lanewise(['lab', '--json']);
  const list = JSON.parse(json.stdout) as { readonly name: string }[];
  assert.equal(list.map((one) => one.name).toSorted(), labNames());
});

test('what a run would ignore is refused before it starts', async () => {
  const cases: [string[], RegExp][] = [
    [['--small'], /--small is for running a lab, and no lab is named/],
    [['--data-dir', 'x'], /--data-dir is for running a lab/],
    [[name, '--set', 'steps=3,steps=4'], /steps is set twice/],
    [[name, '--small', '--out', ''], /--out is '', expected a file for the page/],
    [['README.md'], /'README\.md' is no file of a lab, expected a name that ends in \.mjs or \.js/],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await lanewise(['lab', ...args]);
    assert.is(code, 1, args.join(' '));
    assert.match(stderr, expected);
  }
});

test('a run prints figures and hash in plain lines, and writes its page', () =>
  inFolder(async (cwd) => {
    const { code, stdout, stderr } = await lanewise(quick, { cwd });
    assert.is(code, 0, stderr);
    assert.match(stdout, /accuracy on new points +\d+\.\d\d %/);
    const [, hash] = /sha256 ([\da-f]{64})/.exec(stdout)!;
    assert.not.match(stdout + stderr, /█|░/, 'no bar where there is no terminal');
    const page = readFileSync(join(cwd, 'runs', `lab-${name}.html`), 'utf8');
    assert.match(page, new RegExp(hash!));
    const words = page.replaceAll(/<[^>]*>/g, '');
    assert.match(
      words,
      /--small --set points=rings,steps=40/,
      'the page says how it is made again',
    );
    const json = await lanewise([...quick, '--workers', '2', '--json', '--out', 'a.html'], { cwd });
    const record = JSON.parse(json.stdout) as { sha256: string; settings: { steps: number } };
    assert.is(record.sha256, hash);
    assert.is(record.settings.steps, 40);
    assert.ok(existsSync(join(cwd, 'a.html')));
  }));

test('a CSV file of one’s own is learned, and a lab of one’s own runs', () =>
  inFolder(async (cwd) => {
    const rows = Array.from({ length: 60 }, (_, i) => {
      const [x, y] = [(i % 10) * 3, Math.floor(i / 10)];
      return `${x},${y},${x > 12 ? 'high' : 'low'}`;
    });
    writeFileSync(join(cwd, 'mine.csv'), ['x,y,class', ...rows].join('\n'));
    const file = join(cwd, 'mine.csv');
    const own = await lanewise(['lab', name, '--small', '--set', `points=${file}`], { cwd });
    assert.is(own.code, 0, own.stderr);
    assert.match(own.stdout, /accuracy of a line +9\d|accuracy of a line +100/, 'x > 12 is a line');
    const missing = await lanewise(['lab', 'nowhere.mjs'], { cwd });
    assert.is(missing.code, 1);
    assert.match(missing.stderr, /'nowhere.mjs' does not exist/);
    writeFileSync(join(cwd, 'none.mjs'), 'export default 3;\n');
    assert.match((await lanewise(['lab', 'none.mjs'], { cwd })).stderr, /holds no lab/);
  }));

test('a lab that ends without findings says so, and fails', () =>
  inFolder(async (cwd) => {
    const rest = "group: 'Own data', title: 'T', about: 'A', papers: [], settings: {}";
    for (const run of ['await new Promise(() => {})', 'process.exit(0)']) {
      const own = `export default { name: 'own', ${rest}, settingsAbout: {}, small: {}, async run() { ${run} } };`;
      writeFileSync(join(cwd, 'own.mjs'), own);
      const { status, stderr } = spawnSync(process.execPath, [main, 'lab', 'own.mjs'], { cwd });
      assert.is(status, 1, run);
      assert.match(String(stderr), /^lab 'own' ended without findings: nothing is written$/m);
    }
    writeFileSync(join(cwd, 'bare.mjs'), "export default { name: 'a', settings: null, run() {} };");
    const bare = await lanewise(['lab', 'bare.mjs'], { cwd });
    assert.match(bare.stderr, /^error: lab: group is undefined, expected one of/m);
  }));

test('what there is not is refused by name, with the nearest, and nothing is written', () =>
  inFolder(async (cwd) => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [
        ['boundry-from-points'],
        /unknown lab 'boundry-from-points'[^]*did you mean 'boundary-from-points'/,
      ],
      [[name, '--set', 'wdth=3'], /unknown setting 'wdth'[^]*did you mean 'width'/],
      [[name, '--set', 'width=many'], /width is 'many', expected a whole number from 1 to 512/],
      [[name, '--set', 'width'], /Expected a setting, = and its value/],
      [[name, '--full'], /has no full form/],
      [[name, '--full', '--small'], /exclude each other/],
      [[name, '--data', 'mnits'], /unknown data set 'mnits'[^]*did you mean 'mnist'/],
    ];
    for (const [args, words] of wrong) {
      const { code, stderr } = await lanewise(['lab', ...args], { cwd });
      assert.is(code, 1, args.join(' '));
      assert.match(stderr, words);
    }
    assert.not.ok(existsSync(join(cwd, 'runs')));
  }));

test('a record is written as an entry, and a check says whether it holds', () =>
  inFolder(async (cwd) => {
    const run = ['lab', 'mnist-in-seconds'];
    const tiny = ['--small', '--set', 'seeds=2,samples=128', '--workers', '1'];
    const made = await lanewise([...run, ...tiny, '--record', 'a.json', '--by', 'Ada'], { cwd });
    assert.is(made.code, 0, made.stderr);
    const entry = JSON.parse(readFileSync(join(cwd, 'a.json'), 'utf8')) as { evidence: string[] };
    assert.match(made.stdout, /record: a\.json/);
    const right = await lanewise([...run, '--check', 'a.json', '--workers', '0'], { cwd });
    assert.is(right.code, 0, right.stderr);
    assert.match(right.stdout, /The entry holds: the SHA-256 is the same/);
    // A better seed, made up.
    const [first, second] = entry.evidence;
    const evidence = [first!.replace(/: \d+ of/, ': 4999 of'), second];
    writeFileSync(join(cwd, 'b.json'), JSON.stringify({ ...entry, evidence }));
    const wrong = await lanewise([...run, '--check', 'b.json'], { cwd });
    assert.is(wrong.code, 1);
    assert.match(wrong.stdout, /The entry does not hold\.[^]*Of 2 seeds 1 end otherwise here/);
    const refused: readonly (readonly [readonly string[], RegExp])[] = [
      [['lab', name, '--record', 'c.json'], /keeps no records: it is of the group Own data/],
      [[...run, '--check', 'a.json', '--small'], /--check takes form, settings and data/],
      [[...run, '--check', 'a.json', '--record', 'c.json'], /exclude each other/],
      [[...run, '--by', 'Ada'], /--by is for --record FILE/],
      [[...run, '--check', 'none.json'], /cannot read entry 'none\.json': there is no such file/],
    ];
    for (const [args, words] of refused) {
      const { code, stderr } = await lanewise(args, { cwd });
      assert.is(code, 1, args.join(' '));
      assert.match(stderr, words);
    }
    assert.not.ok(existsSync(join(cwd, 'c.json')));
  }));

/** A lab of one's own with this in its `run`, as a file. */
const ownLab = (run: string): string =>
  `export default { name: 'own', group: 'Own data', title: 'T', about: 'A', papers: [],
  settings: {}, settingsAbout: {}, small: {}, async run({ data }) { ${run} } };`;

test('what a lab of one’s own throws is told in a sentence, with its place', () =>
  inFolder(async (cwd) => {
    const wait = 'await new Promise((resolve) => setTimeout(resolve, 5000));';
    const cases: readonly (readonly [string, RegExp])[] = [
      [ownLab("throw 'text'"), /^error: lab 'own' failed: 'text'\n$/],
      [
        ownLab("throw new TypeError('bad\\nvalue')"),
        /^error: lab 'own' failed: TypeError: bad value\n {2}at .*own\.mjs:2:\d+\)\n$/,
      ],
      [ownLab('return 3'), /^error: lab 'own': what run gives is 3, expected an object \{ figures/],
      [ownLab(`Promise.reject('lost'); ${wait}`), /^error: lab 'own' failed: 'lost'\n$/],
      [
        ownLab(`setTimeout(() => { throw new Error('late'); }, 1); ${wait}`),
        /^error: lab 'own' failed: Error: late\n {2}at .*own\.mjs:2:\d+\)\n$/,
      ],
      ["import 'nowhere';", /^error: the lab in 'own\.mjs' failed: .*'nowhere'/],
      ['export default {{', /failed: SyntaxError: .*\n {2}node --check FILE shows where\n$/],
      ['await new Promise(() => {});', /^the lab in 'own\.mjs' ended without findings/],
    ];
    for (const [text, expected] of cases) {
      writeFileSync(join(cwd, 'own.mjs'), text);
      const { status, stderr } = spawnSync(process.execPath, [main, 'lab', 'own.mjs'], { cwd });
      assert.is(status, 1, text);
      assert.match(String(stderr), expected);
    }
  }));

test('data is read once a lab asks for it, and no sooner', () =>
  inFolder(async (cwd) => {
    const asking = ['--data', 'mnist', '--data-dir', 'nowhere'];
    writeFileSync(join(cwd, 'own.mjs'), ownLab("throw 'it ran'"));
    const before = await lanewise(['lab', 'own.mjs', ...asking], { cwd });
    assert.match(before.stderr, /lab 'own' failed: 'it ran'/);
    writeFileSync(join(cwd, 'asking.mjs'), ownLab('await data()'));
    const asked = await lanewise(['lab', 'asking.mjs', ...asking], { cwd });
    assert.match(asked.stderr, /^error: .*nowhere/);
  }));

test('Ctrl-C ends a run at once, even of a lab that never yields, and there is no page', () =>
  inFolder(async (cwd) => {
    writeFileSync(join(cwd, 'own.mjs'), ownLab('await 0; for (;;);'));
    for (const args of [[name, '--set', 'steps=100000'], ['own.mjs']]) {
      rmSync(join(cwd, 'runs'), { recursive: true, force: true });
      const child = spawn(process.execPath, [main, 'lab', ...args], { cwd, stdio: 'ignore' });
      const ended = new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
      // It is at work once its folder is there.
      while (!existsSync(join(cwd, 'runs'))) await sleep(50);
      await sleep(500);
      child.kill('SIGINT');
      assert.is(await ended, 'SIGINT', args.join(' '));
      assert.equal(readdirSync(join(cwd, 'runs')), []);
    }
  }));

test.run();
