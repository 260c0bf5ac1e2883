// Go on 5×5 points: a net learns from games with itself, and its search beats a search that has ten times its playouts.
import { lab, wholeNumber } from 'lanewise/lab';
import { learnGo } from './go/learn.mjs';
import { picturesOf } from './go/pictures.mjs';
import { challenge, createPlayers, share } from './go/players.mjs';

const percent = (value) => `${Math.round(100 * value)} %`;

export default lab({
  name: 'go',
  group: 'Go',
  title: 'Go on 5×5 with a policy and value net',
  about:
    'A small residual net learns Go from nothing but its rules: it plays with itself, a Monte-Carlo tree search improves its moves, and it learns what the search found and who won. Then its search plays against UCT, which judges by random playouts, ten for every state that the net judges. Look for how the share of games won rises by rounds, and for the centre as first move. The board is solved: Black takes all 25 points.',
  papers: [
    {
      cite: 'Silver et al. 2018',
      title:
        'A general reinforcement learning algorithm that masters chess, shogi and Go through self-play',
      link: 'https://doi.org/10.1126/science.aar6404',
    },
    {
      cite: 'van der Werf, van den Herik & Uiterwijk 2003',
      title: 'Solving Go on small boards',
      link: 'https://doi.org/10.3233/ICG-2003-26205',
    },
    {
      cite: 'Kocsis & Szepesvári 2006',
      title: 'Bandit based Monte-Carlo planning',
      link: 'https://doi.org/10.1007/11871842_29',
    },
  ],
  settings: {
    seed: 1,
    channels: 16,
    blocks: 2,
    rounds: 20,
    games: 80,
    steps: 80,
    visits: 48,
    batch: 128,
    lr: 0.002,
    window: 12,
    playVisits: 30,
    komi: 20,
    trials: 4,
    trialGames: 8,
    matches: 20,
  },
  settingsAbout: {
    seed: wholeNumber('of weights, noise and games', 0),
    channels: wholeNumber('of the net’s convolutions'),
    blocks: wholeNumber('residual blocks, of two convolutions each', 0),
    rounds: wholeNumber('of self-play and learning'),
    games: wholeNumber('that the net plays with itself in a round'),
    steps: wholeNumber('of the optimizer in a round'),
    visits: wholeNumber('of a search’s root before each move of self-play', 2),
    batch: wholeNumber('moves in a step', 1, 65536),
    lr: { about: 'of AdamW; a third after 60 % of the rounds, a tenth after 85 %', from: 0 },
    window: wholeNumber('rounds whose games are learned from, at most'),
    playVisits: wholeNumber('of a root in trials; pure search has ten times as many', 2),
    komi: { about: 'points that White is given', from: -25, to: 25 },
    matches: wholeNumber('games against pure search in the end, half of them as Black', 2),
    trials: wholeNumber('times that the strength is measured on the way'),
    trialGames: wholeNumber('games of these'),
  },
  small: {
    channels: 8,
    blocks: 1,
    rounds: 2,
    games: 4,
    steps: 4,
    visits: 4,
    playVisits: 4,
    trialGames: 2,
    matches: 4,
  },
  full: {
    channels: 32,
    blocks: 3,
    rounds: 40,
    games: 128,
    steps: 80,
    visits: 80,
    playVisits: 50,
    trials: 4,
    trialGames: 16,
    matches: 200,
  },
  async run({ settings, workers = 2, say, progress }) {
    const players = createPlayers(workers);
    const [rounds, trials] = [[], []];
    const every = Math.ceil(settings.rounds / settings.trials);
    let last;
    for await (last of learnGo(settings, { players, workers })) {
      const { round, loss, played, program } = last;
      const black = share(played, ({ margin, komi }) => margin > komi);
      rounds.push({ round, loss, black, whole: share(played, ({ margin }) => margin === 25) });
      progress(round, settings.rounds, `loss ${loss.toFixed(2)}`);
      const isLast = round === settings.rounds;
      if (round % every > 0 && !isLast) continue;
      const count = isLast ? settings.matches : settings.trialGames;
      trials.push({ round, ...(await challenge(players, program, settings, count)) });
      const { all } = trials.at(-1);
      say(`after round ${round} it wins ${percent(all)} of ${count} games`);
    }
    const ask = { ...settings, visits: 400 };
    const [opening] = await players.play('opening', last.program, ask, 1);
    await players.close();
    const { black, white, all, games } = trials.at(-1);
    const curve = rounds.flatMap((one) => [one.loss, one.black, one.whole]);
    const won = {
      format: 'percent',
      about: `of ${games.length} games, half of them as Black, at a komi of ${settings.komi}`,
    };
    // Only the full form is long enough to win.
    const goal = (low) => (settings.rounds < 40 ? {} : { expected: [low, 1] });
    return {
      figures: [
        { ...won, name: 'games won against pure search', value: all, ...goal(0.8) },
        { ...won, name: 'games won as Black', value: black, ...goal(0.9) },
        { ...won, name: 'games won as White', value: white },
        {
          name: 'visits of the first move in the centre',
          value: opening[12],
          format: 'percent',
          ...goal(0.5),
          about: 'the move that wins all 25 points',
        },
        {
          name: 'loss of the last round beside the first',
          value: rounds.at(-1).loss / rounds[0].loss,
          expected: [0, 0.99],
          about: 'below 1 if the net learns what searches find and how games end',
        },
      ],
      pictures: picturesOf(rounds, trials, opening),
      evidence: [
        last.program,
        Float64Array.from(curve),
        opening,
        ...trials.flatMap((trial) => trial.games.map(({ moves }) => Int32Array.from(moves))),
      ],
      conclusion: `After ${settings.rounds} rounds of self-play the net’s search wins ${percent(all)} of ${games.length} games against pure search with ten times the playouts, and ${percent(black)} as Black, at a komi of ${settings.komi}.`,
    };
  },
});
