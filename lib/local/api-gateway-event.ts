/**
 * The events that API Gateway hands to a function: payload 2.0 of HTTP APIs, 1.0 of REST APIs. Headers that claim to
 * carry a certificate pass through as the plain headers they are; the certificate of the TLS connection stands in
 * `requestContext`, the leaf alone.
 */
import type { X509Certificate } from 'node:crypto';
import { oneLine } from '../truststore-bundle.ts';
import type { GatewayRequest } from './gateway-request.ts';

export type PayloadVersion = '1.0' | '2.0';

/** The event for a request: what `JSON.parse` gives the function, nothing else. */
export function toEvent(request: GatewayRequest, payload: PayloadVersion): unknown {
  // A round trip, because a function never sees anything that JSON cannot carry.
  return JSON.parse(JSON.stringify(payload === '2.0' ? payload2(request) : payload1(request)));
}

function payload2(request: GatewayRequest) {
  const routeKey = `ANY ${request.routePath}`;
  const headers = joined(request.headers.filter(([name]) => name.toLowerCase() !== 'cookie'));
  const cookies = valuesOf(request, 'cookie').flatMap((value) => value.split('; '));
  const query = grouped(new URLSearchParams(request.query));
  return {
    version: '2.0',
    routeKey,
    rawPath: request.path,
    rawQueryString: request.query,
    ...(cookies.length > 0 && { cookies }),
    headers: { ...headers, ...forwarding(request) },
    ...(query.size > 0 && { queryStringParameters: mapped(query, (values) => values.join(',')) }),
    ...(Object.keys(request.pathParameters).length > 0 && { pathParameters: request.pathParameters }),
    requestContext: {
      ...api(request),
      ...(request.clientCertificate && { authentication: { clientCert: clientCert(request.clientCertificate) } }),
      http: {
        method: request.method,
        path: request.path,
        protocol: request.protocol,
        sourceIp: request.sourceIp,
        userAgent: valuesOf(request, 'user-agent').at(-1) ?? '',
      },
      requestId: request.id,
      routeKey,
      stage: '$default',
      time: commonLogTime(request.receivedAt),
      timeEpoch: request.receivedAt.getTime(),
    },
    ...(request.body.length > 0 && body2(request)),
    isBase64Encoded: request.body.length > 0 && !isText(request),
  };
}

function payload1(request: GatewayRequest) {
  const headers = grouped([...request.headers, ...Object.entries(forwarding(request))]);
  const query = grouped(new URLSearchParams(request.query));
  const last = (values: readonly string[]) => values.at(-1);
  return {
    version: '1.0',
    resource: request.routePath,
    path: request.path,
    httpMethod: request.method,
    headers: mapped(headers, last),
    multiValueHeaders: mapped(headers, (values) => values),
    queryStringParameters: query.size > 0 ? mapped(query, last) : null,
    multiValueQueryStringParameters: query.size > 0 ? mapped(query, (values) => values) : null,
    pathParameters: Object.keys(request.pathParameters).length > 0 ? request.pathParameters : null,
    stageVariables: null,
    requestContext: {
      ...api(request),
      authorizer: {},
      extendedRequestId: request.id,
      httpMethod: request.method,
      identity: {
        sourceIp: request.sourceIp,
        userAgent: valuesOf(request, 'user-agent').at(-1) ?? '',
        ...(request.clientCertificate && { clientCert: clientCert(request.clientCertificate) }),
      },
      path: request.path,
      protocol: request.protocol,
      requestId: request.id,
      requestTime: commonLogTime(request.receivedAt),
      requestTimeEpoch: request.receivedAt.getTime(),
      resourceId: 'local',
      resourcePath: request.routePath,
      stage: '$default',
    },
    // A REST API without binaryMediaTypes takes every body for text.
    body: request.body.length > 0 ? request.body.toString('utf8') : null,
    isBase64Encoded: false,
  };
}

const api = ({ host }: GatewayRequest) => ({
  accountId: '000000000000',
  apiId: 'local',
  domainName: host,
  domainPrefix: host.split('.')[0] ?? host,
});

/** The DN and serial texts are decoration, as at API Gateway, which defines no form for them. */
function clientCert(certificate: X509Certificate) {
  return {
    clientCertPem: certificate.toString().trimEnd(),
    subjectDN: oneLine(certificate.subject),
    issuerDN: oneLine(certificate.issuer),
    serialNumber: certificate.serialNumber.toLowerCase().match(/../g)?.join(':') ?? '',
    validity: { notBefore: certificate.validFrom, notAfter: certificate.validTo },
  };
}

/** API Gateway says itself where a request came from, after what the client claims. */
function forwarding(request: GatewayRequest): Record<string, string> {
  return {
    'x-forwarded-for': [...valuesOf(request, 'x-forwarded-for'), request.sourceIp].join(', '),
    'x-forwarded-port': String(request.port),
    'x-forwarded-proto': 'https',
  };
}

function body2(request: GatewayRequest) {
  return { body: request.body.toString(isText(request) ? 'utf8' : 'base64') };
}

/** HTTP APIs hand text and JSON over as they are and everything else in base64, forms among it. */
function isText(request: GatewayRequest): boolean {
  const type = valuesOf(request, 'content-type').at(-1)?.split(';')[0]?.trim().toLowerCase() ?? '';
  return /^(text\/.+|application\/(.+\+)?(json|xml|javascript))$/.test(type) && isUtf8(request.body);
}

function isUtf8(body: Buffer): boolean {
  return Buffer.from(body.toString('utf8')).equals(body);
}

function valuesOf({ headers }: GatewayRequest, wanted: string): string[] {
  return headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

/** Payload 2.0: lower-case names, duplicates joined with commas. */
function joined(headers: GatewayRequest['headers']): Record<string, string> {
  const lower = grouped(headers.map(([name, value]) => [name.toLowerCase(), value] as const));
  return mapped(lower, (values) => values.join(','));
}

function grouped(pairs: Iterable<readonly [string, string]>): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairs) groups.set(name, [...(groups.get(name) ?? []), value]);
  return groups;
}

/** `Object.fromEntries` makes `__proto__` a member like any other, as JSON does. */
function mapped<T>(groups: ReadonlyMap<string, readonly string[]>, of: (values: readonly string[]) => T) {
  return Object.fromEntries([...groups].map(([name, values]) => [name, of(values)]));
}

/** `12/Mar/2020:19:03:58 +0000`. */
function commonLogTime(at: Date): string {
  const [, day, month, year, time] = /^\w+, (\d\d) (\w+) (\d+) ([\d:]+) GMT$/.exec(at.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}
