import type { Block } from '../block';
import { unanswerable } from '../failure';
import { isLabelName, labelOf, withLabel } from '../labels';
import type { Memory } from '../memory';
import { compileRegex, expandGroups, groupsOf, MOST_INSTRUCTIONS } from '../regex';

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
  const replaced = memory.of(block.labels, (all) =>
    all.map((labels) => {
      const matcher = regex.matcher(labelOf(labels, source));
      if (!matcher.matches()) return labels;
      return withLabel(labels, target, expandGroups(replacement, groupsOf(regex, matcher)));
    }),
  );
  return block.labelled(replaced).merged();
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
