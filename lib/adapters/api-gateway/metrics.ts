/** CloudWatch metrics inside the one log line of a request: the embedded metric format, which needs no call and no second line. */
import type { ShownStatus } from '../../oauth/audit.ts';
import type { RequestLine } from './log.ts';

type Metric = { readonly Name: string; readonly Unit: 'Count' | 'Milliseconds' | 'Percent' };

/** Each tells of every request, so that rates can be told; reasons are a closed list, so that their number is bounded. */
const ofRequests: readonly Metric[] = [
  { Name: 'Requests', Unit: 'Count' },
  { Name: 'Duration', Unit: 'Milliseconds' },
  { Name: 'Faults', Unit: 'Count' },
  { Name: 'RefusedPercent', Unit: 'Percent' },
  { Name: 'SoftFails', Unit: 'Count' },
  { Name: 'StatusUnavailable', Unit: 'Count' },
];
const refusals: readonly Metric[] = [{ Name: 'Refusals', Unit: 'Count' }];
const expiring: readonly Metric[] = [{ Name: 'CertificateExpiresInDays', Unit: 'Count' }];

/**
 * What makes a log line metrics of `namespace`: the members it needs besides its own. By endpoint: requests, milliseconds,
 * faults, 100 for a refused request and 0 for another (its average is the part of refused ones), requests that a soft-fail let through, requests for whose certificate no source answered. By reason: refusals.
 */
export function metricMembers(line: RequestLine, namespace: string, at: Date): object {
  const statuses = line.certificate_status ?? [];
  const soon = line.certificate_expires_in_days;
  const directive = (dimensions: readonly (readonly string[])[], metrics: readonly Metric[]) => ({
    Namespace: namespace,
    Dimensions: dimensions,
    Metrics: metrics,
  });
  return {
    ...(line.endpoint === undefined && { endpoint: 'none' }),
    Requests: 1,
    Duration: line.ms ?? 0,
    Faults: line.level === 'error' ? 1 : 0,
    RefusedPercent: line.reason === undefined ? 0 : 100,
    SoftFails: statuses.some(({ softFailed }) => softFailed) ? 1 : 0,
    StatusUnavailable: statuses.some(isSilent) ? 1 : 0,
    ...(line.reason !== undefined && { Refusals: 1 }),
    ...(soon !== undefined && { CertificateExpiresInDays: soon }),
    _aws: {
      Timestamp: at.getTime(),
      CloudWatchMetrics: [
        directive([[], ['endpoint']], ofRequests),
        ...(line.reason === undefined ? [] : [directive([[], ['reason']], refusals)]),
        ...(soon === undefined ? [] : [directive([[]], expiring)]),
      ],
    },
  };
}

/** Nobody answered now, whether or not an older answer helped out. */
const isSilent = ({ status, stale }: ShownStatus): boolean =>
  stale || status === 'unavailable' || status === 'untrusted';
