/** What an operator looks at first: one dashboard for the stack, from its alarms down to its tables (docs/operate.md). */
import { Duration, Stack } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  type IWidget,
  type Metric,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Table } from '../kinds.ts';
import { type Host, httpRoutes } from '../routes.ts';
import type { EndpointFunction } from './endpoint-function.ts';
import type { Gateway } from './gateway.ts';
import { type LogMetrics, period } from './log-metrics.ts';
import type { RestGateway } from './rest-gateway.ts';

export type OperationsDashboardProps = {
  readonly alarms: readonly IAlarm[];
  readonly gateways: Readonly<Record<Host, Gateway | RestGateway>>;
  readonly functions: readonly EndpointFunction[];
  readonly tables: Readonly<Record<Table, ITableV2>>;
  readonly metrics: LogMetrics;
  /** Whether lines of requests tell metrics. */
  readonly ofRequests: boolean;
  /** What the registry's stream could not hand over. */
  readonly failures: IQueue;
  /** Those of the domain names, by what they are for. */
  readonly certificates: Readonly<Record<string, ICertificate>>;
};

/** The width of a dashboard, in CloudWatch's units. */
const whole = 24;

const sum = { period, statistic: Stats.SUM };

export class OperationsDashboard extends Construct {
  constructor(scope: Construct, id: string, props: OperationsDashboardProps) {
    super(scope, id);
    const rows = [
      [new AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms], width: whole, height: 6 })],
      Object.entries(props.gateways).flatMap(([host, gateway]) => hostWidgets(host, gateway)),
      ...(props.ofRequests ? [requestWidgets(props.metrics), verdictWidgets(props.metrics)] : []),
      functionWidgets(props.functions),
      Object.entries(props.tables).flatMap(([name, table]) => tableWidgets(name, table)),
      backgroundWidgets(props),
    ];
    // The names of dashboards are those of the whole account, whichever the region.
    new Dashboard(this, 'Resource', {
      dashboardName: Stack.of(this).stackName,
      defaultInterval: Duration.days(1),
      widgets: rows,
    });
  }
}

function hostWidgets(host: string, { stage }: Gateway | RestGateway): IWidget[] {
  const counted = [
    stage.metricCount({ ...sum, label: 'requests' }),
    stage.metricClientError({ ...sum, label: '4xx' }),
    stage.metricServerError({ ...sum, label: '5xx' }),
  ];
  const latencies = [Stats.p(50), Stats.p(99)].map((statistic) =>
    stage.metricLatency({ period, statistic, label: statistic }),
  );
  return [graph(`Host ${host}: requests`, counted, 4), graph(`Host ${host}: latency, ms`, latencies, 4)];
}

function requestWidgets(metrics: LogMetrics): IWidget[] {
  // `none`: a path that no route has.
  const endpoints = [...httpRoutes.map(([name]) => name), 'none'];
  const tokens = (['TokensIssued', 'ActiveTokens', 'InactiveTokens'] as const).map((name) => metrics.ofRequests(name));
  return [
    graph(
      'Requests by endpoint',
      endpoints.map((each) => metrics.ofEndpoint(each, 'Requests')),
      3,
    ),
    graph(
      'Duration in the function by endpoint, p99, ms',
      endpoints.map((each) => metrics.ofEndpoint(each, 'Duration', Stats.p(99))),
      3,
    ),
    graph('Tokens issued, introspected active and inactive', tokens, 3),
  ];
}

function verdictWidgets(metrics: LogMetrics): IWidget[] {
  const percent = metrics.ofRequests('RefusedPercent', Stats.AVERAGE);
  const evidence = (['SoftFails', 'StatusUnavailable', 'Faults'] as const).map((name) => metrics.ofRequests(name));
  const expiring = metrics.ofRequests('CertificateExpiresInDays', Stats.MINIMUM);
  return [
    graph('Refusals and inactive tokens by reason', [metrics.refusalsByReason()], 4),
    graph('Requests that are refused, %', [percent], 4),
    graph('Soft-fails, silent responders, faults', evidence, 4),
    graph('Clients’ certificates that expire, days', [expiring], 4),
  ];
}

function functionWidgets(functions: readonly EndpointFunction[]): IWidget[] {
  const each = (metric: (of: IFunction, label: string) => Metric) =>
    functions.map(({ function: of, lambda }) => metric(of, lambda));
  const running = (of: IFunction, label: string) =>
    of.metric('ConcurrentExecutions', { period, statistic: Stats.MAXIMUM, label });
  return [
    graph(
      'Functions: duration, p99, ms',
      each((of, label) => of.metricDuration({ period, statistic: Stats.p(99), label })),
      4,
    ),
    graph(
      'Functions: errors',
      each((of, label) => of.metricErrors({ ...sum, label })),
      4,
    ),
    graph(
      'Functions: throttled',
      each((of, label) => of.metricThrottles({ ...sum, label })),
      4,
    ),
    graph('Functions: running at once', each(running), 4),
  ];
}

function tableWidgets(name: string, table: ITableV2): IWidget[] {
  const consumed = [
    table.metricConsumedReadCapacityUnits({ ...sum, label: 'read' }),
    table.metricConsumedWriteCapacityUnits({ ...sum, label: 'write' }),
  ];
  const throttled = [
    table.metric('ReadThrottleEvents', { ...sum, label: 'read' }),
    table.metric('WriteThrottleEvents', { ...sum, label: 'write' }),
  ];
  return [graph(`Table ${name}: units`, consumed, 4), graph(`Table ${name}: throttled`, throttled, 4)];
}

function backgroundWidgets({ metrics, failures, certificates }: OperationsDashboardProps): IWidget[] {
  const left = failures.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM, label: 'queue' });
  const days = [
    metrics.truststoreExpiry.with({ label: 'truststore' }),
    ...Object.entries(certificates).map(([label, certificate]) => certificate.metricDaysToExpiry({ label })),
  ];
  return [
    graph('Connections without an accepted certificate: 403 on host mtls', [metrics.forbidden], 4),
    graph('Truststore: publications', [metrics.publicationFailed, metrics.publicationDrifted, left], 4),
    graph('First certificate to expire, days', days, 4),
    graph('CRLs, signing keys', [metrics.crlRefreshFailures, metrics.keyRotationFailures, metrics.keyRotationLate], 4),
  ];
}

/** One of `inRow` of the same width. */
const graph = (title: string, left: IMetric[], inRow: number) =>
  new GraphWidget({
    title,
    left,
    width: whole / inRow,
    height: 6,
    leftYAxis: { min: 0 },
  });
