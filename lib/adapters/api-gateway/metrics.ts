/** CloudWatch metrics inside the one log line of a request: the embedded metric format, which needs no call and no second line. */
import type { ShownStatus } from '../../oauth/audit.ts';
import type { RequestLine } from './log.ts';

type Metric = { readonly Name: string; readonly Unit?: 'Milliseconds' | 'Percent' };

/** As many series as there are endpoints. */
const ofEndpoints: readonly Metric[] = [{ Name: 'Requests' }, { Name: 'Duration', Unit: 'Milliseconds' }];
/** Of every request, so that its average is a rate. */
const ofAll: readonly Metric[] = [{ Name: 'RefusedPercent', Unit: 'Percent' }];
/** As many as there are reasons, which are a closed list: tenants and clients would be without bound. */
const ofReasons: readonly Metric[] = [{ Name: 'Refusals' }];

/** What makes a log line metrics of `namespace`: the members it needs besides its own (docs/operate.md). */
export function metricMembers(line: RequestLine, namespace: string, at: Date): object {
  const special = specialMetrics(line);
  const directive = (dimension: readonly string[], metrics: readonly Metric[]) => ({
    Namespace: namespace,
    Dimensions: [dimension],
    Metrics: metrics,
  });
  return {
    ...(line.endpoint === undefined && { endpoint: 'none' }),
    Requests: 1,
    Duration: line.ms ?? 0,
    // That a token is inactive is an answer, not a refusal of the one who asked.
    RefusedPercent: line.reason !== undefined && line.error !== undefined ? 100 : 0,
    ...(line.reason !== undefined && { Refusals: 1 }),
    ...special,
    _aws: {
      Timestamp: at.getTime(),
      CloudWatchMetrics: [
        directive([], [...ofAll, ...Object.keys(special).map((Name) => ({ Name }))]),
        directive(['endpoint'], ofEndpoints),
        ...(line.reason === undefined ? [] : [directive(['reason'], ofReasons)]),
      ],
    },
  };
}

/** Told where there is something to count, since each octet of a line is paid for. */
function specialMetrics(line: RequestLine): Readonly<Record<string, number>> {
  const { endpoint, jti, active, error, certificate_expires_in_days: days } = line;
  const statuses = line.certificate_status ?? [];
  return {
    ...(line.level === 'error' && { Faults: 1 }),
    ...(statuses.some(({ softFailed }) => softFailed) && { SoftFails: 1 }),
    ...(statuses.some(isSilent) && { StatusUnavailable: 1 }),
    ...(endpoint === 'token' && jti !== undefined && error === undefined && { TokensIssued: 1 }),
    ...(active === true && { ActiveTokens: 1 }),
    ...(active === false && { InactiveTokens: 1 }),
    ...(days !== undefined && { CertificateExpiresInDays: days }),
  };
}

/** Nobody answered now, whether or not an older answer helped out. */
const isSilent = ({ status, stale }: ShownStatus): boolean =>
  stale || status === 'unavailable' || status === 'untrusted';
