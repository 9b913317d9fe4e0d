import { type InspectOptions, inspect } from 'node:util';

/**
 * Limits what `JSON.stringify` and `console.log` show of a class's objects. All objects of a collector refer to its
 * arena, whose hundreds of megabytes would otherwise be printed number by number.
 *
 * @param fields returns a few plain values; must be fast
 */
export function showsOnly<T extends object>(type: { readonly prototype: T }, fields: (self: T) => object): void {
  const define = (key: string | symbol, value: unknown): unknown =>
    Object.defineProperty(type.prototype, key, { value, configurable: true, writable: true });
  define('toJSON', function (this: T) {
    return fields(this);
  });
  define(inspect.custom, function (this: T, depth: number, options: InspectOptions) {
    const { name } = this.constructor;
    return depth < 0 ? `[${name}]` : `${name} ${inspect(fields(this), { ...options, depth: 1 })}`;
  });
}
