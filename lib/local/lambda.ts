/** Calling a handler as Lambda does: JSON in, JSON out, a context, an end to waiting. */
import type { Context } from 'aws-lambda';

export type LambdaHandler = (event: unknown, context: Context) => Promise<unknown>;

export type Invocation =
  | { readonly outcome: 'result'; readonly result: unknown }
  | { readonly outcome: 'rejected'; readonly error: unknown }
  | { readonly outcome: 'timeout' };

/** Calls the handler and waits `timeout` milliseconds for it. Never rejects. */
export async function invoke(
  handler: LambdaHandler,
  event: unknown,
  { functionName, requestId, timeout }: { functionName: string; requestId: string; timeout: number },
): Promise<Invocation> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<Invocation>((resolve) => {
    timer = setTimeout(() => resolve({ outcome: 'timeout' }), timeout);
  });
  const finished = call(handler, event, lambdaContext(functionName, requestId, timeout));
  const invocation = await Promise.race([finished, expired]);
  clearTimeout(timer);
  return invocation;
}

async function call(handler: LambdaHandler, event: unknown, context: Context): Promise<Invocation> {
  try {
    const result = await handler(event, context);
    return { outcome: 'result', result: result === undefined ? null : JSON.parse(JSON.stringify(result)) };
  } catch (error) {
    return { outcome: 'rejected', error };
  }
}

function lambdaContext(functionName: string, requestId: string, timeout: number): Context {
  const endsAt = performance.now() + timeout;
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: false,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    memoryLimitInMB: '512',
    getRemainingTimeInMillis: () => Math.max(0, Math.round(endsAt - performance.now())),
    // The callback style of old; handlers are async functions.
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
