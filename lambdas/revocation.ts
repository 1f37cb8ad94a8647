/** The revocation function. */
import { serve } from '../lib/adapters/api-gateway/serve.ts';
import { firstPath } from '../lib/adapters/first-path.ts';
import { edgeOptions, functionServer, initialized } from '../lib/adapters/function-server.ts';
import { functionConfig } from '../lib/config.ts';
import { revocation } from '../lib/oauth/endpoints/revocation.ts';

const config = functionConfig();
const server = functionServer(config);

export const ready = initialized(server, config, firstPath);
export const handler = serve({ revocation }, edgeOptions(config), server);
