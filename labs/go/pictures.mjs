// The pictures of the lab.
import { heatmap, images, lines } from 'lanewise/lab';
import { gameImages } from './draw.mjs';
import { BLACK, createRules } from './rules.mjs';

const go = createRules(5);

/** What happened by round as curves, a game, and the first move. */
export function picturesOf(rounds, trials, opening) {
  const ofBlack = trials.at(-1).games.filter(({ colour }) => colour === BLACK);
  const shown = ofBlack.find(({ won }) => won) ?? ofBlack[0];
  const trial = (name, key) => ({
    name,
    x: trials.map(({ round }) => round),
    y: trials.map((one) => one[key]),
  });
  const x = { name: 'round of self-play' };
  return [
    lines({
      title: 'Games won against pure search with ten times the playouts',
      caption:
        'The same number of games with each colour; the last point is of all games in the end.',
      x,
      y: { name: 'share of games won', min: 0, max: 1 },
      series: [trial('as Black', 'black'), trial('as White', 'white')],
    }),
    images({
      title: `A game ${shown.won ? 'won' : 'lost'} as Black, which has to take nearly everything`,
      caption:
        'The net plays Black. The red mark is on the last stone; passes leave the board as it is.',
      items: gameImages(go, shown.moves, 8),
    }),
    lines({
      title: 'What self-play is like',
      caption:
        'Black has won a game where its margin is over the komi, and all 25 points where White has nothing left.',
      x,
      y: { name: 'share of games', min: 0, max: 1 },
      series: [
        { name: 'won by Black', x: rounds.map((r) => r.round), y: rounds.map((r) => r.black) },
        { name: 'Black has all 25', x: rounds.map((r) => r.round), y: rounds.map((r) => r.whole) },
      ],
    }),
    lines({
      title: 'The loss',
      caption:
        'Cross-entropy of the search’s visits, plus the squared errors of the value and of the points’ owners.',
      x,
      y: { name: 'mean loss of the round' },
      series: [{ name: 'loss', x: rounds.map((r) => r.round), y: rounds.map((r) => r.loss) }],
    }),
    heatmap({
      title: 'The first move',
      caption: 'Where a search from the empty board looks first: the centre wins all 25 points.',
      x: { name: 'column', from: 1, to: 5 },
      y: { name: 'row', from: 1, to: 5 },
      rows: 5,
      columns: 5,
      values: [4, 3, 2, 1, 0].flatMap((row) => [...opening.subarray(5 * row, 5 * row + 5)]),
      scale: { name: 'share of the visits' },
    }),
  ];
}
