/** Output and signal of a command. */
export interface CommandIo {
  /** Writes to the standard output, with back-pressure. */
  print(text: string): Promise<void>;
  /** Writes to the standard error output. */
  warn(text: string): void;
  /** Whether what is printed may have colours. */
  readonly isColoured: boolean;
  /** Aborts commands that otherwise never end. */
  signal: AbortSignal;
}

/** A subcommand, as its module exports it. */
export interface Command {
  /** What `--help` prints. */
  help: string;
  /**
   * @param args what follows the command's name
   * @returns the exit code: 0 = success, 1 = problems were found in the input
   * @throws UsageError, or anything else with a message for people
   */
  run(args: string[], io: CommandIo): Promise<number>;
}

/** The command line is invalid. */
export class UsageError extends Error {}
