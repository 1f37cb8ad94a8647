/** The metadata function: the documents that everybody may read. */
import { serve } from '../lib/adapters/api-gateway/serve.ts';
import { edgeOptions, functionServer } from '../lib/adapters/function-server.ts';
import { functionConfig } from '../lib/config.ts';
import { jwks, metadata } from '../lib/oauth/endpoints/metadata.ts';

const config = functionConfig();
const endpoints = { authorizationServerMetadata: metadata, openidConfiguration: metadata, jwks };

export const handler = serve(endpoints, edgeOptions(config), functionServer(config));
