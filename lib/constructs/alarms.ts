/** What an operator is woken for: each alarm has a section in docs/operate.md that says what it means and what to do. */
import { Duration, Stack } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Alarm, ComparisonOperator, type IMetric, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Host } from '../routes.ts';
import type { EndpointFunction } from './endpoint-function.ts';
import type { Gateway } from './gateway.ts';
import type { RestGateway } from './rest-gateway.ts';
import type { TruststorePublication } from './truststore-publication.ts';

export type AlarmsProps = {
  readonly gateways: Readonly<Record<Host, Gateway | RestGateway>>;
  readonly functions: readonly EndpointFunction[];
  readonly truststore: TruststorePublication;
  /** Those of the domain names, by what they are for. */
  readonly certificates: Readonly<Record<string, ICertificate>>;
  /**
   * Who is told; the subscription has to be confirmed.
   * @default - nobody: what wants to be told subscribes to the topic
   */
  readonly email?: string;
};

/** A metric reaches its alarm in this time. */
const period = Duration.minutes(5);

/** Errors of one host within one period that are no single mishap. */
const severalErrors = 5;

/** Days before the first certificate of a truststore expires. */
const expiryDays = [60, 30, 7];

/** ACM renews earlier what it issued; a certificate nearer to its end was not renewed, or was imported. */
const renewalDays = 30;

/** Where the metrics of a stack are: those inside the functions' log lines, and those that filters find there. */
export const metricsNamespace = (stack: Stack): string => `Certbound/${stack.stackName}`;

/** Percent of all requests in that time that are no single client's mistake. */
const refused = { percent: 50, period: Duration.minutes(15) };

/** Requests within one period whose certificate's status nobody answered: more than one slow moment of a responder. */
const unanswered = 5;

/** Hours without a rotation of signing keys: it runs every hour. */
const rotationPause = Duration.hours(3);

const lessThanOrEqual = ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD;

export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { gateways, functions, truststore, certificates, email }: AlarmsProps) {
    super(scope, id);
    this.topic = this.alarmTopic();
    if (email !== undefined) this.topic.addSubscription(new EmailSubscription(email));

    for (const [host, { stage }] of Object.entries(gateways)) {
      const errors = stage.metricServerError({ period, statistic: Stats.SUM });
      this.add(`${host}ServerErrors`, `The ${host} host answers with 5xx`, errors, severalErrors);
    }
    for (const each of functions) {
      const name = each.node.path.split('/').slice(1).join('');
      const { function: of } = each;
      this.add(`${name}Errors`, `The function ${name} fails`, of.metricErrors({ period }), 1);
      this.add(`${name}Throttles`, `The function ${name} is throttled`, of.metricThrottles({ period }), 1);
    }
    const failed = this.publications(truststore, 'Failed', ['failed', 'fault']);
    this.add('PublicationFailed', 'A truststore could not be published', failed, 1);
    const drifted = this.publications(truststore, 'Drifted', ['restored']);
    this.add('PublicationDrifted', 'A domain name had another truststore than was published', drifted, 1);
    for (const days of expiryDays) {
      const told = `A certificate in a truststore expires within ${days} days`;
      this.add(`CertificateExpires${days}`, told, this.expiry(truststore), days, lessThanOrEqual);
    }
    this.addCertificates(certificates);
    this.addRefusals();
    this.add('SoftFails', 'A soft-fail let a certificate through', this.ofRequests('SoftFails'), 1);
    const silent = this.ofRequests('StatusUnavailable');
    this.add('StatusUnavailable', 'Nobody answers for the status of certificates', silent, unanswered);
    this.addSchedules(functions);
    const left = truststore.failures.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM });
    this.add('PublicationQueue', 'Changes of the registry are left in the queue of failures', left, 1);
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

  /** A metric inside the log lines of requests (lib/adapters/api-gateway/metrics.ts). */
  private ofRequests(metricName: string): Metric {
    return new Metric({ namespace: metricsNamespace(Stack.of(this)), metricName, period, statistic: Stats.SUM });
  }

  private addRefusals(): void {
    const percent = this.ofRequests('RefusedPercent').with({ period: refused.period, statistic: Stats.AVERAGE });
    this.add('Refusals', 'Most requests are refused', percent, refused.percent);
  }

  /** Those in ACM. Its metric ends when the certificate does, and comes some hours after it: an alarm stays as it is. */
  private addCertificates(certificates: AlarmsProps['certificates']): void {
    for (const [name, certificate] of Object.entries(certificates)) {
      const left = certificate.metricDaysToExpiry();
      const told = `A certificate of the domain names expires within ${renewalDays} days`;
      this.add(`${name}CertificateExpiry`, told, left, renewalDays, lessThanOrEqual, TreatMissingData.IGNORE);
    }
  }

  /** What runs by the clock tells in its log line what failed; that it does not run at all tells nobody but its count. */
  private addSchedules(functions: readonly EndpointFunction[]): void {
    const named = (lambda: string) => functions.filter((each) => each.lambda === lambda);
    for (const { function: of } of named('crl-refresh')) {
      const failed = this.counted('CrlRefreshFailures', of, '$.failures');
      this.add('CrlRefreshFailures', 'CRLs cannot be kept up to date', failed, 1);
    }
    for (const { function: of } of named('key-rotation')) {
      const failed = this.counted('KeyRotationFailures', of, '$.failures');
      this.add('KeyRotationFailures', 'Signing keys of a tenant could not be rotated', failed, 1);
      this.add('KeyRotationLate', 'A signing key has no successor', this.counted('KeyRotationLate', of, '$.late'), 1);
      const runs = of.metricInvocations({ period: rotationPause });
      const stopped = 'The rotation of signing keys does not run';
      this.add(
        'KeyRotationStopped',
        stopped,
        runs,
        1,
        ComparisonOperator.LESS_THAN_THRESHOLD,
        TreatMissingData.BREACHING,
      );
    }
  }

  /** The sum of a member of log lines. */
  private counted(metricName: string, of: EndpointFunction['function'], member: string): IMetric {
    const metricNamespace = metricsNamespace(Stack.of(this));
    const filterPattern = FilterPattern.exists(member);
    new MetricFilter(this, metricName, {
      logGroup: of.logGroup,
      filterPattern,
      metricNamespace,
      metricName,
      metricValue: member,
    });
    return new Metric({ namespace: metricNamespace, metricName, period, statistic: Stats.SUM });
  }

  /** Lines of the publisher's log with one of these outcomes. */
  private publications({ publisher }: TruststorePublication, name: string, outcomes: readonly string[]): IMetric {
    const metricNamespace = metricsNamespace(Stack.of(this));
    const metricName = `Publication${name}`;
    new MetricFilter(this, metricName, {
      logGroup: publisher.function.logGroup,
      filterPattern: FilterPattern.any(
        ...outcomes.map((outcome) => FilterPattern.stringValue('$.publication', '=', outcome)),
      ),
      metricNamespace,
      metricName,
      metricValue: '1',
    });
    return new Metric({ namespace: metricNamespace, metricName, period, statistic: Stats.SUM });
  }

  /** Days until the first certificate of a truststore expires, told every quarter of an hour. */
  private expiry({ publisher }: TruststorePublication): IMetric {
    const metricNamespace = metricsNamespace(Stack.of(this));
    const metricName = 'CertificateExpiry';
    if (this.node.tryFindChild(metricName) === undefined) {
      new MetricFilter(this, metricName, {
        logGroup: publisher.function.logGroup,
        filterPattern: FilterPattern.exists('$.expires_in_days'),
        metricNamespace,
        metricName,
        metricValue: '$.expires_in_days',
      });
    }
    return new Metric({ namespace: metricNamespace, metricName, period: Duration.hours(1), statistic: Stats.MINIMUM });
  }

  private add(
    id: string,
    alarmDescription: string,
    metric: IMetric,
    threshold: number,
    comparisonOperator = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    // Nobody called, nothing failed.
    treatMissingData = TreatMissingData.NOT_BREACHING,
  ): void {
    const alarm = new Alarm(this, `${id}Alarm`, {
      alarmDescription: `${alarmDescription}. See docs/operate.md.`,
      metric,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator,
      treatMissingData,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
  }
}
