const CELL = { width: 7.8, height: 17, size: 13 };
const PADDING = 14;
const BAR = 26;
const HOLD_LAST_MS = 4_000;

/** @type {Readonly<Record<number, string>>} */
const COLOURS = {
  30: "#484f58",
  31: "#ff7b72",
  32: "#7ee787",
  33: "#e3b341",
  34: "#79c0ff",
  35: "#d2a8ff",
  36: "#76e3ea",
  37: "#e6edf3",
  90: "#8b949e",
  91: "#ffa198",
  92: "#aff5b4",
  93: "#f2cc60",
  94: "#a5d6ff",
  95: "#e2c5ff",
  96: "#b3f0ff",
  97: "#ffffff",
}; // prettier-ignore
const FOREGROUND = "#e6edf3";

/** @typedef {{ colour: string, bold: boolean, dim: boolean }} Style */

/**
 * One looping SVG of terminal screens, each shown for as long as it stood.
 *
 * @param {readonly { atMs: number, text: string }[]} frames screens with ANSI colours
 * @param {{ columns: number, rows: number }} size
 */
export function animate(frames, size) {
  const width = Math.ceil(size.columns * CELL.width + 2 * PADDING);
  const height = size.rows * CELL.height + BAR + PADDING;
  const first = frames[0]?.atMs ?? 0;
  const totalMs = (frames.at(-1)?.atMs ?? 0) - first + HOLD_LAST_MS;
  const groups = frames.map((frame, index) => {
    const from = (frame.atMs - first) / totalMs;
    const to = ((frames[index + 1]?.atMs ?? first + totalMs) - first) / totalMs;
    return `<g opacity="0">${visibility(from, to, totalMs)}${screen(frame.text, size.rows)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${CELL.size}">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g fill="#30363d"><circle cx="18" cy="14" r="5"/><circle cx="36" cy="14" r="5"/><circle cx="54" cy="14" r="5"/></g>
<text x="${width / 2}" y="18" text-anchor="middle" fill="#8b949e" font-size="12">npm start</text>
${groups.join("\n")}
</svg>
`;
}

/**
 * @param {number} from share of the whole, 0 to 1
 * @param {number} to
 * @param {number} totalMs
 */
function visibility(from, to, totalMs) {
  const points =
    from === 0
      ? [
          [0, 1],
          [to, 0],
        ]
      : [
          [0, 0],
          [from, 1],
          [to, 0],
        ]; // prettier-ignore
  if (to >= 1) points.pop();
  const times = points.map(([at = 0]) => at.toFixed(4)).join(";");
  const values = points.map(([, value]) => value).join(";");
  return `<animate attributeName="opacity" calcMode="discrete" dur="${totalMs}ms" repeatCount="indefinite" keyTimes="${times}" values="${values}"/>`;
}

/**
 * @param {string} text
 * @param {number} rows
 */
function screen(text, rows) {
  /** @type {Style} */
  let style = { colour: FOREGROUND, bold: false, dim: false };
  return text
    .split("\n")
    .slice(0, rows)
    .map((line, row) => {
      const y = BAR + (row + 1) * CELL.height - 4;
      let spans = "";
      // Colours go on across lines, as they do in a terminal.
      const [plain = "", ...styled] = line.split("\u001b[");
      if (plain !== "") spans += span(plain, style);
      for (const piece of styled) {
        const [, codes = "", text = ""] = /^([\d;]*)m(.*)$/.exec(piece) ?? [];
        style = restyled(style, codes);
        if (text !== "") spans += span(text, style);
      }
      return spans.trim() === "" ? "" : `<text x="${PADDING}" y="${y}" xml:space="preserve">${spans}</text>`;
    })
    .join("");
}

/**
 * @param {Style} style
 * @param {string} codes
 */
function restyled(style, codes) {
  let result = { ...style };
  for (const code of codes.split(";").map(Number)) {
    if (code === 0) result = { colour: FOREGROUND, bold: false, dim: false };
    else if (code === 1) result.bold = true;
    else if (code === 2) result.dim = true;
    else if (code === 22) result = { ...result, bold: false, dim: false };
    else if (code === 39) result.colour = FOREGROUND;
    else result.colour = COLOURS[code] ?? result.colour;
  }
  return result;
}

/**
 * @param {string} text
 * @param {Style} style
 */
function span(text, { colour, bold, dim }) {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const weight = bold ? ' font-weight="bold"' : "";
  return `<tspan fill="${dim ? "#8b949e" : colour}"${weight}>${escaped}</tspan>`;
}
