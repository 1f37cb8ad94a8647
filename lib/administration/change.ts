/** What every change to the registry has in common: who made it, what it may be refused for, and that it is written down. */
import type { AuditStore, TenantStore } from '../oauth/ports.ts';
import type { Tenant } from '../oauth/tenant.ts';
import { fail, ok, type Result } from '../result.ts';
import { tenantName } from '../routes.ts';

/** Who changes something, and when. */
export type Operator = { readonly actor: string; readonly at: Date };

/** Why something cannot be done as asked: what is wrong, with which value, and what to do. */
export type Problem = {
  readonly what: string;
  readonly value?: string;
  readonly problem: string;
  readonly remedy: string;
};

export type Refusable<T> = Result<T, readonly Problem[]>;

export type Change = { readonly action: string; readonly subject: string; readonly detail?: string };

export const refuse = (problem: Problem) => fail<readonly Problem[]>([problem]);

/** One line for people; what came from a file or a certificate cannot forge a second one. */
export function describeProblem({ what, value, problem, remedy }: Problem): string {
  const shown = value === undefined ? '' : ` ${JSON.stringify(shortened(value))}`;
  return oneLine(`${what}${shown}: ${problem}; ${remedy}`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out.
export const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');

export const shortened = (text: string, most = 120): string => (text.length > most ? `${text.slice(0, most)}…` : text);

/** Epoch seconds. */
export const epochSeconds = (at: Date): number => Math.floor(at.getTime() / 1000);

/** The tenant of this name, which must be registered: nothing is ever written for a name that no tenant has. */
export async function registeredTenant(
  name: string,
  { tenants }: { readonly tenants: Pick<TenantStore, 'find'> },
): Promise<Refusable<Tenant>> {
  const tenant = tenantName.test(name) ? await tenants.find(name) : undefined;
  if (tenant !== undefined) return ok(tenant);
  const problem = 'is not registered';
  return refuse({
    what: 'tenant',
    value: name,
    problem,
    remedy: 'see «tenant list», or register it with «tenant add»',
  });
}

/**
 * Writes the change down, then makes it: what cannot be written down is not made. Where the second fails the operator
 * repeats the command, and the trail shows both attempts.
 */
export async function recorded<T>(
  tenant: string,
  { actor, at }: Operator,
  { action, subject, detail }: Change,
  { audit }: { readonly audit: Pick<AuditStore, 'change'> },
  make: () => Promise<T>,
): Promise<T> {
  await audit.change(tenant, {
    at: epochSeconds(at),
    actor: oneLine(shortened(actor)),
    action,
    subject: oneLine(shortened(subject, 300)),
    ...(detail !== undefined && { detail: oneLine(shortened(detail, 500)) }),
  });
  return make();
}
