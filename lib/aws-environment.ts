/** What Lambda itself puts into a function's environment: the region, the role's credentials, and an emulator's endpoints. */

export type AwsCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

export type AwsEnvironment = {
  readonly region: string;
  /** They never change while the process lives: Lambda ends an environment before its credentials do. */
  readonly credentials: AwsCredentials;
  /** Origins that take the place of a service's own: one for all, and one for each of those that are named. */
  readonly endpoints: { readonly all?: string; readonly dynamodb?: string; readonly kms?: string };
};

/** Reads it. Throws one Error that lists every problem by its variable; values are credentials, so none is told. */
export function parseAwsEnvironment(environment: Readonly<Record<string, string | undefined>>): AwsEnvironment {
  const problems: string[] = [];
  const read = (name: string, pattern: RegExp, allowed: string) => {
    const text = environment[name] ?? '';
    if (!pattern.test(text)) problems.push(`${name}: ${allowed}`);
    return text;
  };
  const origin = (name: string) => {
    const text = environment[name] ?? '';
    if (text !== '' && originOf(text) === undefined) problems.push(`${name}: an http or https URL without a path`);
    return originOf(text);
  };
  const region = read('AWS_REGION', /^[a-z0-9-]{1,64}$/, 'the name of a region; Lambda sets it');
  const accessKeyId = read('AWS_ACCESS_KEY_ID', /^\w{1,128}$/, 'an access key; Lambda sets it');
  const secretAccessKey = read('AWS_SECRET_ACCESS_KEY', /^[!-~]{1,256}$/, 'a secret access key; Lambda sets it');
  const sessionToken = read('AWS_SESSION_TOKEN', /^[!-~]{0,8192}$/, 'a session token; Lambda sets it');
  const [all, dynamodb, kms] = [
    origin('AWS_ENDPOINT_URL'),
    origin('AWS_ENDPOINT_URL_DYNAMODB'),
    origin('AWS_ENDPOINT_URL_KMS'),
  ];
  if (problems.length > 0) throw new Error(`The environment has problems:\n  ${problems.join('\n  ')}`);
  return {
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== '' && { sessionToken }) },
    endpoints: {
      ...(all !== undefined && { all }),
      ...(dynamodb !== undefined && { dynamodb }),
      ...(kms !== undefined && { kms }),
    },
  };
}

function originOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) return undefined;
  return url.pathname === '/' && url.search === '' && url.username === '' ? url.origin : undefined;
}
