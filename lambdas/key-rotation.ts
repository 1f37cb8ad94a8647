/** The function that rotates signing keys. Where nobody keeps private keys there are none. */
import { signedClient } from '../lib/adapters/dynamodb/signed-client.ts';
import { dynamoStores } from '../lib/adapters/dynamodb/stores.ts';
import { keyCustodies } from '../lib/adapters/key-custodies.ts';
import { scheduled } from '../lib/adapters/scheduled.ts';
import { functionAwsEnvironment, functionConfig } from '../lib/config.ts';
import { rotateAllKeys } from '../lib/oauth/key-rotation.ts';
import { defaultKeySettings } from '../lib/oauth/key-schedule.ts';

const config = functionConfig();
const custody = keyCustodies(config);
const stores = dynamoStores(signedClient(functionAwsEnvironment()), config);
const idle = { failures: 0, idle: true, late: 0 };

export const handler = scheduled(
  async () => (custody === undefined ? idle : rotateAllKeys(new Date(), defaultKeySettings, { ...stores, custody })),
  { name: 'key-rotation', logLevel: config.logLevel },
);
