/**
 * Templates of handwritten digits, several for each digit. Each is a list of strokes, each stroke the points
 * that a smooth curve passes through. Points are written as `x,y` in hundredths: x runs right, y down; a stroke
 * that starts where another ended makes a corner.
 */

export type Point = readonly [x: number, y: number];
export type Stroke = readonly Point[];
export type Template = readonly Stroke[];

/** Strokes are separated by `|`. */
const drawings: readonly (readonly string[])[] = [
  // 0: one loop, closed at the top; closed with an overlap; narrow and left open a little
  [
    '50,5 22,18 12,50 22,82 50,95 78,82 88,50 78,18 50,5',
    '62,10 36,8 16,35 16,70 40,94 70,88 86,60 82,28 60,6 40,10',
    '55,6 30,14 18,48 26,84 48,95 72,84 82,50 76,20 58,8',
  ],
  // 1: a bare line (twice as likely); with a flag; with flag and foot
  [
    '50,5 50,95',
    '52,5 50,50 48,95',
    '34,26 52,5 | 52,5 52,95',
    '32,24 52,5 | 52,5 52,95 | 26,95 78,95',
  ],
  // 2: with a corner at the foot; with a loop there; with a flowing foot
  [
    '18,25 32,8 56,5 76,20 70,45 45,70 15,94 | 15,94 50,93 86,92',
    '20,24 40,6 68,10 74,34 56,62 30,88 15,86 22,74 44,82 66,94 88,88',
    '22,18 45,5 72,16 70,42 44,68 14,92 36,86 62,92 88,90',
  ],
  // 3: two bowls; bowls that flow into each other with a small loop; a flat top
  [
    '20,16 45,4 74,16 70,37 42,47 | 42,47 76,56 82,78 55,96 18,87',
    '18,14 50,5 74,20 62,40 40,46 62,50 80,70 60,94 18,90',
    '20,8 78,7 | 78,7 44,42 | 44,42 76,50 80,78 52,96 16,88',
  ],
  // 4: open; closed at the top; open with a short bar
  [
    '24,8 18,36 16,56 | 16,56 50,56 86,52 | 72,6 70,50 66,95',
    '64,5 38,34 12,62 | 12,62 50,62 90,60 | 66,5 65,50 64,95',
    '22,10 20,40 34,54 60,50 78,40 | 80,6 76,50 70,95',
    '30,6 14,46 30,56 70,50 | 74,10 70,95',
  ],
  // 5: roof and body; drawn in one go; a narrow roof
  [
    '78,7 30,8 | 30,8 24,44 | 24,44 50,37 78,52 78,80 50,96 16,88',
    '82,6 50,8 32,12 26,36 34,46 60,46 76,64 66,88 40,96 14,86',
    '36,10 30,46 | 30,46 52,44 70,60 64,86 40,95 18,88 | 36,10 84,6',
  ],
  // 6: a round loop; a long neck; a small loop
  [
    '68,6 40,25 20,60 28,88 55,95 77,78 68,57 42,56 23,72',
    '50,5 28,40 22,74 42,95 68,88 74,68 54,56 28,72',
    '76,5 46,30 26,66 34,92 58,90 64,70 48,62 30,78',
  ],
  // 7: a corner; with a crossbar; with a serif; with a round shoulder
  [
    '14,10 50,10 84,7 | 84,7 60,48 44,95',
    '14,10 84,8 | 84,8 62,46 42,95 | 34,52 78,48',
    '18,26 18,10 | 18,10 82,10 | 82,10 66,50 56,95',
    '16,20 40,8 72,10 76,30 60,62 50,95',
  ],
  // 8: one line that crosses itself; two rings; starting in the middle
  [
    '72,16 50,5 28,18 36,40 62,56 74,78 50,95 26,78 38,55 64,40 74,18',
    '50,5 30,14 30,34 50,45 70,34 70,14 50,5 | 50,45 24,58 24,82 50,95 76,82 76,58 50,45',
    '52,48 28,30 40,7 68,10 70,32 44,56 28,80 46,95 68,82 60,58 50,47',
  ],
  // 9: a straight tail; a curved one; drawn in one go
  [
    '74,26 52,6 26,22 30,46 54,48 74,26 | 74,26 72,60 66,95',
    '74,24 50,5 26,20 30,46 56,46 74,24 | 74,24 76,60 60,90 28,92',
    '70,14 44,6 24,28 40,48 64,36 72,16 70,50 56,95',
  ],
];

const parsePoint = (text: string): Point => {
  const [x, y] = text.split(',').map(Number) as [number, number];
  return [x / 100, y / 100];
};

/** templates[digit]: the ways of writing it, all equally likely. */
export const templates: readonly (readonly Template[])[] = drawings.map((ways) =>
  ways.map((way) => way.split(' | ').map((stroke) => stroke.split(' ').map(parsePoint))),
);
