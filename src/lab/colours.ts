/** Colours: of values, and of series. */

type Colour = readonly [red: number, green: number, blue: number];

/** From dark blue by green to yellow, of even steps in lightness, so that it is read in grey too. */
const HEAT: readonly Colour[] = [
  [68, 1, 84],
  [65, 68, 135],
  [42, 120, 142],
  [34, 168, 132],
  [122, 209, 81],
  [253, 231, 37],
];
/** Below 0 blue, above it orange. */
const DIVERGING: readonly Colour[] = [
  [10, 62, 130],
  [88, 150, 214],
  [245, 245, 245],
  [240, 146, 84],
  [158, 42, 12],
];
const GREY: readonly Colour[] = [
  [0, 0, 0],
  [255, 255, 255],
];

export const palettes = { heat: HEAT, diverging: DIVERGING, grey: GREY };

/** The colour at a place from 0 to 1 between a palette's ends. */
export function colourAt(palette: readonly Colour[], share: number): Colour {
  const at = Math.max(0, Math.min(1, share)) * (palette.length - 1);
  const i = Math.min(palette.length - 2, Math.floor(at));
  const [a, b] = [palette[i]!, palette[i + 1]!];
  const mix = (c: 0 | 1 | 2): number => Math.round(a[c] + (b[c] - a[c]) * (at - i));
  return [mix(0), mix(1), mix(2)];
}

/** Colours that are told apart by name; more series than that are told by their order. */
const TONES = 8;

/** The colour of series `i` of `count`, for a style. */
export const toneOf = (i: number, count: number): string =>
  count <= TONES
    ? `var(--tone-${i})`
    : `hsl(${Math.round(250 - (250 * i) / (count - 1))} 70% var(--scale-lightness))`;

/** The variables of a page or a picture of its own, light and dark. */
export const VARIABLES = `:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #1a1f29; --soft: #5b6472; --grid: #e3e7ec; --mark: #fff3d1; --bad: #b3261e;
  --tone-0: #1f6fd6; --tone-1: #d9580d; --tone-2: #17824f; --tone-3: #8b3fc4; --tone-4: #b8860b; --tone-5: #0e8a96;
  --tone-6: #c2377f; --tone-7: #6b7584; --scale-lightness: 44%;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #11151c; --card: #1a202a; --ink: #e7ebf1; --soft: #9aa5b4; --grid: #2c3542; --mark: #4a3d12; --bad: #ff8a80;
    --tone-0: #62a4f8; --tone-1: #ff9a52; --tone-2: #4cc38a; --tone-3: #c08af0; --tone-4: #e2b93b; --tone-5: #45c4d0;
    --tone-6: #f07ab8; --tone-7: #a3adba; --scale-lightness: 66%;
  }
}
`;
