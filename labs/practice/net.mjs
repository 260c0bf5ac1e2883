/** The net of the labs of practice: convolutions without padding, so that a part of a picture is seen as if it were alone. */
import {
  batchNorm1d,
  batchNorm2d,
  conv2d,
  flatten,
  linear,
  maxPool2d,
  relu,
  sequential,
} from 'lanewise';

/** A net that sees size×size pixels; places where it can look are four pixels apart. */
export function netOf(channels, size, width, classes) {
  const side = Math.floor((Math.floor((size - 4) / 2) - 2) / 2) - 2;
  const stage = (from, to, kernel) => [conv2d(from, to, kernel), batchNorm2d(to), relu()];
  return sequential(
    [
      ...stage(channels, width, 5),
      maxPool2d(2),
      ...stage(width, 2 * width, 3),
      maxPool2d(2),
      ...stage(2 * width, 2 * width, 3),
      flatten(),
      linear(2 * width * side * side, 8 * width),
      batchNorm1d(8 * width),
      relu(),
      linear(8 * width, classes),
    ],
    { input: [channels, size, size], mean: 0.2, deviation: 0.3 },
  );
}
