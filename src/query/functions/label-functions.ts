import { LABEL_NAME } from '../../common/names';
import type { Block } from '../block';
import type { Budget } from '../budget';
import { limited, unanswerable } from '../failure';
import { labelOf, withLabel } from '../labels';
import type { Memory } from '../memory';
import {
  compileRegex,
  expandedLength,
  expandGroups,
  groupsOf,
  MOST_INSTRUCTIONS,
  MOST_MATCHING,
  matchingWork,
} from '../regex';
import type { LabelSet } from '../types';

/** `label_replace(vector, target, replacement, source, regex)` */
export async function replaceLabel(
  block: Block,
  memory: Memory,
  [target, replacement, source, text]: readonly string[],
  budget: Budget,
): Promise<Block> {
  const regex = compileRegex(text);
  if (regex === undefined)
    throw unanswerable(`label_replace(): ${JSON.stringify(text)} is not a valid regular expression`);
  if (regex.programSize() > MOST_INSTRUCTIONS)
    throw unanswerable(
      `label_replace(): the regular expression compiles to more than ${MOST_INSTRUCTIONS} instructions`,
    );
  if (!LABEL_NAME.test(target))
    throw unanswerable(`label_replace(): ${JSON.stringify(target)} is not a valid label name`);
  const replace = (labels: LabelSet): LabelSet => {
    const value = labelOf(labels, source);
    const matcher = regex.matcher(value);
    if (!matcher.matches()) return labels;
    const groups = groupsOf(regex, matcher);
    budget.holdObject(Object.keys(labels).length + 1, expandedLength(replacement, groups));
    return withLabel(labels, target, expandGroups(replacement, groups));
  };
  const work = (labels: LabelSet): number => {
    const needed = matchingWork(regex, labelOf(labels, source).length);
    if (needed > MOST_MATCHING)
      throw limited(`label_replace() needs ${needed} steps for one label, more than the limit of ${MOST_MATCHING}`);
    return needed + 10 * replacement.length;
  };
  const replaced = await memory.of(block.labels, budget, (all) => mapLabels(all, replace, work, budget));
  return block.labelled(replaced).merged();
}

/** `label_join(vector, target, separator, source, ...)` */
export async function joinLabels(
  block: Block,
  memory: Memory,
  [target, separator, ...sources]: readonly string[],
  budget: Budget,
): Promise<Block> {
  for (const name of [target, ...sources])
    if (!LABEL_NAME.test(name)) throw unanswerable(`label_join(): ${JSON.stringify(name)} is not a valid label name`);
  const join = (labels: LabelSet): LabelSet => {
    let length = separator.length * sources.length;
    for (const source of sources) length += labelOf(labels, source).length;
    budget.holdObject(Object.keys(labels).length + 1, length);
    return withLabel(labels, target, sources.map((source) => labelOf(labels, source)).join(separator));
  };
  const work = (): number => 20 * sources.length;
  const joined = await memory.of(block.labels, budget, (all) => mapLabels(all, join, work, budget));
  return block.labelled(joined).merged();
}

/** Maps the labels of each series; `work` returns the cost of a call before it is made. */
async function mapLabels(
  all: readonly LabelSet[],
  make: (labels: LabelSet) => LabelSet,
  work: (labels: LabelSet) => number,
  budget: Budget,
): Promise<LabelSet[]> {
  const made: LabelSet[] = [];
  budget.holdEntries(all.length);
  for (const labels of all) {
    if (budget.spend(200 + work(labels))) await budget.turn();
    made.push(make(labels));
  }
  return made;
}
