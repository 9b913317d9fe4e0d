/** What a command talks to. */
export interface CommandIo {
  /** Writes to the standard output, no faster than that takes it. */
  print(text: string): Promise<void>;
  /** Writes to the standard error output. */
  warn(text: string): void;
  /** Whether what is printed may have colours. */
  readonly isColoured: boolean;
  /** Ends commands that would go on for ever. */
  signal: AbortSignal;
}

/** A subcommand, as its module exports it. */
export interface Command {
  /** What `--help` prints. */
  help: string;
  /**
   * @param args what follows the command's name
   * @returns the exit code: 0 = fine, 1 = something was wrong with what it worked on
   * @throws UsageError, or anything else with a message for people
   */
  run(args: string[], io: CommandIo): Promise<number>;
}

/** The command was called in a way that it does not understand. */
export class UsageError extends Error {}
