/** Calls of an AWS service that speaks JSON (DynamoDB, KMS), signed here: few, short tries, and none that could not help. */
import type { AwsEnvironment } from '../../aws-environment.ts';
import { type Answer, type ExchangeOptions, exchange } from './exchange.ts';
import { signer } from './signature.ts';

export type JsonService = {
  /** As in the service's endpoint and in the scope of a signature. */
  readonly service: 'dynamodb' | 'kms';
  /** What precedes the operation in `X-Amz-Target`. */
  readonly target: string;
  /** Of `application/x-amz-json-…`. */
  readonly version: '1.0' | '1.1';
};

export type JsonCallOptions = Partial<Omit<ExchangeOptions, 'origin'>> & {
  /** Times that a call is made; default 3. */
  readonly maxAttempts?: number;
  /** Milliseconds of the epoch. */
  readonly now?: () => number;
};

export type JsonCalls = {
  /**
   * The parsed answer to `body`, which is JSON. Rejects with an Error whose `name` is AWS's for what went wrong, or, where
   * there was no answer, what the network says.
   */
  call(operation: string, body: string): Promise<unknown>;
  /** Closes the connections. */
  close(): void;
};

const defaults = { connectionTimeout: 300, requestTimeout: 2_000, maxSockets: 50, maxAttempts: 3, now: Date.now };

export function awsJsonCalls(
  { service, target, version }: JsonService,
  { region, credentials, endpoints }: AwsEnvironment,
  options: JsonCallOptions = {},
): JsonCalls {
  const { maxAttempts, now, ...limits } = { ...defaults, ...options };
  const origin = endpoints[service] ?? endpoints.all ?? regionalEndpoint(service, region);
  const { post, close } = exchange({ origin, ...limits });
  const sign = signer({ service, region, credentials });
  const constant = { host: new URL(origin).host, 'content-type': `application/x-amz-json-${version}` };
  // Milliseconds by which the service's clock is ahead of ours, where it has refused a signature because of that.
  let skew = 0;

  async function once(operation: string, body: string): Promise<Outcome> {
    const at = now() + skew;
    const headers = sign({ ...constant, 'x-amz-target': `${target}.${operation}` }, body, new Date(at));
    try {
      const answer = await post(headers, body);
      if (answer.status === 200) return { answer: parsed(answer.body) };
      const error = errorIn(answer);
      const ahead = skewIn(error, answer, at);
      if (ahead !== undefined) skew += ahead;
      return { error, pause: ahead === undefined ? pauseBefore(error, answer) : 0 };
    } catch (cause) {
      return { error: cause instanceof Error ? cause : new Error(String(cause)), pause: shortPause };
    }
  }

  return {
    async call(operation, body) {
      for (let attempt = 1; ; attempt++) {
        const outcome = await once(operation, body);
        if ('answer' in outcome) return outcome.answer;
        if (outcome.pause === undefined || attempt >= maxAttempts) throw outcome.error;
        const pause = Math.random() * outcome.pause * 2 ** (attempt - 1);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    },
    close,
  };
}

/** `pause`: milliseconds at most before it is worth another try; undefined where none is. */
type Outcome = { readonly answer: unknown } | { readonly error: Error; readonly pause: number | undefined };

const regionalEndpoint = (service: string, region: string) =>
  `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

/** Told without a word of the body, which may hold what nobody is to read in a log. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error('the answer is no JSON');
  }
}

/** `__type` is a name, or a namespace and a name after a `#`. */
function errorIn({ status, body }: Answer): Error {
  const { __type: type, message, Message } = members(body);
  const name = typeof type === 'string' ? type.slice(type.lastIndexOf('#') + 1) : '';
  const told = [message, Message].find((each) => typeof each === 'string') ?? `status ${status}`;
  const error = new Error(String(told).slice(0, 300));
  error.name = /^\w{1,100}$/.test(name) ? name : 'UnknownError';
  return error;
}

function members(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** Milliseconds, before the first repetition at most; twice as many before the second. */
const shortPause = 50;
const throttledPause = 200;

const throttled: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TooManyRequestsException',
]);

function pauseBefore({ name }: Error, { status }: Answer): number | undefined {
  if (throttled.has(name) || status === 429) return throttledPause;
  return status >= 500 ? shortPause : undefined;
}

const skewed: ReadonlySet<string> = new Set([
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);

/** A signature is good for five minutes before and after: less than four are not why it was refused. */
function skewIn({ name }: Error, { date }: Answer, at: number): number | undefined {
  const ahead = Date.parse(date ?? '') - at;
  return skewed.has(name) && Math.abs(ahead) >= 4 * 60_000 ? ahead : undefined;
}
