import { join } from 'node:path';
import { type Test, test } from 'tap';
import { ProcFile } from '../../dist/src/process/proc-file.js';
import type { Report, Sampler } from '../../dist/src/process/report.js';
import { descriptors, memory as memoryOfProcess } from '../../dist/src/process/sources/process.js';
import { disks, load, memory, network, processors, uptime } from '../../dist/src/process/sources/system.js';

/** What a source reports of a file with this text. */
function reported(t: Test, open: (file: ProcFile) => Sampler, text: string): Record<string, number> {
  const file = new ProcFile(join(t.testdir({ file: text }), 'file'));
  t.teardown(() => file.close());
  return reportedBy(open(file));
}

function reportedBy(source: Sampler): Record<string, number> {
  const values: Record<string, number> = {};
  const report = {
    set({ name }: { name: string }, value: number, labels: Record<string, string> = {}) {
      if (Number.isFinite(value)) values[[name, ...Object.values(labels)].join(' ')] = value;
    },
  } as unknown as Report;
  source(report);
  return values;
}

test('disks that were used are reported, partitions and memory devices are not', async (t) => {
  const text = `   7       0 loop0 2109 0 14298 732 1108 399 2438 2363 0 2884 4795
   8       0 sda 100 0 10 1 50 0 20 1 0 1500 5 0 0 0 0
   8       1 sda1 100 0 10 1 50 0 20 1 0 1500 5
 259       0 nvme0n1 1 0 2 1 1 0 0 1 0 40 5
 259       1 nvme0n1p1 1 0 2 1 1 0 0 1 0 40 5
   1       0 ram0 1 0 2 1 1 0 0 1 0 40 5
   8      16 sdb 0 0 0 0 0 0 0 0 0 0 0
`;
  t.same(reported(t, disks, text), {
    'system_disk_read_bytes_total sda': 5120,
    'system_disk_written_bytes_total sda': 10_240,
    'system_disk_io_time_seconds_total sda': 1.5,
    'system_disk_read_bytes_total nvme0n1': 1024,
    'system_disk_written_bytes_total nvme0n1': 0,
    'system_disk_io_time_seconds_total nvme0n1': 0.04,
  });
});

test('network devices are separated, also when a number follows the name directly', async (t) => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       7 8357000    0    0    0     0          0         0        9 8357000    0    0    0     0       0          0
eth0:1:12345678 1    0    0    0     0          0         0 42 1    0    0    0     0       0          0
  ifb0:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
`;
  t.same(reported(t, network, text), {
    'system_network_receive_bytes_total lo': 7,
    'system_network_transmit_bytes_total lo': 9,
    'system_network_receive_bytes_total eth0:1': 12_345_678,
    'system_network_transmit_bytes_total eth0:1': 42,
  });
});

test('files that are empty, truncated or garbage give no value and no error', async (t) => {
  for (const open of [disks, network, processors, load, uptime, memory])
    for (const text of ['', '\n', ' ', ':\n:\n:\n', 'x y z\n'.repeat(5), '\0\0'])
      t.same(reported(t, open, text), {}, `${open.name} of ${JSON.stringify(text)}`);
});

test('metrics that an old kernel does not have are omitted', async (t) => {
  t.same(reported(t, processors, 'cpu  100 0 200 300\ncpu0 1 2 3 4\n'), {
    'system_cpu_seconds_total user': 1,
    'system_cpu_seconds_total nice': 0,
    'system_cpu_seconds_total system': 2,
    'system_cpu_seconds_total idle': 3,
  });
});

test('on systems other than Linux the resident memory comes from node, and the rest is omitted', async (t) => {
  const missing = join(t.testdir({}), 'missing');
  const values = reportedBy(memoryOfProcess(new ProcFile(missing)));
  t.same(Object.keys(values), ['process_resident_memory_bytes']);
  t.ok(Math.abs(values.process_resident_memory_bytes / process.memoryUsage.rss() - 1) < 0.1);
  t.same(reportedBy(descriptors(missing, missing)), {});
});

test('file descriptors are counted where the size of their directory does not give their number', async (t) => {
  const directory = t.testdir({
    '0': '',
    '1': '',
    '2': '',
    '7': '',
    limits: 'Max open files            unlimited    unlimited  files\n',
  });
  const { process_open_fds, process_max_fds } = reportedBy(descriptors(directory, join(directory, 'limits')));
  // a directory of a disk has a size, which is no number of files
  t.ok(process_open_fds > 0);
  t.equal(process_max_fds, undefined, 'no limit');
});
