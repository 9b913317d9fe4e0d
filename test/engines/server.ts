import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { freePort, poll, program } from './engine';

/** What a server is started with. */
export interface ServerCommand {
  program: string;
  /** @param folder a new one for its data, which goes with the test */
  args(address: string, folder: string): string[] | Promise<string[]>;
  /** A path that answers 2xx when the server is ready. */
  ready: string;
}

/** A real server on loopback, on a port and in a folder of its own. It ends with the test, and can be stopped before. */
export class Server {
  private child: ChildProcess | undefined;
  private log = '';

  private constructor(
    private readonly command: ServerCommand,
    private readonly args: string[],
    readonly base: string,
  ) {}

  static async start(t: Test, command: ServerCommand): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'ringmeter-engine-'));
    const address = `127.0.0.1:${await freePort()}`;
    const server = new Server(command, await command.args(address, folder), `http://${address}`);
    // should the test's own process be cut short, the server goes with it
    const kill = (): void => void server.child?.kill('SIGKILL');
    process.once('exit', kill);
    t.teardown(async () => {
      await server.stop();
      process.off('exit', kill);
      await rm(folder, { recursive: true, force: true });
    });
    await server.run();
    return server;
  }

  /** Starts it; also again, on the same port and with the same data. */
  async run(): Promise<void> {
    const child = spawn(program(this.command.program), this.args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child = child;
    child.stderr!.on('data', (part) => {
      this.log += part;
    });
    await poll(`${this.command.program} is ready`, async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${this.log}`);
      return (await fetch(this.base + this.command.ready)).ok;
    });
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const stubborn = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(stubborn);
  }
}
