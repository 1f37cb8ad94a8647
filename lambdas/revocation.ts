/** The revocation function. */
import { serve } from '../lib/adapters/api-gateway/serve.ts';
import { edgeOptions, functionServer } from '../lib/adapters/function-server.ts';
import { functionConfig } from '../lib/config.ts';
import { revocation } from '../lib/oauth/endpoints/revocation.ts';

const config = functionConfig();

export const handler = serve({ revocation }, edgeOptions(config), functionServer(config));
