/** Nets for the targets of rows: the last values of a net, divided among outputs and brought to their targets' units. */
import { widthOfSpread, type Spread } from '../base/spread.js';
import { rebuild, rescale, slice, type Architecture, type Model } from '../layers/index.js';
import {
  scaleOfTarget,
  widthOfOutput,
  type RowOutput,
  type Scale,
  type TargetRows,
} from './row-outputs.js';

type Description = Architecture['layers'][number];

/** The model whose last layer has a value for each of the outputs', one after another. */
export function withOutputs(
  { architecture }: Model,
  data: TargetRows,
  outputs: readonly RowOutput[],
  spread: Spread | undefined,
): Model {
  const [last] = Object.values(architecture.outputs);
  const layers: Description[] = [...architecture.layers];
  const named: Record<string, string> = {};
  let first = 0;
  outputs.forEach((output, i) => {
    const suffix = outputs.length === 1 ? '' : i + 1;
    const width = widthOfOutput(output, spread);
    let from = last!;
    const add = (name: string, { kind, settings }: { kind: string; settings: object }) => {
      layers.push({ name, kind, settings, inputs: [from] } as Description);
      from = name;
    };
    if (outputs.length > 1) add(`part${suffix}`, slice(1, first, first + width));
    if (output.type === 'number') {
      const scale = scaleOfTarget(data.name, output, data.targets[output.name]!);
      add(`unit${suffix}`, rescale(lastScale(scale, spread)));
    }
    named[output.name] = from;
    first += width;
  });
  return rebuild({ ...architecture, layers, outputs: named });
}

/** The scale of the layer before a loss: each number's, for each of the values that describe it. */
function lastScale({ mean, deviation }: Scale, spread: Spread | undefined) {
  const width = spread ? widthOfSpread(spread) : 1;
  const each = (values: readonly number[], ofSpread: number) =>
    values.flatMap((value) =>
      Array.from({ length: width }, (_, i) =>
        i === 1 && spread && 'normal' in spread ? ofSpread : value,
      ),
    );
  return { mean: each(mean, 0), deviation: each(deviation, 1) };
}
