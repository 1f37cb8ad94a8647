/**
 * The function that publishes truststores: for CloudFormation as a custom resource that returns the object version, for the
 * registry's stream and for the clock as a run over every domain name. One JSON line for each publication.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { LogLevel, TruststoreTarget } from '../config.ts';
import {
  type PublicationOptions,
  type PublicationOutcome,
  type PublicationPorts,
  publishTruststore,
} from '../publication/publish.ts';
import { type CustomResourceOptions, customResource, isCustomResource } from './cloudformation/custom-resource.ts';

export type PublicationFunctionOptions = {
  readonly targets: readonly TruststoreTarget[];
  readonly ports: Omit<PublicationPorts, 'holder' | 'now' | 'wait'> & Partial<Pick<PublicationPorts, 'now' | 'wait'>>;
  readonly answer: CustomResourceOptions['answer'];
  readonly logLevel: LogLevel;
  readonly write?: (line: string) => void;
};

/** Rejects when the signal is aborted. */
export const pause = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
  await wait(milliseconds, undefined, { signal });
};

type Invocation = { getRemainingTimeInMillis(): number };

/** Milliseconds that are kept for giving the lease back and for the log. */
const reserve = 10_000;

/** Rejects when something could not be used, so that Lambda tries again; a bundle that is refused is an outcome. */
export function publicationFunction(options: PublicationFunctionOptions) {
  const { targets, answer, write = (line) => process.stdout.write(line), logLevel } = options;
  const ports = { now: () => new Date(), wait: pause, ...options.ports };
  const log = (level: 'info' | 'error', members: object) => {
    if (logLevel === 'silent' || (logLevel === 'error' && level === 'info')) return;
    write(`${JSON.stringify({ time: ports.now().toISOString(), level, ...members })}\n`);
  };

  async function publish(target: TruststoreTarget, how: PublicationOptions): Promise<PublicationOutcome> {
    const outcome = await publishTruststore(target, how, { ...ports, holder: randomUUID() });
    log(outcome.outcome === 'failed' ? 'error' : 'info', publicationLine(outcome, ports.now()));
    return outcome;
  }

  const resource = customResource({
    answer,
    log: (line) => log('info', { customResource: JSON.parse(line) }),
    apply: async (properties, signal) => {
      const target = targets.find(({ domain }) => domain === properties['Domain']);
      if (target === undefined) throw new Error(`No truststore is kept for the domain name ${properties['Domain']}`);
      const outcome = await publish(target, { setBy: 'deployment', signal });
      if (outcome.outcome === 'failed') throw new Error(outcome.attempt.reasons.join('; '));
      const { bucket, key } = target.object;
      return { physicalId: `s3://${bucket}/${key}`, data: { VersionId: outcome.publication.version } };
    },
  });

  return async (event: unknown, context: Invocation): Promise<void> => {
    if (isCustomResource(event)) return resource(event, context);
    const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - reserve));
    const problems: unknown[] = [];
    for (const target of targets) {
      // One domain name that cannot be published does not keep the next one out of date.
      await publish(target, { setBy: 'publisher', signal }).catch((fault: unknown) => {
        log('error', { domain: target.domain, publication: 'fault', fault: String(fault), cause: causeOf(fault) });
        problems.push(fault);
      });
    }
    if (problems.length > 0) throw new AggregateError(problems, 'Truststores could not be published');
  };
}

/** What was left out is told with its reasons; certificates themselves are not. */
function publicationLine(outcome: PublicationOutcome, at: Date) {
  if (outcome.outcome === 'failed') {
    const { domain, reasons, restored, refused } = outcome.attempt;
    return { domain, publication: 'failed', reasons, restored, refused };
  }
  const { domain, version, sha256, certificates, bytes, expires_at, refused, warnings } = outcome.publication;
  const expires_in_days = Math.floor((expires_at - at.getTime() / 1000) / 86_400);
  return {
    domain,
    publication: outcome.outcome,
    version,
    sha256,
    certificates,
    bytes,
    expires_in_days,
    refused,
    warnings,
  };
}

const causeOf = (fault: unknown) =>
  fault instanceof Error && fault.cause !== undefined ? String(fault.cause) : undefined;
