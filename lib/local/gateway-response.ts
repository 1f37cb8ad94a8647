/** What API Gateway makes of a function's result, and the messages it answers with by itself. */
import type { ServerResponse } from 'node:http';
import { connectionHeaders } from './gateway-request.ts';

/** The messages of HTTP APIs. */
export const gatewayMessages = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  413: 'Request Entity Too Large',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

export type GatewayStatus = keyof typeof gatewayMessages;

type Answer = {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
};

/** The gateway's own answer. */
export function refuse(response: ServerResponse, status: GatewayStatus): void {
  write(response, {
    status,
    headers: [['content-type', 'application/json']],
    body: Buffer.from(messageBody(status)),
  });
}

export const messageBody = (status: GatewayStatus) => JSON.stringify({ message: gatewayMessages[status] });

/** Writes a function's result; false, and nothing written, when it is none: API Gateway answers 500 then. */
export function writeResult(response: ServerResponse, result: unknown): boolean {
  const answer = parseResult(result);
  return answer !== undefined && write(response, answer);
}

function write(response: ServerResponse, { status, headers, body }: Answer): boolean {
  const written = new Set<string>();
  try {
    for (const [name, value] of headers) {
      const key = name.toLowerCase();
      // RFC 9110 §7.6.1, and the length, which is the gateway's to count.
      if (connectionHeaders.has(key) || key === 'content-length') continue;
      if (written.has(key)) response.appendHeader(key, value);
      else response.setHeader(key, value);
      written.add(key);
    }
  } catch {
    // A name or value that HTTP cannot carry.
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    return false;
  }
  response.statusCode = status;
  if (status !== 204 && status !== 304) response.setHeader('content-length', body.length);
  response.end(body);
  return true;
}

function parseResult(result: unknown): Answer | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const { statusCode, headers, multiValueHeaders, cookies, body, isBase64Encoded } = result as Record<string, unknown>;
  if (typeof statusCode !== 'number' || !Number.isInteger(statusCode)) return undefined;
  if (statusCode < 200 || statusCode > 599 || !(body === undefined || typeof body === 'string')) return undefined;
  const several = pairs(multiValueHeaders);
  const named = new Set(several.map(([name]) => name.toLowerCase()));
  return {
    status: statusCode,
    headers: [
      // Both given: API Gateway merges them and the several values win.
      ...pairs(headers).filter(([name]) => !named.has(name.toLowerCase())),
      ...several,
      ...list(cookies).map((cookie) => ['set-cookie', cookie] as const),
    ],
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

function pairs(headers: unknown): (readonly [string, string])[] {
  if (typeof headers !== 'object' || headers === null) return [];
  return Object.entries(headers).flatMap(([name, value]) => list(value).map((one) => [name, one] as const));
}

function list(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}
