/**
 * What Lambda's runtime for Node does around a function: INIT imports the handler's module and waits for it, then invocations
 * are taken one at a time from the Runtime API. CommonJS and node:http alone, so that it costs next to nothing.
 */
const http = require('node:http');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER, AWS_LAMBDA_FUNCTION_NAME } = process.env;
const [host, port] = AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, document) {
  const body = document === undefined ? '' : JSON.stringify(document);
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = http.request({ host, port, agent, method, path: `/2018-06-01/runtime/${path}`, headers });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.end(body);
  });
}

const described = (error) => ({
  errorType: error?.name ?? 'Error',
  errorMessage: error?.message ?? String(error),
  trace: String(error?.stack).split('\n'),
});

/** The `Error` types that Lambda gives to what nobody caught. */
let current = 'init';
for (const [event, errorType] of [
  ['uncaughtException', 'Runtime.UncaughtException'],
  ['unhandledRejection', 'Runtime.UnhandledPromiseRejection'],
]) {
  process.on(event, async (error) => {
    await call('POST', `${current}/error`, { ...described(error), errorType });
    process.exit(128);
  });
}

async function handlerOf() {
  const [file, name] = _HANDLER.split('.');
  const { [name]: handler } = await import(pathToFileURL(join(LAMBDA_TASK_ROOT, `${file}.mjs`)).href);
  if (typeof handler !== 'function') throw new Error(`${_HANDLER} is undefined or not exported`);
  // Node 24's runtime has no callbacks: a handler that wants one is refused.
  if (handler.length > 2) throw new Error(`${_HANDLER} takes a callback`);
  return handler;
}

const contextOf = (headers) => ({
  awsRequestId: headers['lambda-runtime-aws-request-id'],
  invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
  functionName: AWS_LAMBDA_FUNCTION_NAME,
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Number(headers['lambda-runtime-deadline-ms']) - Date.now(),
});

async function serve(handler) {
  for (;;) {
    const { headers, body } = await call('GET', 'invocation/next');
    const id = headers['lambda-runtime-aws-request-id'];
    current = `invocation/${id}`;
    try {
      const result = await handler(JSON.parse(body), contextOf(headers));
      await call('POST', `${current}/response`, result ?? null);
    } catch (error) {
      await call('POST', `${current}/error`, described(error));
    }
  }
}

handlerOf().then(serve, async (error) => {
  await call('POST', 'init/error', described(error));
  process.exit(1);
});
