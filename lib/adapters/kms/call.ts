/** What the custodies ask of KMS, and how its answers are read. */

/** An operation of KMS by its name, with its parameters; rejects with an Error whose `name` is AWS's for what went wrong. */
export type KmsCall = (operation: string, parameters: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** Rejects with an Error that names the operation and never what it was about. */
export async function asked(
  call: KmsCall,
  operation: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await call(operation, parameters).catch((cause: unknown) => {
    throw new Error(`KMS ${operation} failed`, { cause });
  });
  return typeof answer === 'object' && answer !== null ? (answer as Readonly<Record<string, unknown>>) : {};
}

/** A member in base64. Throws an Error where there is none. */
export function octetsIn(answer: Readonly<Record<string, unknown>>, member: string): Uint8Array {
  const value = answer[member];
  if (typeof value !== 'string' || value === '') throw new Error(`KMS answers without ${member}`);
  return new Uint8Array(Buffer.from(value, 'base64'));
}

export const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');
