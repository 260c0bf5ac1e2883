/**
 * Stylised 7×12 bitmaps of the ten digits, the centres of LeNet-5's RBF output (LeCun et al. 1998, §II.B, figure 3).
 * Each has 84 values, row by row, 1 for black and −1 for white. They are drawn after the figure's manner (strokes of
 * two pixels, room below for descenders), not copied from it pixel by pixel. Digits that look alike have centres near
 * one another, as the paper intends.
 */
const ROWS = 12;
const COLUMNS = 7;

/** Each line holds one row of five digits. */
const zeroToFour = `
.......  .......  .......  .......  .......
..###..  ...##..  .#####.  .#####.  ....##.
.##.##.  ..###..  ##...##  ##...##  ...###.
##...##  .####..  .....##  .....##  ..####.
##...##  ...##..  ....##.  .....##  .##.##.
##...##  ...##..  ...##..  ..####.  ##..##.
##...##  ...##..  ..##...  .....##  #######
##...##  ...##..  .##....  .....##  ....##.
.##.##.  ...##..  ##.....  ##...##  ....##.
..###..  .######  #######  .#####.  ....##.
.......  .......  .......  .......  .......
.......  .......  .......  .......  .......`;

const fiveToNine = `
.......  .......  .......  .......  .......
#######  ..####.  #######  .#####.  .#####.
##.....  .##....  ##...##  ##...##  ##...##
##.....  ##.....  .....##  ##...##  ##...##
######.  ######.  ....##.  ##...##  ##...##
.....##  ##...##  ...##..  .#####.  ##...##
.....##  ##...##  ...##..  ##...##  .######
.....##  ##...##  ..##...  ##...##  .....##
##...##  ##...##  ..##...  ##...##  ....##.
.#####.  .#####.  ..##...  .#####.  .####..
.......  .......  .......  .......  .......
.......  .......  .......  .......  .......`;

function read(drawing: string): number[][] {
  const rows = drawing.trim().split('\n');
  return Array.from({ length: 5 }, (_, digit) =>
    rows.flatMap((row) => {
      const from = digit * (COLUMNS + 2);
      return Array.from(row.slice(from, from + COLUMNS), (pixel) => (pixel === '#' ? 1 : -1));
    }),
  );
}

/** Bitmap of each digit from 0 to 9, 84 values. */
export const digitBitmaps: readonly (readonly number[])[] = /* @__PURE__ */ [
  zeroToFour,
  fiveToNine,
].flatMap(read);

/** Height and width of a bitmap. */
export const digitBitmapShape = [ROWS, COLUMNS] as const;
