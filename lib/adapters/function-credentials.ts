/**
 * Where a function's SDK clients have their credentials from: the environment, as Lambda fills it. In a bundle it stands
 * in place of the SDK's chain (lib/constructs/endpoint-function.ts): a function has no profile, no SSO and no metadata service.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
