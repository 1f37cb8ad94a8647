/** CloudWatch metrics inside the one log line of a request: the embedded metric format, which needs no call and no second line. */
import type { ShownStatus } from '../../oauth/audit.ts';
import type { RequestLine } from './log.ts';

type Metric = { readonly Name: string; readonly Unit: 'Count' | 'Milliseconds' | 'Percent' };

const count = (Name: string): Metric => ({ Name, Unit: 'Count' });

/** Of every request, so that rates can be told. */
const ofRequests: readonly Metric[] = [
  count('Faults'),
  { Name: 'RefusedPercent', Unit: 'Percent' },
  count('SoftFails'),
  count('StatusUnavailable'),
];
/** As many series as there are endpoints. */
const ofEndpoints: readonly Metric[] = [count('Requests'), { Name: 'Duration', Unit: 'Milliseconds' }];
/** As many as there are reasons, which are a closed list: a tenant or a client would be without bound. */
const ofReasons: readonly Metric[] = [count('Refusals')];

/** What makes a log line metrics of `namespace`: the members it needs besides its own (docs/operate.md). */
export function metricMembers(line: RequestLine, namespace: string, at: Date): object {
  const statuses = line.certificate_status ?? [];
  const outcome = { ...tokenOutcome(line), ...expiry(line) };
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
    // An average over requests. That a token is inactive is an answer, not a refusal of the one who asked.
    RefusedPercent: line.reason !== undefined && line.error !== undefined ? 100 : 0,
    SoftFails: statuses.some(({ softFailed }) => softFailed) ? 1 : 0,
    StatusUnavailable: statuses.some(isSilent) ? 1 : 0,
    ...(line.reason !== undefined && { Refusals: 1 }),
    ...outcome,
    _aws: {
      Timestamp: at.getTime(),
      CloudWatchMetrics: [
        directive([[]], [...ofRequests, ...Object.keys(outcome).map(count)]),
        directive([['endpoint']], ofEndpoints),
        ...(line.reason === undefined ? [] : [directive([['reason']], ofReasons)]),
      ],
    },
  };
}

/** RFC 6749 §5.1, RFC 7662 §2.2: what became of a request about a token. */
function tokenOutcome({ endpoint, jti, active, error }: RequestLine): Readonly<Record<string, 1>> {
  if (active !== undefined) return active ? { ActiveTokens: 1 } : { InactiveTokens: 1 };
  return endpoint === 'token' && jti !== undefined && error === undefined ? { TokensIssued: 1 } : {};
}

const expiry = ({ certificate_expires_in_days: days }: RequestLine): Readonly<Record<string, number>> =>
  days === undefined ? {} : { CertificateExpiresInDays: days };

/** Nobody answered now, whether or not an older answer helped out. */
const isSilent = ({ status, stale }: ShownStatus): boolean =>
  stale || status === 'unavailable' || status === 'untrusted';
