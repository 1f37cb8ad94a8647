/** A function that runs by the clock: its row in lib/routes.ts says how often. */
import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import type { ScheduleRoute } from '../routes.ts';
import { EndpointFunction, type EndpointFunctionProps } from './endpoint-function.ts';

export type ScheduledFunctionProps = Omit<EndpointFunctionProps, 'lambda' | 'memorySize' | 'timeout'> & {
  readonly route: ScheduleRoute;
};

export class ScheduledFunction extends EndpointFunction {
  constructor(scope: Construct, id: string, { route, ...props }: ScheduledFunctionProps) {
    super(scope, id, {
      ...props,
      lambda: route.lambda,
      // Four CRLs of 64 MB at once; and CPU, which grows with it, to read them.
      memorySize: 2048,
      // As long as the shortest time between two runs, so that no run meets the next.
      timeout: Duration.seconds(60),
    });
    // The next run does what a failed one left: nothing is tried again, nothing queues up.
    const once = { retryAttempts: 0, maxEventAge: Duration.minutes(1) };
    this.function.configureAsyncInvoke(once);
    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(Duration.minutes(route.every)),
      targets: [new LambdaFunction(this.function, once)],
    });
  }
}
