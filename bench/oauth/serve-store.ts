/** The embedded DynamoDB in a process of its own, so that its work is nobody's. */
import { tables } from '../../lib/adapters/dynamodb/tables.ts';
import { startEmbeddedStore } from '../../lib/local/embedded-store.ts';
import { benchTables } from './bench-tables.ts';
import { peerTable } from './peer-rows.ts';

const [registry, grants] = tables(benchTables);
if (registry === undefined || grants === undefined) throw new Error('there are two tables');
const store = await startEmbeddedStore({ tables: [registry, grants, { ...grants, TableName: peerTable }] });
process.send?.(store.endpoint);
process.once('disconnect', () => process.exit(0));
