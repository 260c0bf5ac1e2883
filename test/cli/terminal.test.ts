/** The output for people: figures, the progress line at any width, the confusion table. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderConfusion } from '../../src/cli/confusion-table.js';
import {
  createProgress,
  downloadBar,
  downloadLine,
  epochLine,
  loadingBar,
  loadingLine,
  progressLine,
  validationLine,
} from '../../src/cli/progress.js';
import {
  formatBytes,
  formatClock,
  formatCount,
  formatPercent,
  formatSeconds,
  inFlags,
  printable,
  styleFor,
  type Output,
} from '../../src/cli/terminal.js';
import { confusionMatrix } from '../../src/metrics/confusion.js';

// Progress lines ask the environment too, and a test machine's may be 'dumb'.
process.env['TERM'] = 'xterm';

test('control characters of names are shown, styles and lines of ours stay', () => {
  assert.is(
    printable('a\x1b]0;title\x07b\x1b[2Jc\x9bd\x7f'),
    'a\\x1b]0;title\\x07b\\x1b[2Jc\\x9bd\\x7f',
  );
  assert.is(printable('\x1b[1mbold\x1b[22m\tä\n'), '\x1b[1mbold\x1b[22m\tä\n');
  const read = JSON.parse(printable(JSON.stringify({ name: '\x1b\x9b' }))) as { name: string };
  assert.is(read.name, '\x1b\x9b');
});

test('hints name settings in the library, flags on the command line', () => {
  assert.is(
    inFlags(
      'go on with it (resume: true), start over and lose it (fresh: true), or take another folder',
    ),
    'go on with it (--resume), start over and lose it (--fresh), or take another folder (--out)',
  );
  assert.is(inFlags('go on from it with resume: true'), 'go on from it with --resume');
});

const state = {
  event: 'progress',
  step: 1250,
  epoch: 3,
  epochs: 12,
  samplesDone: 30_000,
  samples: 60_000,
  loss: 0.12344,
  accuracy: 0.9712,
  imagesPerSecond: 7123.4,
  waiting: 0,
  secondsLeft: 65.2,
} as const;

/** Collects what is written; a terminal of `columns`, or none. */
function output(columns?: number): Output & { text: string } {
  const stream = {
    text: '',
    write(text: string) {
      stream.text += text;
      return true;
    },
  };
  return columns === undefined ? stream : Object.assign(stream, { isTTY: true, columns });
}

const plain = { columns: 80, style: styleFor({ isTTY: false }) };

test('seconds are written to the minute and hour, and carry over when rounded', () => {
  const cases: [number, string][] = [
    [0, '0.0 s'],
    [4.23, '4.2 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [65, '1 min 05 s'],
    [3599.6, '1 h 00 min'],
    [7500, '2 h 05 min'],
    [NaN, '–'],
    [Infinity, '–'],
  ];
  for (const [seconds, text] of cases) assert.is(formatSeconds(seconds), text);
  assert.is(formatClock(65.2), '1:05');
  assert.is(formatClock(59.6), '1:00');
  assert.is(formatClock(7322), '2:02:02');
});

test('counts, shares and bytes', () => {
  assert.equal([0, 999, 1000, 61706, 1234567.6].map(formatCount), [
    '0',
    '999',
    '1,000',
    '61,706',
    '1,234,568',
  ]);
  assert.equal(
    [formatPercent(0.98914), formatPercent(1, 0), formatPercent(NaN)],
    ['98.91 %', '100 %', '–'],
  );
  assert.equal([0, 1023, 1024, 9_912_422, 1024 ** 2 - 1, 5e12].map(formatBytes), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '9.5 MiB',
    '1.0 MiB',
    '4656.6 GiB',
  ]);
});

test('text is bold and dim on terminals only, and not against NO_COLOR or on a dumb one', () => {
  assert.is(styleFor({ isTTY: true }, {}).bold('x'), '\x1b[1mx\x1b[22m');
  assert.is(styleFor({ isTTY: true }, { NO_COLOR: '' }).dim('x'), '\x1b[2mx\x1b[22m');
  assert.is(styleFor({ isTTY: true }, { NO_COLOR: '1' }).bold('x'), 'x');
  assert.is(styleFor({ isTTY: true }, { TERM: 'dumb' }).bold('x'), 'x');
  assert.is(styleFor({}, {}).dim('x'), 'x');
});

test('at 80 columns the line has epoch, bar, loss, accuracy, speed and time left', () => {
  const line = progressLine(state, 80);
  assert.is(
    line,
    'epoch  3/12 █████░░░░░░  loss 0.1234  accuracy 97.1 %   7,123 img/s   1:05 left',
  );
  assert.is(line.length, 79);
});

test('narrow terminals shorten the bar, then leave figures out, and never wrap', () => {
  assert.is(progressLine(state, 50), 'epoch  3/12 ████░░░░  accuracy 97.1 %   1:05 left');
  assert.match(progressLine(state, 120), /█{15}░{15} {2}loss/);
  const large = { ...state, loss: 123456, imagesPerSecond: 1e9, secondsLeft: 1e6 };
  for (let columns = 1; columns < 200; columns++) {
    for (const any of [state, large]) assert.ok(progressLine(any, columns).length < columns);
    const download = { name: 'train-images-idx3-ubyte.gz', done: 5e6, total: 9_912_422 };
    assert.ok(downloadLine(download, columns).length < columns);
  }
});

test('the bar is empty at the start and full at the end', () => {
  assert.match(progressLine({ ...state, samplesDone: 0 }, 80), / ░{11} /);
  assert.match(progressLine({ ...state, samplesDone: 60_000 }, 80), / █{11} /);
});

test('off a terminal there is no progress, and one line for each download', () => {
  const stream = output();
  const progress = createProgress(stream);
  progress.update(state);
  progress.stop();
  assert.is(stream.text, '');
  const bar = downloadBar(stream);
  for (const done of [0, 500, 1000]) bar.update({ name: 'a.gz', done, total: 1000 });
  bar.update({ name: 'b.gz', done: 0, total: 2048 });
  bar.stop();
  assert.is(stream.text, 'downloading a.gz, 1000 B\ndownloading b.gz, 2.0 KiB\n');
});

test('on a terminal the line is drawn, cleared, drawn again, and gone in the end', () => {
  const stream = output(80);
  const progress = createProgress(stream);
  progress.update(state);
  assert.ok(stream.text.includes(progressLine(state, 80)));
  progress.clear();
  assert.ok(stream.text.endsWith('\x1b[1G\x1b[2K'), JSON.stringify(stream.text.slice(-20)));
  stream.text = '';
  progress.clear();
  assert.is(stream.text, '', 'nothing to clear');
  progress.update({ ...state, epoch: 4 });
  assert.match(stream.text, /epoch {2}4\/12/);
  progress.stop();
  progress.stop();
  assert.ok(stream.text.endsWith('\x1b[1G\x1b[2K'));
  // Jumps to a saved position would overwrite what others wrote meanwhile.
  assert.not.ok(stream.text.includes('\x1b7') || stream.text.includes('\x1b8'));
});

test('the epoch line fits 80 columns, with and without validation', () => {
  const record = {
    event: 'epoch',
    epoch: 2,
    step: 1500,
    loss: 0.06541,
    accuracy: 0.98012,
    imagesPerSecond: 19_280,
    seconds: 3.1,
  } as const;
  assert.match(epochLine(record, 'test', 'rows', 500), /^epoch   2  loss .* rows\/s$/);
  assert.is(epochLine(record), 'epoch  2  loss 0.0654  accuracy 98.01 %  19,280 images/s');
  const line = epochLine({ ...record, valLoss: 0.0512, valAccuracy: 0.9834 }, 'test');
  assert.is(line, 'epoch  2  loss 0.0654  accuracy 98.01 %  test 0.0512, 98.34 %  19,280 images/s');
  assert.ok(line.length < 80);
  const more = { ...record, valLoss: 0.0512, metrics: { f1: 0.97218, mae: 12.3456 } };
  assert.match(epochLine(more), / {2}val 0\.0512 {2}f1 0\.9722 {2}mae 12\.35 {2}19,280 images/);
  assert.is(
    validationLine({ ...more, event: 'validation', valAccuracy: 0.9834 }),
    '  step 1,500  val 0.0512, 98.34 %  f1 0.9722  mae 12.35',
  );
});

const matrix = confusionMatrix(
  [0, 0, 0, 1, 1, 2, 2, 2],
  [0, 1, 1, 1, 1, 2, 2, 0],
  ['cat', 'dog', 'owl'],
);

test('the confusion table is aligned, with accuracies and the commonest mistakes', () => {
  assert.is(
    renderConfusion(matrix, plain),
    [
      'confusion matrix: a row for each true class, columns as predicted',
      '      cat dog owl  accuracy',
      'cat     1   2   ·   33.33 %',
      'dog     ·   2   ·  100.00 %',
      'owl     1   ·   2   66.67 %',
      '',
      'most confused: cat taken for dog: 2 times',
      '               owl taken for cat: 1 time',
    ].join('\n'),
  );
});

test('a table of more than 20 classes is not shown, but where it is', () => {
  const classes = Array.from({ length: 21 }, (_, i) => String(i));
  const matrix = confusionMatrix([0, 1, 2], [0, 1, 3], classes);
  assert.is(
    renderConfusion(matrix, { elsewhere: 'report.html' }),
    'the confusion matrix of 21 classes is too large to be shown here, and is in report.html\n\nmost confused: 2 taken for 3: 1 time',
  );
});

test('escape sequences do not disturb the alignment', () => {
  const bold = renderConfusion(matrix, { columns: 80, style: styleFor({ isTTY: true }, {}) });
  assert.ok(bold.includes('\x1b[1m   1\x1b[22m'));
  assert.ok(bold.includes('\x1b[2m   ·\x1b[22m'));
  const without = ['\x1b[1m', '\x1b[2m', '\x1b[22m'].reduce(
    (s, code) => s.replaceAll(code, ''),
    bold,
  );
  assert.is(without, renderConfusion(matrix, plain));
});

test('a table too wide loses its accuracies, then itself, never the mistakes', () => {
  const narrow = renderConfusion(matrix, { ...plain, columns: 20 });
  assert.not.match(narrow, /accuracy/);
  assert.match(narrow, /^owl {5}1 {3}· {3}2$/m);
  const narrower = renderConfusion(matrix, { ...plain, columns: 16 });
  assert.match(
    narrower,
    /^the table of 3 classes needs 17 columns, and there are 16\n\nmost confused/,
  );
});

test('a MNIST table of 10,000 samples fits 50 columns', () => {
  const classes = [...'0123456789'];
  const labels = Array.from({ length: 10_000 }, (_, i) => i % 10);
  const predictions = labels.map((label, i) => (i < 100 ? (label + i) % 10 : label));
  const table = renderConfusion(confusionMatrix(labels, predictions, classes), {
    ...plain,
    columns: 50,
  });
  assert.match(table, /^9 .* 9\d\d$/m);
  assert.ok(
    table
      .split('\n')
      .slice(1)
      .every((line) => line.length <= 50),
  );
});

test('a model without mistakes is said to have none', () => {
  const perfect = confusionMatrix([0, 1], [0, 1], ['a', 'b']);
  assert.match(renderConfusion(perfect, plain), /\n\nno mistakes$/);
});

test('the progress line says what data takes, where it is much', () => {
  assert.match(
    progressLine({ ...state, waiting: 0.43 }, 120),
    / img\/s {2}data 43 % {3}1:05 left$/,
  );
  assert.not.match(progressLine({ ...state, waiting: 0.05 }, 120), /data/);
});

const cluster = {
  machines: 3,
  threads: 14,
  wire: 0.184,
  sent: 0,
  received: 0,
  gain: 2.4,
  redone: 0,
  shares: { coordinator: 0.5, b: 0.3, c: 0.2 },
} as const;

test('machines that share the steps stand in the progress line, at any width', () => {
  const shared = { ...state, cluster };
  assert.is(
    progressLine(shared, 112),
    'epoch  3/12 ████░░░░  loss 0.1234  accuracy 97.1 %  3 machines, 14 threads, 7,123 img/s (wire 18 %)   1:05 left',
  );
  assert.match(
    progressLine(shared, 80),
    /^epoch {2}3\/12 █+░+ {2}3 machines, 7,123 img\/s \(wire 18 %\) {3}1:05 left$/,
  );
  assert.match(progressLine(shared, 50), /░ {2}accuracy 97.1 % {3}1:05 left$/);
  assert.match(
    progressLine({ ...state, cluster: { ...cluster, machines: 1, threads: 1 } }, 112),
    / 1 machine, 1 thread, 7,123 img\/s {3}1:05 left$/,
  );
  for (let columns = 1; columns < 200; columns++)
    assert.ok(progressLine(shared, columns).length < Math.max(1, columns));
});

test('an epoch’s line names machines where they fit', () => {
  const record = {
    event: 'epoch',
    epoch: 2,
    step: 1500,
    loss: 0.06541,
    imagesPerSecond: 19_280,
    seconds: 3.1,
    cluster,
  } as const;
  const line = 'epoch  2  loss 0.0654  19,280 images/s';
  assert.is(epochLine(record), `${line}  3 machines, wire 18 %`);
  assert.is(epochLine(record, 'test', 'images', 8, line.length + 10), line);
  assert.is(epochLine({ ...record, cluster: { ...cluster, machines: 1 } }), line);
});

test('samples that are read: a line with a bar, or one plain line', () => {
  const state = { name: 'photos', done: 1500, total: 20_000 };
  assert.match(loadingLine(state, 80), /^photos █+░+ {3}1,500 of 20,000 samples read$/);
  for (let columns = 1; columns < 60; columns++)
    assert.ok(loadingLine(state, columns).length < columns);
  const plain = output();
  const bar = loadingBar(plain);
  bar.update(state);
  bar.update({ ...state, done: 20_000 });
  bar.stop();
  assert.is(plain.text, 'reading the 20,000 samples of photos\n');
});

test.run();
