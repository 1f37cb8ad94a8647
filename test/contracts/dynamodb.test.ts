import { after } from 'node:test';
import { dynamoStores } from '../../lib/adapters/dynamodb/stores.ts';
import { contracts } from './contracts.ts';
import { startEngine } from './dynamodb-engine.ts';

const engine = await startEngine();
after(() => engine.close());

const stores = dynamoStores(engine.client, engine.tableNames);
const signed = dynamoStores(engine.signed, engine.tableNames);

contracts('DynamoDB by the SDK', () => stores);
contracts('DynamoDB', () => signed);
