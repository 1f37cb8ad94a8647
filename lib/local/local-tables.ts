/** The embedded store as everybody on this machine reaches it: its tables, and what a client of it is made with. */
import type { TableNames } from '../adapters/dynamodb/tables.ts';

export const tableNames: TableNames = { registryTable: 'certbound-registry', grantsTable: 'certbound-grants' };

/** The SDK wants some; the store looks at neither. */
export const storeAccess = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};
