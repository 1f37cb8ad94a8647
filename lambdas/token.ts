/** The token function. */
import { serve } from '../lib/adapters/api-gateway/serve.ts';
import { edgeOptions, functionServer } from '../lib/adapters/function-server.ts';
import { functionConfig } from '../lib/config.ts';
import { token } from '../lib/oauth/endpoints/token.ts';

const config = functionConfig();

export const handler = serve({ token }, edgeOptions(config), functionServer(config));
