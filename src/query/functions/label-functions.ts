import type { Block } from '../block';
import { unanswerable } from '../failure';
import { isLabelName, labelOf, withLabel } from '../labels';
import type { Memory } from '../memory';
import { compileRegex, MOST_INSTRUCTIONS } from '../regex';

/** `label_replace(vector, target, replacement, source, regex)` */
export function replaceLabel(
  block: Block,
  memory: Memory,
  [target, replacement, source, text]: readonly string[],
): Block {
  const regex = compileRegex(text);
  if (regex === undefined) throw unanswerable(`label_replace(): ${JSON.stringify(text)} is no regular expression`);
  if (regex.programSize() > MOST_INSTRUCTIONS)
    throw unanswerable(`label_replace(): a regular expression of more than ${MOST_INSTRUCTIONS} instructions`);
  if (!isLabelName(target)) throw unanswerable(`label_replace(): ${JSON.stringify(target)} is no name of a label`);
  const groups = new Map<string, string>();
  const replaced = memory.of(block.labels, (all) =>
    all.map((labels) => {
      const matcher = regex.matcher(labelOf(labels, source));
      if (!matcher.matches()) return labels;
      groups.clear();
      for (let group = 0; group <= matcher.groupCount(); group++) groups.set(String(group), matcher.group(group) ?? '');
      for (const name of Object.keys(regex.namedGroups())) groups.set(name, matcher.group(name) ?? '');
      return withLabel(labels, target, expand(replacement, groups));
    }),
  );
  return block.labelled(replaced).merged();
}

/** Go's templates: `$1`, `${1}`, `$name`, `${name}`, `$$`. A group that is not there is empty. */
function expand(template: string, groups: ReadonlyMap<string, string>): string {
  return template.replace(/\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu, (_, dollar, braced, plain) =>
    dollar === undefined ? (groups.get(braced ?? plain) ?? '') : '$',
  );
}

/** `label_join(vector, target, separator, source, ...)` */
export function joinLabels(block: Block, memory: Memory, [target, separator, ...sources]: readonly string[]): Block {
  for (const name of [target, ...sources])
    if (!isLabelName(name)) throw unanswerable(`label_join(): ${JSON.stringify(name)} is no name of a label`);
  const joined = memory.of(block.labels, (all) =>
    all.map((labels) => withLabel(labels, target, sources.map((source) => labelOf(labels, source)).join(separator))),
  );
  return block.labelled(joined).merged();
}
