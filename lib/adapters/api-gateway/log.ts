/** One JSON line per request. Everything in it is chosen field by field; requests, tokens and bodies never come here. */
import type { LogLevel } from '../../config.ts';
import type { RequestRecord } from '../../oauth/audit.ts';
import { metricMembers } from './metrics.ts';

export type RequestLine = Omit<RequestRecord, 'error'> & {
  readonly level: 'info' | 'error';
  readonly request_id: string;
  readonly method: string | undefined;
  readonly status: number;
  readonly ms: number | undefined;
  readonly error?: string;
  /** What was thrown that is no refusal of the protocol. */
  readonly fault?: unknown;
};

export type Log = (line: RequestLine) => void;

export type LogOptions = {
  readonly level: LogLevel;
  /** The CloudWatch namespace of the metrics inside the lines; without it there are none. */
  readonly metricsNamespace?: string | undefined;
};

/** Writes lines of at least this level; JSON escapes whatever could break the line. */
export function jsonLog({ level, metricsNamespace }: LogOptions, write: (line: string) => void, now: () => Date): Log {
  if (level === 'silent') return () => {};
  return ({ fault, ...line }) => {
    if (level === 'error' && line.level !== 'error') return;
    const at = now();
    const metrics = metricsNamespace === undefined ? {} : metricMembers(line, metricsNamespace, at);
    write(`${JSON.stringify({ time: at.toISOString(), ...line, ...faultMembers(fault), ...metrics })}\n`);
  };
}

function faultMembers(fault: unknown) {
  if (fault === undefined) return {};
  if (!(fault instanceof Error)) return { fault: String(fault) };
  const cause = fault.cause instanceof Error ? `${fault.cause.name}: ${fault.cause.message}` : undefined;
  return { fault: `${fault.name}: ${fault.message}`, cause, stack: fault.stack };
}
