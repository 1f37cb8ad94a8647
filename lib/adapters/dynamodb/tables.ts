/** The two tables as CreateTable inputs, for an embedded store; on AWS the constructs make them (docs/storage.md). */
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

export type TableNames = { readonly registryTable: string; readonly grantsTable: string };

/** On-demand, keys `pk` and `sk`. The TTL attribute `exp` is not set here: every read checks it. */
export function tables({ registryTable, grantsTable }: TableNames): readonly CreateTableCommandInput[] {
  return [table(registryTable), table(grantsTable)];
}

const table = (TableName: string): CreateTableCommandInput => ({
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
});
