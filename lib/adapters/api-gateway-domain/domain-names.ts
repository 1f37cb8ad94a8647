/**
 * Custom domain names through the first version of API Gateway's control API: its UpdateDomainName changes the truststore
 * version alone, where the second one wants the whole configuration again.
 */
import type { DomainName, DomainNames } from '../../publication/ports.ts';
import { type SignedCallOptions, signedCall } from './signed-call.ts';

/** Truststore warnings that are kept, and of how many characters each: the answer is somebody else's. */
const maxWarnings = 50;
const maxWarning = 300;

export function apiGatewayDomainNames(options: Omit<SignedCallOptions, 'service'>): DomainNames {
  const call = signedCall({ ...options, service: 'apigateway' });
  const path = (domain: string) => `/domainnames/${encodeURIComponent(domain)}`;
  return {
    async find(domain, signal) {
      const { status, body } = await call({ method: 'GET', path: path(domain) }, signal);
      if (status === 404) return undefined;
      if (status !== 200) throw refusal('GetDomainName', status, body);
      return parseDomainName(body);
    },
    async setTruststoreVersion(domain, version, signal) {
      const patch = { op: 'replace', path: '/mutualTlsAuthentication/truststoreVersion', value: version };
      const body = JSON.stringify({ patchOperations: [patch] });
      const answer = await call({ method: 'PATCH', path: path(domain), body }, signal);
      if (answer.status === 429) return false;
      if (answer.status < 200 || answer.status > 299) throw refusal('UpdateDomainName', answer.status, answer.body);
      return true;
    },
  };
}

function refusal(operation: string, status: number, body: unknown): Error {
  const { message } = members(body);
  const told = typeof message === 'string' ? message.slice(0, 500) : 'no message';
  return new Error(`API Gateway answers ${operation} with ${status}: ${told}`);
}

function parseDomainName(body: unknown): DomainName {
  const { domainNameStatus: status, domainNameStatusMessage: message, mutualTlsAuthentication } = members(body);
  const { truststoreVersion: version, truststoreWarnings: warnings } = members(mutualTlsAuthentication);
  return {
    // API Gateway gives none to domain names that have never been updated.
    status: typeof status === 'string' ? status : 'AVAILABLE',
    ...(typeof message === 'string' && message !== '' && { statusMessage: message.slice(0, 500) }),
    ...(typeof version === 'string' && { truststoreVersion: version }),
    truststoreWarnings: Array.isArray(warnings) ? warnings.slice(0, maxWarnings).map(warningText) : [],
  };
}

const warningText = (warning: unknown) => String(warning).slice(0, maxWarning);

const members = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
