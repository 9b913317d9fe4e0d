import type { FlushSide, FlushTask, FlushTasks } from '../flush/messages';
import { ResidentLoop } from '../flush/resident';
import type { FlushService } from '../flush/service';
import { perform } from '../flush/tasks';

/** The flushing side on the calling thread: the same interface as the pool, without workers. */
export class InThread implements FlushSide {
  private service: FlushService | undefined;
  private readonly loop: ResidentLoop | undefined;

  /** @param resident whether to drain and flush in a loop, or only on request (another thread's workers do the rest) */
  constructor(
    private readonly makeService: () => FlushService,
    resident: boolean,
  ) {
    this.loop = resident ? new ResidentLoop(this.present()) : undefined;
    this.loop?.start();
  }

  async run<T extends FlushTask>(task: T, input: FlushTasks[T]['input']): Promise<FlushTasks[T]['output']> {
    return perform(this.present(), task, input);
  }

  hurry(): boolean {
    return false;
  }

  askToPark(): undefined {}

  async close(): Promise<void> {
    await this.loop?.stop();
    await this.service?.close();
  }

  private present(): FlushService {
    this.service ??= this.makeService();
    return this.service;
  }
}
