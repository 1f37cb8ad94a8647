/**
 * API Gateway events → one plain request. HTTP APIs send payload 2.0, REST APIs and HTTP APIs set to 1.0 the older one.
 * Of the certificate only the PEM is taken: the event's DN and serial strings have no defined form, and headers that
 * claim to carry a certificate (`Client-Cert`, `X-Amzn-Mtls-*`, `X-SSL-*`, `X-Forwarded-Client-Cert`) are anybody's.
 */
import type { HttpRequest, HttpResponse } from '../../http.ts';

type Members = Readonly<Record<string, unknown>>;

/** Throws an `Error` for what is no API Gateway event; nobody but API Gateway can send one. */
export function parseEvent(event: unknown): HttpRequest {
  const members = object(event);
  const context = object(members['requestContext']);
  const { pem, ...line } = members['version'] === '2.0' ? payload2(members, context) : payload1(members, context);
  return {
    ...line,
    host: text(context['domainName']).toLowerCase(),
    headers: headersOf(members),
    body: bodyOf(members),
    ...(pem !== undefined && { clientCertificate: pem }),
    ...(typeof context['requestId'] === 'string' && { id: context['requestId'] }),
  };
}

type Line = {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly pem: string | undefined;
};

function payload2(event: Members, context: Members): Line {
  return {
    method: text(object(context['http'])['method']),
    path: text(event['rawPath']),
    query: text(event['rawQueryString'] ?? ''),
    pem: pemIn(context['authentication']),
  };
}

function payload1(event: Members, context: Members): Line {
  return {
    method: text(event['httpMethod']),
    path: text(event['path']),
    query: queryOf(event['multiValueQueryStringParameters']),
    pem: pemIn(context['identity']),
  };
}

function queryOf(parameters: unknown): string {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(object(parameters ?? {}))) {
    for (const value of Array.isArray(values) ? values : []) query.append(name, String(value));
  }
  return query.toString();
}

function pemIn(holder: unknown): string | undefined {
  const pem = object(object(holder ?? {})['clientCert'] ?? {})['clientCertPem'];
  return typeof pem === 'string' && pem !== '' ? pem : undefined;
}

function headersOf(event: Members): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  const several = Object.entries(object(event['multiValueHeaders'] ?? {}));
  for (const [name, value] of several.length > 0 ? several : Object.entries(object(event['headers'] ?? {}))) {
    headers.set(name.toLowerCase(), Array.isArray(value) ? value.join(',') : String(value));
  }
  return headers;
}

function bodyOf(event: Members): string {
  const body = text(event['body'] ?? '');
  return event['isBase64Encoded'] === true ? Buffer.from(body, 'base64').toString('utf8') : body;
}

/** The response in the form that both payload versions take. */
export function toResult({ status, headers, body }: HttpResponse) {
  return { statusCode: status, headers: { ...headers }, body, isBase64Encoded: false };
}

export type ApiGatewayResult = ReturnType<typeof toResult>;

function object(value: unknown): Members {
  if (typeof value !== 'object' || value === null) throw new Error('The event is not one of API Gateway');
  return value as Members;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error('The event is not one of API Gateway');
  return value;
}
