/** Whether an object has a property of its own or of its class; ignores properties added to Object.prototype. */
export function hasProperty(object: object, name: string): boolean {
  return Object.hasOwn(object, name) || (name in object && !Object.hasOwn(Object.prototype, name));
}

/**
 * Copies an object given by a user. The copy has no prototype, so that reading and destructuring it ignore properties
 * that were added to Object.prototype. Reads every property once.
 */
export function ownProperties<T extends object>(
  given: T,
  names: readonly string[] = Object.keys(given),
): T & Record<string, unknown> {
  const own = Object.create(null) as Record<string, unknown>;
  for (const name of names) if (hasProperty(given, name)) own[name] = (given as Record<string, unknown>)[name];
  return own as T & Record<string, unknown>;
}
