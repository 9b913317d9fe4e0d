import type { LabelSet } from './types';

export const NAME = '__name__';
export const NO_LABELS: LabelSet = Object.freeze({});

/** A label's value; '' if there is no such label, which is the same. */
export function labelOf(labels: LabelSet, name: string): string {
  return Object.hasOwn(labels, name) ? labels[name] : '';
}

/** The same text for the same labels, and for no others. */
export function keyOf(labels: LabelSet): string {
  let key = '';
  for (const name of Object.keys(labels).sort()) key += part(name) + part(labels[name]);
  return key;
}

/** Texts with their lengths in front cannot be mistaken for others, wherever one ends. */
export function part(text: string): string {
  return `${text.length}:${text}`;
}

/** Labels without the metric's name. */
export function withoutName(labels: LabelSet): LabelSet {
  return Object.hasOwn(labels, NAME) ? pick(labels, (name) => name !== NAME) : labels;
}

/** Characters of the key of labels: names, values and their lengths. */
export function keyLength(labels: LabelSet): number {
  let length = 0;
  for (const name of Object.keys(labels)) length += name.length + labels[name].length + 8;
  return length;
}

/** Those labels whose names are wanted. */
export function pick(labels: LabelSet, wanted: (name: string) => boolean): LabelSet {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => wanted(name)));
}

/** Labels with one of them set, or removed by ''. */
export function withLabel(labels: LabelSet, name: string, value: string): LabelSet {
  const others = Object.entries(labels).filter(([other]) => other !== name);
  return Object.fromEntries(value === '' ? others : [...others, [name, value]]);
}

export function isLabelName(text: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(text);
}

/**
 * A text for each set of labels that sorts as Prometheus sorts them: the first label that differs decides, by its name and
 * then by its value. Different labels have different texts: what ends a name or a value sorts before all characters, and
 * is told from the same character inside of a value by what follows.
 */
export function sortKey(labels: LabelSet): string {
  let key = '';
  for (const name of Object.keys(labels).sort()) key += `${name}\0${labels[name].replaceAll('\0', '\0\uffff')}\0`;
  return key;
}
