/** Colours that are read on light and on dark pages. */
const style = `text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.faint { fill: #59636e } .line { stroke: #59636e; fill: none }
.query { fill: #ddf4ff; stroke: #0969da } .positive { fill: #1a7f37 } .negative { fill: #d8dee4 }
.hard { fill: #d4a72c } .step { fill: #f6f8fa; stroke: #59636e } .cost { fill: #ddf4ff; stroke: #0969da }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .faint { fill: #9198a1 } .line { stroke: #9198a1 }
.query { fill: #0c2d6b; stroke: #4493f8 } .positive { fill: #3fb950 } .negative { fill: #30363d }
.hard { fill: #bb8009 } .step { fill: #151b23; stroke: #9198a1 } .cost { fill: #0c2d6b; stroke: #4493f8 }
}`;

/** A picture with a title for those who cannot see it. */
export const svg = (width: number, height: number, title: string, parts: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${title}</title>`,
    `<style>${style}</style>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');

export const box = (kind: string, x: number, y: number, width: number, height: number): string =>
  `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="3"/>`;

export const label = (text: string, x: number, y: number, { anchor = 'start', faint = false } = {}): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}"${faint ? ' class="faint"' : ''}>${text}</text>`;

/** From one place to another, with a head. */
export function arrow(fromX: number, fromY: number, toX: number, toY: number): string {
  const angle = Math.atan2(toY - fromY, toX - fromX);
  const head = [2.6, -2.6].map((turn) => {
    const at = (value: number) => value.toFixed(1);
    return `${at(toX + 7 * Math.cos(angle + turn))} ${at(toY + 7 * Math.sin(angle + turn))}`;
  });
  return `<path class="line" d="M${fromX} ${fromY}L${toX} ${toY}M${head[0]}L${toX} ${toY}L${head[1]}"/>`;
}
