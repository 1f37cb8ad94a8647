/** DynamoDB's typed attribute values ⇄ plain data. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Record<string, AttributeValue>;
export type Plain = string | number | boolean | Uint8Array | readonly Plain[] | PlainMembers;
export type PlainMembers = { readonly [member: string]: Plain | undefined };

/** The attributes of an item; members that are undefined are left out. */
export function attributes(members: PlainMembers): Item {
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, attribute(value)]])),
  );
}

function attribute(value: Plain): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value instanceof Uint8Array) return { B: value };
  if (isList(value)) return { L: value.map(attribute) };
  return { M: attributes(value) };
}

const isList = (value: readonly Plain[] | PlainMembers): value is readonly Plain[] => Array.isArray(value);

/** What an item says, to be parsed: `fromEntries` makes a member called `__proto__` a member like any other. */
export function members(item: Item): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plain(value)]));
}

/** Undefined for the kinds of value that no row of ours has: sets and null. */
function plain(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.B !== undefined) return value.B;
  if (value.L !== undefined) return value.L.map(plain);
  return value.M === undefined ? undefined : members(value.M);
}
