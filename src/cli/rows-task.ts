/** The tasks of rows other than one class each: numbers, labels, and targets of several kinds. */
import { nextForRows } from './next-command.js';
import { checkForRows } from './tables.js';
import { levelOf } from '../base/spread.js';
import type { Model } from '../layers/index.js';
import { calibrateIntervals, checkEnough } from '../trained/calibrate-intervals.js';
import { recipeForRows, type ImageSettings, type Recipe } from '../models/recipes.js';
import type { LossSetting } from '../losses/terms.js';
import { figuresOfAll, judgedLines, judgementOfAll, verdictsOf } from './row-figures.js';
import { evalRows, exportRows, recordOf } from './row-files.js';
import { withOutputs } from './row-net.js';
import {
  lossOfOutput,
  rowOutputs,
  targetRows,
  widthOfOutput,
  type RowOutput,
} from './row-outputs.js';
import { scoreRows } from './row-scores.js';
import { scaleOfColumns } from './model-settings.js';
import { withEncoding } from './table-encoding.js';
import { countOf } from './task.js';
import { lastPart, type DataSets } from './data-sources.js';
import type { TaskKind } from './task-kinds.js';
import { formatSeconds } from './terminal.js';

export const rowsKind: TaskKind = {
  usual: () => 'tabular',
  check(data, options) {
    checkForRows(options);
    const { task, validation } = data;
    if (task?.spread && validation)
      checkEnough(
        levelOf(task.spread),
        { count: countOf(validation), name: validation.name },
        'give more rows, a larger share of them (--validation 0.5), or lower --intervals',
      );
  },
  recipe(name, data) {
    const train = targetRows(data.train);
    const outputs = rowOutputs(train);
    const losses = outputs.map(
      (output) => [output.name, lossOfOutput(train, output, data.task?.spread)] as const,
    );
    const recipe = recipeForRows(name, countOf(train));
    return {
      ...(isLikelihood(data) && recipe.optimizer === 'momentum'
        ? { ...recipe, ...CAREFUL }
        : recipe),
      loss: Object.fromEntries(losses) satisfies LossSetting,
      metrics: metricsFor(outputs[0]!, data),
    };
  },
  async build(_, recipe, data) {
    const train = targetRows(data.train);
    const outputs = rowOutputs(train);
    const spread = data.task?.spread;
    const { shape } = Object.values(train.inputs)[0]!;
    const make = (settings: ImageSettings): Model =>
      withOutputs(recipe.create(settings), train, outputs, spread);
    const { settings, notes } = await withEncoding(
      recipe,
      train,
      {
        shape: shape as [number, number, number],
        classes: outputs.reduce((sum, output) => sum + widthOfOutput(output, spread), 0),
        ...scaleOfColumns(train),
      },
      make,
    );
    return { model: make(settings), notes: [...notes, ...calibrationNotes(data)] };
  },
  finish: ({ task, validation }) =>
    task?.spread && validation ? (model) => calibrateIntervals(model, validation) : undefined,
  async score(model, data) {
    const test = targetRows(data.test);
    const train = targetRows(data.train);
    const figures = figuresOfAll(await scoreRows([model], test), test, train);
    return {
      lines: (part, { model: name }, seconds) => [
        '',
        ...figures.flatMap((one) => one.lines(name)),
        '',
        ...judgedLines(figures, `${part} `),
        formatSeconds(seconds),
      ],
      record: (names, part) => recordOf(names, test, figures, { scored: part }),
      verdict: verdictsOf(figures),
      judgement: judgementOfAll(figures),
      hint: nextForRows,
    };
  },
  eval: evalRows,
  export: exportRows,
};

/** A word on data whose validation part is all that there is to score. */
const calibrationNotes = (data: DataSets): string[] =>
  data.task?.spread && lastPart(data) === 'validation'
    ? [
        'intervals are calibrated by the validation rows, on which they are scored, too: the data has no test rows',
      ]
    : [];

const isLikelihood = ({ task }: DataSets): boolean =>
  task?.spread !== undefined && 'normal' in task.spread;

/** Steps for a likelihood, whose gradients are as large as its predictions are too sure. */
const CAREFUL = { optimizer: 'adam', learningRate: 0.003, weightDecay: 0 } as const;

/** Figures of the first output: of several numbers together only those without a unit. */
function metricsFor(
  { type, targets }: RowOutput,
  { validation, test, task }: DataSets,
): Recipe['metrics'] {
  if (type === 'labels') return ['f1Micro'];
  if (type === 'class') return [];
  return [
    ...(targets.length === 1 ? (['rmse'] as const) : []),
    ...(countOf(validation ?? test) > 1 ? (['r2'] as const) : []),
    ...(task?.spread ? (['coverage'] as const) : []),
  ];
}
