/** Counts what an SDK client does: calls by name, and the request units that DynamoDB says they cost. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

type Consumed = { readonly CapacityUnits?: number };

export function countCalls(client: DynamoDBClient, calls: Record<string, number>): void {
  const add = (name: string, amount: number) => {
    calls[name] = (calls[name] ?? 0) + amount;
  };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      add(String(context['commandName']).replace(/Command$/, ''), 1);
      Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
      const result = await next(args);
      const consumed = (result.output as { ConsumedCapacity?: Consumed | readonly Consumed[] }).ConsumedCapacity ?? [];
      for (const { CapacityUnits = 0 } of Array.isArray(consumed) ? consumed : [consumed]) add('units', CapacityUnits);
      return result;
    },
    { step: 'initialize', name: 'countCalls' },
  );
}
