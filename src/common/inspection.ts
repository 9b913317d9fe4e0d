import { type InspectOptions, inspect } from 'node:util';

/**
 * Says what `JSON.stringify` and `console.log` show of a class's objects. All objects of a collector lead to its arena,
 * hundreds of megabytes that would be written out number by number.
 *
 * @param fields a few plain values; reads nothing that takes long
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
