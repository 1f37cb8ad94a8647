/** The introspection function. */
import { serve } from '../lib/adapters/api-gateway/serve.ts';
import { firstPath } from '../lib/adapters/first-path.ts';
import { edgeOptions, functionServer, initialized } from '../lib/adapters/function-server.ts';
import { functionConfig } from '../lib/config.ts';
import { introspection } from '../lib/oauth/endpoints/introspection.ts';

const config = functionConfig();
const server = functionServer(config);

export const ready = initialized(server, config, firstPath);
export const handler = serve({ introspection }, edgeOptions(config), server);
