/** The version of an installed package. */
export function versionOf(name: string): string {
  return (require(`${name}/package.json`) as { version: string }).version;
}
