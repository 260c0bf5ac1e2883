// The losses while learning: over steps, by powers of ten.
import { coloursOf } from './paint.mjs';

const [LEFT, BOTTOM, TOP, RIGHT] = [52, 24, 8, 12];

const raised = (digit) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(digit)];
const tenTo = (exponent) => `10${[...String(exponent)].map(raised).join('')}`;
const power = (exponent) => (exponent >= -2 ? String(10 ** exponent) : tenTo(exponent));

/** A loss as it is written. */
export function shortLoss(loss) {
  if (loss >= 0.001) return loss.toFixed(loss < 0.1 ? 4 : 3);
  const [digits, exponent] = loss.toExponential(1).split('e');
  return loss === 0 ? '0' : `${digits}·${tenTo(Number(exponent))}`;
}

/** Draws the curves of `marks`, each `{ step, loss, newLoss }`, over `steps`; that of new points if some are held out. */
export function drawCurve(canvas, marks, steps, hasNew) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  const colours = coloursOf();
  const values = marks.flatMap(({ loss, newLoss }) => [loss, newLoss]);
  const exponents = values.map((value) => Math.log10(Math.max(value, 1e-9)));
  const high = Math.ceil(Math.max(0, ...exponents));
  const low = Math.min(high - 1, Math.floor(Math.min(-1, ...exponents)));
  const across = (step) => LEFT + (step / steps) * (width - LEFT - RIGHT);
  const down = (exponent) => TOP + ((high - exponent) / (high - low)) * (height - TOP - BOTTOM);

  context.font = '12px system-ui, sans-serif';
  context.fillStyle = colours.soft;
  context.strokeStyle = colours.line;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  const stride = Math.ceil((high - low) / 5);
  for (let exponent = high; exponent >= low; exponent -= stride) {
    context.fillText(power(exponent), LEFT - 8, down(exponent));
    context.beginPath();
    context.moveTo(LEFT, down(exponent));
    context.lineTo(width - RIGHT, down(exponent));
    context.stroke();
  }
  context.textBaseline = 'alphabetic';
  for (const share of [0, 0.5, 1]) {
    context.textAlign = share === 1 ? 'right' : 'center';
    context.fillText(String(Math.round(share * steps)), across(share * steps), height - 6);
  }
  for (const [name, colour] of [
    ['loss', colours.accent],
    ...(hasNew ? [['newLoss', colours.unseen]] : []),
  ]) {
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    for (const mark of marks)
      context.lineTo(across(mark.step), down(Math.log10(Math.max(mark[name], 1e-9))));
    context.stroke();
  }
}
