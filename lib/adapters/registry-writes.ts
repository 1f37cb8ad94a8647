/** A write to the registry: the row first, then the tenant's version, so that nobody holds the old row under the new version. */
import type { VersionStore } from '../oauth/ports.ts';

/** Writes, then bumps. Throws an Error when either fails; writing again is always right and mends it. */
export async function writeRegistry(
  tenant: string,
  write: () => Promise<unknown>,
  { bump }: Pick<VersionStore, 'bump'>,
): Promise<void> {
  await write();
  try {
    await bump(tenant);
  } catch (cause) {
    throw new Error(`The row of tenant ${tenant} is written, but its version is not: write it again`, { cause });
  }
}
