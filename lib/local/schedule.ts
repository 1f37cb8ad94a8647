/** The clock of a local server: what EventBridge does for the `schedule` rows of lib/routes.ts. */
import { randomUUID } from 'node:crypto';
import { scheduleRoutes } from '../routes.ts';
import { invoke, type LambdaHandler } from './lambda.ts';

export type ScheduleOptions = {
  /** By the name of the file in `lambdas/`. */
  readonly handlers: Readonly<Record<string, LambdaHandler>>;
  /** Milliseconds that count as a minute. */
  readonly minute: number;
  /** Told in one line when a run fails. */
  readonly report: (line: string) => void;
};

export type RunningSchedule = {
  /** No run begins after this; resolves when the last one has ended, or a second later. */
  close(): Promise<void>;
};

/** Milliseconds that a run may take, as on Lambda. */
const timeout = 60_000;
/** Milliseconds that `close` waits for a run. */
const patience = 1_000;

/** Throws an Error where a row has no handler. The first run begins a `minute` after the start; the next one a `minute` after the last has ended. */
export function startSchedule({ handlers, minute, report }: ScheduleOptions): RunningSchedule {
  const rows = scheduleRoutes.map(([, { lambda, every }]) => {
    const handler = Object.hasOwn(handlers, lambda) ? handlers[lambda] : undefined;
    if (handler === undefined) throw new Error(`There is no handler for ${lambda}, which runs by the clock`);
    const run = async () => {
      const ran = await invoke(handler, {}, { functionName: lambda, requestId: randomUUID(), timeout });
      if (ran.outcome !== 'result') report(`${lambda}: the scheduled run ${failureOf(ran.outcome)}`);
    };
    return { run, pause: every * minute };
  });
  const stops = rows.map(({ run, pause }) => repeat(run, pause));
  return {
    async close() {
      const last = Promise.all(stops.map((stop) => stop()));
      let timer: NodeJS.Timeout | undefined;
      const waited = new Promise((resolve) => {
        timer = setTimeout(resolve, patience);
      });
      await Promise.race([last, waited]);
      clearTimeout(timer);
    },
  };
}

const failureOf = (outcome: 'rejected' | 'timeout') => (outcome === 'timeout' ? 'took too long' : 'failed');

/** Runs again and again, `pause` milliseconds apart. What it returns ends that, and resolves after the last run. */
export function repeat(run: () => Promise<void>, pause: number): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const wait = () => {
    // It keeps no process alive.
    timer = setTimeout(begin, pause).unref();
  };
  const begin = () => {
    running = run().finally(() => {
      if (!stopped) wait();
    });
  };
  wait();
  return () => {
    stopped = true;
    clearTimeout(timer);
    return running;
  };
}
