/** The style of a lab's page. */
export const PAGE_STYLE = `
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 24px; }
footer { padding-top: 20px; padding-bottom: 28px; }
h1 { font-size: 26px; line-height: 1.2; margin: 2px 0 8px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 30px 0 6px; }
h3 { font-size: 15px; margin: 0 0 6px; overflow-wrap: anywhere; }
p { margin: 0 0 10px; }
a { color: var(--tone-0); }
.about, .conclusion { max-width: 80ch; }
.conclusion { background: var(--mark); border-radius: 8px; padding: 9px 14px; width: fit-content; margin-bottom: 18px; }
.soft, figcaption { color: var(--soft); font-size: 13px; }
header .soft { margin: 0; }
.one { white-space: nowrap; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 480px), 1fr)); gap: 14px; }
figure, .panel { background: var(--card); border: 1px solid var(--grid); border-radius: 8px; margin: 0; padding: 12px 14px; min-width: 0; }
figure.whole { grid-column: 1 / -1; }
figcaption { margin-top: 8px; max-width: 75ch; }
.panel p:last-child { margin-bottom: 0; }
.narrow { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; list-style: none; margin: 6px 0 0; padding: 0; font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 6px; min-width: 0; overflow-wrap: anywhere; }
.legend .line { flex: none; width: 20px; border-top: 2.5px solid currentcolor; }
.legend .patch { flex: none; width: 11px; height: 11px; border-radius: 3px; background: currentcolor; }
.images { display: grid; gap: 8px; list-style: none; margin: 0; padding: 0; justify-content: start; }
.images li { min-width: 0; font-size: 12px; line-height: 1.3; }
.image { position: relative; display: block; }
.image img { display: block; width: 100%; height: auto; border-radius: 2px; }
.image img.pixels { image-rendering: pixelated; }
.image .boxes { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.image .tag { position: absolute; transform: translateY(-100%); color: #111; padding: 0 3px; font-size: 10px; line-height: 1.2; white-space: nowrap; }
.images .label { display: block; margin-top: 2px; color: var(--soft); overflow-wrap: anywhere; white-space: pre-line; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13.5px; }
th, td { text-align: right; padding: 4px 12px 4px 0; border-top: 1px solid var(--grid); vertical-align: top; white-space: nowrap; }
td + td, th + td, th + th { padding-left: 8px; }
thead th, tbody:first-child tr:first-child > * { border-top: 0; }
thead th { color: var(--soft); font-weight: 500; }
th:first-child { text-align: left; font-weight: 500; white-space: normal; min-width: 110px; }
td.words, th.words { text-align: left; white-space: normal; }
td.words:last-child { color: var(--soft); min-width: 150px; }
figure td.words, figure td.words:last-child { color: inherit; min-width: 0; }
.value { font-weight: 600; }
.bad { color: var(--bad); }
.changed td.value { background: var(--mark); }
.papers { margin: 0; padding-left: 18px; }
@media (max-width: 560px) {
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  figure, .panel { padding: 10px; }
  h1 { font-size: 22px; }
  .narrow { display: block; }
  .wide { display: none; }
  .figures thead { display: none; }
  .figures table, .figures tbody { display: block; }
  .figures tr { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 14px; padding: 6px 0; border-top: 1px solid var(--grid); }
  .figures tr:first-child { border-top: 0; }
  .figures th, .figures td { border: 0; padding: 0 !important; white-space: normal; }
  .figures th, .figures td.words { flex: 1 0 100%; text-align: left; }
  .figures td:not([data-is], .value, .words) { display: none; }
  .figures [data-is]::before { content: attr(data-is) ' '; color: var(--soft); }
  figure th, figure td { padding-right: 6px; }
  figure thead th { white-space: normal; vertical-align: bottom; }
  figure table { font-size: 12px; }
  th:first-child { min-width: 0; }
  th code { white-space: nowrap; }
  td.long { white-space: normal; overflow-wrap: anywhere; min-width: 14ch; }
  td.words:last-child { min-width: 0; }
  .images { gap: 5px; }
  .images li { font-size: 10px; }
}
`;
