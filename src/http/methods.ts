const METHODS = ['OTHER', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'QUERY'];

const indexes = new Map(METHODS.map((method, index) => [method, index]));

/** Number of a method; uncommon methods share 0. */
export function methodIndex(method: string | undefined): number {
  return indexes.get(method as string) ?? 0;
}

/** The label value of a method's number. */
export function methodName(index: number): string {
  return METHODS[index];
}
