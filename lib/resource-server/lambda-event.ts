/** What an API needs of an event of API Gateway: HTTP APIs send payload 2.0, REST APIs and authorizers the older one. */
import type { HttpRequest } from '../http.ts';

type Members = Readonly<Record<string, unknown>>;

/** Never throws. Of the certificate the PEM alone; headers in lower case, and none that came twice. */
export function eventRequest(given: unknown): HttpRequest {
  const event = object(given);
  const context = object(event['requestContext']);
  const holder = event['version'] === '2.0' ? context['authentication'] : context['identity'];
  const pem = object(object(holder)['clientCert'])['clientCertPem'];
  const repeated = object(event['multiValueHeaders']);
  const headers = Object.entries(object(event['headers'])).flatMap(([name, value]): [string, string][] => {
    const values = repeated[name];
    const once = !Array.isArray(values) || values.length === 1;
    return typeof value === 'string' && once ? [[name.toLowerCase(), value]] : [];
  });
  return {
    method: '',
    host: '',
    path: '',
    query: queryOf(event),
    headers: new Map(headers),
    body: '',
    ...(typeof pem === 'string' && { clientCertificate: pem }),
  };
}

function queryOf(event: Members): string {
  if (typeof event['rawQueryString'] === 'string') return event['rawQueryString'];
  const names = Object.keys(object(event['queryStringParameters']));
  return new URLSearchParams(names.map((name): [string, string] => [name, ''])).toString();
}

const object = (value: unknown): Members => (typeof value === 'object' && value !== null ? (value as Members) : {});
