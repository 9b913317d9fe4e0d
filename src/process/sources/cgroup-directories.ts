import { join } from 'node:path';

/**
 * The directories of a process's control groups, by controller; '' is the single hierarchy of version 2. Sources:
 * cgroups(7) and proc_pid_mountinfo(5).
 *
 * @param mounts text of /proc/self/mountinfo
 * @param groups text of /proc/self/cgroup
 * @param exists whether there is such a directory
 */
export function cgroupDirectories(
  mounts: string,
  groups: string,
  exists: (path: string) => boolean,
): ReadonlyMap<string, string> {
  const paths = pathsOf(groups);
  const directories = new Map<string, string>();
  for (const line of mounts.split('\n')) {
    const [before, after = ''] = line.split(' - ');
    const [, , , root, mountPoint] = before.split(' ').map(withoutEscapes);
    const [type, , options = ''] = after.split(' ');
    if ((type !== 'cgroup' && type !== 'cgroup2') || mountPoint === undefined) continue;
    const controllers = type === 'cgroup2' ? [''] : options.split(',').filter((name) => paths.has(name));
    for (const controller of controllers) {
      const path = join(mountPoint, within(root, paths.get(controller) ?? '/'));
      // in a container the path may be relative to the host, while only the container's group is mounted
      directories.set(controller, exists(path) ? path : mountPoint);
    }
  }
  return directories;
}

/** Parses lines such as `4:memory:/docker/ab12` and `0::/user.slice`. */
function pathsOf(groups: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of groups.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path !== undefined) for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths;
}

/** A group's path relative to the mounted group. */
function within(root: string, path: string): string {
  if (path === root) return '/';
  return path.startsWith(`${root}/`) ? path.slice(root.length) : path;
}

/** A space is written as `\040`. */
function withoutEscapes(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
