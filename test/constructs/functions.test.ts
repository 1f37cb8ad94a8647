import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../lib/config.ts';
import { httpFunctions } from '../../lib/constructs/grants.ts';
import { kinds } from '../../lib/kinds.ts';
import { type Needs, routes, scheduleRoutes } from '../../lib/routes.ts';
import { type Resource, resources, templates } from './stacks.ts';

type Statement = {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
};

const { data, app } = templates();
const functions = resources(app, 'AWS::Lambda::Function');
const roles = Object.fromEntries(resources(app, 'AWS::IAM::Role'));
const logGroups = Object.fromEntries(resources(app, 'AWS::Logs::LogGroup'));
const lambdas = [...new Set(Object.values(routes).map(({ lambda }) => lambda))];

/** The function of a file in `lambdas/`. */
function named(lambda: string): Resource {
  // Logical ids have no hyphens.
  const prefix = lambda === routes.truststorePublisher.lambda ? 'TruststorePublisher' : lambda.replaceAll('-', '');
  const found = functions.filter(([id]) => id.startsWith(`${prefix}Function`));
  assert.equal(found.length, 1, `one function for ${lambda}`);
  return found[0]?.[1] ?? assert.fail();
}

const role = (lambda: string): Resource => roles[named(lambda).Properties.Role['Fn::GetAtt'][0]] ?? assert.fail();

const statements = (lambda: string): readonly Statement[] =>
  role(lambda).Properties.Policies.flatMap(
    (policy: { PolicyDocument: { Statement: readonly Statement[] } }) => policy.PolicyDocument.Statement,
  );

/** What each function that touches a table needs. */
const needsOf: ReadonlyMap<string, Needs> = new Map<string, Needs>([
  ...[...httpFunctions()].map(([lambda, { needs }]) => [lambda, needs] as const),
  ...scheduleRoutes.map(([, { lambda, needs }]) => [lambda, needs] as const),
  [routes.truststorePublisher.lambda, routes.truststorePublisher.needs],
]);

const actionsOf = ({ Action }: Statement): readonly string[] => [Action].flat() as string[];

const leadingKeys = ({ Condition }: Statement): readonly string[] =>
  Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? [];

/** The DynamoDB actions that a function may use on keys that begin so. */
function actionsOn(lambda: string, prefix: string): readonly string[] {
  const found = statements(lambda).filter((each) => leadingKeys(each).includes(`${prefix}*`));
  return found.flatMap(actionsOf).sort();
}

const read = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'];
const write = ['dynamodb:PutItem', 'dynamodb:UpdateItem'];

test('design §2: there is one function for each file that lib/routes.ts names, and no other', () => {
  assert.equal(functions.length, lambdas.length);
  for (const lambda of lambdas) assert.equal(named(lambda).Type, 'AWS::Lambda::Function');
});

/** Seconds of the functions that nobody waits for. */
const long: ReadonlyMap<string, number> = new Map<string, number>([
  // Two updates of a domain name, 90 seconds each, and what lies between them.
  [routes.truststorePublisher.lambda, 600],
  ...scheduleRoutes.map(([, { lambda }]) => [lambda, 60] as const),
]);

test('design §8: every function runs on Node 24 and arm64, for ten seconds, longer where nobody waits', () => {
  for (const lambda of lambdas) {
    const { Properties } = named(lambda);
    assert.equal(Properties.Runtime, 'nodejs24.x');
    assert.deepEqual(Properties.Architectures, ['arm64']);
    assert.equal(Properties.Timeout, long.get(lambda) ?? 10);
    assert.equal(Properties.Handler, 'index.handler');
  }
});

test('house style: every function logs JSON into a log group of its own that is retained for a given time', () => {
  const used = lambdas.map((lambda) => {
    const { LoggingConfig } = named(lambda).Properties;
    assert.equal(LoggingConfig.LogFormat, 'JSON');
    return LoggingConfig.LogGroup.Ref;
  });
  assert.equal(new Set(used).size, lambdas.length);
  for (const [id, { Properties, DeletionPolicy }] of Object.entries(logGroups)) {
    assert.equal(Properties.RetentionInDays, 365, id);
    assert.equal(DeletionPolicy, 'Retain', id);
  }
});

/** A text as the deployment makes it; what another stack says is `deployed`. */
function deployed(value: string | { 'Fn::Join'?: readonly [string, readonly unknown[]] }): string {
  if (typeof value === 'string') return value;
  const [separator, parts] = value['Fn::Join'] ?? ['', ['deployed']];
  return parts.map((part) => (typeof part === 'string' ? part : nameOf(part))).join(separator);
}

/** The ARN of a key is read as one. */
function nameOf(part: unknown): string {
  const key = /SigningKeys([A-Za-z]+)/.exec(JSON.stringify(part))?.[1];
  return key === undefined ? 'deployed' : `arn:aws:kms:eu-central-1:111122223333:key/${key}`;
}

test('design §3: the environment of every function on the tables is one that lib/config.ts reads', () => {
  for (const lambda of needsOf.keys()) {
    const { Variables } = named(lambda).Properties.Environment;
    const exportedNames = Object.values<{ Export: { Name: string } }>(data.toJSON()['Outputs'])
      .map((output) => output.Export?.Name)
      .filter(Boolean);
    assert.ok(exportedNames.includes(Variables.REGISTRY_TABLE['Fn::ImportValue']));
    assert.ok(exportedNames.includes(Variables.GRANTS_TABLE['Fn::ImportValue']));
    assert.notDeepEqual(Variables.REGISTRY_TABLE, Variables.GRANTS_TABLE);
    const texts = Object.entries(Variables).map(([name, value]) => [
      name,
      deployed(value as Parameters<typeof deployed>[0]),
    ]);
    assert.doesNotThrow(() => parseConfig({ ...Object.fromEntries(texts), REGISTRY_TABLE: 'registry' }));
  }
});

test('design §3: every function has a role of its own, without managed policies', () => {
  const used = new Set(functions.map(([, { Properties }]) => Properties.Role['Fn::GetAtt'][0]));
  assert.equal(used.size, functions.length);
  assert.equal(Object.keys(roles).length, functions.length);
  for (const { Properties } of Object.values(roles)) {
    assert.equal(Properties.ManagedPolicyArns, undefined);
    assert.deepEqual(
      Properties.AssumeRolePolicyDocument.Statement.map((each: { Principal: unknown }) => each.Principal),
      [{ Service: 'lambda.amazonaws.com' }],
    );
  }
  assert.deepEqual(resources(app, 'AWS::IAM::Policy'), []);
  assert.deepEqual(resources(app, 'AWS::IAM::ManagedPolicy'), []);
});

test('design §3: no statement allows a wildcard action or a wildcard resource', () => {
  for (const lambda of lambdas) {
    for (const statement of statements(lambda)) {
      assert.equal(statement.Effect, 'Allow');
      for (const action of actionsOf(statement))
        assert.match(action, /^(dynamodb|kms|logs|s3|sqs|apigateway):[A-Za-z]+$/);
      // IAM knows no resource for it.
      if (actionsOf(statement).join() === 'dynamodb:ListStreams') continue;
      assert.doesNotMatch(JSON.stringify(statement.Resource), /\*/, lambda);
    }
  }
});

test('design §3: a function writes to its own log group alone', () => {
  for (const lambda of lambdas) {
    const logs = statements(lambda).filter((each) => actionsOf(each).some((action) => action.startsWith('logs:')));
    assert.equal(logs.length, 1);
    assert.deepEqual(actionsOf(logs[0] ?? assert.fail()), ['logs:CreateLogStream', 'logs:PutLogEvents']);
    const group = named(lambda).Properties.LoggingConfig.LogGroup.Ref;
    assert.deepEqual(logs[0]?.Resource, { 'Fn::GetAtt': [group, 'Arn'] });
  }
});

test('design §3: every table statement is bound to kinds of rows, in the table where they are', () => {
  const tableOf = (statement: Statement) => {
    const name = (statement.Resource as Record<string, string>)['Fn::ImportValue'] ?? '';
    return name.includes('Registry') ? 'registry' : name.includes('Grants') ? 'grants' : assert.fail(name);
  };
  for (const lambda of lambdas) {
    for (const statement of statements(lambda)) {
      if (!actionsOf(statement).some((action) => [...read, ...write].includes(action))) continue;
      assert.deepEqual(Object.keys(statement.Condition ?? {}), ['ForAllValues:StringLike']);
      assert.ok(leadingKeys(statement).length > 0);
      for (const key of leadingKeys(statement)) {
        const kind = Object.values(kinds).find(({ prefix }) => `${prefix}*` === key);
        assert.equal(kind?.table, tableOf(statement), `${lambda} ${key}`);
      }
    }
  }
});

test('design §3: what each function may do with each kind of row is what its routes need, and no more', () => {
  for (const lambda of lambdas) {
    const needs = needsOf.get(lambda) ?? {};
    for (const [kind, { prefix }] of Object.entries(kinds)) {
      const access = needs[kind as keyof typeof needs];
      const expected = [
        ...(access === 'read' || access === 'read-write' || access === 'remove' ? read : []),
        ...(access === 'write' || access === 'read-write' || access === 'remove' ? write : []),
        ...(access === 'remove' ? ['dynamodb:DeleteItem'] : []),
      ].sort();
      assert.deepEqual(actionsOn(lambda, prefix), expected, `${lambda} on ${kind}`);
    }
  }
});

test('RFC 7662: the introspection function reads tokens and cannot write one', () => {
  assert.deepEqual(actionsOn('introspection', 'TOKEN#'), read);
  const writes = statements('introspection').filter((each) => actionsOf(each).some((action) => write.includes(action)));
  assert.deepEqual(writes.flatMap(leadingKeys).sort(), [
    'ASSERTION#*',
    'CERTIFICATE#*',
    'CRLSOURCE#*',
    'EVIDENCE#*',
    'INTROSPECTIONKEY#*',
    'REFUSAL#*',
  ]);
});

test('RFC 6749: the token function writes tokens and cannot read one back', () => {
  assert.deepEqual(actionsOn('token', 'TOKEN#'), write);
});

/** Who makes a signing key where none is there yet; neither makes the other's. */
const makesKeys = new Map([
  ['token', ['KEY#']],
  ['introspection', ['INTROSPECTIONKEY#']],
  ['key-rotation', ['KEY#', 'INTROSPECTIONKEY#', 'VERSION#']],
]);

test('RFC 9701 §8.1: introspection can make no key for access tokens, the token function none for answers', () => {
  assert.deepEqual(actionsOn('introspection', 'KEY#'), read);
  assert.deepEqual(actionsOn('token', 'INTROSPECTIONKEY#'), []);
  assert.deepEqual(actionsOn('revocation', 'KEY#'), read);
});

test('design §3: no endpoint and no schedule changes a tenant, a truststore entry, a client or a published truststore', () => {
  for (const lambda of needsOf.keys()) {
    if (lambda === routes.truststorePublisher.lambda) continue;
    for (const { table, prefix } of Object.values(kinds)) {
      if (table !== 'registry' || makesKeys.get(lambda)?.includes(prefix)) continue;
      for (const action of actionsOn(lambda, prefix)) assert.ok(read.includes(action), `${lambda} ${action} ${prefix}`);
    }
  }
});

test('RFC 8414: the metadata function touches no client and nothing in the grants table', () => {
  for (const prefix of ['CLIENT#', 'TOKEN#', 'CERTIFICATE#']) assert.deepEqual(actionsOn('metadata', prefix), []);
});

test('design §3: nothing but a signing key is ever deleted; no function scans, or uses PartiQL', () => {
  const stream = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map((name) => `dynamodb:${name}`);
  const known = new Set([...read, ...write, ...stream]);
  for (const lambda of lambdas) {
    for (const action of statements(lambda).flatMap(actionsOf)) {
      const removes = lambda === 'key-rotation' && action === 'dynamodb:DeleteItem';
      if (action.startsWith('dynamodb:') && !removes) assert.ok(known.has(action), `${lambda} ${action}`);
    }
  }
});
