/**
 * The rows of the kernels on bytes, which the builds `int8-relaxed` and `int8-plain` have and nothing else. Their notation is
 * explained in kernel-table.ts. Tensors of bytes hold 0 to 127, and a pixel's channels are neighbours: N×H×W×C.
 */

// A call, so that bundles without the table can drop it.
export const int8Kernels = /* @__PURE__ */ describe();

function describe() {
  const extents = 'N C H W O kh kw sh sw ph pw dilationH dilationW P Q zeroX<127 x:N.H.W.C';
  // Panels of four outputs; each row of taps, or with groups each tap, has whole steps of four bytes.
  const panels = 'w:O/4.kh.kw*C/4.16';
  const grouped = 'w:groups.O/groups/4.kh.kw.C/groups/4.16';
  const clamped = 'zeroY<127 low<127 high<127';
  const finished = `bias=O/4.4 m=O/4.4 shift<62 ${clamped} table?:256 y!N.P.Q.O workspace`;
  const windows = 'N H W C kh kw sh sw ph pw P Q';

  return {
    addInt8: `count zeroA<127 mA<2147483647 zeroB<127 mB<2147483647 shift<62 ${clamped} a:count b:count y!count`,
    avgPoolInt8: `${windows} countPadding<1 zeroX<127 m<2147483647 shift<62 zeroY<127 x:N.H.W.C y!N.P.Q.C`,
    convInt8: `${extents} ${panels} ${finished}`,
    convInt8Depthwise: `${extents} w:kh.kw.C/16.16 ${finished}`,
    convInt8Floats: `${extents} ${panels} bias=O/4.4 scale=O/4.4 y>N.O.P.Q workspace`,
    convInt8Grouped: `groups ${extents} ${grouped} ${finished}`,
    dequantizePlanes: 'N C area scale~ zero<127 x:N.area.C y>N.C.area',
    fillInt8: 'count value<127 y!count',
    maxPoolInt8: `${windows} x:N.H.W.C y!N.P.Q.C`,
    quantizePlanes: 'N C area inverse~ zero<127 x=N.C.area y!N.area.C',
    rescaleInt8: `rows C xPitch yPitch zeroX<127 m<2147483647 shift<62 ${clamped} x:rows-1.xPitch+C y^rows-1.yPitch+C`,
    tableInt8: 'count x:count table:128 y!count',
  } as const;
}
