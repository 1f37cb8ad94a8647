/** Counts what a client of DynamoDB does: calls by name, and the request units that it says they cost. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoClient, Operations } from '../../lib/adapters/dynamodb/client.ts';

type Consumed = { readonly CapacityUnits?: number };

type Counts = Record<string, number>;

const add = (calls: Counts, name: string, amount: number) => {
  calls[name] = (calls[name] ?? 0) + amount;
};

function addUnits(calls: Counts, output: { readonly ConsumedCapacity?: Consumed | readonly Consumed[] | undefined }) {
  const consumed = output.ConsumedCapacity ?? [];
  for (const { CapacityUnits = 0 } of Array.isArray(consumed) ? consumed : [consumed])
    add(calls, 'units', CapacityUnits);
}

/** Our client, counted. */
export function counted(client: DynamoClient, calls: Counts): DynamoClient {
  return {
    async call<O extends keyof Operations>(operation: O, input: Operations[O]['input']) {
      add(calls, operation, 1);
      const output = await client.call(operation, { ...input, ReturnConsumedCapacity: 'TOTAL' });
      addUnits(calls, output as { ConsumedCapacity?: Consumed });
      return output;
    },
    close: () => client.close(),
  };
}

/** The SDK's own, as the peer uses it. */
export function countCalls(client: DynamoDBClient, calls: Counts): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      add(calls, String(context['commandName']).replace(/Command$/, ''), 1);
      Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
      const result = await next(args);
      addUnits(calls, result.output as { ConsumedCapacity?: Consumed });
      return result;
    },
    { step: 'initialize', name: 'countCalls' },
  );
}
