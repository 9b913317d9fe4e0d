/** A line's name and labels in one form: always with braces, labels sorted. Takes labels that are not wanted out. */
export function canonical(line: string, unwanted: readonly string[] = []): string {
  const [, name] = /^([^{]*)/.exec(line)!;
  const pairs = [...line.matchAll(/([a-zA-Z0-9_]+)="(?:[^"\\]|\\.)*"/g)]
    .filter(([, label]) => !unwanted.includes(label))
    .map(([pair]) => pair);
  return `${name}{${pairs.sort()}}`;
}
