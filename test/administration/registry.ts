/** A registry in memory with two tenants, a trail of what was changed, and certificates to administer. */
import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import { describeProblem, type Operator, type Refusable } from '../../lib/administration/change.ts';
import type { ChangeRecord } from '../../lib/oauth/audit.ts';
import type { BlockStore, StoredBlock } from '../../lib/oauth/ports.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import { at } from '../pki/issue.ts';

export { at };

export const operator: Operator = { actor: 'alice', at };

export async function registry() {
  const stores = memoryStores();
  const trail: (ChangeRecord & { readonly tenant: string })[] = [];
  for (const name of ['default', 'other']) {
    const issuer = name === 'default' ? 'https://auth.example' : 'https://auth.example/t/other';
    await stores.tenants.save(newTenant({ name, issuer, mtls_base_uri: 'https://mtls.auth.example' }));
  }
  return {
    ...stores,
    blocks: blockStore(),
    audit: {
      async change(tenant: string, change: ChangeRecord) {
        trail.push({ tenant, ...change });
      },
    },
    trail,
  };
}

export type TestRegistry = Awaited<ReturnType<typeof registry>>;

function blockStore(): BlockStore {
  const rows = new Map<string, StoredBlock>();
  const key = (tenant: string, { added_at: _, note: __, ...block }: StoredBlock) =>
    `${tenant} ${JSON.stringify(block)}`;
  return {
    list: async (tenant) => [...rows].flatMap(([name, row]) => (name.startsWith(`${tenant} `) ? [row] : [])),
    add: async (tenant, block) => void rows.set(key(tenant, block), block),
    remove: async (tenant, block) => rows.delete(key(tenant, { ...block, added_at: 0 })),
  };
}

/** The value, or an error that says everything it was refused for. */
export function accepted<T>(result: Refusable<T>): T {
  if (!result.ok) throw new Error(`refused: ${result.failure.map(describeProblem).join('\n')}`);
  return result.value;
}

/** Each problem in one line; an error where nothing was refused. */
export function refusals(result: Refusable<unknown>, told = ''): readonly string[] {
  if (result.ok) throw new Error(`${told} not refused: ${JSON.stringify(result.value)}`);
  return result.failure.map(describeProblem);
}
