/** The functions of a deployment as handlers: Lambda's Invoke, with the end of its log (RequestResponse, LogType Tail). */

import type { Deployment } from './deployment.ts';
import type { LambdaHandler } from './lambda.ts';

/** `write` is given the functions' log lines. A function that fails rejects with an Error, as the handler itself would. */
export function deployedFunctions(
  { endpoint, region, functions }: Deployment,
  write: (line: string) => void,
): Readonly<Record<string, LambdaHandler>> {
  // An emulator reads the region here, and looks at no signature.
  const scope = `test/20260101/${region}/lambda/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`;
  const headers = { authorization, 'content-type': 'application/json', 'x-amz-log-type': 'Tail' };

  const invoke = async (name: string, event: unknown): Promise<unknown> => {
    const url = `${endpoint}/2015-03-31/functions/${encodeURIComponent(name)}/invocations`;
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(event), redirect: 'error' });
    const body = await response.text();
    for (const line of logLines(response.headers.get('x-amz-log-result'))) write(line);
    const failed = response.headers.get('x-amz-function-error');
    if (!response.ok || failed !== null) throw new Error(`${name}: Invoke answered ${response.status}: ${body}`);
    return body === '' ? undefined : JSON.parse(body);
  };

  return Object.fromEntries(
    Object.entries(functions).map(([lambda, name]) => [lambda, (event: unknown) => invoke(name, event)]),
  );
}

/** The JSON lines: what else Lambda writes into a log is not the function's. */
function logLines(tail: string | null): readonly string[] {
  const text = Buffer.from(tail ?? '', 'base64').toString('utf8');
  return text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
}
