type AnyFunction = (...args: never[]) => unknown;

/** The part of the reflect-metadata API that is used here. Applications that have no decorators do not load it. */
interface MetadataReflect {
  getOwnMetadataKeys?(target: object, key?: PropertyKey): unknown[];
  getOwnMetadata?(name: unknown, target: object, key?: PropertyKey): unknown;
  defineMetadata?(name: unknown, value: unknown, target: object, key?: PropertyKey): void;
}

/**
 * Makes a wrapper look like the wrapped function: copies its own properties (name, length, prototype, symbols and those
 * of libraries), its prototype, and its metadata of `reflect-metadata`, where NestJS keeps routes, guards and roles.
 * Decorators applied later add metadata to the wrapper, which the class then contains.
 */
export function alike<F extends AnyFunction>(original: AnyFunction, copy: F): F {
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Object.getOwnPropertyDescriptor(original, key)!;
    const own = Object.getOwnPropertyDescriptor(copy, key);
    if (own === undefined || own.configurable) Object.defineProperty(copy, key, descriptor);
    else if (own.writable && Object.hasOwn(descriptor, 'value')) Reflect.set(copy, key, descriptor.value);
  }
  Object.setPrototypeOf(copy, Object.getPrototypeOf(original));
  copyMetadata(original, copy, undefined);
  // a class stores the metadata of its static members under their names
  for (const key of Reflect.ownKeys(original)) copyMetadata(original, copy, key);
  return copy;
}

function copyMetadata(original: object, copy: object, key: PropertyKey | undefined): void {
  const reflect = Reflect as MetadataReflect;
  if (reflect.defineMetadata === undefined) return;
  for (const name of reflect.getOwnMetadataKeys?.(original, key) ?? [])
    reflect.defineMetadata(name, reflect.getOwnMetadata?.(name, original, key), copy, key);
}
