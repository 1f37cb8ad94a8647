/**
 * A function as a CloudFormation custom resource: one event in, one answer to its response URL, whatever happens. A
 * stack whose custom resource stays silent hangs for an hour.
 */
import { request as plainRequest } from 'node:http';
import { request } from 'node:https';

/** What CloudFormation asks for; `Delete` never reaches it. */
export type CustomResource = {
  /** Never changes for one resource: a changed one makes CloudFormation delete what the old one names. */
  readonly physicalId: string;
  readonly data: Readonly<Record<string, string>>;
};

export type CustomResourceOptions = {
  /** Creates or updates. What it throws becomes the reason of the failed deployment. */
  readonly apply: (properties: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<CustomResource>;
  readonly answer: (url: string, body: string) => Promise<void>;
  readonly log: (line: string) => void;
};

type Invocation = { getRemainingTimeInMillis(): number };
type Fields = Readonly<Record<string, unknown>>;

/** Milliseconds that are kept for the answer. */
const reserve = 10_000;

/** CloudFormation reads 4096 bytes of an answer. */
const maxReason = 1024;

/** Whether an event of a function is CloudFormation's. */
export const isCustomResource = (event: unknown): boolean => isRecord(event) && 'ResponseURL' in event;

/** A Lambda handler; it rejects only when the answer itself could not be delivered. */
export function customResource({ apply, answer, log }: CustomResourceOptions) {
  return async (event: unknown, context: Invocation): Promise<void> => {
    const fields: Fields = isRecord(event) ? event : {};
    const outcome = await attempt(fields, context, apply);
    log(JSON.stringify({ type: text(fields['RequestType']), ...outcome }));
    const body = JSON.stringify({
      StackId: fields['StackId'],
      RequestId: fields['RequestId'],
      LogicalResourceId: fields['LogicalResourceId'],
      ...outcome,
    });
    await answer(text(fields['ResponseURL']), body);
  };
}

async function attempt(fields: Fields, context: Invocation, apply: CustomResourceOptions['apply']) {
  // A failed Create is followed by a Delete of this id, which then finds nothing to do.
  const known = text(fields['PhysicalResourceId']) || 'none';
  try {
    // What was published stays: a domain name of another stack, or a rollback, may still need it.
    if (fields['RequestType'] === 'Delete') return { Status: 'SUCCESS', PhysicalResourceId: known };
    const properties = fields['ResourceProperties'];
    if (!isRecord(properties)) throw new Error('The event has no ResourceProperties');
    const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - reserve));
    const { physicalId, data } = await apply(properties, signal);
    return { Status: 'SUCCESS', PhysicalResourceId: physicalId, Data: data };
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { Status: 'FAILED', PhysicalResourceId: known, Reason: reason.slice(0, maxReason) };
  }
}

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const text = (value: unknown) => (typeof value === 'string' ? value : '');

/** Times that an answer is sent. */
const attempts = 3;

/**
 * Delivers an answer by PUT. The URL is a credential: no error repeats it, and it is https but where an emulator stands
 * for AWS, which has nothing else.
 */
export async function putAnswer(url: string, body: string, { emulator = false } = {}): Promise<void> {
  const schemes = emulator ? /^https?:/ : /^https:/;
  if (!URL.canParse(url) || !schemes.test(url)) throw new Error('The event has no https ResponseURL');
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await putOnce(url, body);
    } catch (error) {
      if (attempt >= attempts) throw error;
    }
  }
}

function putOnce(url: string, body: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // The URL is signed for an empty content type.
  const headers = { 'content-type': '', 'content-length': Buffer.byteLength(body) };
  const call = (url.startsWith('https:') ? request : plainRequest)(
    url,
    { method: 'PUT', headers, timeout: 3_000 },
    (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) resolve();
      else reject(new Error(`CloudFormation's response URL answered ${status}`));
    },
  );
  call.on('timeout', () => call.destroy(new Error("CloudFormation's response URL did not answer in time")));
  call.on('error', reject);
  call.end(body);
  return promise;
}
