/** What an operator is woken for: each alarm has a section in docs/operate.md that says what it means and what to do. */
import { Duration, Stack } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Alarm, ComparisonOperator, type IMetric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Table } from '../kinds.ts';
import { type Host, routes } from '../routes.ts';
import type { EndpointFunction } from './endpoint-function.ts';
import type { Gateway } from './gateway.ts';
import { type LogMetrics, period } from './log-metrics.ts';
import type { RestGateway } from './rest-gateway.ts';

export type AlarmsProps = {
  readonly gateways: Readonly<Record<Host, Gateway | RestGateway>>;
  readonly functions: readonly EndpointFunction[];
  readonly tables: Readonly<Record<Table, ITableV2>>;
  readonly metrics: LogMetrics;
  /** Whether lines of requests tell metrics: an alarm that can never be raised would be worse than none. */
  readonly ofRequests: boolean;
  /** What the registry's stream could not hand over. */
  readonly failures: IQueue;
  /** Those of the domain names, by what they are for. */
  readonly certificates: Readonly<Record<string, ICertificate>>;
  /**
   * Who is told; the subscription has to be confirmed.
   * @default - nobody: what wants to be told subscribes to the topic
   */
  readonly email?: string;
};

/** Errors of one host within one period that are no single mishap. */
const severalErrors = 5;

/** Calls of a table within one period that it refused for now: more than a moment of growth. */
const severalThrottles = 10;

/** Days before the first certificate of a truststore expires. */
const expiryDays = [60, 30, 7];

/** ACM renews earlier what it issued; a certificate nearer to its end was not renewed, or was imported. */
const renewalDays = 30;

/**
 * Percent of the requests of a period, and for how many periods on end: no single client's mistake, and no single refusal
 * while nobody else calls.
 */
const refused = { percent: 50, periods: 3 };

/** Requests within one period whose certificate's status nobody answered: more than one slow moment of a responder. */
const unanswered = 5;

/** What runs by the clock, its section, and the time without a run after which it has stopped. */
const schedules = [
  { route: routes.keyRotation, section: 'KeyRotationStopped', pause: Duration.hours(3) },
  { route: routes.crlRefresh, section: 'CrlRefreshStopped', pause: Duration.hours(1) },
  { route: routes.truststorePublisher, section: 'PublicationStopped', pause: Duration.hours(1) },
] as const;

type AlarmOptions = {
  /** What tells the alarms of one section apart: before its name, or the days after it. */
  readonly of?: string;
  readonly days?: number;
  readonly comparisonOperator?: ComparisonOperator;
  readonly treatMissingData?: TreatMissingData;
  readonly evaluationPeriods?: number;
};

const falls = { comparisonOperator: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD };

export class Alarms extends Construct {
  readonly topic: Topic;
  readonly all: Alarm[] = [];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { metrics } = props;
    this.topic = this.alarmTopic();
    if (props.email !== undefined) this.topic.addSubscription(new EmailSubscription(props.email));

    for (const [of, { stage }] of Object.entries(props.gateways)) {
      const errors = stage.metricServerError({ period, statistic: Stats.SUM });
      this.add('ServerErrors', `The ${of} host answers with 5xx`, errors, severalErrors, { of });
    }
    for (const { node, function: called } of props.functions) {
      const of = node.path.split('/').slice(1).join('');
      this.add('Errors', `The function ${of} fails`, called.metricErrors({ period }), 1, { of });
      this.add('Throttles', `The function ${of} is throttled`, called.metricThrottles({ period }), 1, { of });
    }
    this.addTables(props.tables);
    if (props.ofRequests) this.addRequests(metrics);
    this.addPublications(props);
    this.addCertificates(props.certificates);
    this.addSchedules(props);
  }

  private alarmTopic(): Topic {
    const topic = new Topic(this, 'Topic', { displayName: 'Certbound alarms', enforceSSL: true });
    // A policy takes the place of the one that lets everything in the account publish.
    topic.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    return topic;
  }

  /** Calls are tried again, and a table grows with its traffic: some are no loss. */
  private addTables(tables: AlarmsProps['tables']): void {
    for (const [name, table] of Object.entries(tables)) {
      for (const way of ['Read', 'Write']) {
        const events = table.metric(`${way}ThrottleEvents`, { period, statistic: Stats.SUM });
        const told = `The table ${name} throttles: ${way.toLowerCase()}s`;
        this.add('TableThrottles', told, events, severalThrottles, { of: `${name}${way}` });
      }
    }
  }

  private addRequests(metrics: LogMetrics): void {
    const percent = metrics.ofRequests('RefusedPercent', Stats.AVERAGE);
    this.add('Refusals', 'Most requests are refused', percent, refused.percent, { evaluationPeriods: refused.periods });
    this.add('SoftFails', 'A soft-fail let a certificate through', metrics.ofRequests('SoftFails'), 1);
    const silent = metrics.ofRequests('StatusUnavailable');
    this.add('StatusUnavailable', 'Nobody answers for the status of certificates', silent, unanswered);
  }

  private addPublications({ metrics, failures }: AlarmsProps): void {
    this.add('PublicationFailed', 'A truststore could not be published', metrics.publicationFailed, 1);
    const drifted = 'A domain name had another truststore than was published';
    this.add('PublicationDrifted', drifted, metrics.publicationDrifted, 1);
    const left = failures.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM });
    this.add('PublicationQueue', 'Changes of the registry are left in the queue of failures', left, 1);
    for (const days of expiryDays) {
      const told = `A certificate in a truststore expires within ${days} days`;
      this.add('CertificateExpires', told, metrics.truststoreExpiry, days, { days, ...falls });
    }
  }

  /** Those in ACM. Its metric ends when the certificate does, and comes some hours after it: an alarm stays as it is. */
  private addCertificates(certificates: AlarmsProps['certificates']): void {
    for (const [of, certificate] of Object.entries(certificates)) {
      const told = `A certificate of the domain names expires within ${renewalDays} days`;
      const options = { of, ...falls, treatMissingData: TreatMissingData.IGNORE };
      this.add('CertificateExpiry', told, certificate.metricDaysToExpiry(), renewalDays, options);
    }
  }

  /** A run tells in its log line what failed; that there is none at all tells nobody but its count. */
  private addSchedules({ metrics, functions }: AlarmsProps): void {
    this.add('CrlRefreshFailures', 'CRLs cannot be kept up to date', metrics.crlRefreshFailures, 1);
    const failed = 'Signing keys of a tenant could not be rotated';
    this.add('KeyRotationFailures', failed, metrics.keyRotationFailures, 1);
    this.add('KeyRotationLate', 'A signing key has no successor', metrics.keyRotationLate, 1);
    for (const { route, section, pause } of schedules) {
      for (const { function: called } of functions.filter(({ lambda }) => lambda === route.lambda)) {
        this.add(section, `The function ${route.lambda} does not run`, called.metricInvocations({ period: pause }), 1, {
          comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
          treatMissingData: TreatMissingData.BREACHING,
        });
      }
    }
  }

  /** `section`: the heading in docs/operate.md. */
  private add(section: string, told: string, metric: IMetric, threshold: number, options: AlarmOptions = {}): void {
    const { of = '', days = '', ...others } = options;
    const alarm = new Alarm(this, `${of}${section}${days}Alarm`, {
      alarmDescription: `${told}. See docs/operate.md#${section.toLowerCase()}.`,
      metric,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // Nobody called, nothing failed.
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...others,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
    this.all.push(alarm);
  }
}
