/** The metrics that log lines tell: inside those of requests, and by filters in those of hosts and of what runs by the clock. */
import { Duration, Stack } from 'aws-cdk-lib';
import { Metric, SearchExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type IFilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type Route, routes } from '../routes.ts';
import type { EndpointFunction } from './endpoint-function.ts';

export type LogMetricsProps = {
  /** All of the stack. */
  readonly functions: readonly EndpointFunction[];
  /** The access log of the host that demands a certificate. */
  readonly mtlsAccessLog: ILogGroup;
};

/** A metric reaches its alarm in this time. */
export const period = Duration.minutes(5);

/** Where these metrics are. */
export const metricsNamespace = (stack: Stack): string => `Certbound/${stack.stackName}`;

/** Of request lines (lib/adapters/api-gateway/metrics.ts), which `logLevel` may take away. */
type RequestMetric =
  | 'Faults'
  | 'RefusedPercent'
  | 'SoftFails'
  | 'StatusUnavailable'
  | 'TokensIssued'
  | 'ActiveTokens'
  | 'InactiveTokens'
  | 'CertificateExpiresInDays';
type EndpointMetric = 'Requests' | 'Duration';

export class LogMetrics extends Construct {
  readonly crlRefreshFailures: Metric;
  readonly keyRotationFailures: Metric;
  readonly keyRotationLate: Metric;
  readonly publicationFailed: Metric;
  readonly publicationDrifted: Metric;
  /** Days until the first certificate of a truststore expires, told with each run of the publisher. */
  readonly truststoreExpiry: Metric;
  /** Requests that API Gateway answered 403 by itself, as no function does: the certificate, or the WAF. */
  readonly forbidden: Metric;
  readonly #namespace: string;

  constructor(scope: Construct, id: string, { functions, mtlsAccessLog }: LogMetricsProps) {
    super(scope, id);
    const of = ({ lambda }: Route) => functions.find((each) => each.lambda === lambda) ?? missing(lambda);
    const [crlRefresh, keyRotation, publisher] = [
      of(routes.crlRefresh),
      of(routes.keyRotation),
      of(routes.truststorePublisher),
    ];
    this.#namespace = metricsNamespace(Stack.of(this));
    this.crlRefreshFailures = this.member('CrlRefreshFailures', crlRefresh, '$.failures');
    this.keyRotationFailures = this.member('KeyRotationFailures', keyRotation, '$.failures');
    this.keyRotationLate = this.member('KeyRotationLate', keyRotation, '$.late');
    this.publicationFailed = this.publications('PublicationFailed', publisher, ['failed', 'fault']);
    this.publicationDrifted = this.publications('PublicationDrifted', publisher, ['restored']);
    this.truststoreExpiry = this.member('CertificateExpiry', publisher, '$.expires_in_days').with({
      period: Duration.hours(1),
      statistic: Stats.MINIMUM,
    });
    this.forbidden = this.filtered('Forbidden', mtlsAccessLog, FilterPattern.stringValue('$.status', '=', '403'), '1');
  }

  /** A metric of all requests. */
  ofRequests(metricName: RequestMetric, statistic: string = Stats.SUM): Metric {
    return this.metric(metricName).with({ statistic });
  }

  /** A metric of the requests to one endpoint. */
  ofEndpoint(endpoint: string, metricName: EndpointMetric, statistic: string = Stats.SUM): Metric {
    return this.metric(metricName).with({ statistic, dimensionsMap: { endpoint }, label: endpoint });
  }

  /** Whichever reasons there were: a graph's, no alarm's. */
  refusalsByReason(): SearchExpression {
    const schema = `{"${this.#namespace}",reason}`;
    return new SearchExpression({
      expression: `SEARCH('${schema} MetricName="Refusals"', 'Sum', ${period.toSeconds()})`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudWatch's own placeholder.
      label: "${PROP('Dim.reason')}",
      period,
    });
  }

  private metric(metricName: string): Metric {
    return new Metric({ namespace: this.#namespace, metricName, period, statistic: Stats.SUM });
  }

  /** The sum of a member of log lines. */
  private member(metricName: string, of: EndpointFunction, member: string): Metric {
    return this.filtered(metricName, of.function.logGroup, FilterPattern.exists(member), member);
  }

  /** Lines of the publisher's log with one of these outcomes. */
  private publications(metricName: string, of: EndpointFunction, outcomes: readonly string[]): Metric {
    const each = outcomes.map((outcome) => FilterPattern.stringValue('$.publication', '=', outcome));
    return this.filtered(metricName, of.function.logGroup, FilterPattern.any(...each), '1');
  }

  private filtered(
    metricName: string,
    logGroup: ILogGroup,
    filterPattern: IFilterPattern,
    metricValue: string,
  ): Metric {
    const metricNamespace = this.#namespace;
    new MetricFilter(this, metricName, { logGroup, filterPattern, metricNamespace, metricName, metricValue });
    return this.metric(metricName);
  }
}

function missing(lambda: string): never {
  throw new Error(`No function ${lambda}, whose log tells metrics`);
}
