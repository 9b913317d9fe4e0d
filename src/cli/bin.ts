#!/usr/bin/env node
import { once } from 'node:events';
import type { CommandIo } from './command';
import { run } from './ringmeter';
import { mayColour } from './style';

const { stdout, stderr } = process;

// the reader of the pipe has closed it, as `| head` does
stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

const io: CommandIo = {
  async print(text) {
    if (!stdout.write(text)) await once(stdout, 'drain');
  },
  warn: (text) => void stderr.write(text),
  isColoured: mayColour(stdout, process.env),
  signal: new AbortController().signal,
};

void run(process.argv.slice(2), io).then((code) => {
  process.exitCode = code;
});
