/** The parameters of a request (RFC 6749 §3.2, Appendix B): a form in the body, none twice, none in the query. */
import type { HttpRequest } from '../http.ts';
import { invalidRequest } from './error.ts';

/** Bytes. The largest legitimate form is a client assertion with a certificate chain, well below. */
export const maxFormBytes = 64 * 1024;

export type Form = {
  /** RFC 6749 §3.1: a parameter sent without a value is absent. */
  readonly get: (name: string) => string | undefined;
  /** RFC 8707 §2: the one parameter that may be sent more than once. */
  readonly resources: readonly string[];
};

/** Parses the body. Throws `invalid_request` for anything that is not exactly one well-formed form. */
export function parseForm(request: HttpRequest): Form {
  if (request.body.length > maxFormBytes) throw invalidRequest('The request body is too large', 413);
  if (!isForm(request.headers.get('content-type'))) {
    throw invalidRequest('The body must be application/x-www-form-urlencoded');
  }
  // RFC 6749 §2.3.1 and RFC 6750 §2.3: what stands in a URL stands in logs.
  if (request.query !== '') throw invalidRequest('Parameters belong in the request body');
  const parameters = new Map<string, string>();
  const resources: string[] = [];
  for (const [name, value] of new URLSearchParams(request.body)) {
    if (name === 'resource' && !resources.includes(value)) resources.push(value);
    else if (name === 'resource' || parameters.has(name)) throw invalidRequest('A parameter is repeated');
    else parameters.set(name, value);
  }
  return {
    get: (name) => parameters.get(name) || undefined,
    resources: resources.filter((resource) => resource !== ''),
  };
}

/** The documents take no parameters: a body, or a parameter sent twice, is a mistake (ADR 5). */
export function refuseParameters(request: HttpRequest): void {
  if (request.body.length > maxFormBytes) throw invalidRequest('The request body is too large', 413);
  if (request.body !== '') throw invalidRequest('This resource takes no request body');
  const names = [...new URLSearchParams(request.query).keys()];
  if (new Set(names).size < names.length) throw invalidRequest('A parameter is repeated');
}

/** A parameter the request must carry. */
export function required(form: Form, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw invalidRequest(`The parameter ${name} is missing`);
  return value;
}

function isForm(contentType: string | undefined): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded';
}
