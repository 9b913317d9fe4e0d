/** Lines up cells in columns: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd();
  const [heading, ...body] = rows;
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return `${[line(heading), rule, ...body.map(line)].join('\n')}\n`;
}
