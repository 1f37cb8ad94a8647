/** The file of `--tenants`: an array of { tenant, truststore, clients, scopes, policy }. */
import { resolve } from 'node:path';
import { parseJson } from '../adapters/operator-files.ts';
import { defaultTenant, tenantName } from '../routes.ts';
import type { StatusPolicy } from '../status/policy.ts';
import type { TenantOptions } from './start-options.ts';

/** What flags or the file say; the rest is as it was in an earlier run. */
export type PolicyOptions = Partial<Pick<StatusPolicy, 'mode' | 'maxStatusAge'>>;

type Source = {
  /** The folder of the file; names in it are relative to that. */
  readonly folder: string;
  /** What a tenant without a policy of its own gets. */
  readonly policy: PolicyOptions;
  readonly read: (path: string) => Uint8Array | undefined;
};

type Members = Readonly<Record<string, unknown>>;

const known = ['tenant', 'truststore', 'clients', 'scopes', 'policy'];

/** The tenants of the file; problems are added, each in one line that names the tenant. */
export function parseTenantsFile(
  rows: readonly unknown[],
  source: Source,
  problems: string[],
): readonly TenantOptions[] {
  const seen = new Set<string>([defaultTenant]);
  return rows.flatMap((row, index) => {
    const where = `--tenants [${index}]`;
    if (!isObject(row)) {
      problems.push(`${where}: must be an object`);
      return [];
    }
    const name = row['tenant'];
    if (typeof name !== 'string' || !tenantName.test(name) || seen.has(name)) {
      problems.push(`${where}: tenant ${JSON.stringify(name)} must be a new name of a-z, 0-9 and -, at most 63 long`);
      return [];
    }
    seen.add(name);
    return [tenantOf(name, row, source, problems)];
  });
}

function tenantOf(tenant: string, row: Members, source: Source, problems: string[]): TenantOptions {
  const problem = (text: string) => problems.push(`--tenants ${tenant}: ${text}`);
  const unknown = Object.keys(row).filter((member) => !known.includes(member));
  if (unknown.length > 0) problem(`unknown ${unknown.join(', ')}; known are ${known.join(', ')}`);
  const truststore = truststoreOf(row['truststore'], source, problem);
  return {
    tenant,
    clients: clientsOf(row['clients'], source, problem),
    scopes: scopesOf(row['scopes'], problem),
    policy: policyOf(row['policy'], source.policy, problem),
    ...(truststore !== undefined && { truststore }),
  };
}

type Problem = (text: string) => void;

/** PEM text, or the name of a file. */
function truststoreOf(value: unknown, { folder, read }: Source, problem: Problem): Uint8Array | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string')
    return value.includes('-----BEGIN') ? Buffer.from(value) : read(resolve(folder, value));
  problem('truststore must be PEM text or the name of a file');
  return undefined;
}

/** An array of metadata, or the name of a file that holds one. */
function clientsOf(value: unknown, { folder, read }: Source, problem: Problem): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string') {
    problem('clients must be an array or the name of a file');
    return [];
  }
  try {
    const list = parseJson(value, read(resolve(folder, value)) ?? Buffer.from('[]'));
    if (Array.isArray(list)) return list;
    problem(`clients: ${value} must hold a JSON array`);
  } catch (error) {
    problem(`clients: ${(error as Error).message}`);
  }
  return [];
}

function scopesOf(value: unknown, problem: Problem): readonly string[] {
  if (value === undefined) return [];
  const scopes = typeof value === 'string' ? value.split(/[ ,]+/).filter((scope) => scope !== '') : value;
  if (Array.isArray(scopes) && scopes.every((scope): scope is string => typeof scope === 'string')) return scopes;
  problem('scopes must be an array of strings');
  return [];
}

/** `{ status, max_status_age }`, as the flags of the same names. */
function policyOf(value: unknown, fallback: PolicyOptions, problem: Problem): PolicyOptions {
  if (value === undefined) return fallback;
  if (!isObject(value)) {
    problem('policy must be an object');
    return fallback;
  }
  const { status, max_status_age, ...rest } = value;
  if (Object.keys(rest).length > 0) problem(`policy: unknown ${Object.keys(rest).join(', ')}`);
  return { ...fallback, ...modeOf(status, problem), ...ageOf(max_status_age, problem) };
}

function modeOf(value: unknown, problem: Problem): PolicyOptions {
  if (value === undefined) return {};
  if (value === 'hard-fail' || value === 'soft-fail' || value === 'off') return { mode: value };
  problem('policy: status must be hard-fail, soft-fail or off');
  return {};
}

function ageOf(value: unknown, problem: Problem): PolicyOptions {
  if (value === undefined) return {};
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return { maxStatusAge: value };
  problem('policy: max_status_age must be a whole number of seconds');
  return {};
}

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
