/** Reading the members of client metadata (RFC 7591 §2): the right type, or a problem that names the member. */

/** RFC 7591 §3.2.2: what `invalid_client_metadata` says. */
export type MetadataProblem = { readonly member: string; readonly problem: string };

export type Members = Readonly<Record<string, unknown>>;

/** Thrown while metadata is read; `parseClientMetadata` catches it. */
export class InvalidMetadata extends Error {
  readonly problem: MetadataProblem;
  constructor(member: string, problem: string) {
    super(`${member} ${problem}`);
    this.problem = { member, problem };
  }
}

export function objectOf(value: unknown): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidMetadata('(metadata)', 'must be a JSON object');
  }
  return value as Members;
}

export function string(members: Members, member: string): string | undefined {
  const value = members[member];
  if (value !== undefined && typeof value !== 'string') throw new InvalidMetadata(member, 'must be a string');
  return value;
}

export function strings(members: Members, member: string): readonly string[] | undefined {
  const value = members[member];
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string')) {
    throw new InvalidMetadata(member, 'must be an array of strings');
  }
  return value;
}

export function boolean(members: Members, member: string): boolean | undefined {
  const value = members[member];
  if (value !== undefined && typeof value !== 'boolean') throw new InvalidMetadata(member, 'must be true or false');
  return value;
}

/** A whole number from 1 to `most`. */
export function count(members: Members, member: string, most: number): number | undefined {
  const value = members[member];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most) {
    throw new InvalidMetadata(member, `must be a whole number from 1 to ${most}`);
  }
  return value;
}

export const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
