import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import { contracts } from './contracts.ts';

const stores = memoryStores();

contracts('memory', () => stores);
