/** DynamoDB's JSON: bytes are base64 in it, and nothing else differs from what the stores give and take. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Operation, Operations } from './client.ts';

/** The input as JSON. Bytes occur as attribute values alone, so that each of them is one. */
export function printInput(input: Operations[Operation]['input']): string {
  return JSON.stringify(input, base64);
}

/** `value` is what `toJSON` has made of the member: a Buffer is no longer one. */
function base64(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const member = this[name];
  if (!(member instanceof Uint8Array)) return value;
  return Buffer.from(member.buffer, member.byteOffset, member.length).toString('base64');
}

type Item = Record<string, AttributeValue>;

/** Where items stand in any answer. */
type Output = {
  readonly Item?: Item;
  readonly Attributes?: Item;
  readonly LastEvaluatedKey?: Item;
  readonly Items?: readonly Item[];
  readonly Responses?: Readonly<Record<string, readonly Item[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys?: readonly Item[] }>>;
};

/** The answer as the stores take it. It is ours alone: bytes are put where their base64 was. */
export function parseOutput<O extends Operation>(answer: unknown): Operations[O]['output'] {
  const output = (typeof answer === 'object' && answer !== null ? answer : {}) as Output;
  for (const item of itemsIn(output)) readBytes(Object.values(item));
  return output as Operations[O]['output'];
}

function itemsIn({ Item, Attributes, LastEvaluatedKey, Items, Responses, UnprocessedKeys }: Output): readonly Item[] {
  const single = [Item, Attributes, LastEvaluatedKey].filter((item) => item !== undefined);
  const unprocessed = Object.values(UnprocessedKeys ?? {}).flatMap(({ Keys = [] }) => Keys);
  return [...single, ...(Items ?? []), ...Object.values(Responses ?? {}).flat(), ...unprocessed];
}

type Written = { B?: Uint8Array | string; BS?: (Uint8Array | string)[]; L?: Written[]; M?: Record<string, Written> };

function readBytes(values: readonly unknown[]): void {
  for (const value of values as readonly Written[]) {
    if (typeof value.B === 'string') value.B = bytes(value.B);
    if (value.BS !== undefined) value.BS = value.BS.map((each) => (typeof each === 'string' ? bytes(each) : each));
    if (value.L !== undefined) readBytes(value.L);
    if (value.M !== undefined) readBytes(Object.values(value.M));
  }
}

/** Over memory of its own, so that who empties it empties nothing else. */
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
