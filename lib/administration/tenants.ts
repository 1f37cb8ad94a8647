/** Tenants: issuers with a truststore, a policy and clients of their own (RFC 8414 §2, RFC 8705 §5). */
import type { AuditStore, TenantStore } from '../oauth/ports.ts';
import { newTenant, type Tenant } from '../oauth/tenant.ts';
import { fail, ok } from '../result.ts';
import { defaultTenant, tenantName } from '../routes.ts';
import { type Operator, type Problem, type Refusable, recorded, refuse, registeredTenant } from './change.ts';

export type TenantPorts = { readonly tenants: TenantStore; readonly audit: Pick<AuditStore, 'change'> };

export type TenantInput = {
  readonly name: string;
  /** RFC 8414 §2; without it `/t/NAME` below the issuer of tenant `default`. */
  readonly issuer?: string;
  /** RFC 8705 §5; without it that of tenant `default`. */
  readonly mtls_base_uri?: string;
};

/** Registers a tenant with the default policy; it has no truststore entry and no client yet, so nobody gets in. */
export async function addTenant(
  input: TenantInput,
  operator: Operator,
  ports: TenantPorts,
): Promise<Refusable<Tenant>> {
  const known = await ports.tenants.list();
  const first = known.find(({ name }) => name === defaultTenant);
  const issuer = input.issuer ?? (first === undefined ? '' : `${new URL(first.issuer).origin}/t/${input.name}`);
  const mtls_base_uri = input.mtls_base_uri ?? first?.mtls_base_uri ?? '';
  if (known.some(({ name }) => name === input.name)) return refuse(registeredAlready(input.name));
  const problems = [
    ...refuseName(input.name),
    ...refuseIssuer(input.name, issuer, known),
    ...refuseBase(mtls_base_uri),
  ];
  if (problems.length > 0) return fail(problems);
  const tenant = newTenant({ name: input.name, issuer, mtls_base_uri });
  const change = { action: 'tenant.add', subject: `tenant ${tenant.name}`, detail: issuer };
  await recorded(tenant.name, operator, change, ports, () => ports.tenants.save(tenant));
  return ok(tenant);
}

export const listTenants = ({ tenants }: Pick<TenantPorts, 'tenants'>): Promise<readonly Tenant[]> => tenants.list();

export const showTenant = (name: string, ports: Pick<TenantPorts, 'tenants'>): Promise<Refusable<Tenant>> =>
  registeredTenant(name, ports);

function refuseName(value: string): readonly Problem[] {
  if (tenantName.test(value)) return [];
  const problem = 'must be 1 to 63 characters of a-z, 0-9 and -';
  return [{ what: 'tenant', value, problem, remedy: 'choose another name' }];
}

const registeredAlready = (value: string): Problem => ({
  what: 'tenant',
  value,
  problem: 'is registered already',
  remedy: 'change its settings with «policy set»',
});

/** RFC 8414 §2: https, without query and fragment. The path is where the routes of the tenant are. */
function refuseIssuer(name: string, value: string, known: readonly Tenant[]): readonly Problem[] {
  const url = originOf(value);
  if (url === undefined || !['', pathOf(name)].includes(value.slice(url.length))) {
    const own = name === defaultTenant ? '' : `, or https://HOST${pathOf(name)} on a shared one`;
    const problem = `must be https://HOST where the host is the tenant's own${own}`;
    return [{ what: 'issuer', value, problem, remedy: 'see --issuer' }];
  }
  const other = known.find(({ issuer }) => issuer === value);
  if (other === undefined) return [];
  return [{ what: 'issuer', value, problem: `is that of tenant ${other.name}`, remedy: 'each tenant has its own' }];
}

const pathOf = (name: string): string => (name === defaultTenant ? '' : `/t/${name}`);

function refuseBase(value: string): readonly Problem[] {
  if (originOf(value) === value && value !== '') return [];
  return [{ what: 'mTLS host', value, problem: 'must be https://HOST or https://HOST:PORT', remedy: 'see --mtls' }];
}

/** The https origin that the text begins with, exactly as the URL parser would print it. */
function originOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin, protocol } = new URL(text);
  return protocol === 'https:' && text.startsWith(origin) ? origin : undefined;
}
