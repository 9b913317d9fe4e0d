import type { LabelSet } from './types';

export const NAME = '__name__';
export const NO_LABELS: LabelSet = Object.freeze({});

/** A label's value; '' if it is missing, which PromQL treats alike. */
export function labelOf(labels: LabelSet, name: string): string {
  return Object.hasOwn(labels, name) ? labels[name] : '';
}

/** A key that is equal exactly for equal labels. */
export function keyOf(labels: LabelSet): string {
  let key = '';
  for (const name of Object.keys(labels).sort()) key += part(name) + part(labels[name]);
  return key;
}

/** A text prefixed with its length, so that concatenated texts are unambiguous. */
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

/**
 * A key for label sets that sorts as Prometheus sorts them: the first different label decides, by its name, then by its
 * value. Different labels have different keys: the terminator of names and values sorts before all characters, and is
 * escaped inside of a value.
 */
export function sortKey(labels: LabelSet): string {
  let key = '';
  for (const name of Object.keys(labels).sort()) key += `${name}\0${labels[name].replaceAll('\0', '\0\uffff')}\0`;
  return key;
}
