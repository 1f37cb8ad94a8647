/** The metadata function: the documents that everybody may read. */
import { serve } from '../lib/adapters/api-gateway/serve.ts';
import { edgeOptions, functionServer, initialized } from '../lib/adapters/function-server.ts';
import { functionConfig } from '../lib/config.ts';
import { jwks, metadata } from '../lib/oauth/endpoints/metadata.ts';

const config = functionConfig();
const server = functionServer(config);
const endpoints = { authorizationServerMetadata: metadata, openidConfiguration: metadata, jwks };

export const ready = initialized(server, config);
export const handler = serve(endpoints, edgeOptions(config), server);
