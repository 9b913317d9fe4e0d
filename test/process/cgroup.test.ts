import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Test, test } from 'tap';
import { ProcFile } from '../../dist/src/process/proc-file.js';
import type { Report } from '../../dist/src/process/report.js';
import { cgroup } from '../../dist/src/process/sources/cgroup.js';
import { cgroupDirectories } from '../../dist/src/process/sources/cgroup-directories.js';

/** Files of a machine that this one is not. Returns where a path of it is. */
function machine(t: Test, files: Record<string, string>): (path: string) => string {
  const root = t.testdir({});
  const at = (path: string): string => join(root, path);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text.replaceAll('ROOT', root));
  }
  return at;
}

/** What is reported of the machine's cgroup, by name and labels. */
function reportOf(at: (path: string) => string): Map<string, number> {
  const values = new Map<string, number>();
  const report = {
    set({ name }: { name: string }, value: number, labels: Record<string, string> = {}) {
      if (Number.isFinite(value)) values.set([name, ...Object.values(labels)].join(' '), value);
    },
  } as unknown as Report;
  for (const source of cgroup((path) => new ProcFile(path), at('/mountinfo'), at('/cgroup'))) source(report);
  return values;
}

test('version 2: limits, throttling, memory, disks, processes and pressure', async (t) => {
  const group = '/sys/fs/cgroup/kube/pod 1';
  const at = machine(t, {
    '/mountinfo': '35 24 0:30 / ROOT/sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n',
    '/cgroup': '0::/kube/pod 1\n',
    [`${group}/cpu.max`]: '150000 100000\n',
    [`${group}/cpu.stat`]:
      'usage_usec 5000000\nuser_usec 1\nsystem_usec 2\nnr_periods 40\nnr_throttled 7\nthrottled_usec 250000\n',
    [`${group}/memory.current`]: '1000000\n',
    [`${group}/memory.max`]: '4000000\n',
    [`${group}/memory.stat`]: 'anon 5\nfile 9\ninactive_file 300000\n',
    [`${group}/memory.events`]: 'low 0\noom 3\noom_kill 2\noom_group_kill 1\n',
    [`${group}/io.stat`]:
      '8:0 rbytes=100 wbytes=20 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=5 wbytes=6 rios=1 wios=1\n',
    [`${group}/pids.current`]: '12\n',
    [`${group}/pids.max`]: 'max\n',
    [`${group}/cpu.pressure`]:
      'some avg10=1.50 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n',
  });
  t.same(Object.fromEntries(reportOf(at)), {
    cgroup_cpu_limit_cores: 1.5,
    cgroup_cpu_usage_seconds_total: 5,
    cgroup_cpu_periods_total: 40,
    cgroup_cpu_throttled_periods_total: 7,
    cgroup_cpu_throttled_seconds_total: 0.25,
    cgroup_memory_usage_bytes: 1_000_000,
    cgroup_memory_working_set_bytes: 700_000,
    cgroup_memory_limit_bytes: 4_000_000,
    cgroup_oom_kills_total: 2,
    cgroup_disk_read_bytes_total: 105,
    cgroup_disk_written_bytes_total: 26,
    cgroup_pids: 12,
    'cgroup_pressure_waiting_seconds_total cpu': 2.5,
    'cgroup_pressure_stalled_seconds_total cpu': 0.5,
  });
});

test('version 1: one hierarchy per controller, with only the part of the process mounted', async (t) => {
  const at = machine(t, {
    '/mountinfo': [
      '32 31 0:29 /docker/ab ROOT/cg/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct',
      '35 31 0:32 /docker/ab ROOT/cg/memory ro - cgroup cgroup rw,memory',
      '36 31 0:33 / ROOT/cg/blkio ro - cgroup cgroup rw,blkio',
      '37 31 0:34 / ROOT/cg/systemd ro - cgroup cgroup rw,name=systemd',
      '38 31 0:34 / /proc rw - proc proc rw',
    ].join('\n'),
    '/cgroup': '4:memory:/docker/ab\n3:cpu,cpuacct:/docker/ab\n2:blkio:/not/mounted/here\n1:name=systemd:/\n',
    '/cg/cpu,cpuacct/cpuacct.usage': '7000000000\n',
    '/cg/cpu,cpuacct/cpu.cfs_quota_us': '50000\n',
    '/cg/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    '/cg/cpu,cpuacct/cpu.stat': 'nr_periods 9\nnr_throttled 4\nthrottled_time 1500000000\n',
    '/cg/memory/memory.usage_in_bytes': '900\n',
    '/cg/memory/memory.limit_in_bytes': '9223372036854771712\n',
    '/cg/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 400\n',
    '/cg/memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 5\n',
    '/cg/blkio/blkio.throttle.io_service_bytes':
      '8:0 Read 10\n8:0 Write 20\n8:0 Total 30\n8:16 Read 1\n8:16 Write 2\nTotal 33\n',
  });
  t.same(Object.fromEntries(reportOf(at)), {
    cgroup_cpu_usage_seconds_total: 7,
    cgroup_cpu_limit_cores: 0.5,
    cgroup_cpu_periods_total: 9,
    cgroup_cpu_throttled_periods_total: 4,
    cgroup_cpu_throttled_seconds_total: 1.5,
    cgroup_memory_usage_bytes: 900,
    cgroup_memory_working_set_bytes: 500,
    cgroup_oom_kills_total: 5,
    cgroup_disk_read_bytes_total: 11,
    cgroup_disk_written_bytes_total: 22,
  });
});

test('files that are missing, empty, garbage or directories give no value and no error', async (t) => {
  t.equal(reportOf(machine(t, {})).size, 0);
  const mounts = { '/mountinfo': '35 24 0:30 / ROOT/cg rw - cgroup2 cgroup2 rw\n', '/cgroup': '0::/a\n' };
  t.equal(reportOf(machine(t, { ...mounts, '/cg/a/memory.current/inner': '' })).size, 0, 'a directory');
  for (const garbage of [
    '',
    '\n\n',
    'max',
    'max max',
    '\0\0\0',
    '-',
    'x'.repeat(100_000),
    'some total=\n',
    ' - - - \n',
  ])
    for (const place of ['files', 'tables']) {
      const names = ['cpu.max', 'cpu.stat', 'memory.current', 'memory.max', 'memory.stat', 'io.stat', 'cpu.pressure'];
      const files = Object.fromEntries(names.map((name) => [`/cg/a/${name}`, garbage]));
      const tables = place === 'files' ? mounts : { '/mountinfo': garbage, '/cgroup': garbage };
      const left = [...reportOf(machine(t, { ...files, ...tables }))].filter(([, value]) => value !== 0);
      t.same(left, [], JSON.stringify(garbage.slice(0, 10)));
    }
});

test('a file that appears, or goes, is read while it is there', async (t) => {
  const at = machine(t, { '/there': 'a 1\nbc 22 kB\nb 3\n' });
  const missing = new ProcFile(at('/missing'));
  t.equal(missing.read(), undefined);
  writeFileSync(at('/missing'), 'x'.repeat(10_000));
  t.equal(missing.read()?.length, 10_000, 'longer than a page');
  missing.close();
  missing.close();
});

test('a mount point with a space is found', async (t) => {
  const mounts = '35 24 0:30 /a /mnt/c\\040g rw - cgroup2 cgroup2 rw\n';
  t.same([...cgroupDirectories(mounts, '0::/a/b\n', () => true)], [['', '/mnt/c g/b']]);
});
