/** The introspection function. */
import { serve } from '../lib/adapters/api-gateway/serve.ts';
import { edgeOptions, functionServer } from '../lib/adapters/function-server.ts';
import { functionConfig } from '../lib/config.ts';
import { introspection } from '../lib/oauth/endpoints/introspection.ts';

const config = functionConfig();

export const handler = serve({ introspection }, edgeOptions(config), functionServer(config));
