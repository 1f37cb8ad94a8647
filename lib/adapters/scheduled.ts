/** A function that runs by the clock: one JSON line for a run that did something, an error for one that failed. */
import type { LogLevel } from '../config.ts';

/** What a run did: numbers by name, among them `failures`, and what is worth telling besides. */
export type RunSummary = Readonly<Record<string, unknown>> & {
  readonly failures: number;
  /** Nothing happened that a line every minute would be worth. */
  readonly idle: boolean;
};

export type ScheduledOptions = {
  /** The function's name in the log. */
  readonly name: string;
  readonly logLevel: LogLevel;
  readonly write?: (line: string) => void;
  readonly now?: () => Date;
};

/** The handler of `run`; the event says nothing. A run that rejects is logged and rejects, so that Lambda counts it. */
export function scheduled(run: () => Promise<RunSummary>, options: ScheduledOptions): () => Promise<void> {
  const { name, logLevel, write = (line) => process.stdout.write(line), now = () => new Date() } = options;
  const log = (level: 'info' | 'error', members: object) => {
    if (logLevel === 'silent' || (logLevel === 'error' && level !== 'error')) return;
    write(`${JSON.stringify({ time: now().toISOString(), level, schedule: name, ...members })}\n`);
  };
  return async () => {
    try {
      const { idle, ...summary } = await run();
      if (!idle) log(summary.failures > 0 ? 'error' : 'info', summary);
    } catch (fault) {
      const cause = fault instanceof Error ? fault.cause : undefined;
      log('error', { fault: String(fault), ...(cause !== undefined && { cause: String(cause) }) });
      throw fault;
    }
  };
}
