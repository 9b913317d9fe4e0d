/** Whether an object has a property itself or from its class, and not only because somebody has added it to all objects. */
export function hasProperty(object: object, name: string): boolean {
  return Object.hasOwn(object, name) || (name in object && !Object.hasOwn(Object.prototype, name));
}

/**
 * A copy of an object that a user gave. It has no prototype, so that nothing which somebody has added to all objects is
 * found in it, nor in what is destructured from it. Every property is read once.
 */
export function ownProperties<T extends object>(
  given: T,
  names: readonly string[] = Object.keys(given),
): T & Record<string, unknown> {
  const own = Object.create(null) as Record<string, unknown>;
  for (const name of names) if (hasProperty(given, name)) own[name] = (given as Record<string, unknown>)[name];
  return own as T & Record<string, unknown>;
}
